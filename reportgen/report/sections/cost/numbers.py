"""The numbers of the section `cost` that metrics.json lists, each by a stable name."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.metrics.cost import list_latency, saturation, timed_alike, whole_pass
from reportgen.metrics.records import timed_value
from reportgen.metrics.values import Ends, value_of
from reportgen.record.definitions import names_for_gates
from reportgen.record.latency import Latency
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes.cost import CostFacts, PeakMemory, StepTime
from reportgen.record.run import RunRecord

METRICS = names_for_gates("cost")
"""What gates can name; a name in `_ms` is the number of seconds in milliseconds."""


def read_values(record: RunRecord) -> tuple[MetricValue, ...]:
    """The numbers of a record; none where nothing was timed."""
    facts = record.probes.cost if record.probes else None
    return list_values(record, facts) if facts is not None else ()


def list_values(record: RunRecord, facts: CostFacts) -> tuple[MetricValue, ...]:
    """Latency and throughput by batch size, memory, the machine's limits, the training step, energy."""
    latency = list_latency(record, facts)
    found = [value for one in latency for value in latency_values(one)]
    at = saturation(latency)
    if at is not None:
        tried = ", ".join(str(one.batch_size) for one in timed_alike(latency))
        found.append(throughput_value("throughput.best", at.best, batch=at.best.batch_size, batches=tried))
    found += [memory_value(record, peak) for peak in facts.memory]
    found += [*machine_values(record, facts), *(step_values(facts.step) if facts.step else ())]
    if facts.energy is not None:
        energy = facts.energy
        found.append(timed("energy_per_image", energy.joules_per_image, n=energy.n, batch=energy.batch_size))
    return tuple(found)


def timed(name: str, value: float, ends: Ends = None, n: int | None = None, **conditions: int) -> MetricValue:
    """A number that was measured with a clock or a counter."""
    return value_of(name, value, ends, n, "measured", **conditions)


def latency_values(one: Latency) -> Iterator[MetricValue]:
    """Median, 95th percentile and throughput of one batch size."""
    yield timed_value(f"latency.batch_{one.batch_size}.p50", one.p50_seconds, one.p50_interval, one)
    if one.stated_p95 is not None:
        yield timed_value(f"latency.batch_{one.batch_size}.p95", one.stated_p95, one.p95_interval, one)
    yield throughput_value(f"throughput.batch_{one.batch_size}", one)


def throughput_value(name: str, one: Latency, **conditions: int | str) -> MetricValue:
    """Images per second of one batch size."""
    value = timed_value(name, one.images_per_second, one.throughput_interval, one)
    return value.model_copy(update={"conditions": {**value.conditions, **conditions}})


def memory_value(record: RunRecord, peak: PeakMemory) -> MetricValue:
    """Peak memory with what stays: the model, and the optimiser's state in training."""
    whole = record.trace.parameter_bytes + peak.optimizer_bytes + peak.peak_bytes
    return timed(f"peak_memory.{peak.what}.batch_{peak.batch_size}", whole, n=1)


def machine_values(record: RunRecord, facts: CostFacts) -> Iterator[MetricValue]:
    """The machine's limits, and the model's share of its arithmetic."""
    roofs = facts.roofs
    if roofs is None:
        return
    n = roofs.rounds if roofs.rounds > 1 else None
    tried = {"largest": roofs.largest_size} if roofs.largest_size is not None else {}
    rate = ends_of(roofs.flops_low, roofs.flops_high)
    yield timed("machine.matrix_rate", roofs.flops_per_second, rate, n, **tried)
    yield timed("machine.copy_rate", roofs.bytes_per_second, ends_of(roofs.bytes_low, roofs.bytes_high), n)
    whole = whole_pass(record.trace, roofs)
    if whole is not None:
        ends = (whole.low, whole.high) if whole.low is not None and whole.high is not None else None
        yield timed("matrix_rate_share", whole.share, ends, whole.n, **tried)


def ends_of(low: float | None, high: float | None) -> Ends:
    """Both ends of an interval, or None."""
    return (low, high) if low is not None and high is not None else None


def step_values(step: StepTime) -> Iterator[MetricValue]:
    """The training step and the share of each of its parts."""
    ends = (step.p50_low, step.p50_high) if step.p50_low is not None and step.p50_high is not None else None
    yield timed("train_step.p50", step.p50_seconds, ends, step.n, batch=step.batch_size)
    for place, (name, share) in enumerate(zip(("data", "forward", "backward", "optimizer"), step.shares, strict=True)):
        sure = step.share_intervals[place] if step.share_intervals else None
        yield timed(f"train_step.{name}_share", share, sure, step.n)
