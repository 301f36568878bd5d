"""How cost and size changed; times only where both were taken on the same machine."""

from __future__ import annotations

from reportgen.comparison.differences_of_numbers import KINDS, change_of
from reportgen.record.comparison import NotCompared
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.text import numerals
from reportgen.text.i18n import _

COUNTED = ("parameters", "macs", "activation_bytes")
TIMED = ("latency_p50", "latency_p95", "throughput", "train_seconds", "train_images_per_second", "eval_seconds")


def compare_costs(candidate: RunRecord, baseline: RunRecord) -> tuple[list[MetricValue], list[NotCompared]]:
    """`<metric>.change` and `<metric>.change_ratio` of every cost that a record knows, and why some are unknown."""
    values: list[MetricValue] = []
    gaps: list[NotCompared] = []
    apart = other_machine(candidate, baseline)
    for name in (*COUNTED, *TIMED):
        before, after = known(baseline, name), known(candidate, name)
        metric = after or before
        if metric is None:
            continue
        reason = apart if name in TIMED else ""
        if before is None or after is None:
            who = _("the baseline") if before is None else _("this model")
            reason = _("It was not measured for {who}.", who=who)
        gaps += [NotCompared(name=f"{name}.{kind}", reason=reason) for kind in KINDS if reason]
        values += change_of(metric, before.value if before and not reason else None, after.value if after else None)
    return values, gaps


def known(record: RunRecord, name: str) -> MetricValue | None:
    """The measured number of that name, if it has a value."""
    found = record.measured.value(name) if record.measured else None
    return found if found is not None and found.value is not None else None


def other_machine(candidate: RunRecord, baseline: RunRecord) -> str:
    """Why times can't be compared; empty where both were taken on the same device with as many threads."""
    mine, theirs = candidate.device, baseline.device
    if (mine.kind, mine.name) != (theirs.kind, theirs.name):
        return _(
            "Times of different devices are not compared: {theirs} and {mine}.", theirs=theirs.name, mine=mine.name
        )
    if mine.threads != theirs.threads:
        return _(
            "Times with different numbers of threads are not compared: {theirs} and {mine}.",
            theirs=numerals.count(theirs.threads),
            mine=numerals.count(mine.threads),
        )
    return ""
