"""When a coverage is outside of what is asked, and the intervals that may cover more, by name and with the reason."""

from __future__ import annotations

from collections.abc import Iterable

from scipy import stats

LOW, HIGH = 0.93, 0.975
"""Of all samples: how often an interval of 95 % has to hold the truth, and how often at most."""
Counts = tuple[int, int]
"""How many intervals held the truth, and how many were given."""

MAY_COVER_MORE = {
    (
        "accuracy",
        10,
    ): "a share of ten images takes eleven values: no interval covers 93 to 97.5 % for every truth",
    ("shares", 10): "the same",
    ("f1", 10): "the same",
    ("changes", 10): "of ten images one flips: a test at 5 % can't reject with so few, whatever the interval",
    ("accuracy.change", 50): "fewer than ten flips: the same",
    ("top5_accuracy.change", 50): "fewer than ten flips: the same",
    ("top5_accuracy.change", 500): "fewer than ten flips: the same",
    ("several_seeds", None): "images and seeds are counted apart, and what moves both is in both",
}
"""Name and number of images, None for any: why more than 97.5 % is no fault. No interval may cover less than 93 %."""


def may_cover_more(name: str, n: int) -> bool:
    """Whether an interval is one of the named exceptions."""
    return (name, n) in MAY_COVER_MORE or (name, None) in MAY_COVER_MORE


def is_below(counts: Counts, level: float) -> bool:
    """Whether the coverage is surely below LOW; not where no interval was given."""
    held, given = counts
    return bool(given and stats.binom.cdf(held, given, LOW) < level)


def is_above(counts: Counts, level: float) -> bool:
    """Whether it is surely above HIGH."""
    held, given = counts
    return bool(given and stats.binom.sf(held - 1, given, HIGH) < level)


def outside(name: str, n: int, counts: Counts, level: float) -> list[str]:
    """What is wrong with the coverage of the intervals of `name` with n images: nothing, or one line."""
    wrong = is_below(counts, level) or (is_above(counts, level) and not may_cover_more(name, n))
    return [f"{name}, n = {n}: {counts[0]} of {counts[1]}"] if wrong else []


def add(parts: Iterable[Counts]) -> Counts:
    """Counts of several samples together."""
    held, given = zip(*parts, strict=True)
    return sum(held), sum(given)
