"""The change of one number without an interval: a signed amount, and a multiple of the baseline's."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.metrics.definitions import write
from reportgen.record.metric_value import MetricValue
from reportgen.text import numerals
from reportgen.text.i18n import _

KINDS = ("change", "change_ratio")


def change_of(metric: MetricValue, before: float | None, after: float | None) -> Iterator[MetricValue]:
    """`<metric>.change` (after − before) and `<metric>.change_ratio` (after ÷ before); unknown where one of them is.

    `metric`: the number itself, for its name, unit and direction.
    """
    if before is None or after is None:
        yield from (describe(metric, kind, None) for kind in KINDS)
    else:
        yield describe(metric, "change", after - before)
        yield describe(metric, "change_ratio", after / before if before else None)


def describe(metric: MetricValue, kind: str, value: float | None) -> MetricValue:
    """A change as people read it."""
    amount = kind == "change"
    label = _("{metric}, change", metric=metric.label) if amount else _("{metric}, ratio", metric=metric.label)
    return MetricValue(
        name=f"{metric.name}.{kind}",
        label=label,
        value=value,
        unit=metric.unit if amount else "ratio",
        higher_is_better=metric.higher_is_better,
        display=write_amount(metric, value) if amount else numerals.ratio(value),
        method="measured" if metric.method == "measured" else "exact" if metric.method == "exact" else "",
    )


def write_amount(metric: MetricValue, value: float | None) -> str:
    """A signed amount in the metric's unit: "+1.20 ms", "−4,096", "+0.3 points", "0"; "—" where unknown."""
    if metric.unit == "share":
        return numerals.points(value)
    if metric.unit in ("score", "nats", "ratio"):
        return numerals.change(value)
    if value is None:
        return numerals.DASH
    if value == 0:
        return "0"
    return f"{numerals.MINUS if value < 0 else '+'}{write('', metric.unit, abs(value), None, None, None)[0]}"
