"""Metric values from what was counted or computed: the fields of a number that `record.definitions` names."""

from __future__ import annotations

from reportgen.metrics.intervals import wilson
from reportgen.record.meaning import find_meaning
from reportgen.record.metric_value import Method, MetricValue

Ends = tuple[float, float] | None


def value_of(
    name: str,
    value: float | None,
    ends: Ends = None,
    n: int | None = None,
    method: Method = "",
    **conditions: int | float | str,
) -> MetricValue:
    """The number of that name with its interval, in the unit of its definition; `conditions` are for its label.

    Raises RuntimeError, our bug, for a name that nothing defines.
    """
    meaning = find_meaning(name)
    definition = meaning.definition
    if definition is None:
        raise RuntimeError(f"nothing in reportgen.record.definitions defines {name!r}")
    low, high = ends if ends and value is not None else (None, None)
    if definition.within_one and not meaning.change and low is not None and high is not None:
        low, high = max(low, 0.0), min(high, 1.0)
    return MetricValue(
        name=name, value=value, low=low, high=high, n=n, unit=definition.unit, method=method, conditions=conditions
    )


def share(name: str, successes: int, n: int) -> MetricValue:
    """A proportion with its Wilson interval; unknown when n is 0."""
    return value_of(name, successes / n if n else None, wilson(successes, n), n, "wilson")
