"""What is drawn for a structure: cards of rows, joins, ports, and the edges between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from reportgen.figures._diagram import labels
from reportgen.figures._diagram.labels import shape_text, shorten, text_width
from reportgen.figures._diagram.lift import Graph, Item
from reportgen.figures._diagram.structure import Structures
from reportgen.figures._diagram.tree import plain_name
from reportgen.trace import ModuleCall, Shape
from reportgen.words import say

TEXT, SMALL = 12.0, 10.5
"""Type sizes, pixels at the figure's full width."""
PAD = 9
ROW, FOLLOW = 19, 13
"""Height of a row's first line and of its second."""
JOIN = 18
"""Diameter of a small operator."""
ROW_LIMIT = 250
"""Widest text of a row, pixels."""

Kind = Literal["card", "join", "port", "side", "const"]


@dataclass(frozen=True)
class Row:
    """One line of a card."""

    text: str
    full: str
    """Unshortened, for the tooltip."""
    follow: str = ""
    """Second line, small: what follows the operator."""
    shape: str = ""
    target: str | None = None
    """Digest of the structure the row stands for."""
    functional: bool = False
    """True for an operator that is no module."""
    path: str = ""
    """Dotted name of the first module."""

    @property
    def height(self) -> float:
        """Pixels."""
        return ROW + (FOLLOW if self.follow else 0)


@dataclass(frozen=True)
class Card:
    """One node of the drawing."""

    kind: Kind
    rows: tuple[Row, ...]
    times: str = ""
    """Such as "×4"; empty for once."""

    @property
    def width(self) -> float:
        """Pixels."""
        if self.kind == "join":
            text = text_width(self.rows[0].text, SMALL)
            return JOIN if text < JOIN - 4 else text + 14
        badge = text_width(self.times, TEXT, bold=True) + 8 if self.times else 0.0
        return max(row_width(row, self.kind) for row in self.rows) + badge + (2 * PAD if self.kind == "card" else 4)

    @property
    def height(self) -> float:
        """Pixels."""
        if self.kind == "join":
            return JOIN
        inner = sum(row.height for row in self.rows)
        return inner + (6 if self.kind == "card" else -3)


def row_width(row: Row, kind: Kind) -> float:
    """Width of a row's text and shape, pixels."""
    size = TEXT if kind == "card" else SMALL
    first = text_width(row.text, size, bold=row.target is not None)
    shape = text_width(row.shape, SMALL) + (14 if row.text else 0) if row.shape else 0.0
    return max(first + shape, text_width(row.follow, SMALL))


@dataclass(frozen=True)
class Scheme:
    """Cards and edges of one drawing; edges go from lower to higher index."""

    cards: tuple[Card, ...]
    edges: tuple[tuple[int, int], ...]
    skips: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    """Edges that pass by at least one card which lies on another way between the same two."""


@dataclass(frozen=True)
class Writer:
    """Puts the items of one structure, over all calls that have it, into words."""

    structures: Structures
    calls: tuple[int, ...]
    """The calls of this structure, in order of execution."""
    graphs: tuple[Graph, ...]
    """One a call, equal but for numbers."""
    detail: int
    limit: float = ROW_LIMIT

    def everywhere(self, position: int) -> list[Item]:
        """The same item in every call."""
        return [graph.items[position] for graph in self.graphs]

    def row(self, position: int, part: int) -> Row:
        """The row of a call or an operator."""
        items = self.everywhere(position)
        tree = self.structures.tree
        shapes = [self.output(item, part) for item in items]
        shape = self.shape(shapes)
        if items[0].role == "operator":
            name = plain_name(tree.operator(items[0].parts[0][0]))
            return Row(shorten(name, self.limit, TEXT), name, shape=shape, functional=True)
        calls = [tree.call(index) for item in items for index in item.parts[part]]
        first = calls[0]
        if not tree.is_row(first.index):
            follow = say("each reads all earlier ones") if items[0].dense else ""
            target = self.structures.digest(first.index)
            return Row(
                shorten(first.kind, self.limit, TEXT, bold=True),
                first.kind,
                follow,
                shape,
                target,
                False,
                paths(calls if len(items) == 1 else calls[:1]),
            )
        text = labels.label(calls, self.detail)
        return Row(shorten(text, self.limit, TEXT), labels.label(calls), "", shape, None, False, first.path)

    def output(self, item: Item, part: int) -> Shape:
        """Shape of the first tensor that comes out of an item."""
        index = item.parts[part][-1]
        tree = self.structures.tree
        shapes = tree.call(index).output_shapes if item.role == "call" else tree.operator(index).output_shapes
        return shapes[0] if shapes else ()

    def shape(self, shapes: Sequence[Shape]) -> str:
        """The common shape; "" where the calls differ or labels are to be narrow."""
        if len(set(shapes)) != 1 or not shapes[0] or self.detail > labels.RANGES:
            return ""
        return shorten(shape_text(shapes[0]), 110, SMALL)

    def port(self, position: int, number: str) -> Row:
        """The row of an input or output."""
        role = self.graphs[0].items[position].role
        calls = [self.structures.tree.call(index) for index in self.calls]
        name = say("in") if role == "in" else say("out")
        if role == "in":
            sources = [graph.items[position].parts[0] for graph in self.graphs]
            shapes = [
                call.input_shapes[min(source[0], len(call.input_shapes) - 1)]
                for call, source in zip(calls, sources, strict=True)
                if call.input_shapes
            ]
        else:
            shapes = [call.output_shapes[0] for call in calls if call.output_shapes]
        return Row(f"{name}{number}", name, shape=self.shape(shapes))


def paths(calls: Sequence[ModuleCall]) -> str:
    """Dotted names of a run of blocks: "layer1.0" or "layer1.0–2"."""
    first, last = calls[0], calls[-1]
    if first.path == last.path:
        return first.path
    same = first.path.rpartition(".")[0] == last.path.rpartition(".")[0]
    return f"{first.path}–{last.name if same else last.path}"


def compose(writer: Writer) -> Scheme:
    """Cards and edges of a structure."""
    graph = writer.graphs[0]
    into, out = ends(graph)
    kinds = {i: kind_of(writer.structures, item, len(into[i])) for i, item in enumerate(graph.items)}
    groups: list[list[int]] = []
    group_of: dict[int, int] = {}
    for position in range(len(graph.items)):
        before = into[position]
        if kinds[position] == "row" and len(before) == 1 and kinds[before[0]] == "row" and len(out[before[0]]) == 1:
            if not breaks(writer, before[0], position):
                group_of[position] = group_of[before[0]]
                groups[group_of[position]].append(position)
                continue
        group_of[position] = len(groups)
        groups.append([position])
    cards = tuple(card(writer, kinds[group[0]], group) for group in groups)
    edges = tuple(sorted({(group_of[a], group_of[b]) for a, b in graph.edges if group_of[a] != group_of[b]}))
    return Scheme(cards, edges, bypasses(cards, edges))


def ends(graph: Graph) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """For each item what it reads and who reads it."""
    into: dict[int, list[int]] = {i: [] for i in range(len(graph.items))}
    out: dict[int, list[int]] = {i: [] for i in range(len(graph.items))}
    for a, b in graph.edges:
        into[b].append(a)
        out[a].append(b)
    return into, out


def kind_of(structures: Structures, item: Item, inputs: int) -> str:
    """`row` for what may stand in a card with others, `block`, `join`, or the item's role."""
    if item.role == "operator":
        return "join" if inputs > 1 else "row"
    if item.role == "call":
        return "row" if structures.is_row(item) else "block"
    return item.role


def breaks(writer: Writer, before: int, position: int) -> bool:
    """True where a card ends: a convolution after a pooling starts a new stage."""
    tree = writer.structures.tree
    items = writer.graphs[0].items
    if items[before].role != "call" or items[position].role != "call":
        return False
    one, other = tree.call(items[before].parts[0][0]), tree.call(items[position].parts[0][0])
    return "Pool" in one.kind and other.kind.startswith("Conv")


def card(writer: Writer, kind: str, group: Sequence[int]) -> Card:
    """One card from the items that stand in it."""
    item = writer.graphs[0].items[group[0]]
    if kind in {"in", "out"}:
        inputs = [i for i, other in enumerate(writer.graphs[0].items) if other.role == kind]
        return Card("port", (writer.port(group[0], f" {inputs.index(group[0]) + 1}" if len(inputs) > 1 else ""),))
    if kind == "side":
        text = say("{count} operators off the path", count=len(item.parts[0]))
        return Card("side", (Row(text, text),))
    if kind == "const":
        return Card("const", (Row(say("constant"), say("constant")),))
    if kind == "join":
        row = writer.row(group[0], 0)
        return Card("join", (Row(symbol(row.full), row.full, functional=True),))
    if kind == "block":
        rows = tuple(writer.row(group[0], part) for part in range(len(item.parts)))
        counts = [str(other.times) for other in writer.everywhere(group[0])]
        return Card("card", rows, f"×{labels.series(counts)}" if set(counts) != {"1"} else "")
    return Card("card", tuple(gather(writer.row(position, 0) for position in group)))


def gather(rows: Iterable[Row]) -> list[Row]:
    """Put normalisations and activations in small type under the row they follow."""
    found: list[Row] = []
    for row in rows:
        word = row.full.partition(" ")[0]
        if found and labels.is_follower(word) and row.target is None:
            last = found[-1]
            follow = f"{last.follow} · {row.text}" if last.follow else row.text
            found[-1] = Row(
                last.text,
                f"{last.full} · {row.full}",
                shorten(follow, ROW_LIMIT, SMALL),
                row.shape or last.shape,
                None,
                last.functional,
                last.path,
            )
        else:
            found.append(row)
    return found


def symbol(name: str) -> str:
    """The sign of an operator, or its name."""
    return {"add": "+", "mul": "×", "sub": "−", "div": "÷", "matmul": "matmul"}.get(name, shorten(name, 130, SMALL))


def bypasses(cards: Sequence[Card], edges: Sequence[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Edges beside which a longer way leads from the same source to the same target."""
    below: dict[int, set[int]] = {i: set() for i in range(len(cards))}
    for a, b in sorted(edges, reverse=True):
        below[a] |= {b} | below[b]
    after: dict[int, list[int]] = {i: [] for i in range(len(cards))}
    for a, b in edges:
        after[a].append(b)
    return frozenset((a, b) for a, b in edges if any(b in below[other] for other in after[a] if other != b))
