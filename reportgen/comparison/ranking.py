"""Several records become a ranking: every pair on the same images, corrected over all pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from reportgen.comparison import MARGIN
from reportgen.comparison.accuracy import compare_accuracy
from reportgen.comparison.changes import describe_accuracy
from reportgen.comparison.decision import ALPHA
from reportgen.comparison.matching import Matched, Mismatch, match
from reportgen.metrics.paired import holm
from reportgen.record.definitions import shown_in
from reportgen.record.metric_value import MetricValue
from reportgen.record.ranking import Entry, Pair, Ranking, RefusedPair
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject


def rank(subjects: Mapping[int, Subject]) -> Ranking:
    """The records by top-1 accuracy, and every pair of them: paired interval, p, and p after Holm's method (1979).

    `subjects` by number, 0 the baseline; in a pair the earlier stands for the baseline. Equal accuracies share a rank.
    The ranks that a model may have follow from the pairs that hold (Mogstad, Romano, Shaikh and Wilhelm 2024, Review
    of Economic Studies 91). Records of other images than the baseline's have none.
    """
    names = name_all(subjects)
    records = {number: subject.record for number, subject in subjects.items()}
    pairs, refused = compare_pairs(records, names)
    out = {pair.second for pair in refused if pair.first == names.get(0)}
    scores = {number: accuracy_of(record) for number, record in records.items()}
    ranked = {
        number: score
        for number, value in scores.items()
        if (score := share_of(value)) is not None and names[number] not in out
    }
    entries = []
    for number, record in records.items():
        rank = 1 + sum(other > ranked[number] for other in ranked.values()) if number in ranked else None
        best, worst = bounds(names[number], {names[other] for other in ranked}, pairs) if rank else (None, None)
        entries.append(
            Entry(
                name=names[number],
                number=number,
                rank=rank,
                best=best,
                worst=worst,
                accuracy=scores[number],
                values=further(record),
            )
        )
    entries.sort(key=lambda entry: (entry.rank or len(records) + 1, entry.number))
    return Ranking(entries=tuple(entries), pairs=pairs, refused=refused)


def compare_pairs(
    records: Mapping[int, RunRecord], names: Mapping[int, str]
) -> tuple[tuple[Pair, ...], tuple[RefusedPair, ...]]:
    """Every pair that can be compared, the smallest p first, and why the others can't."""
    found: list[tuple[str, str, MetricValue, float]] = []
    refused: list[RefusedPair] = []
    order = list(records)
    for later in order:
        for earlier in order[: order.index(later)]:
            matched = match(records[later], records[earlier])
            if isinstance(matched, Mismatch):
                refused.append(RefusedPair(first=names[earlier], second=names[later], reason=matched.reason))
                continue
            found.append((names[earlier], names[later], *compare_pair(matched)))
    adjusted = holm([p for *_, p in found])
    pairs = [
        Pair(
            first=first, second=second, change=change, p=p, p_adjusted=float(corrected), holds=bool(corrected <= ALPHA)
        )
        for (first, second, change, p), corrected in zip(found, adjusted, strict=True)
    ]
    return tuple(sorted(pairs, key=lambda pair: pair.p)), tuple(refused)


def compare_pair(matched: Matched) -> tuple[MetricValue, float]:
    """The change of accuracy with its interval, and the p of no change."""
    found = compare_accuracy(matched, MARGIN)
    return describe_accuracy(matched, found.change), found.change.p


def bounds(name: str, ranked: set[str], pairs: Sequence[Pair]) -> tuple[int, int]:
    """The best and the worst rank that a model may have among those that have one."""
    held = [pair for pair in pairs if pair.holds and {pair.first, pair.second} <= ranked]
    return 1 + sum(pair.worse == name for pair in held), len(ranked) - sum(pair.better == name for pair in held)


def accuracy_of(record: RunRecord) -> MetricValue | None:
    """The top-1 accuracy of a record, over its seeds where it has several, as far as it was measured."""
    if record.measured is None:
        return None
    return record.measured.value("accuracy_seeds") or record.measured.value("accuracy")


def share_of(value: MetricValue | None) -> float | None:
    """A value to sort by."""
    return value.value if value is not None else None


def further(record: RunRecord) -> tuple[MetricValue, ...]:
    """The numbers beside the accuracy that this record has."""
    found = [record.measured.value(one.name) for one in shown_in("ranking")] if record.measured else []
    return tuple(value for value in found if value is not None and value.value is not None)


def name_all(subjects: Mapping[int, Subject]) -> dict[int, str]:
    """The titles by number; where several have the same, all but the baseline's with their number: "Tiny (2)"."""
    times = Counter(subject.title for subject in subjects.values())
    names: dict[int, str] = {}
    for number, subject in subjects.items():
        name = subject.title
        if times[name] > 1 and number:
            name += f" ({number})"
            while name in times or name in names.values():
                name += f" ({number})"
        names[number] = name
    return names
