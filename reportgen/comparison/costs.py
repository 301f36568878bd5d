"""How cost and size changed; times only where both were taken on the same machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.comparison.differences_of_numbers import KINDS, change_of
from reportgen.metrics.records import smallest_batch
from reportgen.record.comparison import NotCompared
from reportgen.record.definitions import compared_by
from reportgen.record.message import N_, Message
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord

TIMED = compared_by("timed")


def compare_costs(
    candidate: RunRecord, baseline: RunRecord, *, identical: bool = False
) -> tuple[list[MetricValue], list[NotCompared]]:
    """`<metric>.change` and `<metric>.change_ratio` of every cost that a record knows, and why some are unknown.

    `identical`: whether both give the same outputs, to the bit.
    """
    values: list[MetricValue] = []
    gaps: list[NotCompared] = []
    apart = other_machine(candidate, baseline)
    twice = one_model_twice(candidate, baseline) if identical else None
    for name in compared_by("counted", "timed"):
        before, after = known(baseline, name), known(candidate, name)
        metric = after or before
        if metric is None:
            continue
        same = before is not None and after is not None and before.value == after.value
        reason = (apart or (None if same else twice)) if name in TIMED else None
        if before is None or after is None:
            reason = (
                N_("It was not measured for the baseline.")
                if before is None
                else N_("It was not measured for this model.")
            )
        gaps += [NotCompared(name=f"{name}.{kind}", reason=reason) for kind in KINDS if reason is not None]
        found = change_of(metric, before.value if before and not reason else None, after.value if after else None)
        values += [with_spread(value, candidate, baseline) for value in found]
    return values, gaps


def with_spread(value: MetricValue, candidate: RunRecord, baseline: RunRecord) -> MetricValue:
    """The change of the latency with its interval, where both records timed it in several processes."""
    one, other = smallest_batch(baseline), smallest_batch(candidate)
    if value.value is None or value.meaning.name != "latency_p50" or not (one and other):
        return value
    ends = ratio_interval(one.processes, other.processes)
    if ends is None:
        return value
    low, high = ends
    if value.meaning.change == "change":
        low, high = (one.p50_seconds * (end - 1) for end in ends)
    return value.model_copy(update={"low": min(low, value.value), "high": max(high, value.value)})


def ratio_interval(before: Sequence[float], after: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of how many times longer something took (Welch's t of the logarithms), from what each of the
    processes measured; None for fewer than two on a side."""
    if min(len(before), len(after)) < 2:
        return None
    from scipy.special import stdtrit  # a third of a second that drawing from a record does not need

    logs = [np.log(np.asarray(side, np.float64)) for side in (before, after)]
    parts = [float(side.var(ddof=1)) / len(side) for side in logs]
    whole = sum(parts)
    difference = float(logs[1].mean() - logs[0].mean())
    if not whole:
        return float(np.exp(difference)), float(np.exp(difference))
    freedom = whole**2 / sum(part**2 / (len(side) - 1) for part, side in zip(parts, logs, strict=True))
    reach = float(stdtrit(freedom, 0.975)) * whole**0.5
    return float(np.exp(difference - reach)), float(np.exp(difference + reach))


def known(record: RunRecord, name: str) -> MetricValue | None:
    """The measured number of that name, if it has a value."""
    found = record.measured.value(name) if record.measured else None
    return found if found is not None and found.value is not None else None


def one_model_twice(candidate: RunRecord, baseline: RunRecord) -> Message | None:
    """Why another time says nothing about the model: spec, source, weights, all files read, libraries and operators are
    the same. None where one of them is not."""
    if made_of(candidate) != made_of(baseline):
        return None
    return N_("Model and code are those of the baseline, so that times differ by what else the machine did.")


def made_of(record: RunRecord) -> tuple[object, ...]:
    """All that decides how long a model takes, but for the machine."""
    origin, trace = record.provenance, record.trace
    return (
        record.spec.model.model_dump(exclude={"weights"}),
        record.spec.run.model_dump(exclude={"probes"}),
        (origin.model_source_sha256, origin.weights_sha256, origin.weights_key),
        sorted({digest for _name, digest in origin.model_files}),
        {name: version for name, version in origin.versions.items() if not name.startswith("reportgen")},
        record.device.model_dump(exclude={"requested"}),
        (trace.macs, trace.parameters, trace.input_shape, trace.operators),
    )


def other_machine(candidate: RunRecord, baseline: RunRecord) -> Message | None:
    """Why times can't be compared; None where both were taken on the same device with as many threads."""
    mine, theirs = candidate.device, baseline.device
    if (mine.kind, mine.name) != (theirs.kind, theirs.name):
        return N_(
            "Times of different devices are not compared: {theirs} and {mine}.", theirs=theirs.name, mine=mine.name
        )
    if mine.threads != theirs.threads:
        return N_(
            "Times with different numbers of threads are not compared: {theirs} and {mine}.",
            theirs=theirs.threads,
            mine=mine.threads,
        )
    return None
