"""The change of one number without an interval: a signed amount, and a multiple of the baseline's."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.record.metric_value import MetricValue

KINDS = ("change", "change_ratio")


def change_of(metric: MetricValue, before: float | None, after: float | None) -> Iterator[MetricValue]:
    """`<metric>.change` (after − before) and `<metric>.change_ratio` (after ÷ before); unknown where one of them is.

    `metric`: the number itself, for its name, unit and conditions.
    """
    if before is None or after is None:
        yield from (describe(metric, kind, None) for kind in KINDS)
    else:
        yield describe(metric, "change", after - before)
        yield describe(metric, "change_ratio", after / before if before else None)


def describe(metric: MetricValue, kind: str, value: float | None) -> MetricValue:
    """The change of a number; what its label says beside the name stays the same."""
    return MetricValue(
        name=f"{metric.name}.{kind}",
        value=value,
        unit=metric.unit if kind == "change" else "ratio",
        method=metric.method if metric.method in ("measured", "exact") else "",
        conditions=metric.conditions,
    )
