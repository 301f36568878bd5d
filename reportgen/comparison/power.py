"""How many images a comparison needs, and what change so many images can show."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from reportgen.comparison.decision import ALPHA
from reportgen.comparison.seeds import Scatter
from reportgen.metrics.intervals import CONFIDENCE
from reportgen.metrics.paired import variance_under

POWER = 0.8
"""Of the comparisons that a stated number of images decides: four of five."""
MOST_IMAGES = 10**9
MOST_SEEDS = 100
GRID = 400
"""Numbers of flips at which the power is computed; between them it is taken to be that of the nearest."""
UNLIKELY = 1e-9
TINY = 1e-12
"""In the place of a variance of zero, where none flips."""
NORMAL = NormalDist()


def mcnemar_power(n: float, lost: float, gained: float) -> float:
    """Probability that the exact McNemar test on n images rejects in the right direction at 5 %.

    `lost` and `gained` are the true shares of images that flip either way. The number of flips is binomial, and of
    these the gained ones are (Miettinen 1968): the power given each number of flips, weighted by its probability.
    """
    from scipy.stats import binom

    flips = lost + gained
    if flips <= 0:
        return 0.0
    first, last = binom.ppf([UNLIKELY, 1 - UNLIKELY], n, flips)
    counts = np.unique(np.linspace(first, last, min(GRID, int(last - first) + 1)).round())
    weights = binom.pmf(counts, n, flips)
    critical = binom.ppf(ALPHA / 2, counts, 0.5)
    critical -= binom.cdf(critical, counts, 0.5) > ALPHA / 2
    rejected = np.where(critical >= 0, binom.cdf(critical, counts, min(lost, gained) / flips), 0.0)
    return float((weights * rejected).sum() / weights.sum())


def equivalence_power(n: float, lost: float, gained: float, margin: float) -> float:
    """Probability that the 95 % score interval of n images lies within ± the margin (Schuirmann 1987), normal
    approximation with the variances under the hypotheses and under the truth.

    `lost` and `gained` are the true shares of images that flip either way.
    """
    z = NORMAL.inv_cdf(0.5 + CONFIDENCE / 2)
    change = gained - lost
    if abs(change) >= margin:
        return 0.0
    error = math.sqrt(max(lost + gained - change**2, TINY) / n)
    passed = []
    for side in (1, -1):
        supposed = math.sqrt(float(variance_under(lost, gained, -side * margin)) / n)
        passed.append(NORMAL.cdf((margin + side * change - z * supposed) / error))
    return max(0.0, sum(passed) - 1)


def images_needed(n: int, lost: int, gained: int, margin: float) -> int | None:
    """About how many images would give a verdict with a probability of POWER if the shares of flips stay as seen.

    The smaller of the numbers for a difference and for equivalence, rounded up to two digits; None where neither is
    reached below MOST_IMAGES, such as where a change of exactly the margin is seen.
    """
    down, up = lost / n, gained / n
    ways = (
        smallest(lambda number: mcnemar_power(number, down, up), n),
        smallest(lambda number: equivalence_power(number, down, up, margin), n),
    )
    found = [number for number in ways if number is not None]
    return round_up(min(found)) if found else None


def seeds_needed(change: float, image_error: float, spread: float, margin: float, n: int) -> int | None:
    """About how many seeds of each model would give a verdict on these images with a probability of POWER.

    The smallest S whose interval is narrow enough for the change to clear zero or to keep inside the margin; None
    where the images alone are too few for that, or more than MOST_SEEDS would be needed.
    """
    distance = max(abs(change), margin - abs(change))
    for number in range(2, MOST_SEEDS + 1):
        scatter = Scatter(image_error**2, 2 * spread**2 / number, n - 1, 2 * number - 2)
        if scatter.half_width((1 - CONFIDENCE) / 2) + scatter.half_width(1 - POWER) <= distance:
            return number
    return None


def smallest(power: Callable[[float], float], start: int) -> int | None:
    """The smallest whole number above `start` with a power of POWER, by doubling and halving; None beyond the most."""
    high = start
    while power(high) < POWER:
        high *= 2
        if high > MOST_IMAGES:
            return None
    low = max(start, high // 2)
    while high - low > max(1, low // 200):
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return max(high, start + 1)


def round_up(number: int) -> int:
    """The number with two digits that count, never less than it was."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return int(-(-number // unit) * unit)


def detectable_change(n: int, flips: int) -> float | None:
    """The smallest true change that n images show with a probability of POWER when so many of them flip.

    None where even flips in one direction alone would not show it.
    """
    share = flips / n
    if mcnemar_power(n, 0.0, share) < POWER:
        return None
    low, high = 0.0, share
    for _ in range(20):
        middle = (low + high) / 2
        enough = mcnemar_power(n, (share - middle) / 2, (share + middle) / 2) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return high
