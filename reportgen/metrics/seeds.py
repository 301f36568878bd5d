"""Several seeds of one spec: the mean of a score over them and how far the seed alone moves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.metrics.computing import RecordMetric
from reportgen.metrics.draws import widen
from reportgen.metrics.intervals import CONFIDENCE, wilson
from reportgen.metrics.predictions import Predictions
from reportgen.metrics.values import value_of
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


def spread_of(record: RunRecord) -> Spread | None:
    """The accuracy over the seeds of a record; None for a single one."""
    if not record.seeds:
        return None
    return spread_over_seeds([right / n for _, right, n in accuracy_by_seed(record)])


def accuracy_seeds(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Mean of the accuracy over seeds; its interval counts other seeds and other images (Zou & Donner 2008)."""
    del predictions
    found = spread_of(record)
    if found is None:
        return None
    counts = accuracy_by_seed(record)
    n = min(images for _seed, _right, images in counts)
    ends = widen(found.mean, wilson(found.mean * n, n), [right / images for _seed, right, images in counts], 1.0)
    return value_of("accuracy_seeds", found.mean, ends, found.seeds, "seeds")


def accuracy_seed_deviation(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Standard deviation of the accuracy between seeds."""
    del predictions
    found = spread_of(record)
    if found is None:
        return None
    ends = found.deviation_low, found.deviation_high
    return value_of("accuracy_seed_deviation", found.deviation, ends, found.seeds, "student")


METRICS = (
    RecordMetric("accuracy_seeds", accuracy_seeds),
    RecordMetric("accuracy_seed_deviation", accuracy_seed_deviation),
)
