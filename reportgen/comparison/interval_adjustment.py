"""Intervals of scores that count right answers, where few images flip, or none: the score interval of the flips (Tango
1998), for balanced accuracy, the mean of the classes' recalls, with the images counted by their weight in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.paired import paired_interval, score_interval
from reportgen.metrics.predictions import IntArray

Right = NDArray[np.bool_]
ROUNDING = 1e-20
"""A variance below which nothing scatters: one flip of a million images adds a hundred million times as much."""


@dataclass(frozen=True)
class Ends:
    """A change and its interval."""

    value: float
    low: float
    high: float

    @property
    def has_width(self) -> bool:
        """Whether the interval is more than the rounding of its ends: one of no width says nothing of other images."""
        return self.high - self.low > 1e-9 * max(1.0, abs(self.value))


def share_ends(before: Right, after: Right) -> Ends:
    """The change of a share of images and its paired interval, from who is right on each, (n,)."""
    lost, gained, n = int((before & ~after).sum()), int((~before & after).sum()), len(before)
    low, high = paired_interval(lost, gained, n)
    return Ends((gained - lost) / n, float(low), float(high))


def balanced_ends(labels: IntArray, before: Right, after: Right) -> Ends:
    """The change of balanced accuracy and its score interval, from who is right on each image, (n,).

    That of a share of as many images as would scatter so: those of classes of equal size where nothing flips, else so
    many that the variance is that within the classes, by n/(n − 1) in each; of a single class all its images.
    """
    support = np.bincount(labels)
    weight = 1 / (support[labels] * (support > 0).sum())
    each = weight * (after.astype(np.float64) - before)
    lost, gained = -float(each[each < 0].sum()), float(each[each > 0].sum())
    means = np.bincount(labels, each) / np.maximum(support, 1)
    squares = np.bincount(labels, (each - means[labels]) ** 2)
    n = len(labels)
    variance = float((squares * support / np.maximum(support - 1, 1)).sum()) * (n - 1) / n
    value = gained - lost
    scatters = variance > ROUNDING
    images = (lost + gained - value**2) / variance if scatters else 1 / float((weight**2).sum())
    low, high = score_interval(lost * images, gained * images, images)
    return Ends(value, float(low), float(high))
