"""Several seeds of one spec: how far training itself scatters counts beside the scatter of the images.

With S seeds of a model the mean score over seeds varies by the images drawn and by the seeds drawn. The variance of a
change is the sum of both: that of the images, from the mean over seeds of each image, and s² (1/S₁ + 1/S₂) with s² the
variance between seeds, pooled over both models, the same for a model with a single seed. What images that
the seeds answer differently add is in both terms. TAKEN_OFF of it is taken off the first, which many images tell
exactly, and not off the second, which few seeds tell badly: of two recipes that answer alike nearly Student's t of the
seeds is left, which is exact however much they scatter. Critical values are the mean of Student's t for images and for
seeds, weighted by the two variances (Cochran & Cox 1950). Seeds that agree by chance, as two of them may, would leave
no width: no interval is narrower than FLOOR of that over images alone. With two seeds a side or more the interval
covers in 94 to 97.5 % of samples, however much seeds scatter and recipes differ.

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
TAKEN_OFF = 0.8
"""Of the variance that images and seeds have together: all of it leaves nothing for the scatter of counts, with which a
change of nothing would be called one in a little more than 5 % of comparisons."""
FLOOR = 0.6
"""Of the interval over images alone: with much less, chance would leave next to no width; with all of it, the interval
of two seeds a side that scatter little covers in 98.7 % of samples."""


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
    both: float = 0.0
    """The part of `images` that is in `seeds` too."""

    @property
    def alone(self) -> float:
        """Variance of the change over images that is not between seeds."""
        return max(0.0, self.images - TAKEN_OFF * self.both) if self.seed_freedom else self.images

    @property
    def error(self) -> float:
        """Standard error of the change."""
        return math.sqrt(self.alone + self.seeds)

    def half_width(self, tail: float) -> float:
        """The distance from zero that one tail of this probability lies beyond."""
        from scipy.special import stdtrit

        of_images = float(stdtrit(self.image_freedom, 1 - tail))
        if not self.seed_freedom:
            return of_images * math.sqrt(self.images)
        floor = FLOOR * of_images * math.sqrt(self.images)
        variance = self.alone + self.seeds
        if not variance:
            return floor
        of_seeds = float(stdtrit(self.seed_freedom, 1 - tail))
        return max(floor, (self.alone * of_images + self.seeds * of_seeds) / math.sqrt(variance))

    def tail(self, distance: float) -> float:
        """Probability beyond a signed distance from zero: `half_width` turned round, by bisection."""
        if not self.images and not self.seeds:
            return 0.0 if distance > 0 else 0.5 if distance == 0 else 1.0
        if distance < 0:
            return 1 - self.tail(-distance)
        low, high = 0.0, 0.5
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.half_width(middle) < distance else (middle, high)
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
    both: float = 0.0,
) -> Scatter:
    """The scatter of the change of a mean score, from its standard error over n images and the score of each seed.

    `drawn`: of each model that depends on chance and has one seed, the score of every evaluation. `both`: what is in
    both terms, by `variance_in_both`.
    """
    variance, freedom = seed_variance(before, after)
    of_seeds = variance * (1 / len(before) + 1 / len(after))
    of_chance = sum(float(np.var(scores, ddof=1)) / len(scores) for scores in drawn)
    freedoms = [freedom, *(len(scores) - 1 for scores in drawn)]
    return Scatter(
        image_error**2, of_seeds + of_chance, max(1, n - 1), min((one for one in freedoms if one), default=0), both
    )


def variance_in_both(
    before: Sequence[FloatArray], after: Sequence[FloatArray], drawn: Sequence[Sequence[FloatArray]] = ()
) -> float:
    """Variance of a change that its variance over images and that between seeds, or evaluations, have in common.

    From what each image adds to the score of each seed, (n,); `drawn`: of each model that depends on chance and has one
    seed, to that of each evaluation.
    """
    of_seeds = variance_of_images(before, after) * (1 / len(before) + 1 / len(after))
    return of_seeds + sum(variance_of_images(runs, runs[:1]) / len(runs) for runs in drawn if runs)


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


def compare_sides(before: Side, after: Side, image_error: float, n: int, both: float = 0.0) -> Scatter:
    """The scatter of the change of a mean score between two models; `both` as for `measure_scatter`."""
    drawn = [side.draws for side in (before, after) if side.draws]
    return measure_scatter(image_error, before.seeds, after.seeds, n, drawn, both=both)


def seeded_change(value: float, scatter: Scatter) -> Change:
    """The change with its interval and the two-sided p of no change."""
    half = scatter.half_width((1 - CONFIDENCE) / 2)
    return Change(value, value - half, value + half, min(1.0, 2 * scatter.tail(abs(value))))


def seeded_tost(value: float, scatter: Scatter, margin: float) -> tuple[float, float]:
    """p against a change of −margin or less, and against one of +margin or more (Schuirmann 1987)."""
    return scatter.tail(value + margin), scatter.tail(margin - value)
