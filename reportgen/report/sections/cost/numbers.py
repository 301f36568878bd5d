"""The numbers of the section `cost` that metrics.json lists, each by a stable name."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.metrics.cost import list_latency, saturation, whole_pass
from reportgen.metrics.definitions import write
from reportgen.record.latency import Latency
from reportgen.record.metric_value import MetricValue, Unit
from reportgen.record.probes.cost import CostFacts, PeakMemory, StepTime
from reportgen.record.run import RunRecord
from reportgen.text import numerals
from reportgen.text.i18n import _

BY_BATCH = ("latency.batch_N.p50", "latency.batch_N.p95")
METRICS = (
    *BY_BATCH,
    *(f"{name}_ms" for name in BY_BATCH),
    "throughput.batch_N",
    "throughput.best",
    "peak_memory.inference.batch_N",
    "peak_memory.training.batch_N",
    "machine.matrix_rate",
    "machine.copy_rate",
    "matrix_rate_share",
    "train_step.p50",
    "train_step.p50_ms",
    *(f"train_step.{part}_share" for part in ("data", "forward", "backward", "optimizer")),
    "energy_per_image",
)
"""What gates can name; a name in `_ms` is the number of seconds in milliseconds."""
Ends = tuple[float, float] | None


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
        label = _("Best throughput, batches of {batch}", batch=numerals.count(at.best.batch_size))
        found.append(throughput_value("throughput.best", label, at.best))
    found += [value for peak in facts.memory for value in memory_values(record, peak)]
    found += [*machine_values(record, facts), *(step_values(facts.step) if facts.step else ())]
    if facts.energy is not None:
        label, joules = _("Energy of one image"), facts.energy.joules_per_image
        found.append(measured("energy_per_image", label, joules, "joules", False, n=facts.energy.n))
    return tuple(found)


def measured(
    name: str, label: str, value: float, unit: Unit, better: bool | None, ends: Ends = None, n: int | None = None
) -> MetricValue:
    """A number that was measured with a clock or a counter."""
    low, high = ends or (None, None)
    display, interval = write(name, unit, value, low, high, n)
    return MetricValue(
        name=name, label=label, value=value, low=low, high=high, n=n, unit=unit, higher_is_better=better,
        display=display, display_interval=interval, method="measured",
    )  # fmt: skip


def latency_values(one: Latency) -> Iterator[MetricValue]:
    """Median, 95th percentile and throughput of one batch size."""
    batch = numerals.count(one.batch_size)
    ends = (one.p50_low, one.p50_high) if one.p50_low is not None and one.p50_high is not None else None
    key, label = f"latency.batch_{one.batch_size}", _("Latency, batches of {batch}", batch=batch)
    yield measured(f"{key}.p50", label, one.p50_seconds, "seconds", False, ends, one.n)
    slow = _("Latency, batches of {batch}, 95th percentile", batch=batch)
    yield measured(f"{key}.p95", slow, one.p95_seconds, "seconds", False, n=one.n)
    speed = _("Throughput, batches of {batch}", batch=batch)
    yield throughput_value(f"throughput.batch_{one.batch_size}", speed, one)


def throughput_value(name: str, label: str, one: Latency) -> MetricValue:
    """Images per second of one batch size."""
    return measured(name, label, one.images_per_second, "images/s", True, one.throughput_interval, one.n)


def memory_values(record: RunRecord, peak: PeakMemory) -> Iterator[MetricValue]:
    """Peak memory with what stays: the model, and the optimiser's state in training."""
    batch = numerals.count(peak.batch_size)
    if peak.what == "training":
        label = _("Peak memory of a training step of {batch}", batch=batch)
    else:
        label = _("Peak memory of a forward pass of {batch}", batch=batch)
    whole = record.trace.parameter_bytes + peak.optimizer_bytes + peak.peak_bytes
    yield measured(f"peak_memory.{peak.what}.batch_{peak.batch_size}", label, whole, "bytes", False, n=1)


def machine_values(record: RunRecord, facts: CostFacts) -> Iterator[MetricValue]:
    """The machine's limits, and the model's share of its arithmetic."""
    roofs = facts.roofs
    if roofs is None:
        return
    rates: tuple[tuple[str, str, float, Unit], ...] = (
        ("machine.matrix_rate", _("Matrix products of this machine"), roofs.flops_per_second, "FLOP/s"),
        ("machine.copy_rate", _("Memory copies of this machine"), roofs.bytes_per_second, "bytes/s"),
    )
    for name, label, value, unit in rates:
        yield measured(name, label, value, unit, None)
    whole = whole_pass(record.trace, roofs)
    if whole is not None:
        ends = (whole.low, whole.high) if whole.low is not None and whole.high is not None else None
        label = _("Share of the machine’s matrix-multiply rate")
        yield measured("matrix_rate_share", label, whole.share, "share", True, ends, whole.n)


def step_values(step: StepTime) -> Iterator[MetricValue]:
    """The training step and the share of each of its parts."""
    batch = numerals.count(step.batch_size)
    ends = (step.p50_low, step.p50_high) if step.p50_low is not None and step.p50_high is not None else None
    label = _("Training step of {batch} images", batch=batch)
    yield measured("train_step.p50", label, step.p50_seconds, "seconds", False, ends, step.n)
    names = ("data", "forward", "backward", "optimizer")
    labels = (
        _("Share of the step: data"),
        _("Share of the step: forward"),
        _("Share of the step: backward"),
        _("Share of the step: optimiser"),
    )
    for place, (name, said, share) in enumerate(zip(names, labels, step.shares, strict=True)):
        sure = step.share_intervals[place] if step.share_intervals else None
        yield measured(f"train_step.{name}_share", said, share, "share", None, sure, step.n)
