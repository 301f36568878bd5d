"""The items of a structure in words, over all calls that have this structure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from reportgen.figures._diagram import labels
from reportgen.figures._diagram.cards import SMALL, TEXT, Row, Style
from reportgen.figures._diagram.graph_items import Graph, Item
from reportgen.figures._diagram.labels import KIND_ONLY, shape_text
from reportgen.figures._diagram.structure import Structures
from reportgen.figures._diagram.text import clean, shorten
from reportgen.record.operators import SIGNS, is_follower, plain_name
from reportgen.record.trace import ModuleCall, Shape
from reportgen.text.i18n import _
from reportgen.text.widths import text_width

ROW_LIMIT = 290
"""Widest text of a row, pixels."""
SHAPE_LIMIT = 120
OUTPUTS = 3
"""So many output shapes are shown."""
NAME_LIMIT = 232
"""Widest class name, pixels."""


@dataclass(frozen=True)
class Writer:
    """Writes the rows of one structure."""

    structures: Structures
    calls: tuple[int, ...]
    """The calls of this structure, in order of execution."""
    graphs: tuple[Graph, ...]
    """One a call, equal but for numbers."""
    style: Style

    def everywhere(self, position: int) -> list[Item]:
        """The same item in every call."""
        return [graph.items[position] for graph in self.graphs]

    def row(self, position: int, part: int) -> Row:
        """The row of a call or an operator."""
        items = self.everywhere(position)
        tree = self.structures.tree
        shape = self.shape([self.output(item, part) for item in items])
        if items[0].role == "operator":
            name = plain_name(tree.operator(items[0].parts[0][0]).name)
            return Row(shorten(name, NAME_LIMIT, TEXT), clean(name), shape=shape)
        calls = [tree.call(index) for item in items for index in item.parts[part]]
        path = paths(calls if len(items) == 1 else calls[:1])
        kind = calls[0].kind
        if tree.is_row(calls[0].index):
            return Row(self.fitting(calls), clean(labels.label(calls)), shape=shape, path=path)
        follow = (_("each reads all earlier ones"),) if items[0].dense else ()
        digest = self.structures.digest(calls[0].index)
        letter, times = self.structures.letter(digest), items[0].times
        if self.style.elide and times > 1:
            letter = f"{letter} ×{times}".lstrip()
        name = shorten(kind, NAME_LIMIT, TEXT, bold=True)
        return Row(name, clean(kind), follow, shape, digest, letter, path, times)

    def role(self, position: int, inputs: int) -> str:
        """`row` for what may stand on a card with others, `block`, `join`, or the item's own role."""
        item = self.graphs[0].items[position]
        if item.role == "operator":
            return "join" if inputs > 1 else "row"
        if item.role == "call":
            return "row" if self.structures.is_row(item) else "block"
        return item.role

    def breaks(self, group: Sequence[int], position: int) -> bool:
        """True where a row begins a new card though it follows the group: after a pooling, in an overview."""
        if not self.style.stages:
            return False
        one, other = (self.row(place, 0).full for place in (group[-1], position))
        return "Pool" in one and (other.startswith("Conv") or "Pool" in other)

    def fitting(self, calls: Sequence[ModuleCall]) -> str:
        """The label with as much detail as a row holds."""
        for detail in range(self.style.detail, KIND_ONLY):
            text = clean(labels.label(calls, detail))
            if text_width(text, TEXT) <= ROW_LIMIT:
                return text
        return shorten(labels.label(calls, KIND_ONLY), NAME_LIMIT, TEXT)

    def output(self, item: Item, part: int) -> Shape:
        """Shape of the first output tensor of an item."""
        index = item.parts[part][-1]
        tree = self.structures.tree
        shapes = tree.call(index).output_shapes if item.role == "call" else tree.operator(index).output_shapes
        return shapes[0] if shapes else ()

    def shape(self, shapes: Sequence[Shape]) -> str:
        """The common shape; "" where the calls differ or the drawing goes without."""
        if len(set(shapes)) != 1 or not shapes[0] or not self.style.shapes:
            return ""
        return shorten(shape_text(shapes[0]), SHAPE_LIMIT, SMALL)

    def port(self, position: int, number: str) -> Row:
        """The row of an input or output."""
        calls = [self.structures.tree.call(index) for index in self.calls]
        if self.graphs[0].items[position].role == "in":
            shape = self.shape([call.input_shapes[0] for call in calls if call.input_shapes]) if not number else ""
            return Row(_("in {number}", number=number) if number else _("in"), _("in"), shape=shape)
        parts = [self.shape(same) for same in zip(*(call.output_shapes[:OUTPUTS] for call in calls), strict=False)]
        return Row(_("out"), _("out"), shape=", ".join(filter(None, parts)))

    def gather(self, rows: Iterable[Row]) -> tuple[Row, ...]:
        """Put normalisations and activations in small type under the row they follow."""
        found: list[Row] = []
        for row in rows:
            if found and row.target is None and is_follower(row.full.partition(" ")[0]):
                last = found[-1]
                wrapped = self.style.wrap or not last.follow
                joined = (*last.follow, row.text) if wrapped else (f"{last.follow[0]} · {row.text}",)
                follow = tuple(shorten(line, ROW_LIMIT, SMALL) for line in joined)
                full = f"{last.full} · {row.full}"
                found[-1] = replace(last, follow=follow, full=full, shape=row.shape or last.shape)
            else:
                found.append(row)
        return tuple(found)


def paths(calls: Sequence[ModuleCall]) -> str:
    """Dotted names of a run of blocks: "layer1.0" or "layer1.0–2"."""
    first, last = calls[0], calls[-1]
    if first.path == last.path:
        return first.path
    before, _unused, one = first.path.rpartition(".")
    if before != last.path.rpartition(".")[0] or last.name == "":
        return f"{first.path}–{last.path}"
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, last.name, strict=False))
    same = "".join(char for char, _unused in alike)
    if one[len(same) :][:1].isdigit() or last.name[len(same) :][:1].isdigit():
        same = same.rstrip("0123456789")
    return f"{first.path}–{last.name[len(same) :]}"


def symbol(name: str) -> str:
    """The sign of an operator, or its name."""
    return SIGNS.get(name) or shorten(name, NAME_LIMIT, SMALL)
