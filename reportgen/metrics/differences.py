"""Whether groups differ by more than chance, and by how much two numbers of the same images differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reportgen.metrics.influence import FEWEST_OF_LOSS, critical, freedom_of
from reportgen.metrics.intervals import CONFIDENCE, wilson
from reportgen.metrics.paired import holm, score_interval
from reportgen.metrics.predictions import FloatArray

LEAST_EXPECTED = 5.0
"""Images expected in every cell before the χ² distribution is trusted (Cochran 1954)."""
CELLS = 1 << 18
"""Pairs that are tested at once: 2 MiB a number of each, and some dozens of such numbers are held."""
STEPS = 8
"""Terms of a tail that are added before those that are done are left out."""
NOTHING = 1e-18
"""Of a sum, below which its next term, and all that come behind it, change no digit."""
ROUNDING = 1e-9
"""Relative difference of two probabilities that are the same but for their computing."""
FEW = 5
"""Images that are wrong, or right, below which the intervals of their share cover one truth much less than another."""


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
    """Mean of first − second over the same n images, and the ends of its interval; None below FEWEST_OF_LOSS images.

    Student's t of the paired differences, with as many degrees of freedom as `freedom_of` finds: few images whose
    answer flips carry most of the scatter. `first`, `second`: (n,).
    """
    n = len(first)
    if n < FEWEST_OF_LOSS:
        return None
    difference = first - second
    centre = float(difference.mean())
    half = critical(freedom_of(difference)) * float(difference.std(ddof=1)) / math.sqrt(n)
    return centre, centre - half, centre + half


def confidence_gap(confidence: FloatArray, correct: NDArray[np.bool_]) -> tuple[float, float, float] | None:
    """Mean confidence (n,) less accuracy, and the ends of its interval; None for n < 2.

    Wilson's interval of the accuracy, about the mean confidence, for as many images as would make it scatter as the
    gaps do: p (1 − p) / s² (Korn and Graubard 1998, Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data, Survey Methodology 24, 193–201). So it has a width where no image is
    wrong, which the scatter of the gaps does not tell. It reaches to zero where so few are wrong, or right, that their
    number is not too rare for the confidences, see `may_be_calibrated`.
    """
    n = len(correct)
    if n < 2:
        return None
    gaps, accuracy = confidence - correct, float(correct.mean())
    variance, of_answers = float(gaps.var(ddof=1)), float(correct.astype(np.float64).var(ddof=1))
    images = n * of_answers / variance if variance > 0 and of_answers > 0 else float(n)
    ends, sure = wilson(accuracy * images, images), float(confidence.mean())
    if ends is None:
        return None
    low, high = sure - ends[1], sure - ends[0]
    if may_be_calibrated(confidence, correct):
        low, high = min(low, 0.0), max(high, 0.0)
    return float(gaps.mean()), low, high


def may_be_calibrated(confidence: FloatArray, correct: NDArray[np.bool_]) -> bool:
    """Whether fewer than FEW images are wrong, or right, and so many are not too rare, each side at 2.5 %, where each
    confidence (n,) is the probability of being right.

    By the Poisson distribution, whose tails are no lighter than those of the count.
    """
    right, wrong = int(correct.sum()), int((~correct).sum())
    if min(right, wrong) >= FEW:
        return False
    count, chances = (wrong, 1 - confidence) if wrong <= right else (right, confidence)
    expected = float(chances.sum())
    tail = poisson_tail(count, expected) if count > expected else 1 - poisson_tail(count + 1, expected)
    return tail > (1 - CONFIDENCE) / 2


def pairwise_p(successes: Sequence[int], totals: Sequence[int]) -> FloatArray:
    """(k, k): p of equal proportions for every pair of k groups, after Holm's correction over all pairs; 1 on the
    diagonal.

    Fisher's exact test (1935), two-sided by the probabilities no larger than the one seen; Holm 1979 over k (k − 1) / 2
    pairs, so that whatever pair is picked, the lowest against any other for one, errs in at most 5 % of reports. Pairs
    whose p must come to 1, by the probability of what was seen alone, are not tested.
    """
    k = len(totals)
    rows, columns = np.triu_indices(k, 1)
    groups, of_group = np.unique(np.array([successes, totals]), axis=1, return_inverse=True)
    of_group = of_group.reshape(-1)
    kinds, of_pair = np.unique(of_group[rows] * groups.shape[1] + of_group[columns], return_inverse=True)
    one, other = np.divmod(kinds, groups.shape[1])
    pairs = np.concatenate([groups[:, one], groups[:, other]])  # often many classes have the same counts
    least = point_probability(*pairs)
    tested = least < bound_of_holm(least[of_pair])
    found = np.ones(len(kinds))
    found[tested] = fisher(*pairs[:, tested])
    adjusted = np.ones((k, k))
    adjusted[rows, columns] = adjusted[columns, rows] = holm(found[of_pair]) if len(of_pair) else 1.0
    return adjusted


def bound_of_holm(least: FloatArray) -> float:
    """The p from which on Holm's correction gives 1, where no p of (m,) is below its `least`; ∞ where there is none.

    Of all whose p is `bound` or more the smallest is stepped by m less those below it, which are no more than those
    whose `least` is below `bound`; so it comes to 1, and all above it do.
    """
    ordered = np.sort(least)
    certain = ordered * np.arange(len(ordered), 0, -1) > 1 + ROUNDING
    return float(ordered[np.argmax(certain)]) if certain.any() else math.inf


def point_probability(first: ArrayLike, of_first: ArrayLike, second: ArrayLike, of_second: ArrayLike) -> FloatArray:
    """(m,): how likely just what was seen is in Fisher's test, of each of m pairs (m,)."""
    a, n_a, b, n_b = (np.atleast_1d(np.asarray(values, np.int64)) for values in (first, of_first, second, of_second))
    logs = log_factorials(int((n_a + n_b).max(initial=0)))
    whole = log_binomial(n_a + n_b, a + b, logs)
    return np.asarray(np.exp(log_binomial(n_a, a, logs) + log_binomial(n_b, b, logs) - whole), np.float64)


def log_binomial(n: NDArray[np.int64], k: NDArray[np.int64], logs: FloatArray) -> FloatArray:
    """(m,): ln of the number of ways to take k of n."""
    return np.asarray(logs[n] - logs[k] - logs[n - k], np.float64)


def fisher(first: ArrayLike, of_first: ArrayLike, second: ArrayLike, of_second: ArrayLike) -> FloatArray:
    """(m,): two-sided p of Fisher's exact test on two proportions given their total, of each of m pairs (m,).

    Relative error below 1e-9 for groups of up to 50,000 images each.
    """
    a, n_a, b, n_b = (np.atleast_1d(np.asarray(values, np.int64)) for values in (first, of_first, second, of_second))
    p = np.ones(len(a))
    for start in range(0, len(a), CELLS):
        part = slice(start, start + CELLS)
        p[part] = fisher_part(a[part], n_a[part], b[part], n_b[part])
    return p


def fisher_part(
    first: NDArray[np.int64], of_first: NDArray[np.int64], second: NDArray[np.int64], of_second: NDArray[np.int64]
) -> FloatArray:
    """`fisher` of pairs (m,): the tail that begins at what was seen, and the other one, which begins where the
    probability has come down to that of what was seen."""
    hits = first + second
    mode = (hits + 1) * (of_first + 1) // (of_first + of_second + 2)
    turned = first > mode  # told from the second group, whose hits are then too few
    n_a, n_b = np.where(turned, of_second, of_first), np.where(turned, of_first, of_second)
    a = np.where(turned, second, first)
    mode = np.where(turned, hits - mode, mode)
    seen = point_probability(a, n_a, hits - a, n_b)
    start = other_start(a, mode, n_a, hits, n_b)
    high = np.minimum(hits, n_a)
    inside = np.minimum(start, high)
    opposite = np.where(start <= high, point_probability(inside, n_a, hits - inside, n_b), 0.0)
    tail = outward(seen, a, n_a, hits, n_b) + outward(opposite, hits - inside, n_b, hits, n_a)
    return np.asarray(np.where(start <= a, 1.0, np.minimum(1.0, tail)), np.float64)


def other_start(
    seen: NDArray[np.int64],
    mode: NDArray[np.int64],
    n_a: NDArray[np.int64],
    hits: NDArray[np.int64],
    n_b: NDArray[np.int64],
) -> NDArray[np.int64]:
    """(m,): the least number of hits from the mode on that is no likelier than the `seen` one, one more than there can
    be where all are; `seen` is no higher than the mode."""
    logs = log_factorials(int((n_a + n_b).max(initial=0)))
    least = log_binomial(n_a, seen, logs) + log_binomial(n_b, hits - seen, logs) + ROUNDING
    low, high = mode.copy(), np.minimum(hits, n_a) + 1
    while (low < high).any():
        middle = np.minimum((low + high) // 2, np.maximum(high - 1, low))
        there = np.minimum(middle, np.minimum(hits, n_a))
        rare = log_binomial(n_a, there, logs) + log_binomial(n_b, hits - there, logs) <= least
        going = low < high
        high = np.where(going & rare, middle, high)
        low = np.where(going & ~rare, middle + 1, low)
    return np.asarray(low, np.int64)


def outward(
    share: FloatArray,
    count: NDArray[np.int64],
    n: NDArray[np.int64],
    hits: NDArray[np.int64],
    n_other: NDArray[np.int64],
) -> FloatArray:
    """(m,): `share`, the probability of `count` hits among n, and those of all smaller counts, on their side of the
    mode: each from the one before it, until the next is nothing beside their sum."""
    totals = share.copy()
    going = np.flatnonzero(share > 0)
    x, a, h, b = (values[going].astype(np.float64) for values in (count, n, hits, n_other))
    term, total = share[going], share[going]
    while len(going):
        for _step in range(STEPS):
            term = term * np.maximum(x, 0) * np.maximum(b - h + x, 0) / ((a - x + 1) * (h - x + 1))
            total = total + term
            x = x - 1
        totals[going] = total
        kept = term > NOTHING * total
        going, term, total = going[kept], term[kept], total[kept]
        x, a, h, b = x[kept], a[kept], h[kept], b[kept]
    return totals


def binomial_tail(successes: int, n: int, share: float) -> float:
    """Probability of at least so many successes in n where each has the probability `share`."""
    if successes <= 0:
        return 1.0
    if share <= 0 or share >= 1:
        return float(share >= 1)
    counts = np.arange(successes, n + 1)
    logs = log_factorials(n)
    likely = logs[n] - logs[counts] - logs[n - counts] + counts * math.log(share) + (n - counts) * math.log1p(-share)
    return float(min(1.0, np.exp(likely).sum()))


def poisson_tail(count: int, expected: float) -> float:
    """Probability of at least so many events where `expected` come on average (Poisson).

    Of independent events whose probabilities add up to `expected`, however unequal, it is no less than their own where
    the count is above that by one at least (Hoeffding 1956; Anderson and Samuels 1967).
    """
    if count <= 0:
        return 1.0
    if expected <= 0:
        return 0.0
    if count <= expected:
        return 1.0 - poisson_below(count, expected)
    term = total = math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))
    while count < expected or term > 1e-17 * total:
        count += 1
        term *= expected / count
        total += term
    return min(1.0, total)


def poisson_below(count: int, expected: float) -> float:
    """Probability of fewer events than so many, no more than the `expected`, summed downwards from the likeliest."""
    below = count - 1
    term = total = math.exp(below * math.log(expected) - expected - math.lgamma(below + 1))
    while below > 0 and term > 1e-17 * total:
        term *= below / expected
        below -= 1
        total += term
    return min(1.0, total)


def log_factorials(n: int) -> FloatArray:
    """(n + 1,) or longer: ln k! for k = 0 … n."""
    return factorial_table(1 << n.bit_length())


@lru_cache(maxsize=4)
def factorial_table(n: int) -> FloatArray:
    """(n + 1,): ln k! for k = 0 … n; kept, and few lengths are asked for."""
    logs = np.log(np.arange(1, n + 1, dtype=np.longdouble))  # in float64 the sum loses three digits of a tail
    return np.asarray(np.concatenate([[0.0], np.cumsum(logs)]), np.float64)


def share_difference(first: ArrayLike, second: ArrayLike) -> tuple[float, float, float] | None:
    """Share right of the first less that of the second on the same images, and the ends of its interval.

    (n,) of true and false each; the score interval of paired proportions (Tango 1998). None without images.
    """
    one, two = np.asarray(first, bool), np.asarray(second, bool)
    n = len(one)
    if not n:
        return None
    lost, gained = int((two & ~one).sum()), int((one & ~two).sum())
    low, high = score_interval(lost, gained, n)
    return (gained - lost) / n, float(low), float(high)
