"""Several seeds of one spec: how far training itself scatters counts beside the scatter of the images.

With S seeds of a model the mean score over seeds varies by the images drawn and by the seeds drawn. The variance of a
change is the sum of both: that of the images, from the mean over seeds of each image, and s² (1/S₁ + 1/S₂) with s² the
variance between seeds, pooled over both models and taken to be the same for a model with a single seed. The part of
the scatter that belongs to images and seeds together is in both terms, so that the sum errs on the safe side. Critical
values are the mean of Student's t for images and for seeds, weighted by the two variances (Cochran & Cox 1950), which
errs on the safe side too, where Satterthwaite's degrees of freedom do not for two or three seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.comparison.decision import Change
from reportgen.metrics.intervals import CONFIDENCE

HALVINGS = 60


@dataclass(frozen=True)
class Scatter:
    """How far a change of means over seeds scatters."""

    images: float
    """Variance of the change over images."""
    seeds: float
    """Variance of the change over seeds."""
    image_freedom: int
    seed_freedom: int
    """0 where each model has one seed."""

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


def measure_scatter(image_error: float, before: Sequence[float], after: Sequence[float], n: int) -> Scatter:
    """The scatter of the change of a mean score, from its standard error over n images and the score of each seed."""
    variance, freedom = seed_variance(before, after)
    return Scatter(image_error**2, variance * (1 / len(before) + 1 / len(after)), max(1, n - 1), freedom)


def seeded_change(value: float, scatter: Scatter) -> Change:
    """The change with its interval and the two-sided p of no change."""
    half = scatter.critical((1 - CONFIDENCE) / 2) * scatter.error
    return Change(value, value - half, value + half, min(1.0, 2 * scatter.tail(abs(value))))


def seeded_tost(value: float, scatter: Scatter, margin: float) -> tuple[float, float]:
    """p against a change of −margin or less, and against one of +margin or more (Schuirmann 1987)."""
    return scatter.tail(value + margin), scatter.tail(margin - value)
