"""Intervals in closed form, and percentiles of resamples."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
Interval = tuple[float, float]

FloatArray = NDArray[np.float64]


def wilson(successes: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Score interval of a proportion, without continuity correction (Wilson 1927); None for n = 0."""
    if n <= 0:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, spread = successes / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * float(np.sqrt(share * (1 - share) / n + spread / (4 * n)))
    low = 0.0 if successes <= 0 else max(0.0, centre - half)
    high = 1.0 if successes >= n else min(1.0, centre + half)
    return low, high


def newcombe(
    first: tuple[int, int], second: tuple[int, int], confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Interval of the difference of two independent proportions, first − second; each is (successes, n).

    Newcombe 1998, method 10: the two Wilson intervals combined by squares. None where an n is 0.
    """
    one, two = wilson(*first, confidence), wilson(*second, confidence)
    if one is None or two is None:
        return None
    p, q = first[0] / first[1], second[0] / second[1]
    low = p - q - float(np.hypot(p - one[0], two[1] - q))
    high = p - q + float(np.hypot(one[1] - p, q - two[0]))
    return low, high
