"""Many small images as one: a canvas drawn once, with a label above each and the key of the colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.figures._style import POINT, sheet
from reportgen.figures._weights import LEVELS, paint
from reportgen.report.model import FigureFile
from reportgen.report.style import HALF, INK, MUTED
from reportgen.text import numerals
from reportgen.text.i18n import _

GAP = 4
"""Pixels of the canvas between two tiles."""
LINE = 20
"""CSS pixels of a line of text above a tile."""
KEY = 5
"""CSS pixels of one colour of the key."""
KEY_LEFT = 52
"""CSS pixels before it, for its lower end."""

Canvas = NDArray[np.uint8]


@dataclass(frozen=True)
class Mosaic:
    """Tiles in rows, as one image."""

    canvas: Canvas
    """(H, W, 3)."""
    corners: tuple[tuple[int, int], ...]
    """Top and left of each tile, pixels of the canvas."""
    width: int
    """CSS pixels."""

    @property
    def zoom(self) -> float:
        """CSS pixels for one of the canvas."""
        return float(self.width / self.canvas.shape[1])

    @property
    def height(self) -> int:
        """CSS pixels."""
        tall: int = round(self.canvas.shape[0] * self.zoom)
        return tall


@dataclass(frozen=True)
class Key:
    """What the colours stand for."""

    colours: Canvas
    """(1, n, 3), from the lowest to the highest."""
    low: str
    high: str


def lay_out(tiles: Canvas, columns: int, width: int) -> Mosaic:
    """Tiles (n, h, w, 3) in rows of so many, `width` CSS pixels wide, a line of text's room above each row."""
    count, height, wide, _unused = tiles.shape
    columns = min(columns, count)
    across = columns * (wide + GAP) - GAP
    room = round(LINE * across / width)
    down = room + height + GAP
    corners = tuple((index // columns * down + room, index % columns * (wide + GAP)) for index in range(count))
    canvas = np.full((-(-count // columns) * down - GAP, across, 3), 255, np.uint8)
    for (top, left), tile in zip(corners, tiles, strict=True):
        canvas[top : top + height, left : left + wide] = tile
    return Mosaic(canvas, corners, width)


def side_by_side(painted: Canvas, gap: int = 1) -> Canvas:
    """Tiles (n, m, h, w, 3) as (n, h, m·(w + gap) − gap, 3): the moments beside each other, paper between."""
    count, many, height, width, _unused = painted.shape
    beside = np.full((count, height, many * (width + gap) - gap, 3), 255, np.uint8)
    for moment in range(many):
        beside[:, :, moment * (width + gap) : moment * (width + gap) + width] = painted[:, moment]
    return beside


def draw_mosaic(name: str, mosaic: Mosaic, labels: Sequence[str], key: Key, texts: tuple[str, str, str]) -> FigureFile:
    """The mosaic with its labels and the key of its colours; `texts` are title, caption and alternative text."""
    below = LINE + 4
    with sheet(name, mosaic.height + below, max(mosaic.width, HALF)) as paper:
        figure, broad, tall = paper.figure, paper.width, paper.height
        axes = figure.add_axes((0, below / tall, mosaic.width / broad, mosaic.height / tall))
        axes.imshow(mosaic.canvas, interpolation="none", aspect="auto")
        axes.set_axis_off()
        for (top, left), text in zip(mosaic.corners, labels, strict=False):
            axes.annotate(text, (left - 0.5, top - 0.5), (0, 3), textcoords="offset points", color=INK, va="bottom")
        wide = KEY * key.colours.shape[1]
        strip = figure.add_axes((KEY_LEFT / broad, 2 / tall, wide / broad, 10 / tall))
        strip.imshow(key.colours, interpolation="none", aspect="auto")
        strip.set_axis_off()
        for text, where, align in ((key.low, 0.0, "right"), (key.high, 1.0, "left")):
            shift = -4 * POINT if align == "right" else 4 * POINT
            strip.annotate(
                text,
                (where, 0.5),
                (shift, 0),
                xycoords="axes fraction",
                textcoords="offset points",
                ha=align,
                va="center",
                color=MUTED,
            )
        return paper.svg(*texts)


def spreads_key(scale: float) -> Key:
    """The colours of images whose scale ends at so many spreads."""
    levels = (np.arange(LEVELS) - LEVELS // 2).astype(np.int8)[None]
    most = numerals.significant(scale, 2 if scale % 1 else 1)
    high = _("+{most} standard deviations of the matrix; zero is white", most=most)
    return Key(paint(levels, LEVELS // 2, 1.0), _("−{most}", most=most), high)
