"""What the timings of a record come to: every batch size in one row, where throughput saturates, the whole pass."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reportgen.record.latency import Latency
from reportgen.record.probes.cost import CostFacts, Roofs
from reportgen.record.run import RunRecord
from reportgen.record.trace import ModelTrace

SATURATED = 0.9
"""Of the best throughput; the smallest batch that reaches it is where throughput saturates."""


@dataclass(frozen=True)
class Saturation:
    """Where larger batches no longer help."""

    at: Latency
    """The smallest batch that reaches SATURATED of the best."""
    best: Latency
    rising: bool
    """True where only the largest batch reaches that: a larger one might do better."""
    falling: bool = False
    """True where the largest batch reaches less than SATURATED of the best, which is smaller."""
    between_processes: bool = False
    """Whether every size was timed in enough processes for their spread to be known."""


@dataclass(frozen=True)
class WholePass:
    """A forward pass of the timed batch against the machine's arithmetic."""

    batch_size: int
    n: int
    seconds: float
    flops_per_second: float
    share: float
    """Of the measured matrix-multiply rate."""
    low: float | None
    high: float | None
    """Interval of the share: the ends of the median time's against the opposite ends of the roof's."""


def list_latency(record: RunRecord, facts: CostFacts) -> tuple[Latency, ...]:
    """Every batch size that was timed, the smallest first."""
    found = {latency.batch_size: latency for latency in (*facts.latency, *record.latency)}
    return tuple(found[size] for size in sorted(found))


def timed_alike(latency: tuple[Latency, ...]) -> tuple[Latency, ...]:
    """The batch sizes that can be compared with each other: all in several fresh processes, or all in one that had run
    before, whichever are more. The memory that an earlier batch left behind makes the same pass several times faster.
    """
    fresh = tuple(one for one in latency if len(one.processes) > 1)
    warm = tuple(one for one in latency if len(one.processes) <= 1)
    return max(fresh, warm, key=len)


def saturation(latency: tuple[Latency, ...]) -> Saturation | None:
    """Where throughput saturates among the sizes that were timed alike; None for fewer than three of them."""
    latency = timed_alike(latency)
    if len(latency) < 3:
        return None
    best = max(latency, key=lambda one: one.images_per_second)
    at = next(one for one in latency if one.images_per_second >= SATURATED * best.images_per_second)
    falling = latency[-1].images_per_second < SATURATED * best.images_per_second
    several = all(one.is_between_processes for one in latency)
    return Saturation(at, best, rising=at is latency[-1], falling=falling, between_processes=several)


def whole_pass(trace: ModelTrace, roofs: Roofs) -> WholePass | None:
    """The pass that timed the modules; None where it was not timed or no MACs are known."""
    seconds = trace.modules[0].seconds if trace.modules else None
    if not seconds or not trace.timed_batch or not trace.macs:
        return None
    flops = 2.0 * trace.macs * trace.timed_batch
    share = flops / seconds / roofs.flops_per_second
    low, high = trace.timed_low, trace.timed_high
    return WholePass(
        batch_size=trace.timed_batch,
        n=trace.timed_passes or 0,
        seconds=seconds,
        flops_per_second=flops / seconds,
        share=share,
        low=share / farther(high / seconds, over_one(roofs.flops_high, roofs)) if high else None,
        high=share * farther(seconds / low, 1 / over_one(roofs.flops_low, roofs)) if low else None,
    )


def over_one(rate: float | None, roofs: Roofs) -> float:
    """An end of the interval of the rate of matrix products over the rate itself; 1 where there is none."""
    return rate / roofs.flops_per_second if rate else 1.0


def farther(one: float, other: float) -> float:
    """By what factor two independent measurements together may be off, each by its own, at least 1: the logarithms add
    up by squares (Zou & Donner 2008)."""
    return math.exp(math.hypot(math.log(max(1.0, one)), math.log(max(1.0, other))))
