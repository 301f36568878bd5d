"""Several candidates held against one another: the table, and which differences remain after correction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from reportgen.comparison import compare_with
from reportgen.comparisons import Comparison
from reportgen.record import RunRecord
from reportgen.values import MetricValue

Pair = tuple[int, int]


def rank(names: Sequence[str], records: Sequence[RunRecord]) -> list[str]:
    """Lines for a terminal: the records by top-1 accuracy with intervals, then each pair that differs.

    p-values are those of the paired tests on the same images, corrected over all pairs by Holm's method (1979). Pairs
    that can't be compared are named with the reason.
    """
    scores = [accuracy_of(record) for record in records]
    width = max(map(len, names))
    order = sorted(range(len(records)), key=lambda place: -share_of(scores[place]))
    lines = [f"{names[place]:<{width}}  {spell(scores[place])}" for place in order]
    found, refused = compare_pairs(records)
    for (first, second), p in holm({pair: comparison.p for pair, comparison in found.items()}).items():
        change = found[first, second].value("accuracy.change")
        how = "differ" if p <= 0.05 else "can't be told apart"
        told = f"{change.display} ({change.display_interval})" if change is not None else ""
        lines.append(f"{names[second]} and {names[first]} {how}: {told}, p = {p:.3g} after Holm's correction")
    return [*lines, *(f"{names[a]} and {names[b]} are not compared: {reason}" for (a, b), reason in refused.items())]


def accuracy_of(record: RunRecord) -> MetricValue | None:
    """The top-1 accuracy of a record, where it was measured."""
    return record.measured.value("accuracy") if record.measured else None


def share_of(value: MetricValue | None) -> float:
    """A value to sort by; what is unknown comes last."""
    return value.value if value is not None and value.value is not None else -1.0


def spell(value: MetricValue | None) -> str:
    """A value with its interval and n."""
    return value.display_full if value is not None else "—"


def compare_pairs(records: Sequence[RunRecord]) -> tuple[dict[Pair, Comparison], dict[Pair, str]]:
    """Every pair compared, the earlier as the baseline, and why the others are not."""
    found: dict[Pair, Comparison] = {}
    refused: dict[Pair, str] = {}
    for first, second in combinations(range(len(records)), 2):
        judged = compare_with(records[second], records[first], "").comparison
        if isinstance(judged, Comparison):
            found[first, second] = judged
        elif judged is not None:
            refused[first, second] = judged.reason
    return found, refused


def holm(p_values: dict[Pair, float]) -> dict[Pair, float]:
    """Adjusted p-values, the smallest first (Holm 1979): each times those not yet rejected, never falling."""
    adjusted, largest = {}, 0.0
    for rank_, pair in enumerate(sorted(p_values, key=lambda pair: p_values[pair])):
        largest = max(largest, min(1.0, (len(p_values) - rank_) * p_values[pair]))
        adjusted[pair] = largest
    return adjusted
