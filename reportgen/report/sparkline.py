"""A number through time as a drawing the size of a word: its interval, its line, its last value, its change points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reportgen.record.metric_value import MetricValue
from reportgen.report.canvas import Canvas, number, open_canvas
from reportgen.report.model import FigureFile
from reportgen.report.style import ACCENT, MUTED

WIDTH, HEIGHT = 168, 36
SIDE, TOP = 5, 7
"""Free at the sides for the last point, and above for the marks; CSS pixels."""
MOST_POINTS = 330
"""More than two a pixel can't be told apart; of more, the first, the last and evenly chosen ones between are drawn."""


COLOURED = {
    "at": {"stroke": MUTED, "stroke_dasharray": "2 2"},
    "tip": {"fill": MUTED},
    "band": {"fill": ACCENT, "fill_opacity": "0.18"},
    "line-path": {"fill": "none", "stroke": ACCENT, "stroke_width": "1.5", "stroke_linejoin": "round"},
    "dot": {"fill": ACCENT, "r": "2.5"},
}
"""What the parts of a figure look like, by the classes that index.css has for those in a line of a table."""


@dataclass(frozen=True)
class Sparkline:
    """Paths of an SVG; empty texts where there is nothing to draw."""

    line: str
    band: str
    """Of the intervals."""
    dots: tuple[tuple[str, str], ...]
    """The last value; every value where they are few."""
    marks: tuple[str, ...]
    """x of each change point."""
    alt: str
    width: int
    height: int

    @property
    def svg(self) -> str:
        """An element to stand in a page whose style sheet colours it, light and dark."""
        canvas = Canvas()
        canvas.element.tag = "svg"
        size = {"width": str(self.width), "height": str(self.height), "viewBox": f"0 0 {self.width} {self.height}"}
        canvas.element.attrib.update({"class": "spark", **size, "role": "img", "aria-label": self.alt})
        self.draw(canvas, {part: {"class": part} for part in COLOURED} | {"dot": {"class": "dot", "r": "2"}})
        return canvas.svg

    def figure(self, name: str, title: str, caption: str) -> FigureFile:
        """A figure of a report."""
        canvas = open_canvas(self.height, self.width)
        self.draw(canvas, COLOURED)
        return replace(canvas.figure(name, (title, caption, self.alt)), inline=False)

    def draw(self, canvas: Canvas, looks: Mapping[str, Mapping[str, str]]) -> None:
        """Marks, band, line and points, the last on top."""
        for x in self.marks:
            canvas.add("path", d=f"M{x} 6V{self.height}", **looks["at"])
            canvas.add("path", d=f"M{x} 7l-3.5-6h7z", **looks["tip"])
        if self.band:
            canvas.add("path", d=self.band, **looks["band"])
        canvas.add("path", d=self.line, **looks["line-path"])
        for x, y in self.dots:
            canvas.add("circle", cx=x, cy=y, **looks["dot"])


def draw_sparkline(
    values: Sequence[MetricValue | None],
    marks: Sequence[int],
    alt: str,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Sparkline | None:
    """The values in their order, evenly spaced; None where fewer than two are known.

    `marks`: places of change points; `size`: width and height, CSS pixels.
    """
    known = [(at, value) for at, value in enumerate(values) if value is not None and is_finite(value)]
    if len(known) < 2:
        return None
    ends = [end for _at, value in known for end in (*interval(value), value.value or 0.0)]
    low, high = min(ends), max(ends)
    if not math.isfinite(high - low):
        return None
    last = max(len(values) - 1, 1)
    width, height = size

    def x(at: int) -> str:
        return number(SIDE + at * (width - 2 * SIDE) / last)

    def y(end: float) -> str:
        share = (end - low) / (high - low) if high > low else 0.5
        return number(height - SIDE - share * (height - SIDE - TOP))

    shown = thin(known)
    points = [(x(at), y(value.value or 0.0)) for at, value in shown]
    lows, highs = ([(x(at), y(interval(value)[side])) for at, value in shown] for side in (0, 1))
    flat = all(value.low is None for _at, value in shown)
    return Sparkline(
        line=join(points),
        band="" if flat else f"{join(highs)}L{join(lows[::-1])[1:]}Z",
        dots=tuple(points if len(points) <= 12 else points[-1:]),
        marks=tuple(x(at) for at in marks),
        alt=alt,
        width=width,
        height=height,
    )


def thin(known: list[tuple[int, MetricValue]]) -> list[tuple[int, MetricValue]]:
    """At most MOST_POINTS of the values."""
    if len(known) <= MOST_POINTS:
        return known
    step = (len(known) - 1) / (MOST_POINTS - 1)
    return [known[round(place * step)] for place in range(MOST_POINTS)]


def is_finite(value: MetricValue) -> bool:
    """Whether a value can be drawn."""
    return value.value is not None and abs(value.value) < float("inf")


def interval(value: MetricValue) -> tuple[float, float]:
    """Its ends; the value itself where it has none."""
    here = value.value or 0.0
    low, high = (end if end is not None and abs(end) < float("inf") else here for end in (value.low, value.high))
    return low, high


def join(points: Sequence[tuple[str, str]]) -> str:
    """A path through points."""
    return "M" + "L".join(f"{x} {y}" for x, y in points)
