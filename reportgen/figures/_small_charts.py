"""Small charts of shares in per cent on one scale, all in one coordinate system: axes of their own would take a second
to draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from reportgen.figures._marks import draw_line, draw_points
from reportgen.figures._style import Sheet
from reportgen.report.style import ACCENT, FULL, HAIRLINE, INK, MUTED, SOFT

MARGIN, GAP = 34, 18
"""CSS pixels: room for the scale at the left; between charts."""
HEAD, TALL, FOOT = 20, 88, 30
"""Heights of a chart's title, of its drawing, and of the ticks below it."""
INSET = 8
"""Between the frame of a chart and its first and last place."""
SCALE = (0, 50, 100)
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Mark:
    """One share with its interval."""

    place: float
    """Along the chart, 0 to 1."""
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """Marks, joined where they belong to one scale."""

    marks: tuple[Mark, ...]
    joined: bool = True
    quiet: bool = False
    """Grey and dashed: beside the one that matters."""


@dataclass(frozen=True)
class Chart:
    """One chart."""

    title: str
    curves: tuple[Curve, ...]
    reference: float
    """A dashed line across: what the marks are compared with."""
    ticks: tuple[tuple[float, str], ...]
    """Places, 0 to 1, and what is written there."""


@dataclass(frozen=True)
class Frame:
    """Where a chart stands, CSS pixels from the left and from the top of the sheet."""

    left: float
    top: float
    width: float

    def across(self, place: float) -> float:
        """Where a place, 0 to 1, stands."""
        return self.left + INSET + place * (self.width - 2 * INSET)

    def level(self, share: float) -> float:
        """Where a share, 0 to 1, stands."""
        return self.top + HEAD + TALL * (1 - share)

    def rule(self, share: float) -> Points:
        """A line from side to side at a share."""
        return [(self.left, self.level(share)), (self.left + self.width, self.level(share))]


def height_of(count: int, columns: int) -> float:
    """Of so many charts, CSS pixels."""
    return -(-count // columns) * (HEAD + TALL + FOOT)


def draw_charts(paper: Sheet, charts: Sequence[Chart], columns: int) -> None:
    """The charts in rows, the scale written at the left of each row."""
    axes = paper.figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, paper.width)
    axes.set_ylim(paper.height, 0)
    width = (FULL - MARGIN - GAP * (columns - 1)) / columns
    frames = [
        Frame(MARGIN + index % columns * (width + GAP), index // columns * (HEAD + TALL + FOOT), width)
        for index in range(len(charts))
    ]
    rules = (frame.rule(value / 100) for frame in frames for value in SCALE)
    axes.plot(*in_one(rules), color=HAIRLINE, linewidth=0.75, zorder=0)
    references = (frame.rule(chart.reference) for frame, chart in zip(frames, charts, strict=True))
    axes.plot(*in_one(references), color=SOFT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    for index, (frame, chart) in enumerate(zip(frames, charts, strict=True)):
        write_words(axes, frame, chart, scale=index % columns == 0)
    for quiet in (True, False):
        drawn = [
            (frame, curve)
            for frame, chart in zip(frames, charts, strict=True)
            for curve in chart.curves
            if curve.quiet == quiet
        ]
        if drawn:
            draw_curves(axes, drawn, quiet)


def write_words(axes: Axes, frame: Frame, chart: Chart, scale: bool) -> None:
    """Title and ticks of a chart, and the scale at its left."""
    axes.text(frame.left, frame.top + 13, chart.title, color=INK)
    for place, label in chart.ticks:
        axes.text(frame.across(place), frame.top + HEAD + TALL + 15, label, color=MUTED, ha="center")
    for value in SCALE if scale else ():
        axes.text(MARGIN - 6, frame.level(value / 100) + 4, f"{value}", color=MUTED, ha="right")


def draw_curves(axes: Axes, curves: Sequence[tuple[Frame, Curve]], quiet: bool) -> None:
    """Lines, intervals and dots of all curves of one look."""
    colour = MUTED if quiet else ACCENT
    joined = [
        [(frame.across(mark.place), frame.level(mark.value)) for mark in curve.marks]
        for frame, curve in curves
        if curve.joined
    ]
    if joined:
        draw_line(axes, *in_one(joined), colour, linewidth=1, linestyle=(0, (2, 2)) if quiet else "-")
    marks = [(frame, mark) for frame, curve in curves for mark in curve.marks]
    bars = ([(frame.across(mark.place), frame.level(end)) for end in (mark.low, mark.high)] for frame, mark in marks)
    axes.plot(*in_one(bars), color=colour, linewidth=0.7, zorder=2)
    draw_points(
        axes,
        [frame.across(mark.place) for frame, mark in marks],
        [frame.level(mark.value) for frame, mark in marks],
        colour,
        3.75,
    )


def in_one(lines: Iterable[Points]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Several lines as one with gaps: (n,) across and (n,) downwards."""
    points = [point for line in lines for point in (*line, (np.nan, np.nan))][:-1]
    x, y = np.array(points, np.float64).reshape(-1, 2).T
    return x, y
