"""Figures made of small pictures and words: SVG written by hand, each picture a PNG inside it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from reportgen.figures._style import FONTS, FULL, INK, MUTED, RIGHT, TEXT, WRONG
from reportgen.report.model import FigureFile

Anchor = Literal["start", "middle", "end"]
FRAME = 2
LETTER = 6.8
"""Width of a letter, on the safe side, for cutting names to fit."""


@dataclass
class Album:
    """A figure of pictures under way; all places and sizes in CSS pixels."""

    name: str
    height: float
    width: int = FULL
    parts: list[str] = field(default_factory=list)

    def picture(self, png: bytes, left: float, top: float, width: float, height: float) -> None:
        """A picture, its pixels enlarged without smoothing where the reader's program lets us choose."""
        address = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
        self.parts.append(
            f'<image x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" preserveAspectRatio="none" '
            f'image-rendering="pixelated" xlink:href="{address}"/>'
        )

    def frame(self, left: float, top: float, width: float, height: float, right: bool) -> None:
        """A thin border that says right (whole) or wrong (dashed)."""
        dashes = "" if right else ' stroke-dasharray="5 3"'
        self.parts.append(
            f'<rect x="{left - FRAME / 2:g}" y="{top - FRAME / 2:g}" width="{width + FRAME:g}" '
            f'height="{height + FRAME:g}" fill="none" stroke="{RIGHT if right else WRONG}" '
            f'stroke-width="{FRAME}"{dashes}/>'
        )

    def text(
        self, words: str, left: float, base: float, anchor: Anchor = "start", colour: str = INK, bold: bool = False
    ) -> None:
        """One line of text on its base line; cut it to fit before."""
        if not words:
            return
        looks = f' text-anchor="{anchor}"' if anchor != "start" else ""
        looks += ' font-weight="600"' if bold else ""
        looks += f" fill={quoteattr(colour)}" if colour != INK else ""
        self.parts.append(f'<text x="{left:g}" y="{base:g}"{looks}>{escape(words)}</text>')

    def note(self, words: str, left: float, base: float, anchor: Anchor = "start") -> None:
        """One line of quiet text."""
        self.text(words, left, base, anchor, MUTED)

    def svg(self, title: str, caption: str, alt: str) -> FigureFile:
        """The finished figure, inline: as an image of its own, its pictures would be written as text twice."""
        tall = round(self.height)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {self.width} {tall}" width="{self.width}" height="{tall}" font-family={quoteattr(FONTS)} '
            f'font-size="{TEXT}" fill="{INK}">'
        )
        data = (head + "".join(self.parts) + "</svg>").encode("utf-8")
        return FigureFile(self.name, "image/svg+xml", data, self.width, tall, title, caption, alt, inline=True)
