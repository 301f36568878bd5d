"""The rows of the layer table: repeated blocks folded into one row with ×N, deep levels collapsed when there are many.

The rule. Neighbours under one parent are one row when they are equal: kind, settings, shapes, parameters, MACs and the
same inside. A row's numbers are the sum over everything it stands for, children of a folded block included, so that
the rows of one level always add up to the row above them. When more than `max_rows` rows are left, the deepest level
is dropped (its numbers stay in the rows above), again until they fit; a single level that is still too long keeps its
beginning and its end, and one row stands for the middle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.record.calls import CallTree, add_up
from reportgen.record.trace import ModelTrace, ModuleCall, Shape

Signature = tuple[object, ...]


@dataclass(frozen=True)
class Row:
    """One row of the layer table: a module call, or several equal ones."""

    path: str
    """Dotted name, "" for the model; a range such as "layer1.1–2" for a folded row."""
    name: str
    """Last part of the path, such as "conv1" or "1–2"."""
    kind: str
    settings: str
    times: int
    """How many module calls the row stands for."""
    depth: int
    output_shape: Shape | None
    """Of the first output of each; None where there is none."""
    parameters: int
    """Each tensor at its first use only, so that a level sums to the row above it."""
    trainable: int
    macs: int
    activation_bytes: int
    seconds: float | None
    shared: bool
    """True where a tensor is also held by another module."""
    reused: bool
    """True where every call of the row repeats one that stands further up."""
    first: int
    """Index of the first ModuleCall of the row."""
    is_leaf: bool
    """True where nothing stands below it, folded away or not."""


@dataclass(frozen=True)
class Tree:
    """The calls of a trace, and what makes two of them equal."""

    calls: CallTree
    signatures: tuple[Signature, ...]
    parameters: tuple[int, ...]
    """Own parameters of each call and of everything below it."""

    @classmethod
    def of(cls, trace: ModelTrace) -> Tree:
        """Index the calls of a trace; a parent stands before its children."""
        calls = CallTree.of(trace.modules)
        numbers: dict[Signature, int] = {}
        signatures: list[Signature] = [()] * len(calls.modules)
        for module in reversed(calls.modules):
            below = calls.children[module.index]
            inside = tuple(numbers.setdefault(signatures[child], len(numbers)) for child in below)
            signatures[module.index] = (*signature(module), inside)
        parameters = add_up([one.parent for one in calls.modules], [one.own_parameters for one in calls.modules])
        return cls(calls, tuple(signatures), tuple(parameters))


def fold(trace: ModelTrace, max_rows: int = 60, depth: int | None = None) -> tuple[Row, ...]:
    """The rows of the layer table, the model first, at most `max_rows` of them and `depth` levels below the model."""
    tree = Tree.of(trace)
    deepest = max((module.depth for module in trace.modules), default=0)
    level = deepest if depth is None else min(depth, deepest)
    rows = tuple(walk(tree, (0,), "", level))
    while len(rows) > max_rows and level > 1:
        level -= 1
        rows = tuple(walk(tree, (0,), "", level))
    return rows if len(rows) <= max_rows else keep_ends(rows, max_rows)


def list_calls(trace: ModelTrace) -> tuple[Row, ...]:
    """Every module call in a row of its own, in order of execution, the model first."""
    tree = Tree.of(trace)
    return tuple(make_row(tree, (module.index,), "") for module in tree.calls.modules)


def signature(module: ModuleCall) -> Signature:
    """What must agree for two calls to be equal, apart from what is inside them."""
    return (
        module.kind,
        module.settings,
        module.input_shapes,
        module.output_shapes,
        module.parameters,
        module.trainable,
        module.shared,
        module.macs,
        module.call > 0,
    )


def walk(tree: Tree, group: tuple[int, ...], prefix: str, level: int) -> Iterator[Row]:
    """The row of equal calls and the rows of what is inside them, down to depth `level`."""
    row = make_row(tree, group, prefix)
    yield row
    if row.depth >= level:
        return
    inside = [tree.calls.children[index] for index in group]
    for start, stop in runs(tree, inside[0]):
        yield from walk(tree, tuple(child for one in inside for child in one[start:stop]), row.path, level)


def runs(tree: Tree, siblings: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Positions [start, stop) of the runs of equal neighbours."""
    start = 0
    for position in range(1, len(siblings) + 1):
        if position == len(siblings) or tree.signatures[siblings[position]] != tree.signatures[siblings[start]]:
            yield start, position
            start = position


def make_row(tree: Tree, group: tuple[int, ...], prefix: str) -> Row:
    """One row for equal calls: names as a range, numbers as sums."""
    calls = [tree.calls.modules[index] for index in group]
    first = calls[0]
    parameters = sum(tree.parameters[index] for index in group)
    trainable = min(parameters, sum(call.trainable for call in calls))
    name = name_range(first.name, calls[-1].name)
    beside = first.path.removesuffix(first.name).removesuffix(".")
    parent = tree.calls.modules[first.parent].path if first.parent is not None else ""
    return Row(
        path=f"{prefix}.{name}" if prefix and beside == parent else first.path.removesuffix(first.name) + name,
        name=name,
        kind=first.kind,
        settings=first.settings,
        times=len(calls),
        depth=first.depth,
        output_shape=first.output_shapes[0] if first.output_shapes else None,
        parameters=parameters,
        trainable=trainable if first.trainable < first.parameters else parameters,
        macs=sum(call.macs for call in calls),
        activation_bytes=sum(call.activation_bytes for call in calls),
        seconds=total_seconds(calls),
        shared=any(call.shared for call in calls),
        reused=all(call.call > 0 for call in calls),
        first=first.index,
        is_leaf=first.is_leaf,
    )


def name_range(first: str, last: str) -> str:
    """The names of a run as one: "1", "3" -> "1–3"; "block_0", "block_11" -> "block_0–11"; "a", "b" -> "a…b"."""
    if first == last:
        return first
    one, other = re.fullmatch(r"(.*?)(\d+)", first), re.fullmatch(r"(.*?)(\d+)", last)
    if one and other and one[1] == other[1]:
        return f"{first}–{other[2]}"
    return f"{first}…{last}"


def total_seconds(calls: list[ModuleCall]) -> float | None:
    """The time of the calls together; None where one was not timed."""
    seconds = [call.seconds for call in calls if call.seconds is not None]
    return sum(seconds) if len(seconds) == len(calls) else None


def keep_ends(rows: tuple[Row, ...], max_rows: int) -> tuple[Row, ...]:
    """The model, the first and the last rows of a long single level, and one row for those between."""
    head = max_rows // 2
    tail = max(max_rows - head - 1, 1)
    middle = rows[head : len(rows) - tail]
    seconds = [row.seconds for row in middle if row.seconds is not None]
    between = Row(
        path=f"{middle[0].path} … {middle[-1].path}",
        name=f"{middle[0].name} … {middle[-1].name}",
        kind="…",
        settings="",
        times=sum(row.times for row in middle),
        depth=middle[0].depth,
        output_shape=middle[-1].output_shape,
        parameters=sum(row.parameters for row in middle),
        trainable=sum(row.trainable for row in middle),
        macs=sum(row.macs for row in middle),
        activation_bytes=sum(row.activation_bytes for row in middle),
        seconds=sum(seconds) if len(seconds) == len(middle) else None,
        shared=any(row.shared for row in middle),
        reused=all(row.reused for row in middle),
        first=middle[0].first,
        is_leaf=False,
    )
    return (*rows[:head], between, *rows[-tail:])
