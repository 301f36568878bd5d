"""Predictions on changed images in, accuracies and paired changes with intervals out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from reportgen import numerals
from reportgen.metrics.definitions import share
from reportgen.metrics.intervals import CONFIDENCE, percentile_interval, wilson
from reportgen.probes.robustness import CORRUPTED, Condition, Preparation, PreparationCheck, RobustnessFacts
from reportgen.record import RunRecord
from reportgen.values import MetricValue
from reportgen.words import say

RESAMPLES = 1000
ALARM = 0.001
"""Of the p-value, after the correction for the number of preparations tried, from which on the spec's is doubted."""


@dataclass(frozen=True)
class Outcome:
    """What the model makes of the images under one condition."""

    condition: Condition
    accuracy: MetricValue
    """On the condition's images (Wilson)."""
    clean: MetricValue
    """On the same images as they are."""
    change: MetricValue
    """Paired: accuracy minus clean."""

    @property
    def drop(self) -> float:
        """Points lost, 0 to 1; below zero where it became better."""
        return -(self.change.value or 0.0)


@dataclass(frozen=True)
class Doubt:
    """Another preparation under which the same weights are clearly better."""

    best: Preparation
    now: MetricValue
    """Accuracy under the spec's own."""
    then: MetricValue
    """Accuracy under the better one, same images."""
    change: MetricValue
    p: float
    """Exact McNemar test, two-sided, times the number of preparations tried (Bonferroni)."""


def read_outcomes(record: RunRecord, facts: RobustnessFacts) -> tuple[Outcome, ...]:
    """Every measured condition, in the order of the record."""
    table, labels, clean = read_table(record)
    found = []
    for row, condition in zip(table, facts.conditions, strict=True):
        n = condition.images
        before, after = clean[:n], row[:n] == labels[:n]
        name = f"robustness.{condition.kind}.{condition.level:g}"
        found.append(
            Outcome(
                condition=condition,
                accuracy=share(name, say("Accuracy"), int(after.sum()), n, True),
                clean=share("robustness.clean", say("Accuracy"), int(before.sum()), n, True),
                change=paired_change(f"{name}.change", int((after & ~before).sum()), int((before & ~after).sum()), n),
            )
        )
    return tuple(found)


def read_table(record: RunRecord) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Predicted classes (conditions, n), labels (n,), and which are right as they are (n,), of the probe's sample."""
    rows = record.arrays["robustness.rows"]
    labels = record.arrays["eval.labels"][rows].astype(np.int64)
    clean: NDArray[np.bool_] = record.arrays["eval.logits"][rows].argmax(1) == labels
    return record.arrays["robustness.predicted"].astype(np.int64), labels, clean


def paired_change(name: str, gained: int, lost: int, n: int) -> MetricValue:
    """Difference of two proportions over the same n images, with its normal interval for paired data.

    Variance (gained + lost − (gained − lost)² / n) / n² (Fleiss, Levin & Paik 2003, §13.1).
    """
    change = (gained - lost) / n
    deviation = math.sqrt(max(gained + lost - (gained - lost) ** 2 / n, 0.0)) / n
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * deviation
    low, high = max(-1.0, change - half), min(1.0, change + half)
    return MetricValue(
        name=name, label=say("Change"), value=change, low=low, high=high, n=n, unit="share", higher_is_better=True,
        display=numerals.points(change), display_interval=numerals.points_interval(low, high), method="paired",
    )  # fmt: skip


def mean_corruption_accuracy(record: RunRecord, facts: RobustnessFacts) -> MetricValue | None:
    """Mean accuracy over the measured corruptions and severities, with a bootstrap over images; None without any.

    The complement of the unnormalised mean corruption error of Hendrycks & Dietterich 2019 over what was measured.
    """
    chosen = [place for place, one in enumerate(facts.conditions) if one.family in CORRUPTED]
    if not chosen:
        return None
    table, labels, _ = read_table(record)
    n = min(facts.conditions[place].images for place in chosen)
    each = (table[chosen, :n] == labels[:n]).mean(0)
    draws = np.random.default_rng(0).integers(0, n, (RESAMPLES, n))
    value = float(each.mean())
    low, high = percentile_interval(each[draws].mean(1), value) or (None, None)
    return MetricValue(
        name="corruption_accuracy", label=say("Mean accuracy under corruptions"), value=value, low=low, high=high, n=n,
        unit="share", higher_is_better=True, display=numerals.percent(value),
        display_interval=numerals.percent_interval(low, high, n), method="bootstrap",
    )  # fmt: skip


def doubt_preparation(check: PreparationCheck, classes: int) -> Doubt | None:
    """The preparation that fits the weights clearly better than the spec's own, or None.

    Never for weights that this run alone has trained, nor where the better one is no better than chance. Among those
    that accuracy can't tell apart, the one of lower loss on training images.
    """
    if check.learned_here or not check.others:
        return None
    told = [other for other in check.others if other.loss is not None]
    best = min(told, key=lambda other: other.loss or 0.0) if told else max(check.others, key=lambda other: other.right)
    ends = wilson(best.right, check.images)
    p = min(1.0, len(check.others) * mcnemar(best.gained, best.lost))
    if best.gained <= best.lost or p > ALARM or ends is None or ends[0] <= 1 / classes:
        return None
    return Doubt(
        best=best,
        now=share("preparation.spec", say("Accuracy"), check.right, check.images, True),
        then=share("preparation.best", say("Accuracy"), best.right, check.images, True),
        change=paired_change("preparation.change", best.gained, best.lost, check.images),
        p=p,
    )


def mcnemar(gained: int, lost: int) -> float:
    """Exact two-sided p-value of McNemar's test (1947): the binomial of gained + lost flips at one half."""
    flips, larger = gained + lost, max(gained, lost)
    tail = sum(math.comb(flips, count) for count in range(larger, flips + 1))
    return float(min(1.0, 2 * tail / 2**flips))
