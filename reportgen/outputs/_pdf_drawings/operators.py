"""What a plate consists of, each able to put itself on a page's stream: operators, states, lines of text, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from reportgen.outputs._pdf_drawings.images import Raster
from reportgen.outputs._pdf_drawings.paths import Affine
from reportgen.outputs._pdf_drawings.text import Letterer, Run


class Mark(Protocol):
    """A piece of a plate."""

    def draw(self, stream: Any) -> None:
        """Append itself to a WeasyPrint stream in the coordinates of the drawing."""


@dataclass
class Operators:
    """Operators that leave no state open."""

    data: bytes

    def draw(self, stream: Any) -> None:
        """As they are."""
        stream.stream.append(self.data)


class Save:
    """From here on the state is one that ends."""

    def draw(self, stream: Any) -> None:
        """By the stream, which remembers what was set."""
        stream.push_state()


class Restore:
    """The state is what it was."""

    def draw(self, stream: Any) -> None:
        """By the stream, which forgets what was set."""
        stream.pop_state()


@dataclass
class Move:
    """A transformation of what follows, in a state of its own."""

    by: Affine

    def draw(self, stream: Any) -> None:
        """By the stream, which keeps account of it."""
        stream.transform(*self.by)


@dataclass
class Alpha:
    """Opacity of what follows, in a state of its own."""

    fill: float
    stroke: float

    def draw(self, stream: Any) -> None:
        """As a graphics state of the page."""
        stream.set_alpha(self.fill)
        stream.set_alpha(self.stroke, stroke=True)


@dataclass
class Line:
    """One line of text: `runs` side by side, each in its own colour, from (x, y) by the anchor, on the base line."""

    runs: tuple[Run, ...]
    x: float
    y: float
    anchor: str
    by: Affine
    letterer: Letterer

    def draw(self, stream: Any) -> None:
        """Set by Pango as a whole, so that it is spaced as browsers space it."""
        self.letterer.write(stream, self.runs, self.x, self.y, self.anchor, self.by)


@dataclass
class Picture:
    """A raster in a box of the drawing; its aspect kept, and centred, unless it is `stretched`."""

    raster: Raster
    box: tuple[float, float, float, float]
    stretched: bool
    smooth: bool
    """Whether a viewer may blend its pixels."""

    def draw(self, stream: Any) -> None:
        """Once in the document, however often it is drawn."""
        x, y, width, height = self.box
        if not self.stretched:
            scale = min(width / self.raster.width, height / self.raster.height)
            x, y = x + (width - scale * self.raster.width) / 2, y + (height - scale * self.raster.height) / 2
            width, height = scale * self.raster.width, scale * self.raster.height
        with stream.stacked():
            stream.transform(a=width, d=-height, e=x, f=y + height)
            stream.draw_x_object(stream.add_image(self.raster, self.smooth, 1))
