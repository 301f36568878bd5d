"""How the numbers of the sections changed, those that both reports have."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.comparison.differences_of_numbers import KINDS, change_of
from reportgen.record.comparison import NotCompared
from reportgen.record.message import Message
from reportgen.record.metric_value import MetricValue


@dataclass(frozen=True)
class SectionNumbers:
    """The numbers that the same sections make of two records."""

    before: tuple[MetricValue, ...] = ()
    after: tuple[MetricValue, ...] = ()


def compare_numbers(numbers: SectionNumbers, apart: Message | None) -> tuple[list[MetricValue], list[NotCompared]]:
    """`<metric>.change` and `<metric>.change_ratio` of every number that both have, without an interval.

    `apart`: why what was measured with a clock or a counter can't be compared; None where it can.
    """
    values: list[MetricValue] = []
    gaps: list[NotCompared] = []
    earlier = {value.name: value.value for value in numbers.before}
    for metric in numbers.after:
        before = earlier.get(metric.name)
        if before is None or metric.value is None:
            continue
        reason = apart if metric.method == "measured" else None
        gaps += [NotCompared(name=f"{metric.name}.{kind}", reason=reason) for kind in KINDS if reason is not None]
        values += change_of(metric, None if reason else before, metric.value)
    return values, gaps
