"""Connections that pass parts by in the drawing of a change: lines beside the cards, each on a track of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportgen.figures._change_parts import STYLES, Look
from reportgen.record.architecture import Connection
from reportgen.report.architecture_wording import describe_connection
from reportgen.report.canvas import Canvas, number
from reportgen.report.style import MUTED, PAPER

TRACK = 7.0
"""Between two lines, pixels; less where there are many."""
FIRST = 9.0
"""From the cards to the first line."""
MOST = 16
"""Lines drawn."""
INSET = 11.0
"""From a card's upper or lower edge to where a line reaches or leaves it."""
CORNER = 4.0
APART = 16.0
"""Between the end of one line and the beginning of the next on one track, so that they do not look like one."""
KEPT = Look(MUTED, PAPER)


@dataclass(frozen=True)
class Spot:
    """Where a card stands."""

    left: float
    right: float
    top: float
    bottom: float
    column: int
    hidden: tuple[float, float] | None = None
    """Of a card with another between it and the lines: top and bottom of what stands side by side."""


@dataclass(frozen=True)
class Way:
    """One line: from where over which heights to where."""

    skip: Connection
    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def span(self) -> tuple[float, float]:
        """The heights between which it runs."""
        return min(self.start[1], self.end[1]), max(self.start[1], self.end[1])


def draw_skips(
    canvas: Canvas, skips: Sequence[Connection], spots: Mapping[int, Spot], side: tuple[float, float]
) -> None:
    """The connections whose ends are drawn, at most so many, in the room between two x."""
    ways = [way for way in (find_way(skip, spots) for skip in skips) if way is not None][:MOST]
    tracks = choose_tracks(ways)
    step = min(TRACK, (side[1] - side[0] - FIRST - 3) / max(1, max(tracks, default=0)))
    for way, track in zip(ways, tracks, strict=True):
        draw_way(canvas, way, side[0] + FIRST + step * track)


def find_way(skip: Connection, spots: Mapping[int, Spot]) -> Way | None:
    """Where a connection leaves one card and reaches another; None where one of them is not drawn."""
    target, source = spots.get(skip.target), spots.get(max(skip.source, 0))
    if target is None or source is None:
        return None
    if skip.source < 0:
        return Way(skip, (source.right - 40, source.top - 5), (edge(target), target.top + INSET))
    start = (edge(source), source.bottom - INSET)
    if source.hidden:
        start = ((source.left + source.right) / 2, source.hidden[1] + 5)
    end = (edge(target), target.top + INSET)
    if target.hidden:
        end = ((target.left + target.right) / 2 + 5, target.hidden[0] - 5)
    return Way(skip, start, end)


def edge(spot: Spot) -> float:
    """The side of a card that is next to the lines: right of the first column, left of the second."""
    return spot.left if spot.column else spot.right


def choose_tracks(ways: Sequence[Way]) -> list[int]:
    """The track of each line, short ones next to the cards, none over another."""
    taken: list[list[tuple[float, float]]] = []
    found = dict.fromkeys(range(len(ways)), 0)
    for place in sorted(found, key=lambda at: (ways[at].span[1] - ways[at].span[0], at)):
        low, high = ways[place].span
        free = (at for at, spans in enumerate(taken) if all(high + APART < a or b + APART < low for a, b in spans))
        track = next(free, len(taken))
        if track == len(taken):
            taken.append([])
        taken[track].append((low, high))
        found[place] = track
    return [found[place] for place in range(len(ways))]


def draw_way(canvas: Canvas, way: Way, x: float) -> None:
    """One line with its arrow, named in its tooltip."""
    look = KEPT if way.skip.status == "same" else STYLES[way.skip.status]
    (left, top), (right, bottom) = way.start, way.end
    out, back, down = (1 if x > left else -1), (1 if x > right else -1), (1 if bottom > top else -1)
    line = (
        f"M{number(left)} {number(top)}H{number(x - out * CORNER)}"
        f"Q{number(x)} {number(top)} {number(x)} {number(top + down * CORNER)}"
        f"V{number(bottom - down * CORNER)}"
        f"Q{number(x)} {number(bottom)} {number(x - back * CORNER)} {number(bottom)}H{number(right + back * 6)}"
    )
    group = canvas.group(0.0, 0.0)
    group.add("title").element.text = describe_connection(way.skip)
    group.add("path", d=line, fill="none", stroke=look.stroke, stroke_width=1.4, stroke_dasharray=look.dash)
    head = [(right + back * 1.0, bottom), (right + back * 6.5, bottom - 3.5), (right + back * 6.5, bottom + 3.5)]
    group.add("polygon", points=" ".join(f"{number(a)},{number(b)}" for a, b in head), fill=look.stroke)
    if way.skip.source < 0:
        group.add("circle", cx=left, cy=top, r=2.2, fill=look.stroke)
