"""A number through time as a drawing the size of a word: its interval, its line, its last value, its change points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.record.metric_value import MetricValue

WIDTH, HEIGHT = 168, 36
SIDE, TOP = 5, 7
"""Free at the sides for the last point, and above for the marks; CSS pixels."""
MOST_POINTS = 330
"""More than two a pixel can't be told apart; of more, the first, the last and evenly chosen ones between are drawn."""


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
    ends = [number for _at, value in known for number in (*interval(value), value.value or 0.0)]
    low, high = min(ends), max(ends)
    if not math.isfinite(high - low):
        return None
    last = max(len(values) - 1, 1)
    width, height = size

    def x(at: int) -> str:
        return spell(SIDE + at * (width - 2 * SIDE) / last)

    def y(number: float) -> str:
        share = (number - low) / (high - low) if high > low else 0.5
        return spell(height - SIDE - share * (height - SIDE - TOP))

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


def spell(number: float) -> str:
    """A coordinate to a tenth of a pixel."""
    return f"{number:.1f}".removesuffix(".0")
