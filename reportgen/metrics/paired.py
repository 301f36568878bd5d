"""Two models on the same images: the exact McNemar test, the score interval of their difference, equivalence.

`lost` is how many of n images only the baseline gets right, `gained` how many only the candidate does; the change of
accuracy is (gained − lost) / n. All functions take numbers or arrays of the same shape.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.metrics.intervals import CONFIDENCE
from reportgen.metrics.predictions import FloatArray

MOST_BY_HAND = 5_000
"""Flips up to which one p is summed without scipy, which takes longer to import than the sum."""
HALVINGS = 60
"""Of the range from −1 to 1: to the last bit of a float64."""


def mcnemar_exact(lost: ArrayLike, gained: ArrayLike) -> NDArray[Any]:
    """Two-sided p: twice the binomial tail of the rarer direction among the flips, at most 1 (McNemar 1947; Fagerland,
    Lydersen and Laake 2013, eq. 4). 1 where nothing flips. Counts of any shape, p of the same."""
    lost, gained = np.asarray(lost, np.int64), np.asarray(gained, np.int64)
    if not lost.ndim and not gained.ndim and lost + gained <= MOST_BY_HAND:
        return np.asarray(min(1.0, 2 * halves_tail(int(min(lost, gained)), int(lost + gained))), np.float64)
    from scipy.stats import binom

    tail = binom.cdf(np.minimum(lost, gained), lost + gained, 0.5)
    return np.asarray(np.minimum(1.0, 2 * tail), np.float64)


def halves_tail(count: int, n: int) -> float:
    """Probability of at most so many heads of n coins, by whole numbers."""
    term = total = 1
    for k in range(count):
        term = term * (n - k) // (k + 1)
        total += term
    return total / (1 << n)


def score_statistic(lost: ArrayLike, gained: ArrayLike, n: ArrayLike, change: ArrayLike) -> FloatArray:
    """Standard normal statistic of the hypothesis that the true change is `change` (Tango 1998, eq. 2 and 3).

    (gained − lost − n·change) over its standard deviation, for which the share of lost images takes its most likely
    value under the hypothesis. At 0 its square is McNemar's (lost − gained)² / (lost + gained). Arguments of any
    shapes that go together, the statistic of their common shape; `change` is a difference of proportions.
    """
    down, up, number, shift = (np.asarray(value, np.float64) for value in (lost, gained, n, change))
    distance = up - down - number * shift
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = distance / np.sqrt(number * variance_under(down / number, up / number, shift))
    return np.where(distance == 0, 0.0, statistic)


def variance_under(lost: ArrayLike, gained: ArrayLike, change: ArrayLike) -> FloatArray:
    """Variance of one image's difference if the true change were `change`, from the shares of images that flip.

    The share of lost images takes its most likely value under the hypothesis (Tango 1998, eq. 3). Shares and changes
    are proportions, of any shapes that go together.
    """
    down, up, shift = (np.asarray(value, np.float64) for value in (lost, gained, change))
    linear = (2 - up + down) * shift - up - down
    constant = -down * shift * (1 - shift)
    share = (np.sqrt(np.maximum(linear**2 - 8 * constant, 0)) - linear) / 4
    return np.asarray(2 * share + shift * (1 - shift), np.float64)


def score_interval(
    lost: ArrayLike, gained: ArrayLike, n: ArrayLike, confidence: float = CONFIDENCE
) -> tuple[FloatArray, FloatArray]:
    """The changes that the score statistic does not reject (Tango 1998), ends by bisection.

    Keeps its coverage where few images flip, or none, where a bootstrap knows only what it has seen. Low and high ends
    as differences of proportions, of the common shape of the counts.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    down, up, number = (np.asarray(value, np.float64) for value in (lost, gained, n))
    estimate = np.asarray((up - down) / number, np.float64)
    ends: list[FloatArray] = []
    for side in (1.0, -1.0):
        inner, outer = estimate, np.full_like(estimate, -side)
        for _ in range(HALVINGS):
            middle = (inner + outer) / 2
            inside = side * score_statistic(down, up, number, middle) <= z
            inner, outer = np.where(inside, middle, inner), np.where(inside, outer, middle)
        ends.append(outer)
    return ends[0], ends[1]


def paired_interval(lost: ArrayLike, gained: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """The 95 % score interval, reaching to zero where the exact McNemar test does not reject no change at 5 %.

    So that an interval off zero is never wider in its claim than the test beside it. Low and high ends as differences
    of proportions, of the common shape of the counts.
    """
    low, high = score_interval(lost, gained, n)
    open_still = mcnemar_exact(lost, gained) > 1 - CONFIDENCE
    return np.where(open_still, np.minimum(low, 0), low), np.where(open_still, np.maximum(high, 0), high)


def tost(lost: ArrayLike, gained: ArrayLike, n: ArrayLike, margin: float) -> tuple[FloatArray, FloatArray]:
    """p against a change of −margin or less, and against one of +margin or more, by the score statistic.

    Two one-sided tests (Schuirmann 1987): the change lies within the margin where both are small. Both at 2.5 % are
    the same as the 95 % score interval inside ± margin. Of the common shape of the counts; `margin` is a difference of
    proportions.
    """
    above = compute_upper_tail(score_statistic(lost, gained, n, -margin))
    below = compute_upper_tail(-score_statistic(lost, gained, n, margin))
    return above, below


def compute_upper_tail(statistic: FloatArray) -> FloatArray:
    """Probability that a standard normal variable exceeds each value, of the same shape."""
    from scipy.special import ndtr

    return np.asarray(ndtr(-statistic), np.float64)


def holm(p_values: ArrayLike) -> FloatArray:
    """p-values after Holm's step-down correction (Holm 1979): error rate of the whole family kept, none below its own.

    The smallest of (m,) is multiplied by m, the next by m − 1, and so on; never less than one before it, at most 1.
    In the order given, (m,).
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
