"""A drawing as WeasyPrint places pictures, and the drawings of a page as such."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from reportgen.outputs._pdf_drawings import styles
from reportgen.outputs._pdf_drawings.images import Raster, read_png
from reportgen.outputs._pdf_drawings.operators import Mark, Picture
from reportgen.outputs._pdf_drawings.paths import NUMBERS, NotDrawn
from reportgen.outputs._pdf_drawings.svg_reader import Walk
from reportgen.outputs._pdf_drawings.text import Letterer

SOURCE = re.compile(r'(?<= src=")data:image/(svg\+xml|png);base64,([A-Za-z0-9+/=]+)(?=")')


@dataclass
class Plate:
    """A drawing of `width` × `height` CSS pixels, whose marks count in its view box."""

    width: float
    height: float
    view: tuple[float, float, float, float]
    marks: list[Mark]

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[float, float, float]:
        """Width, height and their ratio, as WeasyPrint asks an image."""
        return self.width, self.height, self.width / self.height

    def draw(self, stream: Any, width: float, height: float, _style: Any) -> None:
        """Put the marks on a stream, in a box of so many CSS pixels, as WeasyPrint asks an image."""
        x, y, across, down = self.view
        with stream.stacked():
            stream.rectangle(0, 0, width, height)
            stream.clip()
            stream.end()
            scale = min(width / across, height / down)
            left, top = (width - scale * across) / 2 - scale * x, (height - scale * down) / 2 - scale * y
            stream.transform(a=scale, d=scale, e=left, f=top)
            for mark in self.marks:
                mark.draw(stream)


@dataclass(frozen=True)
class Photograph:
    """A raster as WeasyPrint places pictures, in the document as its file holds it."""

    raster: Raster

    def get_intrinsic_size(self, resolution: float, _font_size: float) -> tuple[float, float, float]:
        """Width, height and their ratio, as WeasyPrint asks an image."""
        return self.raster.width / resolution, self.raster.height / resolution, self.raster.width / self.raster.height

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        """Put it on a stream, in a box of so many CSS pixels, as WeasyPrint asks an image."""
        Picture(self.raster, (0, 0, width, height), True, style["image_rendering"] == "auto").draw(stream)


def plate(svg: bytes, letterer: Letterer) -> Plate:
    """An SVG as a plate; raises NotDrawn where it holds what is not known here."""
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise NotDrawn(str(error)) from error
    view = [float(number) for number in NUMBERS.findall(root.get("viewBox", ""))]
    width, height = size(root.get("width", "")), size(root.get("height", ""))
    if len(view) != 4 or min(width, height, view[2], view[3]) <= 0 or root.get("preserveAspectRatio"):
        raise NotDrawn("size")
    walk = Walk(root, letterer)
    walk.visit(root, styles.INHERITED)
    return Plate(width, height, (view[0], view[1], view[2], view[3]), walk.marks)


def size(text: str) -> float:
    """A length in CSS pixels; raises NotDrawn for units other than px and pt."""
    return styles.length(text[:-2]) * 4 / 3 if text.endswith("pt") else styles.length(text)


def plates(page: str, fonts: Any) -> tuple[str, dict[str, Any]]:
    """The page with a name in the place of each picture that could be made a plate, and the plates by these names.

    `fonts` is the FontConfiguration of the document, and the mapping what WeasyPrint keeps its images in.
    """
    letterer, made = Letterer(fonts), dict[str, Any]()

    def replace(found: re.Match[str]) -> str:
        name = f"plate:{len(made)}"
        try:
            data = base64.b64decode(found[2])
            made[name] = Photograph(read_png(data)) if found[1] == "png" else plate(data, letterer)
        except (NotDrawn, ValueError, RecursionError):
            return found[0]
        return name

    return SOURCE.sub(replace, page), made
