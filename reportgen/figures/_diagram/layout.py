"""Where things stand: layers from top to bottom, order and position within a layer, room for edges that pass by.

The layered method of Sugiyama, Tagawa and Toda (1981): longest-path layers, barycentre sweeps against crossings, then
positions by weighted least squares under the order, each layer solved exactly by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

APART = 16
"""Between two cards of a layer."""
PASSING = 11
"""Between a card and an edge that passes it, or two such edges."""
SWEEPS = 6
SETTLING = 60
NEARLY = 7.0
"""Deviation that is corrected after settling, pixels; less than the free space beside a line."""
LONG = 120.0
"""Pull between the passing points of one edge, so that it runs straight."""
MOST_BESIDE = 2
"""With more cards side by side no way is the main one, and branches stand evenly."""
FIXED = 1e9
"""Pull on cards that stand in one column."""
TRUNK = 400.0
"""Pull along the main path, so strong that it stays straight."""


@dataclass(frozen=True)
class Box:
    """What the layout needs to know of a card."""

    width: float
    height: float
    joins: bool = False
    """True for a small operator node, which edges may also enter from the side."""
    late: bool = False
    """True for a source that should stand close to its reader (a constant) instead of at the top."""


@dataclass(frozen=True)
class Layered:
    """Cards and passing edges as nodes of one layer each; nodes beyond the cards are the passing points."""

    layers: tuple[tuple[int, ...], ...]
    level: tuple[int, ...]
    links: tuple[tuple[int, int], ...]
    """Between adjacent layers only."""
    chains: tuple[tuple[int, ...], ...]
    """For each edge its nodes: source, passing points, target."""


def layered(boxes: Sequence[Box], edges: Sequence[tuple[int, int]], *, one_each: bool = False) -> Layered:
    """Put every card in a layer and break every long edge into links; `edges` go from lower to higher index.

    With `one_each` every card has a layer of its own, in their order: narrow, and higher.
    """
    count = len(boxes)
    level = list(range(count)) if one_each else [0] * count
    for a, b in sorted(edges):
        level[b] = max(level[b], level[a] + 1)
    for node in range(count):
        readers = [level[b] for a, b in edges if a == node]
        if boxes[node].late and readers:
            level[node] = min(readers) - 1
    lowest = min(level, default=0)
    level = [value - lowest for value in level]
    chains: list[tuple[int, ...]] = []
    for a, b in edges:
        passing = range(len(level), len(level) + level[b] - level[a] - 1)
        level += [level[a] + 1 + step for step in range(len(passing))]
        chains.append((a, *passing, b))
    links = tuple(sorted({pair for chain in chains for pair in pairwise(chain)}))
    layers: list[list[int]] = [[] for _ in range(max(level, default=-1) + 1)]
    spans = {node: len(chain) for chain in chains for node in chain[1:-1]}
    for node in sorted(range(len(level)), key=lambda n: (n < count and boxes[n].late, spans.get(n, 0), n)):
        layers[level[node]].append(node)
    start = Layered(tuple(map(tuple, layers)), tuple(level), links, tuple(chains))
    return uncrossed(start)


def uncrossed(graph: Layered) -> Layered:
    """Order each layer so that few links cross; of equal orders the first found stays."""
    above, below = find_neighbours(graph)
    best, fewest = graph.layers, crossings(graph.layers, below)
    current = [list(layer) for layer in graph.layers]
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        near = above if down else below
        for layer in current if down else reversed(current):
            place = {node: i for row in current for i, node in enumerate(row)}
            middle = {n: sum(place[m] for m in near[n]) / len(near[n]) if near[n] else place[n] for n in layer}
            layer.sort(key=lambda node: middle[node])  # stable: ties keep their order
        found = tuple(map(tuple, current))
        number = crossings(found, below)
        if number < fewest:
            best, fewest = found, number
    return Layered(best, graph.level, graph.links, graph.chains)


def find_neighbours(graph: Layered) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """For each node its links upwards and downwards."""
    above: dict[int, list[int]] = {node: [] for node in range(len(graph.level))}
    below: dict[int, list[int]] = {node: [] for node in range(len(graph.level))}
    for a, b in graph.links:
        above[b].append(a)
        below[a].append(b)
    return above, below


def crossings(layers: Sequence[Sequence[int]], below: dict[int, list[int]]) -> int:
    """Pairs of links that cross."""
    total = 0
    for layer, following in pairwise(layers):
        place = {node: i for i, node in enumerate(following)}
        seen: list[int] = []
        for node in layer:
            ends = [place[other] for other in below[node]]
            total += sum(1 for end in ends for other in seen if other > end)
            seen += ends
    return total


def trunk(graph: Layered, count: int) -> frozenset[tuple[int, int]]:
    """Links of the path through most cards (the first found of equal ones): it is drawn straight."""
    above, _ = find_neighbours(graph)
    best: dict[int, tuple[int, tuple[int, ...]]] = {}
    for layer in graph.layers:
        for node in layer:
            options = [best[a] for a in above[node]]
            length, path = max(options, key=lambda option: option[0], default=(0, ()))
            best[node] = (length + (node < count), (*path, node))
    longest = max(best.values(), key=lambda found: found[0], default=(0, ()))[1]
    return frozenset(pairwise(longest))


def across(graph: Layered, boxes: Sequence[Box], *, one_each: bool = False) -> list[float]:
    """The x of every node's middle; with `one_each` the cards stand in one column."""
    main = trunk(graph, len(boxes))
    crowded = max((sum(node < len(boxes) for node in layer) for layer in graph.layers), default=0) > MOST_BESIDE
    weight = {(a, b): TRUNK if (a, b) in main and not crowded else 1.0 for a, b in graph.links}
    weight |= {(a, b): LONG for a, b in graph.links if a >= len(boxes) and b >= len(boxes)}
    links: dict[int, list[tuple[int, float]]] = {node: [] for node in range(len(graph.level))}
    for (a, b), pull in weight.items():
        links[a].append((b, pull))
        links[b].append((a, pull))
    widths = [box.width for box in boxes] + [0.0] * (len(graph.level) - len(boxes))
    x = [0.0] * len(graph.level)
    for step in range(SETTLING):
        for layer in graph.layers if step % 2 == 0 else graph.layers[::-1]:
            fixed = [one_each and node < len(boxes) for node in layer]
            wanted = [0.0 if still else middle(node, links[node], x) for node, still in zip(layer, fixed, strict=True)]
            pulls = [
                FIXED if still else sum(pull for _, pull in links[node]) or 0.1
                for node, still in zip(layer, fixed, strict=True)
            ]
            spaces = [room(a, b, widths, len(boxes)) for a, b in pairwise(layer)]
            for node, value in zip(layer, settled(wanted, pulls, spaces), strict=True):
                x[node] = value
    lines = [chain[1:-1] for chain in graph.chains] + ([] if crowded else [ends(main)])
    for line in lines:
        straighten(x, line)
    left = min((x[n] - widths[n] / 2 for n in range(len(x))), default=0.0)
    return [value - left for value in x]


def ends(links: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """The nodes that links join."""
    return tuple(sorted({node for link in links for node in link}))


def straighten(x: list[float], line: Sequence[int]) -> None:
    """Put nodes that stand nearly above each other exactly so, in place."""
    if line and max(x[n] for n in line) - min(x[n] for n in line) < NEARLY:
        middle = sum(x[n] for n in line) / len(line)
        for node in line:
            x[node] = middle


def middle(node: int, links: Sequence[tuple[int, float]], x: Sequence[float]) -> float:
    """Where a node's links pull it."""
    total = sum(pull for _, pull in links)
    return sum(x[other] * pull for other, pull in links) / total if total else x[node]


def room(a: int, b: int, widths: Sequence[float], count: int) -> float:
    """Least distance of two neighbours' middles."""
    apart = APART if a < count and b < count else PASSING
    return widths[a] / 2 + widths[b] / 2 + apart


def settled(wanted: Sequence[float], pulls: Sequence[float], spaces: Sequence[float]) -> list[float]:
    """Positions nearest to the wanted ones (weighted squares) with at least `spaces` between neighbours."""
    offsets = [0.0]
    for value in spaces:
        offsets.append(offsets[-1] + value)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, members
    for want, pull, offset in zip(wanted, pulls, offsets, strict=False):
        mean, total, members = want - offset, pull, 1
        while blocks and blocks[-1][0] > mean:
            other, more, number = blocks.pop()
            mean, total = (mean * total + other * more) / (total + more), total + more
            members += number
        blocks.append((mean, total, members))
    means = [mean for mean, _, members in blocks for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
