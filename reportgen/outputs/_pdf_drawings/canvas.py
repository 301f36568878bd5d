"""What a drawing needs of the page that it is drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reportgen.outputs._pdf_drawings.images import Raster
from reportgen.outputs._pdf_drawings.paths import Affine
from reportgen.outputs._pdf_drawings.text import Run


class Canvas(Protocol):
    """A page in the making. Lengths are in the units that hold at that moment, y points down."""

    def write(self, operators: bytes, /) -> None:
        """Append operators of PDF that leave no state open."""

    def save(self) -> None:
        """Keep the state; `restore` comes back to it."""

    def restore(self) -> None:
        """The state is what it was at the last `save`."""

    def transform(self, by: Affine) -> None:
        """Move, turn and scale what follows in this state."""

    def clip_to(self, width: float, height: float) -> None:
        """Show nothing outside a box whose upper left corner is the origin."""

    def set_alpha(self, fill: float, stroke: float) -> None:
        """Opacity, 0 to 1, of what follows in this state."""

    def show_raster(self, raster: Raster, smooth: bool) -> None:
        """A raster in the unit square, upside down as PDF has it; `smooth` lets a viewer blend its pixels."""

    def show_line(self, runs: Sequence[Run], x: float, y: float, anchor: str, by: Affine) -> None:
        """One line of text, from (x, y) on its base line by its `text-anchor`, transformed."""
