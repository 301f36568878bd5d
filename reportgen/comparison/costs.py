"""How cost and size changed; times only where both were taken on the same machine."""

from __future__ import annotations

from reportgen.comparison.differences_of_numbers import KINDS, change_of
from reportgen.record.comparison import NotCompared
from reportgen.record.definitions import compared_by
from reportgen.record.message import N_, Message
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord

TIMED = compared_by("timed")


def compare_costs(candidate: RunRecord, baseline: RunRecord) -> tuple[list[MetricValue], list[NotCompared]]:
    """`<metric>.change` and `<metric>.change_ratio` of every cost that a record knows, and why some are unknown."""
    values: list[MetricValue] = []
    gaps: list[NotCompared] = []
    apart = other_machine(candidate, baseline)
    for name in compared_by("counted", "timed"):
        before, after = known(baseline, name), known(candidate, name)
        metric = after or before
        if metric is None:
            continue
        reason = apart if name in TIMED else None
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
