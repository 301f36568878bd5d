"""The change of top-1 accuracy and everything that is said of it: interval, tests, equivalence, power."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.comparison.decision import Change
from reportgen.comparison.matching import Matched
from reportgen.comparison.power import detectable_change
from reportgen.comparison.seeds import (
    Side,
    compare_sides,
    seed_variance,
    seeded_change,
    seeded_tost,
    variance_in_both,
)
from reportgen.metrics.paired import mcnemar_exact, paired_interval, tost
from reportgen.metrics.predictions import FloatArray, Predictions
from reportgen.record.comparison import Equivalence, McNemar


@dataclass(frozen=True)
class AccuracyChange:
    """What is known of the change of accuracy."""

    change: Change
    mcnemar: McNemar
    equivalence: Equivalence
    detectable: float | None
    seed_spread: float | None
    """Between seeds, pooled; None where each model has one."""
    image_error: float = 0.0
    """Standard error over images of what is not between seeds, where there are several."""


def compare_accuracy(matched: Matched, margin: float) -> AccuracyChange:
    """The change of accuracy with its 95 % interval, the test of no change, and the tests of equivalence.

    One seed each: Tango's score interval, reaching to zero where the exact McNemar test does not reject; that test, so
    that interval and test never contradict each other. Several seeds, or
    several evaluations of a model that depends on chance: see `reportgen.comparison.seeds`.
    """
    table, n = cross(matched), matched.n
    if len(matched.before) == len(matched.after) == 1 and not any(matched.drawn):
        differences = matched.after[0].correct.astype(np.int8) - matched.before[0].correct.astype(np.int8)
        (change,) = paired_changes(differences[:, None])
        above, below = (float(p) for p in tost(table.lost, table.gained, n, margin))
        return AccuracyChange(
            change,
            table,
            Equivalence(margin=margin, p_above=above, p_below=below),
            detectable_change(n, table.lost + table.gained),
            None,
        )
    before, after = (
        Side.of([share_right(one) for one in seeds], [share_right(one) for one in drawn])
        for seeds, drawn in zip((matched.before, matched.after), matched.drawn, strict=True)
    )
    by_image = mean_correct(matched.drawn[1] or matched.after) - mean_correct(matched.drawn[0] or matched.before)
    error = float(by_image.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    value = after.mean - before.mean
    added = [[one.correct / n for one in runs] for runs in (matched.before, matched.after, *matched.drawn)]
    scatter = compare_sides(before, after, error, n, variance_in_both(added[0], added[1], added[2:]))
    change = seeded_change(value, scatter)
    above, below = seeded_tost(value, scatter, margin)
    several = len(before.seeds) > 1 or len(after.seeds) > 1
    spread = float(np.sqrt(seed_variance(before.seeds, after.seeds)[0])) if several else None
    equivalence = Equivalence(margin=margin, p_above=above, p_below=below)
    return AccuracyChange(change, table, equivalence, None, spread, math.sqrt(scatter.alone))


def share_right(predictions: Predictions) -> float:
    """Accuracy of one evaluation."""
    return float(predictions.correct.mean())


def paired_changes(differences: NDArray[np.integer[Any]]) -> list[Change]:
    """The change of accuracy of several pairs of models at once, one a column of differences (n, k).

    −1 is an image that only the baseline gets right, 1 one that only the candidate does, 0 any other.
    """
    n = len(differences)
    lost, gained = (differences < 0).sum(0), (differences > 0).sum(0)
    low, high = paired_interval(lost, gained, n)
    return [
        Change(*(float(number) for number in column))
        for column in zip(
            (gained - lost) / n,
            low,
            high,
            mcnemar_exact(lost, gained),
            strict=True,
        )
    ]


def cross(matched: Matched) -> McNemar:
    """The images by who is right, with the exact test, of the main seeds."""
    before, after = matched.before[0].correct, matched.after[0].correct
    lost, gained = int((before & ~after).sum()), int((~before & after).sum())
    both = int((before & after).sum())
    return McNemar(
        both_right=both,
        lost=lost,
        gained=gained,
        both_wrong=matched.n - both - lost - gained,
        p=float(mcnemar_exact(lost, gained)),
    )


def mean_correct(seeds: tuple[Predictions, ...]) -> FloatArray:
    """(n,): share of the seeds that are right on each image."""
    return np.asarray(np.mean([one.correct for one in seeds], axis=0), np.float64)
