"""Several seeds of one spec: how far training itself scatters counts beside the scatter of the images.

With S seeds of a model the mean score over seeds varies by the images drawn and by the seeds drawn. The variance of a
change is the sum of both: that of the images, from the mean over seeds of each image, and s² (1/S₁ + 1/S₂) with s² the
variance between seeds, pooled over both models and taken to be the same for a model with a single seed. The part of
the scatter that belongs to images and seeds together is in both terms: with at least FREEDOM degrees of freedom between
seeds three quarters of it are taken off the second, which covers in 94 to 97.5 % of samples however much seeds
scatter; with fewer, where that would leave too little, the sum errs on the safe side. Critical values are the mean of
Student's t for images and for seeds, weighted by the two variances (Cochran & Cox 1950), which errs on the safe side
too, where Satterthwaite's degrees of freedom do not for two or three seeds.

What several evaluations of a model that depends on chance are to a model with one seed, seeds are to several: the
variance between its evaluations, divided by their number, counts beside that of the images. It is each model's own,
0 for one that answers the same twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.comparison.decision import Change
from reportgen.metrics.intervals import CONFIDENCE
from reportgen.metrics.predictions import FloatArray

HALVINGS = 60
FREEDOM = 8
"""Between seeds, those of five seeds a side: with fewer a change of nothing would be called one in more than 5 % of
comparisons if anything were taken off."""
TAKEN_OFF = 0.75
"""Of the variance that images and seeds have together."""


@dataclass(frozen=True)
class Scatter:
    """How far a change of means over seeds scatters."""

    images: float
    """Variance of the change over images."""
    seeds: float
    """Variance of the change over seeds."""
    image_freedom: int
    seed_freedom: int
    """Of the smallest sample of seeds or evaluations; 0 where each model has one."""

    @property
    def error(self) -> float:
        """Standard error of the change."""
        return math.sqrt(self.images + self.seeds)

    def critical(self, tail: float) -> float:
        """The distance from zero, in standard errors, that one tail of this probability lies beyond."""
        from scipy.special import stdtrit

        of_images = float(stdtrit(self.image_freedom, 1 - tail))
        if not self.seeds or not self.seed_freedom:
            return of_images
        of_seeds = float(stdtrit(self.seed_freedom, 1 - tail))
        return (self.images * of_images + self.seeds * of_seeds) / (self.images + self.seeds)

    def tail(self, distance: float) -> float:
        """Probability beyond a signed distance from zero: `critical` turned round, by bisection."""
        if not self.error:
            return 0.0 if distance > 0 else 0.5 if distance == 0 else 1.0
        if distance < 0:
            return 1 - self.tail(-distance)
        low, high = 0.0, 0.5
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.critical(middle) * self.error < distance else (middle, high)
        return high


def seed_variance(before: Sequence[float], after: Sequence[float]) -> tuple[float, int]:
    """Variance between seeds, pooled over both models, and its degrees of freedom; (0, 0) where each has one seed."""
    groups = [np.asarray(values, np.float64) for values in (before, after)]
    freedom = sum(len(values) - 1 for values in groups)
    if not freedom:
        return 0.0, 0
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in groups)
    return squares / freedom, freedom


def measure_scatter(
    image_error: float,
    before: Sequence[float],
    after: Sequence[float],
    n: int,
    drawn: Sequence[Sequence[float]] = (),
    *,
    alone: float = 0.0,
) -> Scatter:
    """The scatter of the change of a mean score, from its standard error over n images and the score of each seed.

    `drawn`: of each model that depends on chance and has one seed, the score of every evaluation. `alone`: how much of
    the variance between seeds the images account for, by `variance_of_images`.
    """
    variance, freedom = seed_variance(before, after)
    variance = max(0.0, variance - TAKEN_OFF * alone) if freedom >= FREEDOM else variance
    of_seeds = variance * (1 / len(before) + 1 / len(after))
    of_chance = sum(float(np.var(scores, ddof=1)) / len(scores) for scores in drawn)
    freedoms = [freedom, *(len(scores) - 1 for scores in drawn)]
    return Scatter(
        image_error**2, of_seeds + of_chance, max(1, n - 1), min((one for one in freedoms if one), default=0)
    )


def variance_of_images(before: Sequence[FloatArray], after: Sequence[FloatArray]) -> float:
    """Variance of the score of one seed that comes of images answered differently by each, not of better seeds.

    From what each image adds to the score of each seed, (n,); pooled over both models, 0 where each has one seed.
    """
    freedom, squares = len(before) + len(after) - 2, 0.0
    for side in (np.asarray(before), np.asarray(after)):
        squares += float(((side - side.mean(0)) ** 2).sum())
    n = len(before[0])
    return squares * n / ((n - 1) * freedom) if freedom and n > 1 else 0.0


@dataclass(frozen=True)
class Side:
    """One model's score: of every seed, and where there is one that depends on chance, of every evaluation."""

    seeds: tuple[float, ...]
    draws: tuple[float, ...] = ()

    @classmethod
    def of(cls, seeds: Sequence[float], draws: Sequence[float]) -> Side:
        """The score of the one seed is the mean over its evaluations."""
        return cls((float(np.mean(draws)),), tuple(draws)) if draws else cls(tuple(seeds))

    @property
    def mean(self) -> float:
        """Over seeds."""
        return float(np.mean(self.seeds))


def compare_sides(before: Side, after: Side, image_error: float, n: int, alone: float = 0.0) -> Scatter:
    """The scatter of the change of a mean score between two models; `alone` as for `measure_scatter`."""
    drawn = [side.draws for side in (before, after) if side.draws]
    return measure_scatter(image_error, before.seeds, after.seeds, n, drawn, alone=alone)


def seeded_change(value: float, scatter: Scatter) -> Change:
    """The change with its interval and the two-sided p of no change."""
    half = scatter.critical((1 - CONFIDENCE) / 2) * scatter.error
    return Change(value, value - half, value + half, min(1.0, 2 * scatter.tail(abs(value))))


def seeded_tost(value: float, scatter: Scatter, margin: float) -> tuple[float, float]:
    """p against a change of −margin or less, and against one of +margin or more (Schuirmann 1987)."""
    return scatter.tail(value + margin), scatter.tail(margin - value)
