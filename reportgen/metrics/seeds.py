"""Several seeds of one spec: the mean of a score over them and how far the seed alone moves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.metrics.definitions import define
from reportgen.metrics.intervals import CONFIDENCE
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord


@dataclass(frozen=True)
class Spread:
    """A score over seeds, taken as drawn at random from all seeds."""

    seeds: int
    mean: float
    low: float
    """Of the mean: Student's t interval."""
    high: float
    deviation: float
    """Standard deviation between seeds, n − 1 in the denominator."""
    deviation_low: float
    """Of the deviation: from the χ² distribution of its square, for scores that scatter normally."""
    deviation_high: float


def spread_over_seeds(scores: Sequence[float], confidence: float = CONFIDENCE) -> Spread | None:
    """Mean and deviation of one score a seed (seeds,) with their intervals; None for fewer than two finite scores.

    Student 1908, The probable error of a mean, Biometrika 6, 1–25. The interval is about other seeds on the same
    images, not about other images.
    """
    from scipy.special import chdtri, stdtrit  # a third of a second that drawing from a record does not need

    values = np.asarray(scores, np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    freedom, tail = len(values) - 1, (1 - confidence) / 2
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    half = float(stdtrit(freedom, 1 - tail)) * deviation / float(np.sqrt(len(values)))
    ends = [deviation * float(np.sqrt(freedom / chdtri(freedom, above))) for above in (tail, 1 - tail)]
    return Spread(len(values), mean, mean - half, mean + half, deviation, *ends)


def accuracy_by_seed(record: RunRecord) -> tuple[tuple[int, int, int], ...]:
    """(seed, right, images) of every seed, the first one's counted from its logits as every other score is."""
    logits, labels = record.arrays["eval.logits"], record.arrays["eval.labels"]
    right = (logits.argmax(1) == labels) & np.isfinite(logits).all(1)
    first = (record.spec.run.seeds[0], int(right.sum()), len(labels))
    return (first, *((run.seed, run.correct, run.n) for run in record.seeds))


def seed_scores(record: RunRecord) -> tuple[MetricValue, ...]:
    """Mean and deviation of the accuracy over seeds; nothing for a single one."""
    if not record.seeds:
        return ()
    found = spread_over_seeds([right / n for _, right, n in accuracy_by_seed(record)])
    if found is None:
        return ()
    ends = max(0.0, found.low), min(1.0, found.high)
    deviation = found.deviation_low, found.deviation_high
    return (
        define("accuracy_seeds", found.mean, ends, found.seeds, "student"),
        define("accuracy_seed_deviation", found.deviation, deviation, found.seeds, "student"),
    )
