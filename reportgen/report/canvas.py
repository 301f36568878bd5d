"""The one SVG canvas of everything that is drawn by hand: images with words, cards on paper, lines the size of a word,
the architecture and the autograd graph.

Attributes only, no style sheet, no script, nothing from outside. All places and sizes are CSS pixels.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field
from typing import Literal
from xml.etree import ElementTree as ET

from reportgen.report.model import FigureFile
from reportgen.report.style import FULL, INK, MUTED, RIGHT, TEXT, WRONG, families

Anchor = Literal["start", "middle", "end"]
SVG, LINKS = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
FRAME = 2
LETTER = 6.8
"""Width of a letter, on the safe side, for cutting names to fit."""


def number(value: float) -> str:
    """Pixels with one decimal, no trailing zero."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass
class Canvas:
    """A drawing under way, or a group in one."""

    element: ET.Element = field(default_factory=lambda: ET.Element("g"))

    def add(self, tag: str, **attributes: str | float | None) -> Canvas:
        """An element with these attributes, `_` in their names for `-`; numbers are pixels, None leaves one out."""
        given = {
            key.replace("_", "-"): value if isinstance(value, str) else number(value)
            for key, value in attributes.items()
            if value is not None
        }
        return Canvas(ET.SubElement(self.element, tag, given))

    def text(
        self,
        words: str,
        x: float,
        y: float,
        anchor: Anchor = "start",
        colour: str | None = None,
        bold: bool = False,
        size: float | None = None,
    ) -> Canvas | None:
        """One line of text on its base line, cut to fit before; None where there is none."""
        if not words:
            return None
        line = self.add(
            "text",
            x=x,
            y=y,
            font_size=size,
            fill=colour,
            text_anchor=anchor if anchor != "start" else None,
            font_weight="bold" if bold else None,
        )
        line.element.text = words
        return line

    def note(self, words: str, x: float, y: float, anchor: Anchor = "start", size: float | None = None) -> None:
        """One line of quiet text."""
        self.text(words, x, y, anchor, MUTED, size=size)

    def image(self, png: bytes, left: float, top: float, width: float, height: float) -> None:
        """An image, its pixels enlarged without smoothing where the reader's program lets us choose."""
        address = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
        image = self.add(
            "image", x=left, y=top, width=width, height=height, preserveAspectRatio="none", image_rendering="pixelated"
        )
        image.element.set("xlink:href", address)

    def frame(self, left: float, top: float, width: float, height: float, right: bool) -> None:
        """A thin border that says right (whole) or wrong (dashed)."""
        self.add(
            "rect",
            x=left - FRAME / 2,
            y=top - FRAME / 2,
            width=width + FRAME,
            height=height + FRAME,
            fill="none",
            stroke=RIGHT if right else WRONG,
            stroke_width=FRAME,
            stroke_dasharray=None if right else "5 3",
        )

    def group(self, x: float, y: float) -> Canvas:
        """A part of the drawing with an origin of its own."""
        return self.add("g", transform=f"translate({number(x)} {number(y)})")

    def put(self, part: Canvas) -> None:
        """A part that was drawn by itself."""
        self.element.append(part.element)

    def figure(self, name: str, texts: tuple[str, str, str]) -> FigureFile:
        """The finished drawing, inline so that its links work and its images are not written as text twice; `texts`
        are title, caption and alternative text."""
        width, height = (math.ceil(float(self.element.get(side, "0"))) for side in ("width", "height"))
        return FigureFile(name, "image/svg+xml", self.svg.encode(), width, height, *texts, inline=True)

    @property
    def svg(self) -> str:
        """The drawing as text."""
        return ET.tostring(self.element, encoding="unicode")


def open_canvas(
    height: float, width: float = FULL, font: str | None = None, images: bool = False, size: float = TEXT
) -> Canvas:
    """An empty drawing of that size, its text in the colour and, but for another `size`, the size of captions."""
    attributes = {"width": number(width), "height": number(height), "viewBox": f"0 0 {number(width)} {number(height)}"}
    spaces = {"xmlns": SVG, "xmlns:xlink": LINKS} if images else {"xmlns": SVG}
    return Canvas(
        ET.Element(
            "svg", spaces | attributes | {"font-family": font or families(), "font-size": number(size), "fill": INK}
        )
    )
