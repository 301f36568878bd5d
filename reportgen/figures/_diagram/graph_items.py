"""From operators to items: what one call's graph holds before repeats are folded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from reportgen.figures._diagram.tree import Tree

Role = Literal["in", "out", "call", "operator", "side", "const"]
Key = tuple[int, Role, int]
"""Order of execution, role, index of the call or operator."""


@dataclass(frozen=True)
class Item:
    """One node of a structure."""

    role: Role
    parts: tuple[tuple[int, ...], ...] = ()
    """Calls or operators; a fold of k repeats of p items has p parts of k each; a side item lists its operators."""
    dense: bool = False
    """True for a fold in which each repeat also reads the earlier ones."""

    @property
    def times(self) -> int:
        """How often the item stands in a row."""
        return len(self.parts[0]) if self.role == "call" else 1


@dataclass(frozen=True)
class Graph:
    """Items in order of execution and the edges between their positions."""

    items: tuple[Item, ...]
    edges: tuple[tuple[int, int], ...]

    def body(self) -> list[int]:
        """Positions of calls and operators."""
        return [i for i, item in enumerate(self.items) if item.role in {"call", "operator"}]

    def is_chain(self) -> bool:
        """True when calls and operators stand in one line and nothing passes them by (constants may join)."""
        main = [i for i, item in enumerate(self.items) if item.role not in {"side", "const"}]
        kept = set(main)
        return {(a, b) for a, b in self.edges if a in kept and b in kept} == set(pairwise(main))


def build_graph(tree: Tree, call: int, opened: frozenset[int]) -> Graph:
    """The graph of a call in which the calls in `opened` are shown by their contents.

    Tensors from outside that are read at the same places share one `in` node, the others have their own.
    """
    end: Key = (len(tree.trace.operators), "out", 0)
    pairs: set[tuple[Key, Key]] = set()
    readers: dict[int, set[Key]] = {}
    for source, target in tree.edges[call]:
        start, stop = (place(tree, call, opened, index, end) for index in (source, target))
        if stop[1] == "side" and start[1] not in {"side", "const"}:
            continue
        if start != end:
            pairs.add((start, stop))
        elif source in tree.alive and stop != end:
            readers.setdefault(source, set()).add(stop)
    inputs = sorted({tuple(sorted(found)) for found in readers.values()})
    pairs |= {((number - len(inputs), "in", number), stop) for number, found in enumerate(inputs) for stop in found}
    inside = [op for op in tree.results if call in tree.ancestors[tree.operator(op).module]]
    pairs |= {(place(tree, call, opened, op, end), end) for op in inside}
    return gathered({(a, b) for a, b in pairs if a < b})


def place(tree: Tree, call: int, opened: frozenset[int], index: int, elsewhere: Key) -> Key:
    """The item of `call` that an operator belongs to; `elsewhere` for one outside."""
    op = tree.operator(index)
    around = tree.ancestors[op.module]
    depth = len(tree.ancestors[call])
    if op.name == "input" or len(around) < depth or around[depth - 1] != call:
        return elsewhere
    hidden = next((inner for inner in around[depth:] if inner not in opened), None)
    if hidden is not None:
        return (tree.orders[hidden], "call", hidden)
    if index in tree.alive:
        return (index, "operator", index)
    return (index, "const" if index in tree.stored else "side", index)


def gathered(pairs: set[tuple[Key, Key]]) -> Graph:
    """Number the nodes; off-path operators that hang together become one item, and vanish if nothing reads them."""
    group: dict[Key, Key] = {}

    def leader(key: Key) -> Key:
        while group.get(key, key) != key:
            key = group[key]
        return key

    loose = {"side", "const"}
    for a, b in sorted(pairs):
        if a[1] in loose and b[1] == "side":
            first, second = sorted((leader(a), leader(b)))
            group[second] = first
    members: dict[Key, list[Key]] = {}
    for key in sorted({key for pair in pairs for key in pair}):
        members.setdefault(leader(key), []).append(key)
    drawn = {(leader(a), leader(b)) for a, b in pairs}
    read = {a for a, b in drawn if a != b}
    kept = [key for key in members if key[1] not in loose or key in read]
    positions = {key: i for i, key in enumerate(kept)}
    edges = {(positions[a], positions[b]) for a, b in drawn if a in positions and b in positions and a < b}
    return Graph(items=tuple(item(members[key]) for key in kept), edges=tuple(sorted(edges)))


def item(keys: Iterable[Key]) -> Item:
    """One item from the nodes it stands for."""
    listed = list(keys)
    role: Role = "side" if any(key[1] == "side" for key in listed) else listed[0][1]
    parts = () if role == "out" else (tuple(key[2] for key in listed if key[1] == role),)
    return Item(role=role, parts=parts)
