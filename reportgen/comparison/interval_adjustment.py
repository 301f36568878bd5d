"""Intervals of scores that count right answers, where few images flip: a bootstrap knows only what it has seen.

Shares are widened to the score interval of their own flips (Tango 1998). Balanced accuracy, the mean of the classes'
recalls, is widened to the score intervals of the classes put together by their squares (Zou & Donner 2008, MOVER), and
macro F1, which moves with the same flips, in the same proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.paired import paired_interval, score_interval
from reportgen.metrics.predictions import IntArray

Right = NDArray[np.bool_]


@dataclass(frozen=True)
class Ends:
    """A change and its interval."""

    value: float
    low: float
    high: float

    def at_least(self, other: Ends) -> Ends:
        """The interval, as far on either side as that of `other`."""
        return Ends(self.value, min(self.low, other.low), max(self.high, other.high))

    def stretched(self, narrow: Ends, wide: Ends) -> Ends:
        """The interval, longer on either side by as much as `wide` is in proportion to `narrow`."""
        below = stretch(self.value - self.low, narrow.value - narrow.low, wide.value - wide.low)
        above = stretch(self.high - self.value, narrow.high - narrow.value, wide.high - wide.value)
        return Ends(self.value, self.value - below, self.value + above)


def stretch(own: float, narrow: float, wide: float) -> float:
    """A distance in the proportion of two others, never shorter; the wide one itself where there is nothing to
    stretch."""
    if own <= 0 or narrow <= 0:
        return max(own, wide)
    return own * max(1.0, wide / narrow)


def share_ends(before: Right, after: Right) -> Ends:
    """The change of a share of images and its paired interval, from who is right on each, (n,)."""
    lost, gained, n = int((before & ~after).sum()), int((~before & after).sum()), len(before)
    low, high = paired_interval(lost, gained, n)
    return Ends((gained - lost) / n, float(low), float(high))


def balanced_ends(labels: IntArray, before: Right, after: Right) -> Ends:
    """The change of balanced accuracy and its interval from the classes' own, over the classes that have images."""
    counts: list[NDArray[Any]] = [
        np.bincount(labels[fits]) if fits.any() else np.zeros(1, np.int64)
        for fits in (np.ones(len(labels), bool), before & ~after, ~before & after)
    ]
    width = len(counts[0])
    support, lost, gained = (np.pad(count, (0, width))[:width] for count in counts)
    present = support > 0
    lost, gained, support = lost[present], gained[present], support[present]
    low, high = score_interval(lost, gained, support)
    changes = (gained - lost) / support
    below, above = (float(np.sqrt(((end - changes) ** 2).sum()) / len(support)) for end in (low, high))
    value = float(changes.mean())
    return Ends(value, value - below, value + above)
