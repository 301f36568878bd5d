"""The trace as a tree of calls, with the operators and edges that concern each call."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from reportgen.record.calls import CallTree
from reportgen.record.operators import CREATING, GLUE, OPAQUE, plain_name
from reportgen.record.trace import ModelTrace, Operator

FEW_OPERATORS = 3
"""A module without inner calls and with no more operators than this is one row."""


@dataclass(frozen=True)
class Tree(CallTree):
    """Its operators and edges too."""

    trace: ModelTrace
    operators: tuple[tuple[int, ...], ...]
    """Operators run by each call itself, glue left out."""
    edges: tuple[tuple[tuple[int, int], ...], ...]
    """Edges (source, target) with at least one end inside each call, glue bridged over."""
    orders: tuple[int, ...]
    """For each call the index of the first operator inside it."""
    alive: frozenset[int]
    """Operators on the way from the input's numbers to the output."""
    stored: frozenset[int]
    """Operators that hand on a parameter, buffer or constant."""
    results: tuple[int, ...]
    """Operators on the path that nobody reads: the model's outputs."""

    def operator(self, index: int) -> Operator:
        """The operator with this index."""
        return self.trace.operators[index]

    def word(self, index: int) -> str:
        """What an operator is called where structures are compared."""
        return plain_name(self.operator(index).name)

    def is_row(self, index: int) -> bool:
        """True for a call that has nothing inside worth a diagram of its own."""
        if self.call(index).kind in OPAQUE:
            return True
        return not self.children[index] and len(self.operators[index]) <= FEW_OPERATORS


def in_dropout(trace: ModelTrace, operator: Operator) -> bool:
    """True inside a Dropout module that drops something in training: part of the architecture all the same."""
    call = trace.modules[operator.module]
    return call.is_leaf and "Dropout" in call.kind and "p=0.0" not in call.settings


def build_tree(trace: ModelTrace) -> Tree:
    """Index a trace."""
    stored = stored_tensors(trace)
    kept = stored | {op.index for op in trace.operators if plain_name(op.name) not in GLUE or in_dropout(trace, op)}
    return build_index(trace, kept, reached(trace), stored)


def build_index(trace: ModelTrace, kept: Collection[int], alive: frozenset[int], stored: frozenset[int]) -> Tree:
    """Index a trace of which the operators in `kept` are drawn; the other sets as in Tree."""
    count = len(trace.modules)
    calls = CallTree.of(trace.modules)
    ancestors = calls.ancestors
    operators: list[list[int]] = [[] for _ in range(count)]
    orders = [len(trace.operators)] * count
    for op in trace.operators:
        if op.index in kept and op.index in alive and op.name != "input":
            operators[op.module].append(op.index)
        for call_index in ancestors[op.module]:
            orders[call_index] = min(orders[call_index], op.index)
    edges: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    joined = bridged(trace, kept)
    for source, target in joined:
        both = {*ancestors[trace.operators[source].module], *ancestors[trace.operators[target].module]}
        for call_index in sorted(both):
            edges[call_index].append((source, target))
    return Tree(
        **vars(calls),
        trace=trace,
        operators=tuple(map(tuple, operators)),
        edges=tuple(map(tuple, edges)),
        orders=tuple(orders),
        alive=alive,
        stored=stored,
        results=tuple(sorted(alive & set(kept) - {a for a, _ in joined})),
    )


def stored_tensors(trace: ModelTrace) -> frozenset[int]:
    """Operators that read nothing which an operator made."""
    readers = {edge.target for edge in trace.edges}
    return frozenset(op.index for op in trace.operators if op.index not in readers and op.name != "input")


def reached(trace: ModelTrace) -> frozenset[int]:
    """Operators on the path that the input's numbers reach."""
    found = {op.index for op in trace.operators if op.name == "input"}
    for edge in sorted(trace.edges, key=lambda edge: edge.target):
        target = trace.operators[edge.target]
        if edge.source in found and target.on_path and plain_name(target.name) not in CREATING:
            found.add(edge.target)
    return frozenset(found)


def bridged(trace: ModelTrace, kept: Collection[int]) -> tuple[tuple[int, int], ...]:
    """The edges between kept operators, with every path through left-out ones drawn together into one edge."""
    before: dict[int, list[int]] = {op.index: [] for op in trace.operators}
    for edge in trace.edges:
        before[edge.target].append(edge.source)
    origins: dict[int, frozenset[int]] = {}
    found: list[tuple[int, int]] = []
    for op in trace.operators:
        sources: set[int] = set()
        for source in before[op.index]:
            if source < op.index:
                sources |= {source} if source in kept else origins.get(source, frozenset())
        origins[op.index] = frozenset(sources)
        if op.index in kept:
            found += [(source, op.index) for source in sorted(sources)]
    return tuple(found)
