"""How cost and size changed; times only where both were taken on the same machine."""

from __future__ import annotations

from reportgen.comparison.differences_of_numbers import KINDS, change_of
from reportgen.comparison.latencies import LatencyChanges
from reportgen.record.comparison import NotCompared
from reportgen.record.definitions import compared_by
from reportgen.record.message import N_, Message
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord

TIMED = compared_by("timed")


def compare_costs(
    candidate: RunRecord, baseline: RunRecord, latencies: LatencyChanges, *, identical: bool = False
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
        paired = latencies.changes(metric) if after is not None else None
        if paired is not None:
            values += paired
            continue
        same = before is not None and after is not None and before.value == after.value
        reason = (apart or (None if same else twice)) if name in TIMED else None
        if latencies.knows(name) and not (same and twice):
            reason = latencies.why_not(apart, twice)
        reason = reason or (other_batches(candidate, baseline) if name == "throughput" else None)
        if before is None or after is None:
            reason = (
                N_("It was not measured for the baseline.")
                if before is None
                else N_("It was not measured for this model.")
            )
        gaps += [NotCompared(name=f"{name}.{kind}", reason=reason) for kind in KINDS if reason is not None]
        values += change_of(metric, before.value if before and not reason else None, after.value if after else None)
    return values, gaps


def known(record: RunRecord, name: str) -> MetricValue | None:
    """The measured number of that name, if it has a value."""
    found = record.measured.value(name) if record.measured else None
    return found if found is not None and found.value is not None else None


def one_model_twice(candidate: RunRecord, baseline: RunRecord) -> Message | None:
    """Why another time says nothing about the model: spec, source, weights, all files read, libraries and operators are
    the same. None where one of them is not.

    Of a model that one run trained and the other evaluates, equal outputs say that the weights are the same.
    """
    alike = candidate.spec.run.mode == baseline.spec.run.mode
    if made_of(candidate, alike) != made_of(baseline, alike):
        return None
    return N_("Model and code are those of the baseline, so that times differ by what else the machine did.")


def other_batches(candidate: RunRecord, baseline: RunRecord) -> Message | None:
    """Why the throughput of the fastest batch size can't be compared; None where both timed the same sizes."""
    mine, theirs = (sorted(one.batch_size for one in record.latency) for record in (candidate, baseline))
    if mine == theirs:
        return None
    return N_(
        "The two records timed batches of other sizes: {theirs} and {mine}.",
        theirs=", ".join(map(str, theirs)),
        mine=", ".join(map(str, mine)),
    )


def made_of(record: RunRecord, pass_too: bool = True) -> tuple[object, ...]:
    """All that decides how long a model takes, but for the machine; `pass_too`: also what trained it, or the weights
    that were loaded."""
    origin, trace = record.provenance, record.trace
    loaded = ("weights", "weights_key", "pretrained", "head", "freeze")
    return (
        record.spec.model.model_dump(exclude={"weights"} if pass_too else set(loaded)),
        record.spec.run.model_dump(exclude={"probes"}) if pass_too else (),
        origin.model_source_sha256,
        (origin.weights_sha256, origin.weights_key) if pass_too else (),
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
