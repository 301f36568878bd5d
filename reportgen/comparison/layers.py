"""The parts of a model as a tree that two models can be compared by: what holds others only to group them is opened,
operators that a module calls itself stand beside the modules it calls, and every part has a digest of its structure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from reportgen.record.architecture import PartFacts
from reportgen.record.calls import CONTAINERS, CallTree, add_up
from reportgen.record.layer_settings import name_settings
from reportgen.record.operators import CREATING, GLUE, OPAQUE, plain_name
from reportgen.record.trace import ModelTrace, ModuleCall

UNSEEN = GLUE | CREATING | {"input", "const"}
"""Operators that only move numbers or make some: no part of an architecture."""
IDLE = frozenset(("inplace", "track_running_stats"))
"""Settings that change nothing of what is computed in evaluation."""
USUAL = {"groups": "1", "dilation": "1", "padding": "0", "stride": "1", "bias": "True", "affine": "True"}
"""What extra_repr leaves out."""
INPUT = -1
"""Where an edge begins that comes from outside."""


@dataclass(frozen=True)
class Part:
    """One part of a model: a module call, or an operator of the module around it."""

    name: str
    """Last part of the path, or the operator's name."""
    facts: PartFacts
    settings: tuple[tuple[str, str], ...]
    digest: str
    """Of kinds, settings and edges; not of names, sizes of maps and classes of what holds others."""
    leaves: Counter[str] = field(repr=False)
    """The layers in it by kind and settings, itself where it is one."""
    children: tuple[Part, ...] = ()
    edges: frozenset[tuple[int, int]] = frozenset()
    """Between positions of children, INPUT for what comes from outside."""
    trainable: int = 0
    is_operator: bool = False

    @property
    def full_name(self) -> str:
        """Its path in the model; the name alone of an operator."""
        return self.name if self.is_operator else self.facts.path or self.name

    @property
    def kinds(self) -> Counter[str]:
        """The layers in it by kind."""
        found: Counter[str] = Counter()
        for words, number in self.leaves.items():
            found[words.partition("(")[0]] += number
        return found

    @property
    def is_block(self) -> bool:
        """Whether it holds others."""
        return bool(self.children)

    def walk(self) -> Iterator[Part]:
        """Itself and all parts in it."""
        yield self
        for child in self.children:
            yield from child.walk()


def name_kind(kind: str) -> str:
    """A class of modules or an operator by what it does, so that nn.ReLU and relu are one."""
    return kind.lower().replace("_", "")


def list_settings(kind: str, settings: str) -> dict[str, str]:
    """Settings by PyTorch's names, the usual ones included, idle ones left out."""
    found = name_settings(kind, settings)
    usual = USUAL if "in_channels" in found or name_kind(kind).startswith("conv") else {}
    return {key: plain_value(value) for key, value in {**usual, **found}.items() if key not in IDLE and value}


def plain_value(value: str) -> str:
    """A setting with one number for each side as the number alone where they are equal: (1, 1) as 1."""
    numbers = [part.strip() for part in value.strip("()").split(",") if part.strip()]
    return numbers[0] if value.startswith("(") and len(set(numbers)) == 1 else value


def open_classes(traces: Sequence[ModelTrace]) -> frozenset[str]:
    """Classes that are opened as containers are: in no model more than one module is of it, and blocks are in that."""
    several: set[str] = set()
    holding: set[str] = set()
    for trace in traces:
        tree = CallTree.of(trace.modules)
        counted = Counter(call.kind for call in trace.modules if not call.call)
        several |= {kind for kind, number in counted.items() if number > 1}
        holding |= {call.kind for call in trace.modules if holds_blocks(tree, call)}
    return frozenset(holding - several)


def holds_blocks(tree: CallTree, call: ModuleCall) -> bool:
    """Whether a call holds what holds layers itself."""
    inside = [tree.call(index) for index in tree.children[call.index]]
    return any(
        tree.children[one.index] and one.kind not in OPAQUE and (one.kind not in CONTAINERS or holds_blocks(tree, one))
        for one in inside
    )


class PartTree:
    """The parts of one trace, the model itself at the top."""

    def __init__(self, trace: ModelTrace, opened: frozenset[str] = frozenset()) -> None:
        self.trace = trace
        self.tree = CallTree.of(trace.modules)
        self.opened = opened | CONTAINERS
        self.parameters = add_up(
            [call.parent for call in trace.modules], [call.own_parameters for call in trace.modules]
        )
        self.operators: dict[int, list[int]] = {call.index: [] for call in trace.modules}
        for operator in trace.operators:
            if plain_name(operator.name) not in UNSEEN and operator.module in self.operators:
                self.operators[operator.module].append(operator.index)
        self.orders = self.order()
        self.sources: dict[int, list[int]] = {}
        for source, target in bridge(trace):
            self.sources.setdefault(target, []).append(source)
        self.root = self.make(0)

    def order(self) -> list[int]:
        """For each call the index of its first operator, or of the one after it where it has none."""
        last = len(self.trace.operators)
        found = [last] * len(self.trace.modules)
        for operator in self.trace.operators:
            for around in self.tree.ancestors[operator.module] if operator.module in self.operators else ():
                found[around] = min(found[around], operator.index)
        for call in reversed(self.trace.modules):
            if found[call.index] == last and call.parent is not None:
                siblings = [one for one in self.tree.children[call.parent] if one > call.index]
                found[call.index] = found[siblings[0]] if siblings else last
        return found

    def units(self, index: int) -> list[tuple[int, int, int]]:
        """(order, 0, call) and (order, 1, operator) of what a call does, in order, with what only groups opened."""
        found: list[tuple[int, int, int]] = [(one, 1, one) for one in self.operators[index]]
        for child in self.tree.children[index]:
            call = self.tree.call(child)
            if call.kind in self.opened and self.tree.children[child] and not call.own_parameters:
                found += self.units(child)
            else:
                found.append((self.orders[child], 0, child))
        return sorted(found, key=lambda unit: (unit[0], unit[1], unit[2]))

    def make(self, index: int) -> Part:
        """The part of one call and all in it."""
        call = self.tree.call(index)
        closed = call.kind in OPAQUE or not self.tree.children[index]
        units = [] if closed else self.units(index)
        children = tuple(self.make_operator(one) if kind else self.make(one) for _order, kind, one in units)
        edges = self.inner_edges(units) if units else frozenset()
        settings = list_settings(call.kind, call.settings)
        own = [] if children else [name_kind(plain_name(self.trace.operators[i].name)) for i in self.operators[index]]
        words = f"{name_kind(call.kind)}({sorted(settings.items())})"
        if children:
            spelled = f"{[child.digest for child in children]} {sorted(edges)} {sorted(settings.items())}"
            leaves = sum((child.leaves for child in children), Counter[str]())
        else:
            trailing = own if len(own) > 1 else []
            spelled = f"{words} {self.parameters[index]} {trailing}"
            leaves = Counter({words: 1})
        facts = PartFacts(
            path=call.path,
            kind=call.kind,
            settings=call.settings,
            output=call.output_shapes[0] if call.output_shapes else (),
            parameters=self.parameters[index],
            macs=call.macs,
        )
        return Part(
            call.name or call.kind,
            facts,
            tuple(settings.items()),
            digest(spelled),
            leaves,
            children,
            edges,
            call.trainable,
        )

    def make_operator(self, index: int) -> Part:
        """The part of one operator."""
        operator = self.trace.operators[index]
        name = plain_name(operator.name)
        around = self.tree.call(operator.module).path
        words = f"{name_kind(name)}([])"
        facts = PartFacts(
            path=f"{around}.{name}".lstrip("."),
            kind=name,
            output=operator.output_shapes[0] if operator.output_shapes else (),
            parameters=0,
            macs=operator.macs or 0,
        )
        return Part(name, facts, (), digest(f"{words} 0 []"), Counter({words: 1}), is_operator=True)

    def inner_edges(self, units: Sequence[tuple[int, int, int]]) -> frozenset[tuple[int, int]]:
        """The edges between units, and into them from outside."""
        place: dict[int, int] = {}
        for position, (_order, kind, one) in enumerate(units):
            inside = [one] if kind else [op for call in self.tree.inside(one) for op in self.operators[call.index]]
            place |= dict.fromkeys(inside, position)
        ends = ((place.get(a, INPUT), b) for op, b in place.items() for a in self.sources.get(op, ()))
        return frozenset((a, b) for a, b in ends if a != b)


def bridge(trace: ModelTrace) -> tuple[tuple[int, int], ...]:
    """The edges between operators, those that only move numbers left out."""
    before: dict[int, list[int]] = {}
    for edge in trace.edges:
        before.setdefault(edge.target, []).append(edge.source)
    seen = {op.index for op in trace.operators if plain_name(op.name) not in UNSEEN or op.name == "input"}
    return bridged(before, seen, len(trace.operators))


def bridged(before: dict[int, list[int]], kept: set[int], count: int) -> tuple[tuple[int, int], ...]:
    """The edges between kept nodes of a graph in order, with every way through others drawn together into one edge."""
    origins: dict[int, frozenset[int]] = {}
    found: list[tuple[int, int]] = []
    for node in range(count):
        sources: set[int] = set()
        for source in before.get(node, ()):
            if source < node:
                sources |= {source} if source in kept else origins.get(source, frozenset())
        origins[node] = frozenset(sources)
        if node in kept:
            found += [(source, node) for source in sorted(sources)]
    return tuple(found)


def digest(text: str) -> str:
    """A name for a structure."""
    return sha256(text.encode(errors="backslashreplace")).hexdigest()[:16]
