"""Structures: one small graph per call, with trivial wrappers opened, repeats folded, and a digest that names it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256
from string import ascii_uppercase

from reportgen.figures._diagram.graph_items import Graph, Item, build_graph
from reportgen.figures._diagram.tree import Tree
from reportgen.record.calls import CONTAINERS

SMALL_CHAIN = 6
"""A chain of at most so many rows is shown inside the block that calls it."""
LONGEST_PERIOD = 3
"""Repeats of up to so many blocks in turn are folded: A B A B becomes (A B) ×2."""


class Structures:
    """Graphs and digests of a tree's calls, each computed once."""

    def __init__(self, tree: Tree, small_chain: int = SMALL_CHAIN) -> None:
        self.tree = tree
        self.small_chain = small_chain
        self._opened: dict[int, frozenset[int]] = {}
        self._graphs: dict[int, Graph] = {}
        self._digests: dict[int, str] = {}
        self._letters: dict[str, str] = {}

    def graph(self, call: int) -> Graph:
        """The structure of one call."""
        if call not in self._graphs:
            self._graphs[call] = self.fold(build_graph(self.tree, call, self.opened(call)), same_shape=False)
        return self._graphs[call]

    def opened(self, call: int) -> frozenset[int]:
        """The call and those inside it that are shown in its graph instead of as one node."""
        if call not in self._opened:
            inner = [self.opened(child) for child in self.tree.children[call] if self.is_trivial(child)]
            self._opened[call] = frozenset({call}.union(*inner))
        return self._opened[call]

    def is_trivial(self, call: int) -> bool:
        """True for a wrapper that reads better opened than as a block of its own."""
        if self.tree.is_row(call):
            return False
        graph = self.graph(call)
        if self.tree.call(call).kind in CONTAINERS or len(graph.body()) <= 1:
            return True
        rows = all(self.is_row(graph.items[i]) for i in graph.body())
        plain = all(item.role not in {"side", "const"} for item in graph.items)
        return rows and plain and graph.is_chain() and len(graph.body()) <= self.small_chain

    def is_row(self, item: Item) -> bool:
        """True for an operator or a module without a diagram of its own."""
        return item.role == "operator" or (item.role == "call" and self.tree.is_row(item.parts[0][0]))

    def digest(self, call: int) -> str:
        """Names the structure: class, items and edges; not widths, settings, or how often a fold repeats."""
        if call not in self._digests:
            kind = self.tree.call(call).kind
            text = kind if self.tree.is_row(call) else f"{kind}({self.spell(self.graph(call))})"
            self._digests[call] = sha256(text.encode(errors="backslashreplace")).hexdigest()[:12]
        return self._digests[call]

    def calls(self, digest: str) -> tuple[int, ...]:
        """Every call with this structure, in order of execution."""
        return tuple(call.index for call in self.tree.trace.modules if self.digest(call.index) == digest)

    def letter(self, digest: str) -> str:
        """A, B, … in order of execution where a class has several structures; "" where it has one."""
        if not self._letters:
            kinds: dict[str, list[str]] = {}
            for call in self.tree.trace.modules:
                if not self.tree.is_row(call.index) and not self.is_trivial(call.index):
                    kinds.setdefault(call.kind, []).append(self.digest(call.index))
            for digests in kinds.values():
                several = list(dict.fromkeys(digests))
                names = ascii_uppercase if len(several) <= len(ascii_uppercase) else range(1, len(several) + 1)
                pairs = zip(several, names, strict=False)
                self._letters |= {found: str(name) if len(several) > 1 else "" for found, name in pairs}
        return self._letters.get(digest, "")

    def spell(self, graph: Graph) -> str:
        """A graph as text."""
        words = []
        for item in graph.items:
            if item.role == "call":
                words.append("+".join(self.digest(part[0]) for part in item.parts))
            elif item.role == "operator":
                words.append(self.tree.word(item.parts[0][0]))
            else:
                words.append(item.role)
        return f"{words} {graph.edges}"

    def overview(self, limit: int) -> Graph:
        """The whole model: unique chains are opened as long as there are no more than `limit` items."""
        counts = Counter(call.kind for call in self.tree.trace.modules)
        opened = self.opened(0)
        graph = self.fold(build_graph(self.tree, 0, opened), same_shape=True)
        while True:
            unique = [
                item.parts[0][0]
                for item in graph.items
                if item.role == "call" and not self.is_row(item) and counts[self.tree.call(item.parts[0][0]).kind] == 1
            ]
            alone = len(graph.body()) <= 2
            for call in unique:
                if alone or self.graph(call).is_chain():
                    wider = opened | self.opened(call)
                    candidate = self.fold(build_graph(self.tree, 0, wider), same_shape=True)
                    if len(candidate.items) <= limit:
                        opened, graph = wider, candidate
                        break
            else:
                return graph

    def fold(self, graph: Graph, same_shape: bool) -> Graph:
        """Draw runs of the same block, or of up to three blocks in turn, together."""
        for period in range(1, LONGEST_PERIOD + 1):
            start = 0
            while start < len(graph.items):
                repeats = self.repeats(graph, start, period, same_shape)
                if repeats > 1:
                    graph = merged(graph, start, period, repeats)
                start += 1
        return graph

    def repeats(self, graph: Graph, start: int, period: int, same_shape: bool) -> int:
        """How many times the `period` items from `start` stand there in a row, joined only to each other."""
        count = 1
        while self.follows(graph, start, period, count, same_shape):
            count += 1
        return count

    def follows(self, graph: Graph, start: int, period: int, count: int, same_shape: bool) -> bool:
        """True when repeat number `count` equals the first and hangs on the one before."""
        first, here = start, start + count * period
        if here + period > len(graph.items):
            return False
        for offset in range(period):
            a, b = graph.items[first + offset], graph.items[here + offset]
            if a.role != "call" or b.role != "call" or len(a.parts) > 1 or len(b.parts) > 1 or b.times > 1:
                return False
            one, other = a.parts[0][0], b.parts[0][0]
            if self.tree.is_row(one) or self.digest(one) != self.digest(other):
                return False
            if same_shape and self.tree.call(one).output_shapes != self.tree.call(other).output_shapes:
                return False
        return hangs_on(graph, start, here, period)


def hangs_on(graph: Graph, start: int, here: int, period: int) -> bool:
    """True when the items from `here` follow the run in a chain that nobody else reads, or read all of it (dense)."""
    run, end = range(start, here), here + period
    chain = {(i - 1, i) for i in (*range(start + 1, start + period), *range(here, end))}
    links = {(a, b) for a, b in graph.edges if start < b < start + period or here <= b < end}
    if links == chain:
        return not any(a in run and b >= end for a, b in graph.edges)
    sources = {a for a, b in graph.edges if b == start}
    return period == 1 and chain <= links and all(a in run or a in sources for a, _ in links)


def merged(graph: Graph, start: int, period: int, repeats: int) -> Graph:
    """The graph with a run drawn together."""
    length = period * repeats
    run = graph.items[start : start + length]
    parts = tuple(tuple(item.parts[0][0] for item in run[offset::period]) for offset in range(period))
    chain = {(start + i, start + i + 1) for i in range(length)}
    inner = {(a, b) for a, b in graph.edges if start <= a < start + length and start <= b < start + length}
    item = replace(run[0], parts=parts, dense=bool(inner - chain))

    def moved(position: int) -> int:
        return min(position, start) if position < start + length else position - length + 1

    edges = {(moved(a), moved(b)) for a, b in graph.edges}
    items = (*graph.items[:start], item, *graph.items[start + length :])
    return Graph(items=items, edges=tuple(sorted((a, b) for a, b in edges if a != b)))
