"""Predictions on changed images in, accuracies and paired changes with intervals out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.differences import binomial_tail
from reportgen.metrics.influence import mean_of_changes_interval, mean_of_shares_interval
from reportgen.metrics.paired import score_interval
from reportgen.metrics.predictions import FloatArray, IntArray
from reportgen.metrics.values import Ends, share, value_of
from reportgen.record.metric_value import Method, MetricValue
from reportgen.record.probes.robustness import CORRUPTED, KINDS, Condition, RobustnessFacts
from reportgen.record.run import RunRecord

SIGNIFICANT = 0.05
MIDDLE = 3.0
"""Mean severity of a kind that enters the mean over kinds: of 3 alone, of 1, 3 and 5, or of all five."""


@dataclass(frozen=True)
class Outcome:
    """What the model makes of the images under one condition."""

    condition: Condition
    accuracy: MetricValue
    """On the condition's images (Wilson)."""
    clean: MetricValue
    """On the same images as they are."""
    change: MetricValue
    """Accuracy minus clean, paired (Tango's score interval)."""
    moved: MetricValue
    """Share of the images whose predicted class is another one (Wilson)."""

    @property
    def drop(self) -> float:
        """Accuracy lost, 0 to 1; below zero where it became better."""
        return -(self.change.value or 0.0)


@dataclass(frozen=True)
class KindMean:
    """One kind of corruption over its measured severities."""

    kind: str
    accuracy: float
    change: MetricValue
    """Mean over the severities of accuracy minus clean, paired by image."""


@dataclass(frozen=True)
class Table:
    """Predictions on the probe's sample."""

    predicted: IntArray
    """(conditions, n); meaningless beyond a condition's images."""
    labels: IntArray
    clean: IntArray
    """(n,): the classes predicted for the images as they are."""


def read_table(record: RunRecord) -> Table:
    """The predictions of the record's robustness probe, in the sample's order."""
    rows = record.arrays["robustness.rows"]
    return Table(
        record.arrays["robustness.predicted"].astype(np.int64),
        record.arrays["eval.labels"][rows].astype(np.int64),
        record.arrays["eval.logits"][rows].argmax(1).astype(np.int64),
    )


def chance_of(record: RunRecord) -> float:
    """Accuracy on the sample of always naming its most frequent class."""
    labels = record.arrays["eval.labels"][record.arrays["robustness.rows"]]
    return float(np.bincount(labels).max() / len(labels)) if len(labels) else 0.0


def read_outcomes(record: RunRecord, facts: RobustnessFacts) -> tuple[Outcome, ...]:
    """Every measured condition, by kind in the order of KINDS and by growing strength."""
    if not facts.conditions:
        return ()
    table, found = read_table(record), []
    sizes = np.array([condition.images for condition in facts.conditions])
    inside = np.arange(len(table.labels)) < sizes[:, None]
    before = (table.clean == table.labels) & inside
    after = (table.predicted == table.labels) & inside
    moved = ((table.predicted != table.clean) & inside).sum(1)
    gained, lost = (after & ~before).sum(1), (before & ~after).sum(1)
    lows, highs = score_interval(lost, gained, sizes)
    for place, condition in enumerate(facts.conditions):
        n, name = condition.images, f"robustness.{condition.kind}.{condition.level:g}"
        change = float((gained[place] - lost[place]) / n)
        found.append(
            Outcome(
                condition=condition,
                accuracy=share(name, int(after[place].sum()), n),
                clean=share("robustness.clean", int(before[place].sum()), n),
                change=change_of(name, change, (float(lows[place]), float(highs[place])), n),
                moved=share(f"{name}.moved", int(moved[place]), n),
            )
        )
    return tuple(sorted(found, key=lambda one: rank(one.condition)))


def rank(condition: Condition) -> tuple[int, float]:
    """Where a condition is shown."""
    return KINDS.index(condition.kind), condition.level


def change_of(name: str, change: float, ends: Ends, n: int, method: Method = "paired") -> MetricValue:
    """A difference of accuracies on n images: the change of the number of that name."""
    return value_of(f"{name}.change", change, ends, n, method)


def over_severities(record: RunRecord, facts: RobustnessFacts) -> tuple[KindMean, ...]:
    """Each kind of corruption averaged over the severities that were measured, in the order of KINDS."""
    table, found = read_table(record), []
    for kind, places in kinds_of(facts).items():
        n = min(facts.conditions[place].images for place in places)
        each = correct_shares(table, places, n)
        off = each - (table.clean[:n] == table.labels[:n])
        ends = mean_of_changes_interval(off, table.labels[:n])
        change = change_of(f"robustness.{kind}.mean", float(off.mean()), ends, n)
        found.append(KindMean(kind, float(each.mean()), change))
    return tuple(found)


def kinds_of(facts: RobustnessFacts) -> dict[str, list[int]]:
    """Places of the conditions of each kind of corruption, in the order of KINDS."""
    found: dict[str, list[int]] = {}
    for place, condition in sorted(enumerate(facts.conditions), key=lambda pair: rank(pair[1])):
        if condition.family in CORRUPTED:
            found.setdefault(condition.kind, []).append(place)
    return found


def correct_shares(table: Table, places: Sequence[int], n: int) -> FloatArray:
    """(n,): of each image the share of some conditions under which it is right."""
    right: NDArray[np.bool_] = table.predicted[list(places), :n] == table.labels[:n]
    shares: FloatArray = right.mean(0)
    return shares


@dataclass(frozen=True)
class CorruptionMean:
    """All kinds of corruption together."""

    accuracy: MetricValue
    """Mean over kinds of the mean over severities (`mean_of_shares_interval`)."""
    change: MetricValue
    """The same minus the accuracy on the same images as they are."""
    kinds: int
    severities: tuple[int, ...]
    """Those measured of any of them."""


def mean_corruption(record: RunRecord, facts: RobustnessFacts) -> CorruptionMean | None:
    """Mean accuracy over the kinds of corruption whose severities measured are 3 on average; None without any.

    The complement of the mean corruption error of CIFAR-10-C (Hendrycks & Dietterich 2019, not divided by another
    network's), over those of the kinds that the spec fixes that were measured.
    """
    levels = {kind: [facts.conditions[place].level for place in at] for kind, at in kinds_of(facts).items()}
    chosen = {
        kind: at
        for kind, at in kinds_of(facts).items()
        if np.mean(levels[kind]) == MIDDLE and (kind in facts.mean_kinds or not facts.mean_kinds)
    }
    if not chosen:
        return None
    found = mean_over(record, facts, chosen)
    severities = {int(facts.conditions[place].level) for at in chosen.values() for place in at}
    return CorruptionMean(*found, len(chosen), tuple(sorted(severities)))


def mean_over(
    record: RunRecord, facts: RobustnessFacts, chosen: Mapping[str, Sequence[int]]
) -> tuple[MetricValue, MetricValue]:
    """The mean accuracy over kinds, each at its places among the conditions, and its change against the same images as
    they are."""
    table = read_table(record)
    n = min(facts.conditions[place].images for at in chosen.values() for place in at)
    each = np.mean([correct_shares(table, at, n) for at in chosen.values()], axis=0)
    clean = (table.clean[:n] == table.labels[:n]).astype(float)
    levels = {kind: sorted(int(facts.conditions[place].level) for place in at) for kind, at in chosen.items()}
    conditions: dict[str, int | float | str] = {
        "count": len(chosen),
        "kinds": ", ".join(f"{kind} {'/'.join(map(str, levels[kind]))}" for kind in sorted(levels)),
        "images": digest_images(record, n),
        "side": facts.constants_side,
    }
    ends = mean_of_shares_interval(each, table.labels[:n])
    accuracy = value_of("corruption_accuracy", float(each.mean()), ends, n, "delta", **conditions)
    paired = mean_of_changes_interval(each - clean, table.labels[:n])
    difference = change_of("corruption_accuracy", float((each - clean).mean()), paired, n, "delta")
    return accuracy, difference


def digest_images(record: RunRecord, n: int) -> str:
    """By what the first n images of the sample are known, in any order of the evaluation set."""
    return hashlib.sha256(np.sort(identities(record)[:n]).tobytes()).hexdigest()[:12]


def identities(record: RunRecord) -> NDArray[np.uint64]:
    """(n,): the digest of each image of the sample; its index in the test split where a record holds no digests."""
    name = "eval.digests" if "eval.digests" in record.arrays else "eval.ids"
    found: NDArray[np.uint64] = record.arrays[name][record.arrays["robustness.rows"]].astype(np.uint64)
    return found


def attack_values(record: RunRecord, facts: RobustnessFacts, outcomes: Sequence[Outcome]) -> Iterator[MetricValue]:
    """What the strongest attack of each kind leaves, under the name that gates know it by."""
    for kind in ("fgsm", "pgd"):
        found = [one for one in outcomes if one.condition.kind == kind]
        if found:
            strongest = max(found, key=lambda one: one.condition.level)
            conditions: dict[str, int | float | str] = {
                "level": strongest.condition.level,
                "images": digest_images(record, strongest.condition.images),
            }
            if kind == "pgd" and facts.attack is not None:
                conditions |= {"steps": facts.attack.steps, "restarts": facts.attack.restarts}
            yield strongest.accuracy.model_copy(update={"name": f"{kind}_accuracy", "conditions": conditions})


@dataclass(frozen=True)
class Worst:
    """The corruption that costs most, and what can be said of its being so."""

    outcome: Outcome
    """Of the kind that costs most, at the severity where it does."""
    rival: Outcome | None
    """Of the other kinds, each at its worst, the one that can least be told from it; None where there is no other."""
    undecided: tuple[Outcome, ...]
    """All of the other kinds, each at its worst, that can't be told from it, the most costly first."""
    p_rival: float
    """That both cost the same: exact McNemar test on the images of both, two-sided. That of the winner against the
    other kinds needs no correction for having been picked: with two equal ones each wins at half the level."""
    p_loss: float
    """That it costs nothing: exact McNemar test against the images as they are, times the conditions it is picked
    from."""


def find_worst(record: RunRecord, facts: RobustnessFacts, outcomes: Sequence[Outcome]) -> Worst | None:
    """The largest loss among the corruptions of a record; None without any.

    Tested as an extreme: the loss against none with Bonferroni's correction for all conditions, its being the largest
    against every other kind, of which the largest p counts.
    """
    corrupted = [one for one in outcomes if one.condition.family in CORRUPTED]
    kinds = dict.fromkeys(one.condition.kind for one in corrupted)
    strongest = [
        max((one for one in corrupted if one.condition.kind == kind), key=lambda one: one.drop) for kind in kinds
    ]
    if not strongest:
        return None
    table = read_table(record)
    places = {(one.kind, one.level): place for place, one in enumerate(facts.conditions)}
    right = {key: table.predicted[place] == table.labels for key, place in places.items()}
    worst = max(strongest, key=lambda one: one.drop)

    def test(other: Outcome) -> float:
        n = min(worst.condition.images, other.condition.images)
        return paired_p(right[key_of(worst)][:n], right[key_of(other)][:n])

    rivals = [(test(one), one) for one in strongest if one is not worst]
    p_rival, rival = max(rivals, key=lambda pair: pair[0], default=(0.0, None))
    undecided = tuple(one for p, one in sorted(rivals, key=lambda pair: -pair[1].drop) if p > SIGNIFICANT)
    n = worst.condition.images
    p_loss = paired_p(right[key_of(worst)][:n], (table.clean == table.labels)[:n])
    return Worst(worst, rival, undecided, p_rival, min(1.0, p_loss * len(corrupted)))


def key_of(outcome: Outcome) -> tuple[str, float]:
    """Kind and severity."""
    return outcome.condition.kind, outcome.condition.level


def paired_p(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Two-sided p of the exact McNemar test (1947) that both are right equally often."""
    lost, gained = int((first & ~second).sum()), int((second & ~first).sum())
    return min(1.0, 2 * binomial_tail(max(lost, gained), lost + gained, 0.5))


@dataclass(frozen=True)
class HalfLost:
    """A kind of corruption under which at most half of the accuracy is left, or may be."""

    outcome: Outcome
    """At the weakest severity where that is sure; where it is nowhere, at the one that leaves the least of those where
    neither more than half nor less is sure."""
    sure: bool


def half_lost(record: RunRecord, facts: RobustnessFacts, outcomes: Sequence[Outcome]) -> tuple[HalfLost, ...]:
    """The kinds of corruption that leave at most half of the accuracy, by the severity from which on they do, and those
    of which neither that nor the contrary is sure.

    Sure by `half_p` times the conditions that are looked at (Bonferroni), on either side.
    """
    table = read_table(record)
    places = {(one.kind, one.level): place for place, one in enumerate(facts.conditions)}
    corrupted = [one for one in outcomes if one.condition.family in CORRUPTED]
    seen: dict[str, Outcome] = {}
    sure: dict[str, Outcome] = {}
    for one in sorted(corrupted, key=lambda one: one.condition.level):
        kind, n = one.condition.kind, one.condition.images
        before, after = (table.clean == table.labels)[:n], (table.predicted[places[key_of(one)]] == table.labels)[:n]
        if not before.any():
            continue
        if len(corrupted) * half_p(before, after) <= SIGNIFICANT:
            sure.setdefault(kind, one)
        elif len(corrupted) * half_p(before, after, kept_more=True) > SIGNIFICANT and leaves_less(one, seen.get(kind)):
            seen[kind] = one
    seen |= {kind: seen.get(kind, one) for kind, one in sure.items()}
    return tuple(HalfLost(sure.get(kind, one), kind in sure) for kind, one in seen.items())


def leaves_less(one: Outcome, other: Outcome | None) -> bool:
    """Whether less of the accuracy is left than under another condition."""
    return other is None or (one.accuracy.value or 0.0) < (other.accuracy.value or 0.0)


def half_p(clean: NDArray[np.bool_], after: NDArray[np.bool_], *, kept_more: bool = False) -> float:
    """p that at least half of the accuracy is left, or with `kept_more` at most half, of who is right without and with
    a change, (n,).

    Half is left where images lost are as many as images kept and twice those gained: a sign test of one against the
    other, whose counts are scaled by what the doubled ones add to its variance.
    """
    lost, kept, gained = int((clean & ~after).sum()), int((clean & after).sum()), int((after & ~clean).sum())
    count = lost + kept + 2 * gained
    scale = count / max(1, count + 2 * gained)
    against = kept + 2 * gained if kept_more else lost
    return binomial_tail(int(against * scale), int(np.ceil(count * scale)), 0.5)
