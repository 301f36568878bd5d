"""The stretches of a network that are driven and answer as one, found in its trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reportgen.record.calls import CallTree, add_up
from reportgen.record.operators import BENDING, CREATING, NORMALISING, UNSPOKEN
from reportgen.record.trace import ModelTrace, ModuleCall, Operator

MOST_WEIGHTS = 10
"""Weight layers in a block that is taken as one."""
PART_WEIGHTS = 3
"""A module with two parts of one kind that hold so many weight layers each is a stage of blocks, not a block."""
FEWEST = 3
"""Units; with fewer the largest block is opened."""
LONGEST_KIND = 5


@dataclass(frozen=True)
class Unit:
    """One stretch."""

    path: str
    kind: str
    start: str
    """The module whose input is the drive."""
    whole: bool
    """Whether the module is the stretch itself, so that it can be called alone."""
    end: tuple[str, int] | None
    """The module, and which of its calls, whose input is the response; None: the output of the model."""
    tail: str
    """Where `end` is not fed by the stretch: the module whose output is the response; empty otherwise."""
    bends: bool
    normalises: bool
    shape: tuple[int, ...] = ()
    """Of the output of its last operator that computes, batch dimension included: flattened on its way to the next
    layer it is the same numbers."""


@dataclass(frozen=True)
class Tree:
    """The calls of a trace with how many layers with weights lie below each."""

    trace: ModelTrace
    calls: CallTree
    weights: tuple[int, ...]
    """Calls inside each, itself included, that multiply a matrix."""

    @classmethod
    def of(cls, trace: ModelTrace) -> Tree:
        """The tree of a trace."""
        weights = add_up([call.parent for call in trace.modules], [int(call.own_macs > 0) for call in trace.modules])
        return cls(trace, CallTree.of(trace.modules), tuple(weights))

    def is_block(self, index: int) -> bool:
        """Whether a call is small enough to be one unit and more than a container of others."""
        call, weights = self.trace.modules[index], self.weights[index]
        if call.is_leaf or index == 0 or not weights or weights > MOST_WEIGHTS:
            return False
        if call.kind in ("Sequential", "ModuleList"):
            return weights == 1
        parts = [part for part in self.calls.inside(index)[1:] if self.weights[part.index] >= PART_WEIGHTS]
        kinds = [part.kind for part in parts if not any(self.holds(part, other) for other in parts)]
        return len(set(kinds)) == len(kinds)

    def holds(self, outer: ModuleCall, inner: ModuleCall) -> bool:
        """Whether one call lies inside another."""
        return outer.index < inner.index <= self.calls.last[outer.index]

    def operators(self, first: int, stop: int) -> Sequence[Operator]:
        """The operators from the first one of a call until the first one of a later call."""
        begin = next((op.index for op in self.trace.operators if first <= op.module <= self.calls.last[first]), None)
        if begin is None:
            return ()
        after = self.trace.operators[begin:]
        end = next((op.index for op in after if op.module >= stop), len(self.trace.operators))
        return self.trace.operators[begin:end]

    def feeds(self, first: int, stop: int) -> bool:
        """Whether numbers that the call `first` computes reach the call `stop` from outside; a shape is none."""
        sources = {op.index for op in self.trace.operators if first <= op.module <= self.calls.last[first]}
        inside = {op.index for op in self.trace.operators if stop <= op.module <= self.calls.last[stop]}
        for edge in sorted(self.trace.edges, key=lambda edge: edge.target):
            if edge.source in sources and edge.source not in inside:
                if edge.target in inside:
                    return True
                if self.trace.operators[edge.target].name not in CREATING:
                    sources.add(edge.target)
        return False


def find_units(trace: ModelTrace) -> tuple[Unit, ...]:
    """The units of a model in order of execution: blocks, and between them each weight layer with what follows it.

    A block is the largest module of at most ten weight layers that is no container of blocks; only the first call of
    a module counts. Empty where no module multiplies a matrix.
    """
    tree, opened = Tree.of(trace), {0}
    while True:
        units, blocks = collect(tree, 0, opened)
        small = [index for index in blocks if tree.weights[index] >= 2]
        if len(units) >= FEWEST or not small:
            return tuple(sorted(units, key=lambda unit: order_of(trace, unit)))
        opened.add(max(small, key=lambda index: tree.weights[index]))


def order_of(trace: ModelTrace, unit: Unit) -> int:
    """The place of a unit's first call."""
    return next(call.index for call in trace.modules if call.path == unit.start)


def collect(tree: Tree, parent: int, opened: set[int]) -> tuple[list[Unit], list[int]]:
    """The units below a call, and the calls of those that are blocks."""
    units: list[Unit] = []
    blocks: list[int] = []
    chain: list[int] = []
    for index in tree.calls.children[parent]:
        call = tree.trace.modules[index]
        if call.is_leaf or not tree.weights[index]:
            if tree.weights[index] and chain:
                units += close(tree, chain)
                chain = []
            if chain or (tree.weights[index] and not call.call):
                chain.append(index)
            continue
        units += close(tree, chain)
        chain = []
        if call.call:
            continue
        if index not in opened and tree.is_block(index):
            units.append(block_unit(tree, call))
            blocks.append(index)
        else:
            below = collect(tree, index, opened)
            units += below[0]
            blocks += below[1]
    return units + close(tree, chain), blocks


def block_unit(tree: Tree, call: ModuleCall) -> Unit:
    """A module that is a unit by itself."""
    inside = range(call.index, tree.calls.last[call.index] + 1)
    names = [op.name for op in tree.trace.operators if op.module in inside]
    return Unit(call.path, call.kind, call.path, True, None, "", *bent(names))


def close(tree: Tree, chain: Sequence[int]) -> list[Unit]:
    """The unit of a weight layer and the light modules behind it, up to the next call."""
    if not chain:
        return []
    calls, first, last = tree.trace.modules, chain[0], chain[-1]
    stop = tree.calls.last[last] + 1
    end = calls[stop] if stop < len(calls) else None
    operators = tree.operators(first, stop)
    names = [op.name for op in operators]
    tail = calls[last].path if end is not None and not tree.feeds(first, stop) else ""
    computing = [op for op in operators if op.name not in UNSPOKEN and op.output_shapes]
    shape = computing[-1].output_shapes[0] if computing else ()
    place = None if end is None else (end.path, end.call)
    path = calls[first].path
    return [Unit(path, describe(names), path, False, place, tail, *bent(names), shape)]


def bent(names: Iterable[str]) -> tuple[bool, bool]:
    """Whether operators of these names bend, and whether they normalise, which bends too."""
    found = set(names)
    normalises = bool(found & NORMALISING)
    return normalises or bool(found & BENDING), normalises


def describe(names: Sequence[str]) -> str:
    """The operators of a stretch, each once."""
    told = [name for name in dict.fromkeys(names) if name not in UNSPOKEN]
    return " + ".join(told[:LONGEST_KIND]) + (" + …" if len(told) > LONGEST_KIND else "")


def thin_evenly(units: tuple[Unit, ...], most: int) -> tuple[Unit, ...]:
    """At most so many of the units, the first and the last among them."""
    if len(units) <= most:
        return units
    return tuple(units[round(place * (len(units) - 1) / (most - 1))] for place in range(most))
