"""Several seeds of one spec: the mean of a score over them and how far the seed alone moves it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.computing import RecordMetric
from reportgen.metrics.draws import widen
from reportgen.metrics.influence import FEWEST
from reportgen.metrics.intervals import CONFIDENCE, Interval, wilson
from reportgen.metrics.predictions import Predictions
from reportgen.metrics.values import value_of
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord

MOST_DEVIATION = 0.5
"""Standard deviation of a share where it is 0 with half of all seeds and 1 with the others."""


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


def right_by_seed(record: RunRecord) -> NDArray[np.bool_] | None:
    """(seeds, n): which images each seed calls right; None where a record does not hold the logits of all."""
    names = ["eval.logits", *(f"seed.{run.seed}.logits" for run in record.seeds)]
    if not all(name in record.arrays for name in names):
        return None
    outputs = [record.arrays[name] for name in names]
    labels = record.arrays["eval.labels"]
    return np.array([(one.argmax(1) == labels) & np.isfinite(one).all(1) for one in outputs])


def mean_interval(right: NDArray[np.bool_]) -> Interval | None:
    """The 95 % interval of the accuracy over all seeds and all images, from who is right, (seeds, n).

    The images count by how the mean over the seeds differs between them: Wilson's of as many images as would scatter so
    if each were right or wrong. The seeds count by the variance between them, of which a part of what images drawn
    alone would make of it is taken off, because the first part holds it as well: half, and two fifths with two seeds;
    taking all of it off would leave too little where the seeds differ. Put together by squares (Zou & Donner 2008).
    """
    from scipy.special import stdtrit

    seeds, n = right.shape
    each, over = right.mean(1), right.mean(0)
    mean, scatter = float(right.mean()), float(over.var(ddof=1))
    alike = n * mean * (1 - mean) / scatter if scatter else float(n)
    ends = wilson(mean * alike, alike)
    if ends is None:
        return None
    alone = float(((right - over[None] - each[:, None] + mean) ** 2).sum()) / ((n - 1) * (seeds - 1))
    variance = float(each.var(ddof=1)) - (0.5 if seeds > 2 else 0.4) * alone / n
    half = float(stdtrit(seeds - 1, 0.5 + CONFIDENCE / 2)) * math.sqrt(max(0.0, variance) / seeds)
    return max(0.0, mean - math.hypot(mean - ends[0], half)), min(1.0, mean + math.hypot(ends[1] - mean, half))


def accuracy_seeds(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Mean of the accuracy over seeds; its interval counts other seeds and other images (Zou & Donner 2008).

    Below FEWEST images it has none, which would cover always.
    """
    del predictions
    found = spread_of(record)
    if found is None:
        return None
    counts = accuracy_by_seed(record)
    n = min(images for _seed, _right, images in counts)
    right = right_by_seed(record)
    each = [hits / images for _seed, hits, images in counts]
    ends = mean_interval(right) if right is not None else widen(found.mean, wilson(found.mean * n, n), each, 1.0)
    return value_of("accuracy_seeds", found.mean, ends if n >= FEWEST else None, found.seeds, "seeds")


def accuracy_seed_deviation(record: RunRecord, predictions: Predictions) -> MetricValue | None:
    """Standard deviation of the accuracy between seeds; its interval does not go beyond what a share can have.

    It has none below FEWEST images, and where all seeds are right equally often, which says of no other seed that it
    would be too: of two seeds and 200 images that is so in 8 % of records.
    """
    del predictions
    found = spread_of(record)
    if found is None:
        return None
    ends = found.deviation_low, max(found.deviation, min(found.deviation_high, MOST_DEVIATION))
    enough = min(images for _seed, _right, images in accuracy_by_seed(record)) >= FEWEST
    known = ends if enough and found.deviation > 0 else None
    return value_of("accuracy_seed_deviation", found.deviation, known, found.seeds, "student")


METRICS = (
    RecordMetric("accuracy_seeds", accuracy_seeds),
    RecordMetric("accuracy_seed_deviation", accuracy_seed_deviation),
)
