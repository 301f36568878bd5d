"""What a drawing consists of, each able to put itself on a page: operators, states, lines of text, images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reportgen.outputs._pdf_drawings.canvas import Canvas
from reportgen.outputs._pdf_drawings.images import Raster
from reportgen.outputs._pdf_drawings.paths import Affine
from reportgen.outputs._pdf_drawings.text import Run


class Mark(Protocol):
    """A piece of a drawing."""

    def draw(self, canvas: Canvas) -> None:
        """Append itself to a page in the coordinates of the drawing."""


@dataclass
class Operators:
    """Operators that leave no state open."""

    data: bytes

    def draw(self, canvas: Canvas) -> None:
        """As they are."""
        canvas.write(self.data)


class Save:
    """From here on the state is one that ends."""

    def draw(self, canvas: Canvas) -> None:
        """By the page, which remembers what was set."""
        canvas.save()


class Restore:
    """The state is what it was."""

    def draw(self, canvas: Canvas) -> None:
        """By the page, which forgets what was set."""
        canvas.restore()


@dataclass
class Move:
    """A transformation of what follows, in a state of its own."""

    by: Affine

    def draw(self, canvas: Canvas) -> None:
        """By the page, which keeps account of it."""
        canvas.transform(self.by)


@dataclass
class Alpha:
    """Opacity of what follows, in a state of its own."""

    fill: float
    stroke: float

    def draw(self, canvas: Canvas) -> None:
        """As a graphics state of the page."""
        canvas.set_alpha(self.fill, self.stroke)


@dataclass
class Line:
    """One line of text: `runs` side by side, each in its own colour, from (x, y) by the anchor, on the base line."""

    runs: tuple[Run, ...]
    x: float
    y: float
    anchor: str
    by: Affine

    def draw(self, canvas: Canvas) -> None:
        """Set by Pango as a whole, so that it is spaced as browsers space it."""
        canvas.show_line(self.runs, self.x, self.y, self.anchor, self.by)


@dataclass
class PlacedImage:
    """A raster in a box of the drawing; its aspect kept, and centred, unless it is `stretched`."""

    raster: Raster
    box: tuple[float, float, float, float]
    stretched: bool
    smooth: bool
    """Whether a viewer may blend its pixels."""

    def draw(self, canvas: Canvas) -> None:
        """Once in the document, however often it is drawn."""
        x, y, width, height = self.box
        if not self.stretched:
            scale = min(width / self.raster.width, height / self.raster.height)
            x, y = x + (width - scale * self.raster.width) / 2, y + (height - scale * self.raster.height) / 2
            width, height = scale * self.raster.width, scale * self.raster.height
        canvas.save()
        canvas.transform((width, 0, 0, -height, x, y + height))
        canvas.show_raster(self.raster, self.smooth)
        canvas.restore()
