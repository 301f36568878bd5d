"""Whether groups differ by more than chance, and by how much two numbers of the same images differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reportgen.metrics.intervals import CONFIDENCE
from reportgen.metrics.predictions import FloatArray

LEAST_EXPECTED = 5.0
"""Images expected in every cell before the χ² distribution is trusted (Cochran 1954)."""


@dataclass(frozen=True)
class Homogeneity:
    """Pearson's χ² test that several groups share one proportion."""

    statistic: float
    freedom: int
    p: float


def compare_shares(successes: Sequence[int], totals: Sequence[int]) -> Homogeneity | None:
    """Pearson's χ² (1900) on groups of (successes, failures), empty groups left out.

    None where the test can't be trusted: fewer than two groups, or a cell that expects fewer than five.
    """
    hits, n = (np.asarray(values, float) for values in (successes, totals))
    hits, n = hits[n > 0], n[n > 0]
    if len(n) < 2:
        return None
    share = hits.sum() / n.sum()
    expected = np.stack([n * share, n * (1 - share)])
    if expected.min() < LEAST_EXPECTED:
        return None
    statistic = float(((np.stack([hits, n - hits]) - expected) ** 2 / expected).sum())
    freedom = len(n) - 1
    return Homogeneity(statistic, freedom, chi_square_tail(statistic, freedom))


def chi_square_tail(statistic: float, freedom: int) -> float:
    """Probability of a χ² variable above `statistic`: the closed sums for even and odd degrees of freedom.

    Abramowitz & Stegun 1964, 26.4.4 and 26.4.5; here because scipy's takes a third of a second to import.
    """
    half = statistic / 2
    start = 0.0 if freedom % 2 == 0 else 0.5
    total = 0.0 if freedom % 2 == 0 else math.erfc(math.sqrt(half))
    for step in range((freedom - freedom % 2) // 2):
        power = start + step
        total += math.exp(power * math.log(half) - half - math.lgamma(power + 1)) if half > 0 else float(power == 0)
    return min(1.0, total)


def mean_difference(first: FloatArray, second: FloatArray) -> tuple[float, float, float] | None:
    """Mean of first − second over the same n images, and the ends of its interval (normal, paired); None for n < 2."""
    if len(first) < 2:
        return None
    difference = first - second
    centre = float(difference.mean())
    half = float(NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * difference.std(ddof=1) / np.sqrt(len(difference)))
    return centre, centre - half, centre + half
