"""How near each module comes to the machine's limits: the roofline model (Williams, Waterman & Patterson 2009).

A module is held against three roofs as they were measured on this machine: its arithmetic at the rate of a matrix
product, the bytes it has to move at the rate of a copy, and what its operators cost before they do anything. The
longest of the three times is what limits it, and its share of the measured time is how near the module comes to that
limit. A measured roof is no bound: where a module is faster than the upper end of the roof's interval allows, no limit
is named.

Bytes: every operator reads its inputs and the module's parameters once and writes its outputs once, in the precision of
the pass; views move nothing. Caches can make that less in main memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reportgen.record.operators import FREE
from reportgen.record.probes.cost import Roofs
from reportgen.record.trace import ModelTrace, ModuleCall, Shape

FAR = 1 / 3
"""A module that reaches less than this share of its nearest limit is limited by none of them."""
Limit = Literal["arithmetic", "memory", "overhead", "none", "beyond"]
"""`beyond`: at or above the roof as measured, so that none can be called its limit."""


@dataclass(frozen=True)
class Group:
    """Equal module calls together, each without what is inside its child calls; sums over all of them."""

    name: str
    """Path of the first, or the name of the model."""
    kind: str
    """Class name; empty for calls that do nothing but call others."""
    outer: bool
    """True where it has child modules, and this is what it does beside calling them."""
    times: int
    """How many calls."""
    seconds: float
    """Sum of the medians."""
    low: float | None
    high: float | None
    """The interval of the median of a single call; None of several, whose ends summed up would reach too far."""
    macs: int
    """Of one image."""
    activation_bytes: int
    """Kept for the backward pass of one image, float32."""
    flops: float
    """Operations of the timed batch: two for a multiply-accumulate."""
    moved: float
    """Bytes read and written for the timed batch."""
    operators: int

    @property
    def rate(self) -> float | None:
        """Operations per second; None where none are counted."""
        return self.flops / self.seconds if self.flops and self.seconds > 0 else None

    @property
    def intensity(self) -> float | None:
        """Operations per byte moved."""
        return self.flops / self.moved if self.flops and self.moved else None


@dataclass(frozen=True)
class Placed:
    """What limits a group, and how near it comes to that."""

    limit: Limit
    reach: float
    """The longest of the three least times as a share of the measured one; above 1 where the module is faster than a
    roof as it was measured, as by caches or where something else used the machine meanwhile."""


def group_calls(trace: ModelTrace, element_bytes: int) -> tuple[Group, ...]:
    """The timed calls of a trace, equal ones together, the longest first; none where it was not timed."""
    moved, operators = move(trace)
    inside = [0] * len(trace.modules)
    for call in trace.modules:
        if call.parent is not None:
            inside[call.parent] += call.activation_bytes
    found: dict[object, list[ModuleCall]] = {}
    for call in trace.modules:
        if call.own_seconds is not None:
            found.setdefault(signature(call, operators[call.index], moved[call.index]), []).append(call)
    batch = trace.timed_batch or 1
    groups = [
        Group(
            name=calls[0].path or trace.name,
            kind=calls[0].kind if operators[calls[0].index] else "",
            outer=not calls[0].is_leaf,
            times=len(calls),
            seconds=sum(max(call.own_seconds or 0.0, 0.0) for call in calls),
            low=calls[0].own_low if len(calls) == 1 else None,
            high=calls[0].own_high if len(calls) == 1 else None,
            macs=sum(call.own_macs for call in calls),
            activation_bytes=sum(call.activation_bytes - inside[call.index] for call in calls),
            flops=2.0 * batch * sum(call.own_macs for call in calls),
            moved=element_bytes * float(sum(batch * moved[call.index] + weights(call) for call in calls)),
            operators=sum(max(1, operators[call.index]) for call in calls),
        )
        for calls in found.values()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.seconds, group.name)))


def whole_seconds(trace: ModelTrace, groups: Sequence[Group]) -> float:
    """Seconds of the whole pass, of which its parts are told as shares: its own median, else the sum of the groups'."""
    own = trace.modules[0].seconds if trace.modules else None
    return own or sum(group.seconds for group in groups)


def signature(call: ModuleCall, operators: int, moved: int) -> object:
    """What equal calls have in common; those that only call others are all alike."""
    if not operators:
        return None
    return (call.kind, call.settings, call.input_shapes, call.output_shapes, call.own_macs, operators, moved)


def weights(call: ModuleCall) -> int:
    """Parameters that the call itself reads."""
    return call.parameters if call.is_leaf else call.own_parameters


def move(trace: ModelTrace) -> tuple[list[int], list[int]]:
    """Elements read and written for one image, and the number of operators, of each call's own."""
    elements, count = [0] * len(trace.modules), [0] * len(trace.modules)
    working = {operator.index: operator.module for operator in trace.operators if operator.name not in FREE}
    for operator in trace.operators:
        if operator.index in working:
            elements[operator.module] += sum(map(size, operator.output_shapes))
            count[operator.module] += 1
    for edge in trace.edges:
        if edge.target in working:
            elements[working[edge.target]] += size(edge.shape)
    return elements, count


def size(shape: Shape) -> int:
    """Elements of a tensor."""
    return math.prod(shape)


def place(group: Group, roofs: Roofs) -> Placed:
    """What limits a group and how near it comes to that limit."""
    least: dict[Limit, float] = {
        "arithmetic": group.flops / roofs.flops_per_second,
        "memory": group.moved / roofs.bytes_per_second,
        "overhead": group.operators * roofs.call_seconds,
    }
    limit = max(least, key=lambda name: least[name])
    reach = least[limit] / group.seconds if group.seconds > 0 else 0.0
    if reach * room_above(limit, roofs) > 1:
        return Placed("beyond", reach)
    return Placed(limit if reach >= FAR else "none", reach)


def room_above(limit: Limit, roofs: Roofs) -> float:
    """The roof as measured as a share of the upper end of its interval; 1 where it has none."""
    high = {"arithmetic": roofs.flops_high, "memory": roofs.bytes_high}.get(limit)
    point = roofs.flops_per_second if limit == "arithmetic" else roofs.bytes_per_second
    return point / high if high else 1.0
