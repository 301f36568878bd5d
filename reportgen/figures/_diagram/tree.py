"""The trace as a tree of calls, with the operators and edges that concern each call."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from reportgen.record.trace import ModelTrace, ModuleCall, Operator

GLUE = frozenset((
    "view", "view_as", "reshape", "reshape_as", "unflatten", "permute", "transpose", "t", "mT", "swapaxes", "movedim",
    "moveaxis", "squeeze", "unsqueeze", "expand", "expand_as", "broadcast_to", "repeat", "tile", "chunk", "split",
    "tensor_split", "split_with_sizes", "unbind", "narrow", "select", "getitem", "as_strided", "contiguous", "clone",
    "detach", "to", "type", "type_as", "float", "half", "requires_grad", "item", "dropout", "dropout2d",
    "alpha_dropout", "feature_dropout", "stochastic_depth", "identity",
))  # fmt: skip
"""Operators that move numbers or do nothing in evaluation: an edge passes through them."""

CREATORS = frozenset((
    "new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", "zeros_like", "ones_like", "full_like",
    "empty_like", "rand_like", "randn_like", "size", "numel", "dim", "arange",
))  # fmt: skip
"""Operators that read a tensor only for its shape or type: what they make does not depend on the input's numbers."""

OPAQUE = frozenset(("MultiheadAttention", "LSTM", "GRU", "RNN"))
"""Modules everybody knows, shown as one row whatever they compute inside."""

FEW_OPERATORS = 3
"""A module without inner calls and with no more operators than this is one row."""


@dataclass(frozen=True)
class Tree:
    """Lookups over one trace; every list is in order of execution."""

    trace: ModelTrace
    children: tuple[tuple[int, ...], ...]
    """Calls made by each call."""
    operators: tuple[tuple[int, ...], ...]
    """Operators run by each call itself, glue left out."""
    ancestors: tuple[tuple[int, ...], ...]
    """The calls around each call, outermost first, itself last."""
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

    def call(self, index: int) -> ModuleCall:
        """The call with this index."""
        return self.trace.modules[index]

    def operator(self, index: int) -> Operator:
        """The operator with this index."""
        return self.trace.operators[index]

    def word(self, index: int) -> str:
        """What an operator is called where structures are compared."""
        return plain_name(self.operator(index))

    def is_row(self, index: int) -> bool:
        """True for a call that has nothing inside worth a diagram of its own."""
        if self.call(index).kind in OPAQUE:
            return True
        return not self.children[index] and len(self.operators[index]) <= FEW_OPERATORS


def plain_name(operator: Operator) -> str:
    """`__iadd__`, `add_` and `torch.add` are all "add"."""
    name = operator.name.rpartition(".")[2].strip("_")
    return name[1:] if name[:1] in {"i", "r"} and name[1:] in {"add", "mul", "sub", "truediv", "matmul"} else name


def in_dropout(trace: ModelTrace, operator: Operator) -> bool:
    """True inside a Dropout module that drops something in training: part of the architecture all the same."""
    call = trace.modules[operator.module]
    return call.is_leaf and "Dropout" in call.kind and "p=0.0" not in call.settings


def plant(trace: ModelTrace) -> Tree:
    """Index a trace."""
    stored = stored_tensors(trace)
    kept = stored | {op.index for op in trace.operators if plain_name(op) not in GLUE or in_dropout(trace, op)}
    return grow(trace, kept, reached(trace), stored)


def grow(trace: ModelTrace, kept: Collection[int], alive: frozenset[int], stored: frozenset[int]) -> Tree:
    """Index a trace of which the operators in `kept` are drawn; the other sets as in Tree."""
    count = len(trace.modules)
    children: list[list[int]] = [[] for _ in range(count)]
    ancestors: list[tuple[int, ...]] = []
    for call in trace.modules:
        around = () if call.parent is None else ancestors[call.parent]
        ancestors.append((*around, call.index))
        if call.parent is not None:
            children[call.parent].append(call.index)
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
        trace=trace,
        children=tuple(map(tuple, children)),
        operators=tuple(map(tuple, operators)),
        ancestors=tuple(ancestors),
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
        if edge.source in found and target.on_path and plain_name(target) not in CREATORS:
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
