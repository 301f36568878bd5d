"""How the numbers of the sections changed, those that both reports have and measured under the same conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reportgen.comparison.differences_of_numbers import KINDS, change_of
from reportgen.comparison.latencies import LatencyChanges
from reportgen.record.comparison import NotCompared
from reportgen.record.message import N_, Message
from reportgen.record.metric_value import MetricValue


@dataclass(frozen=True)
class SectionNumbers:
    """The numbers that the same sections make of two records."""

    before: tuple[MetricValue, ...] = ()
    after: tuple[MetricValue, ...] = ()
    overlaps: Mapping[str, tuple[MetricValue, MetricValue]] = field(default_factory=dict)
    """Of both records on what both measured alike, by name."""


@dataclass
class Changes:
    """What becomes of the numbers of two records."""

    values: list[MetricValue] = field(default_factory=list)
    gaps: list[NotCompared] = field(default_factory=list)

    def leave_out(self, metric: MetricValue, reason: Message) -> None:
        """A number whose change can't be told, and why."""
        self.gaps += [NotCompared(name=f"{metric.name}.{kind}", reason=reason) for kind in KINDS]
        self.values += change_of(metric, None, metric.value)

    def take_latency(self, metric: MetricValue, latencies: LatencyChanges, reason: Message) -> None:
        """A number that follows from the times of forward passes; `reason`: why it is not told, where it was not timed
        in turn."""
        changes = latencies.changes(metric)
        if changes is None:
            self.leave_out(metric, reason)
        else:
            self.values += changes


def compare_numbers(
    numbers: SectionNumbers,
    apart: Message | None,
    twice: Message | None = None,
    latencies: LatencyChanges | None = None,
) -> tuple[list[MetricValue], list[NotCompared]]:
    """`<metric>.change` and `<metric>.change_ratio` of every number that both have, without an interval.

    A change is taken between numbers of equal conditions alone; where those differ, on what both measured alike, which
    is told under the name of the number itself; and where there is no such thing, not at all. `apart`: why what was
    measured with a clock or a counter can't be compared; None where it can. `twice`: why it can't
    where it differs, because the models are one and the same. `latencies`: what is known of those;
    None: they are numbers like others.
    """
    found = Changes()
    earlier = {value.name: value for value in numbers.before}
    for metric in numbers.after:
        before = earlier.get(metric.name)
        if before is None or before.value is None or metric.value is None:
            continue
        if latencies is not None and latencies.knows(metric.name) and not (twice and metric.value == before.value):
            found.take_latency(metric, latencies, latencies.why_not(apart, twice))
            continue
        reason = apart or (twice if metric.value != before.value else None)
        if metric.method == "measured" and reason is not None:
            found.leave_out(metric, reason)
        elif set_conditions(before) == set_conditions(metric):
            found.values += change_of(metric, before.value, metric.value)
        elif metric.name in numbers.overlaps:
            one, other = numbers.overlaps[metric.name]
            found.values += change_of(other, one.value, other.value)
            found.gaps.append(NotCompared(name=metric.name, reason=describe_overlap(other)))
        else:
            found.leave_out(metric, describe_gap(before, metric))
    return found.values, found.gaps


def set_conditions(metric: MetricValue) -> dict[str, int | float | str]:
    """The conditions that a number was measured under, without those that are a part of what was found."""
    definition = metric.meaning.definition
    found = definition.results if definition is not None else ()
    return {name: value for name, value in metric.conditions.items() if name not in found}


def describe_overlap(metric: MetricValue) -> Message:
    """On what a change was taken."""
    return N_(
        "The change in {name} is computed on what both records measured in the same way: {conditions}, n = {n}.",
        name=metric.name,
        conditions=", ".join(f"{name} {value}" for name, value in shown_conditions(metric).items()),
        n=metric.n or 0,
    )


def describe_gap(before: MetricValue, after: MetricValue) -> Message:
    """Which conditions differ."""
    one, other = set_conditions(before), set_conditions(after)
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return N_(
        "{name} is not compared: the two records measured it under other conditions ({conditions}).",
        name=after.name,
        conditions=", ".join(names),
    )


def shown_conditions(metric: MetricValue) -> dict[str, int | float | str]:
    """Conditions that say something to a reader: not the digest of the images."""
    return {name: value for name, value in set_conditions(metric).items() if name != "images"}
