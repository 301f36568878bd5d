"""How cost and size changed; times only where both were taken on the same machine."""

from __future__ import annotations

from collections.abc import Callable

from reportgen import numerals
from reportgen.comparisons import NotCompared
from reportgen.metrics.definitions import BY_NAME
from reportgen.record import RunRecord
from reportgen.values import MetricValue
from reportgen.words import say

COUNTED = ("parameters", "macs", "activation_bytes")
TIMED = ("latency_p50", "throughput", "train_seconds", "train_images_per_second", "eval_seconds")
WRITERS: dict[str, Callable[[float | None], str]] = {
    "count": numerals.count,
    "macs": numerals.compact,
    "bytes": numerals.bytes_text,
    "seconds": numerals.seconds_text,
    "images/s": numerals.speed,
}


def compare_costs(candidate: RunRecord, baseline: RunRecord) -> tuple[list[MetricValue], list[NotCompared]]:
    """`<metric>.change` and `<metric>.change_ratio` of every cost that a record knows, and why some are unknown."""
    values, gaps = [], []
    apart = other_machine(candidate, baseline)
    for name in (*COUNTED, *TIMED):
        before, after = known(baseline, name), known(candidate, name)
        if before is None and after is None:
            continue
        reason = apart if name in TIMED else ""
        if before is None or after is None:
            who = say("the baseline") if before is None else say("this model")
            reason = say("It was not measured for {who}.", who=who)
        if before is None or after is None or reason:
            gaps += [NotCompared(name=f"{name}.{kind}", reason=reason) for kind in ("change", "change_ratio")]
            values += [describe(name, "change", None), describe(name, "change_ratio", None)]
        else:
            values.append(describe(name, "change", after - before))
            values.append(describe(name, "change_ratio", after / before if before else None))
    return values, gaps


def known(record: RunRecord, name: str) -> float | None:
    """The measured value of that name."""
    value = record.measured.value(name) if record.measured else None
    return value.value if value is not None else None


def other_machine(candidate: RunRecord, baseline: RunRecord) -> str:
    """Why times can't be compared; empty where both were taken on the same device with as many threads."""
    mine, theirs = candidate.device, baseline.device
    if (mine.kind, mine.name) != (theirs.kind, theirs.name):
        return say(
            "Times of different devices are not compared: {theirs} and {mine}.", theirs=theirs.name, mine=mine.name
        )
    if mine.threads != theirs.threads:
        return say(
            "Times with different numbers of threads are not compared: {theirs} and {mine}.",
            theirs=numerals.count(theirs.threads),
            mine=numerals.count(mine.threads),
        )
    return ""


def describe(name: str, kind: str, value: float | None) -> MetricValue:
    """A change of a cost as people read it: a signed amount, or a multiple of the baseline's."""
    metric = BY_NAME[name]
    amount = kind == "change"
    template = say("{metric}, change") if amount else say("{metric}, ratio")
    return MetricValue(
        name=f"{name}.{kind}",
        label=template.format(metric=say(metric.label)),
        value=value,
        unit=metric.unit if amount else "ratio",
        higher_is_better=metric.higher_is_better,
        display=signed(value, WRITERS[metric.unit]) if amount else numerals.ratio(value),
        method="exact" if name in COUNTED else "measured",
    )


def signed(value: float | None, write: Callable[[float | None], str]) -> str:
    """An amount with its sign: "+1.20 ms", "−4,096", "0"."""
    if value is None:
        return numerals.DASH
    if value == 0:
        return "0"
    return f"{numerals.MINUS if value < 0 else '+'}{write(abs(value))}"
