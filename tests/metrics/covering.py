"""When a coverage is outside of what is asked.

Of a count no interval covers every truth equally often: as the truth moves, the coverage jumps by the probability of
one count more or less, however good the method (Brown, Cai and DasGupta 2001, Interval estimation for a binomial
proportion, Statistical Science 16, 101–133, who judge by the mean coverage over truths, §2.1 and §4.1.1). What is asked
of a share is therefore the mean over the truths within one standard error, which a sample can't tell from each other:
`near`. Every other interval is asked at its truth.

Nor can the interval of a paired change, which never contradicts the exact McNemar test beside it, cover as seldom as
97.5 % where few images flip: with five flips at most no outcome at all is rejected at 5 % (Fagerland, Lydersen and
Laake 2013, BMC Medical Research Methodology 13, 91). `most_of_change` is the coverage that this test alone enforces.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import stats

from reportgen.metrics.paired import mcnemar_exact

LOW, HIGH = 0.93, 0.975
"""Of all samples: how often an interval of 95 % has to hold the truth, and how often at most."""
Counts = tuple[int, int]
"""How many intervals held the truth, and how many were given."""


def near(truth: float, n: int, rng: np.random.Generator) -> float:
    """A share within one standard error of another, of n images."""
    reach = float(np.sqrt(truth * (1 - truth) / n))
    return float(np.clip(truth + reach * rng.uniform(-1, 1), 0.001, 0.999))


def most_of_change(flips: float) -> float:
    """How often the exact test does not reject no change where that is true and so many images flip on average.

    Never less than HIGH: with many flips the test errs in nearly 5 % of samples.
    """
    numbers = np.arange(int(flips + 8 * flips**0.5 + 8) + 1)
    kept = [
        float(
            stats.binom.pmf(np.arange(m + 1), m, 0.5) @ (mcnemar_exact(np.arange(m + 1), m - np.arange(m + 1)) > 0.05)
        )
        for m in numbers
    ]
    return max(HIGH, float(stats.poisson.pmf(numbers, flips) @ np.array(kept)))


def is_below(counts: Counts, level: float) -> bool:
    """Whether the coverage is surely below LOW; not where no interval was given."""
    held, given = counts
    return bool(given and stats.binom.cdf(held, given, LOW) < level)


def is_above(counts: Counts, level: float, most: float = HIGH) -> bool:
    """Whether it is surely above `most`."""
    held, given = counts
    return bool(given and stats.binom.sf(held - 1, given, most) < level)


def outside(name: str, n: int, counts: Counts, level: float, most: float = HIGH) -> list[str]:
    """What is wrong with the coverage of the intervals of `name` with n images: nothing, or one line."""
    wrong = is_below(counts, level) or is_above(counts, level, most)
    return [f"{name}, n = {n}: {counts[0]} of {counts[1]}"] if wrong else []


def add(parts: Iterable[Counts]) -> Counts:
    """Counts of several samples together."""
    held, given = zip(*parts, strict=True)
    return sum(held), sum(given)
