"""The drawings and images of a page, each able to draw itself in a box."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree import ElementTree

from reportgen.outputs._pdf_drawings import styles
from reportgen.outputs._pdf_drawings.canvas import Canvas
from reportgen.outputs._pdf_drawings.images import Raster, read_png
from reportgen.outputs._pdf_drawings.operators import Mark, PlacedImage
from reportgen.outputs._pdf_drawings.paths import NUMBERS, NotDrawn
from reportgen.outputs._pdf_drawings.svg_reader import Walk

SOURCE = re.compile(r'(?<= src=")data:image/(svg\+xml|png);base64,([A-Za-z0-9+/=]+)(?=")')

SCHEME = "drawing:"
"""How the names of converted drawings begin."""


@dataclass
class PdfDrawing:
    """A drawing of `width` × `height` CSS pixels, whose marks count in its view box."""

    width: float
    height: float
    view: tuple[float, float, float, float]
    marks: list[Mark]

    def size(self, _resolution: float) -> tuple[float, float]:
        """Width and height in CSS pixels."""
        return self.width, self.height

    def draw(self, canvas: Canvas, width: float, height: float, _smooth: bool) -> None:
        """Put the marks on a page, in a box of so many CSS pixels."""
        x, y, across, down = self.view
        canvas.save()
        canvas.clip_to(width, height)
        scale = min(width / across, height / down)
        left, top = (width - scale * across) / 2 - scale * x, (height - scale * down) / 2 - scale * y
        canvas.transform((scale, 0, 0, scale, left, top))
        for mark in self.marks:
            mark.draw(canvas)
        canvas.restore()


@dataclass(frozen=True)
class RasterImage:
    """A raster, in the document as its file holds it."""

    raster: Raster

    def size(self, resolution: float) -> tuple[float, float]:
        """Width and height in CSS pixels, of which one has `resolution` of the raster's."""
        return self.raster.width / resolution, self.raster.height / resolution

    def draw(self, canvas: Canvas, width: float, height: float, smooth: bool) -> None:
        """Put it on a page, in a box of so many CSS pixels."""
        PlacedImage(self.raster, (0, 0, width, height), True, smooth).draw(canvas)


Placed: TypeAlias = PdfDrawing | RasterImage
"""What stands in the place of an image of the page."""


def convert_drawing(svg: bytes) -> PdfDrawing:
    """An SVG as operators of PDF; raises NotDrawn where it holds what is not known here."""
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise NotDrawn(str(error)) from error
    view = [float(number) for number in NUMBERS.findall(root.get("viewBox", ""))]
    width, height = size(root.get("width", "")), size(root.get("height", ""))
    if len(view) != 4 or min(width, height, view[2], view[3]) <= 0 or root.get("preserveAspectRatio"):
        raise NotDrawn("size")
    walk = Walk(root)
    walk.visit(root, styles.INHERITED)
    return PdfDrawing(width, height, (view[0], view[1], view[2], view[3]), walk.marks)


def size(text: str) -> float:
    """A length in CSS pixels; raises NotDrawn for units other than px and pt."""
    return styles.length(text[:-2]) * 4 / 3 if text.endswith("pt") else styles.length(text)


def convert_drawings(page: str) -> tuple[str, dict[str, Placed]]:
    """The page with a name in the place of each image that could be converted, and the drawings by these names."""
    made = dict[str, Placed]()

    def replace(found: re.Match[str]) -> str:
        name = f"{SCHEME}{len(made)}"
        try:
            data = base64.b64decode(found[2])
            made[name] = RasterImage(read_png(data)) if found[1] == "png" else convert_drawing(data)
        except (NotDrawn, ValueError, RecursionError):
            return found[0]
        return name

    return SOURCE.sub(replace, page), made
