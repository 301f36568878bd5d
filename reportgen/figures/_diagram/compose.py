"""From a structure to its scheme: which items share a card, and which edges pass others by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reportgen.figures._diagram.cards import Card, Row, Scheme
from reportgen.figures._diagram.graph_items import Graph
from reportgen.figures._diagram.labels import series
from reportgen.figures._diagram.writer import Writer, symbol
from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext

FIRST, LAST = 12, 8
"""Rows that stay of a card that is too long."""


def compose(writer: Writer) -> Scheme:
    """Cards and edges of a structure."""
    graph = writer.graphs[0]
    groups = grouped(writer)
    group_of = {position: number for number, group in enumerate(groups) for position in group}
    into, _unused = ends(graph)
    cards = tuple(card(writer, writer.role(group[0], len(into[group[0]])), group) for group in groups)
    edges = tuple(sorted({(group_of[a], group_of[b]) for a, b in graph.edges if group_of[a] != group_of[b]}))
    scheme = Scheme(cards, edges, bypasses(len(cards), edges))
    return aligned(scheme) if scheme.in_one_column() else scheme


def grouped(writer: Writer) -> list[list[int]]:
    """The positions that share a card: rows one after the other with nothing branching off between them."""
    graph = writer.graphs[0]
    into, out = ends(graph)
    sharing = set[str]() if writer.style.apart else {"row", "block"} if writer.style.elide else {"row"}
    roles = {i: writer.role(i, len(into[i])) for i in range(len(graph.items))}
    groups: list[list[int]] = []
    last: dict[int, list[int]] = {}
    for position in range(len(graph.items)):
        before = into[position]
        if (
            roles[position] in sharing
            and len(before) == 1
            and roles[before[0]] == roles[position]
            and len(out[before[0]]) == 1
            and not writer.breaks(last[before[0]], position)
        ):
            group = last[before[0]]
        else:
            group = []
            groups.append(group)
        group.append(position)
        last[position] = group
    return groups


def ends(graph: Graph) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """For each item what it reads and who reads it."""
    into: dict[int, list[int]] = {i: [] for i in range(len(graph.items))}
    out: dict[int, list[int]] = {i: [] for i in range(len(graph.items))}
    for a, b in graph.edges:
        into[b].append(a)
        out[a].append(b)
    return into, out


def card(writer: Writer, role: str, group: Sequence[int]) -> Card:
    """One card from the items that stand on it."""
    first = group[0]
    item = writer.graphs[0].items[first]
    if role in {"in", "out"}:
        same = [i for i, other in enumerate(writer.graphs[0].items) if other.role == role]
        return Card("port", (writer.port(first, str(same.index(first) + 1) if len(same) > 1 else ""),))
    if role == "side":
        text = ngettext("{count} operator beside the path", "{count} operators beside the path", len(item.parts[0]))
        return Card("side", (Row(text, text),))
    if role == "const":
        return Card("const", (Row(_("stored tensor"), _("stored tensor")),))
    if role == "join":
        row = writer.row(first, 0)
        return Card("join", (Row(symbol(row.text), row.full),))
    if role == "block" and not writer.style.elide:
        rows = tuple(writer.row(first, part) for part in range(len(item.parts)))
        counts = [str(other.times) for other in writer.everywhere(first)]
        return Card("card", rows, f"×{series(counts)}" if set(counts) != {"1"} else "")
    rows = writer.gather(
        writer.row(position, part) for position in group for part in range(len(writer.graphs[0].items[position].parts))
    )
    return Card("card", elided(rows) if writer.style.elide else rows)


def elided(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The first and last rows of many, and how many stand between them."""
    between = len(rows) - FIRST - LAST
    if between <= 1:
        return rows
    text = _("… {count} more rows …", count=numerals.count(between))
    return (*rows[:FIRST], Row(text, text), *rows[-LAST:])


def bypasses(count: int, edges: Sequence[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Edges beside which a longer way leads from the same source to the same target."""
    below: dict[int, set[int]] = {i: set() for i in range(count)}
    after: dict[int, list[int]] = {i: [] for i in range(count)}
    for a, b in sorted(edges, reverse=True):
        below[a] |= {b} | below[b]
        after[a].append(b)
    return frozenset((a, b) for a, b in edges if any(b in below[other] for other in after[a] if other != b))


def aligned(scheme: Scheme) -> Scheme:
    """All cards of one column as wide as the widest."""
    widest = max((card.width for card in scheme.cards if card.kind == "card"), default=0.0)
    cards = tuple(replace(card, least=widest) if card.kind == "card" else card for card in scheme.cards)
    return Scheme(cards, scheme.edges, scheme.skips)
