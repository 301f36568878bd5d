"""Whether groups differ by more than chance, and by how much two numbers of the same images differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri

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
    return Homogeneity(statistic, freedom, float(chdtrc(freedom, statistic)))


def mean_difference(first: FloatArray, second: FloatArray) -> tuple[float, float, float] | None:
    """Mean of first − second over the same n images, and the ends of its interval (normal, paired); None for n < 2."""
    if len(first) < 2:
        return None
    difference = first - second
    centre = float(difference.mean())
    half = float(ndtri(0.5 + CONFIDENCE / 2) * difference.std(ddof=1) / np.sqrt(len(difference)))
    return centre, centre - half, centre + half
