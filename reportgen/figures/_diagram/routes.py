"""Edges as lines with right angles: straight down where they can, sideways on tracks of their own between layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reportgen.figures._diagram.layout import Box, Layered, across, layered

GAP = 14
"""Height between two layers when nothing runs sideways there, pixels."""
TRACK = 8
"""Further height for each group of edges that runs sideways."""
STRAIGHT = 0.6
"""Nodes whose middles differ by less stand above each other."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Placed:
    """A finished layout in pixels, origin at the left top."""

    corners: tuple[Point, ...]
    """Left top of every card."""
    lines: tuple[tuple[Point, ...], ...]
    """Corner points of every edge, from source to target."""
    width: float
    height: float


@dataclass(frozen=True)
class Plan:
    """Nodes in their layers with x known, y not yet."""

    graph: Layered
    boxes: Sequence[Box]
    x: Sequence[float]

    def half(self, node: int) -> float:
        """Half the node's width; passing points have none."""
        return self.boxes[node].width / 2 if node < len(self.boxes) else 0.0

    def straight(self, a: int, b: int) -> bool:
        """True when a link needs no sideways run."""
        return abs(self.x[a] - self.x[b]) < STRAIGHT


def place(boxes: Sequence[Box], edges: Sequence[tuple[int, int]], *, one_each: bool = False) -> Placed:
    """Lay out cards and route the edges between them; with `one_each`, every card in a layer of its own."""
    graph = layered(boxes, edges, one_each=one_each)
    plan = Plan(graph, boxes, plumb(graph, across(graph, boxes, one_each=one_each)))
    sides = side_entries(plan)
    tracks = [gap_tracks(plan, level, sides) for level in range(len(graph.layers))]
    heights = [max((boxes[n].height for n in layer if n < len(boxes)), default=0.0) for layer in graph.layers]
    tops = [0.0]
    for height, track in zip(heights, tracks, strict=True):
        used = max(track.values(), default=-1) + 1
        tops.append(tops[-1] + height + GAP + TRACK * used)
    corners = tuple((plan.x[n] - plan.half(n), tops[graph.level[n]]) for n in range(len(boxes)))
    bottoms = [top + height for top, height in zip(tops, heights, strict=False)]
    lines = tuple(line(plan, chain, tracks, sides, tops, bottoms) for chain in graph.chains)
    width = max(
        (
            px
            for points in (*lines, tuple((plan.x[n] + plan.half(n), 0.0) for n in range(len(boxes))))
            for px, _ in points
        ),
        default=0.0,
    )
    return Placed(corners, lines, width, bottoms[-1] if bottoms else 0.0)


def plumb(graph: Layered, x: Sequence[float]) -> tuple[float, ...]:
    """The middles of all nodes, those of passing points moved below each other where they nearly are: an edge that goes
    straight from layer to layer would otherwise drift, by as much as it passes layers."""
    found, moved = list(x), set[int]()
    for chain in graph.chains:
        for above, point in pairwise(chain[:-1]):
            if point not in moved and abs(found[above] - found[point]) < STRAIGHT:
                found[point] = found[above]
            moved.add(point)
    return tuple(found)


def side_entries(plan: Plan) -> frozenset[tuple[int, int]]:
    """Links from a passing point that may enter a small operator from the side: one a side, nothing in between."""
    taken: set[tuple[int, bool]] = set()
    found: set[tuple[int, int]] = set()
    for a, b in sorted(plan.graph.links, key=lambda link: abs(plan.x[link[0]] - plan.x[link[1]])):
        if a < len(plan.boxes) or b >= len(plan.boxes) or not plan.boxes[b].joins:
            continue
        right = plan.x[a] > plan.x[b]
        low, high = sorted((plan.x[a], plan.x[b]))
        others = [n for n in plan.graph.layers[plan.graph.level[b]] if n != b]
        free = all(plan.x[n] + plan.half(n) < low - 4 or plan.x[n] - plan.half(n) > high + 4 for n in others)
        if free and high - low > plan.half(b) + 6 and (b, right) not in taken:
            taken.add((b, right))
            found.add((a, b))
    return frozenset(found)


def gap_tracks(plan: Plan, level: int, sides: frozenset[tuple[int, int]]) -> dict[int, int]:
    """Below one layer, the track of every node whose links run sideways; runs that would touch get different ones."""
    ends: dict[int, list[float]] = {}
    for a, b in plan.graph.links:
        if plan.graph.level[a] == level and (a, b) not in sides and not plan.straight(a, b):
            ends.setdefault(a, [plan.x[a]]).append(plan.x[b])
    taken: list[list[tuple[float, float]]] = []
    tracks: dict[int, int] = {}
    for node in sorted(ends, key=lambda n: (max(ends[n]) - min(ends[n]), n)):
        low, high = min(ends[node]) - 4, max(ends[node]) + 4
        free = (i for i, row in enumerate(taken) if all(high < left or low > right for left, right in row))
        track = next(free, len(taken))
        if track == len(taken):
            taken.append([])
        taken[track].append((low, high))
        tracks[node] = track
    return tracks


def line(
    plan: Plan,
    chain: tuple[int, ...],
    tracks: Sequence[dict[int, int]],
    sides: frozenset[tuple[int, int]],
    tops: Sequence[float],
    bottoms: Sequence[float],
) -> tuple[Point, ...]:
    """The corner points of one edge."""
    first, last = chain[0], chain[-1]
    level = plan.graph.level
    points = [(plan.x[first], tops[level[first]] + plan.boxes[first].height)]
    for a, b in pairwise(chain):
        if (a, b) in sides:
            middle = tops[level[b]] + plan.boxes[b].height / 2
            edge = plan.x[b] + plan.half(b) * (1 if plan.x[a] > plan.x[b] else -1)
            return (*points, (plan.x[a], middle), (edge, middle))
        if not plan.straight(a, b):
            y = bottoms[level[a]] + GAP / 2 + TRACK * (tracks[level[a]][a] + 0.5)
            points += [(plan.x[a], y), (plan.x[b], y)]
    return (*points, (plan.x[last], tops[level[last]]))
