"""The autograd graph in words and cards, from the loss down; structures, layout and pages are the architecture's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from reportgen.figures._diagram.autograd_tree import BackwardTree
from reportgen.figures._diagram.cards import SMALL, TEXT, Card, Leaf, Row, Scheme, Style
from reportgen.figures._diagram.compose import compose
from reportgen.figures._diagram.drawing import Draft
from reportgen.figures._diagram.graph_items import Graph
from reportgen.figures._diagram.labels import series, shape_text
from reportgen.figures._diagram.text import clean, cut_beginning, shorten
from reportgen.figures._diagram.writer import NAME_LIMIT, Writer
from reportgen.record.operators import plain_name
from reportgen.record.probes.autograd import GraphParameter
from reportgen.record.trace import Shape
from reportgen.text.i18n import _, ngettext

SHORTEST_CARD = 3
"""Rows on a card that ends with a child of the model."""
LEAF_NAME = 168
"""Widest name of a leaf, pixels."""
LONGEST_CARD = (18, 10)
"""Rows on one card; and where the next one has a matrix, so that a layer begins there."""


@dataclass(frozen=True)
class BackwardWriter(Writer):
    """Writes operators with their leaves."""

    @property
    def tree(self) -> BackwardTree:
        """The tree of the structures."""
        assert isinstance(self.structures.tree, BackwardTree)
        return self.structures.tree

    def role(self, position: int, inputs: int) -> str:
        """As in the architecture, but an operator with leaves always has room for them."""
        found = super().role(position, inputs)
        return "row" if found == "join" and self.row(position, 0).leaves else found

    def row(self, position: int, part: int) -> Row:
        """An operator and its leaves, or a block and how many leaves it has."""
        items = self.everywhere(position)
        if items[0].role == "call":
            calls = [index for item in items for index in item.parts[part]]
            counts = {self.tree.held[call] for call in calls}
            shape = ngettext("{count} parameter", "{count} parameters", counts.pop()) if len(counts) == 1 else ""
            return replace(super().row(position, part), shape=shape)
        operators = [self.tree.operator(item.parts[0][0]) for item in items]
        name = plain_name(operators[0].name)
        owner, sizes = self.tree.call(operators[0].module), operators[0].output_shapes[0]
        full = ", ".join(filter(None, (name, owner.path, shape_text(sizes) if sizes else "")))
        above = [self.tree.call(index).path for index in self.calls]
        several = [self.tree.leaves[op.index] for op in operators]
        leaves = tuple(merged(found, above) for found in zip(*several, strict=True))
        return Row(shorten(name, NAME_LIMIT, TEXT), clean(full), leaves=leaves)

    def breaks(self, group: Sequence[int], position: int) -> bool:
        """Over the whole model, a card ends before a layer when it is long, and where a child of the model ends."""
        if self.calls[0] != 0:
            return False
        if self.is_loss(position) != self.is_loss(group[-1]):
            return True
        if self.style.elide:
            return False
        layer = any(leaf.shape.count("×") for leaf in self.row(position, 0).leaves)
        return len(group) >= LONGEST_CARD[layer] or (
            len(group) >= SHORTEST_CARD and self.child(group[-1]) != self.child(position)
        )

    def is_loss(self, position: int) -> bool:
        """True for an operator after all that run inside the model's children."""
        item = self.graphs[0].items[position]
        return item.role == "operator" and item.parts[0][0] > self.tree.last_inside

    def child(self, position: int) -> str:
        """The child of the model in which an item runs; "" for the model itself."""
        item = self.graphs[0].items[position]
        index = item.parts[0][0]
        call = index if item.role == "call" else self.tree.operator(index).module
        return self.tree.call(call).path.partition(".")[0]

    def port(self, position: int, number: str) -> Row:
        """Where gradients come from and where they go on to."""
        if self.graphs[0].items[position].role == "in":
            name = _("gradient out {number}", number=number) if number else _("gradient out")
            return Row(name, _("gradient out"))
        words = _("loss") if self.calls[0] == 0 else _("gradient in")
        return Row(words, words)

    def gather(self, rows: Iterable[Row]) -> tuple[Row, ...]:
        """Every operator keeps its row."""
        return tuple(rows)


def merged(found: Sequence[GraphParameter | None], above: Sequence[str]) -> Leaf:
    """One leaf for the same one in several calls of a structure, named from inside the call."""
    known = [leaf for leaf in found if leaf is not None]
    if not known:
        return Leaf(_("unnamed tensor"), "", _("unnamed tensor"))
    names = [inner_name(leaf.names, path) for leaf, path in zip(known, above, strict=False)]
    shape = merged_shape([leaf.shape for leaf in known])
    full = " = ".join(known[0].names) if len(known) == 1 else names[0]
    return Leaf(clean(names[0]), shape, clean(full), frozen=not known[0].trainable)


def inner_name(names: Sequence[str], path: str) -> str:
    """A parameter's name as the module at `path` says it, or its first."""
    begin = f"{path}." if path else ""
    return next((name.removeprefix(begin) for name in names if name.startswith(begin)), names[0])


def merged_shape(shapes: Sequence[Shape]) -> str:
    """Shapes of one rank as one, with a range where they differ: "64–512×3×3"."""
    if len({len(shape) for shape in shapes}) > 1:
        return ""
    sizes = zip(*shapes, strict=True)
    return "×".join(series([str(size) for size in column], 1) for column in sizes)


def turned(scheme: Scheme) -> Scheme:
    """The drawing from the loss down instead of from the input."""
    last = len(scheme.cards) - 1

    def flip(edge: tuple[int, int]) -> tuple[int, int]:
        return last - edge[1], last - edge[0]

    cards = tuple(headed(replace(card, rows=card.rows[::-1])) for card in scheme.cards[::-1])
    return Scheme(cards, tuple(sorted(map(flip, scheme.edges))), frozenset(map(flip, scheme.skips)))


def headed(card: Card) -> Card:
    """The card with what all its leaves' names begin with said once, at the top."""
    owners = [leaf.name.split(".")[:-1] for row in card.rows for leaf in row.leaves]
    if not owners or card.kind != "card":
        return card
    alike = takewhile(lambda parts: len(set(parts)) == 1, zip(*owners, strict=False))
    begin = ".".join(parts[0] for parts in alike)
    rows = tuple(
        replace(row, leaves=tuple(cut(leaf, begin, row.leaves[:place]) for place, leaf in enumerate(row.leaves)))
        for row in card.rows
    )
    return replace(card, rows=rows, heading=cut_beginning(begin, 2 * LEAF_NAME, SMALL) if begin else "")


def cut(leaf: Leaf, begin: str, before: Sequence[Leaf]) -> Leaf:
    """The leaf without what stands above it or beside it already."""
    name = leaf.name[len(begin) + 1 :] if begin else leaf.name
    owner = leaf.name.rpartition(".")[0]
    if before and owner and owner != begin and before[-1].name.rpartition(".")[0] == owner:
        name = f".{leaf.name.rpartition('.')[2]}"
    return replace(leaf, name=cut_beginning(name, LEAF_NAME, SMALL))


@dataclass(frozen=True)
class BackwardDraft(Draft):
    """A drawing of the graph under way."""

    ids: str = "bw"

    def scheme(self, calls: Sequence[int], graphs: Sequence[Graph], style: Style) -> Scheme:
        """Cards and edges of one structure, from the loss down."""
        return turned(compose(BackwardWriter(self.structures, tuple(calls), tuple(graphs), style)))
