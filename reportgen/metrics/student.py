"""Student's t distribution without scipy, whose import takes a third of a second that drawing from a record has not."""

from __future__ import annotations

import math
from statistics import NormalDist

STEPS = 500
"""More than any of the sums below needs up to LARGEST."""
LARGEST = 1e5
"""Degrees of freedom up to which the differences of logarithms of gamma functions keep ten digits; scipy's beyond."""
CLOSE = 4e-16
"""Relative change from which a sum is done; Newton's steps square what is left, and end at its root."""


def upper_quantile(freedom: float, tail: float) -> float:
    """The value that Student's t with so many degrees of freedom exceeds with the probability `tail`.

    By Newton's steps from the normal quantile, which lies below it: the upper tail is convex, so that none goes too
    far. `tail` above 0 and below a half.
    """
    if not 1 <= freedom <= LARGEST:
        from scipy.special import stdtrit

        return float(-stdtrit(freedom, tail))
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    value = -NormalDist().inv_cdf(tail)
    for _ in range(STEPS):
        density = math.exp(scale - (freedom + 1) / 2 * math.log1p(value**2 / freedom))
        step = (upper_tail(freedom, value) - tail) / density
        value += step
        if abs(step) <= math.sqrt(CLOSE) * value:
            break
    return value


def upper_tail(freedom: float, value: float) -> float:
    """The probability that Student's t with so many degrees of freedom exceeds a value above 0.

    The incomplete beta function by its continued fraction (Abramowitz & Stegun 1964, 26.5.8 and 26.7.1). A half for 0.
    """
    if not 1 <= freedom <= LARGEST:
        from scipy.special import stdtr

        return float(stdtr(freedom, -value))
    if value == 0:
        return 0.5
    a, b = freedom / 2, 0.5
    x, rest = freedom / (freedom + value**2), value**2 / (freedom + value**2)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) - a * math.log1p(value**2 / freedom)
    front = math.exp(front + b * math.log(rest))
    if x < (a + 1) / (a + b + 2):
        return front * fraction(a, b, x) / a / 2
    return (1 - front * fraction(b, a, rest) / b) / 2


def fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method (1976)."""
    upper, lower = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    whole = lower
    for m in range(1, STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for part in (even, odd):
            lower, upper = 1 / (1 + part * lower), 1 + part / upper
            change = lower * upper
            whole *= change
        if abs(change - 1) <= CLOSE:
            break
    return whole
