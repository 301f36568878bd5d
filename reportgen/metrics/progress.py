"""Whether the last quarter of a training pass still moved the test accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reportgen.metrics.influence import FEWEST_OF_FLIPS
from reportgen.metrics.intervals import Interval
from reportgen.metrics.paired import paired_interval
from reportgen.record.run import TEST_RIGHT, RunRecord, Training


@dataclass(frozen=True)
class Progress:
    """The change of the accuracy on the test sample between two points of the history of a pass."""

    epoch: float
    """Of the earlier point; the other one is the last."""
    change: float
    """A difference of proportions."""
    n: int
    """Images of the sample, the same at both points."""
    interval: Interval | None
    """95 %, of the two states of the weights on other images."""
    why_none: Literal["", "few images", "not kept"] = ""
    """Why there is no interval: too few images, or a record that does not say which of them were right."""


def measure_progress(record: RunRecord, training: Training) -> Progress | None:
    """From the latest test point at or before three quarters of the steps to the last one; None without both.

    Both are answers to the same images, so that the interval is the paired one.
    """
    places = [place for place, point in enumerate(training.epochs) if point.test_accuracy is not None and point.test_n]
    before = [place for place in places[:-1] if training.epochs[place].step <= 0.75 * training.steps]
    if not before:
        return None
    first, last = training.epochs[before[-1]], training.epochs[places[-1]]
    change = (last.test_accuracy or 0.0) - (first.test_accuracy or 0.0)
    right = record.arrays.get(TEST_RIGHT)
    if right is None:
        return Progress(first.epoch, change, last.test_n, None, "not kept")
    if last.test_n < FEWEST_OF_FLIPS:
        return Progress(first.epoch, change, last.test_n, None, "few images")
    was, now = right[before[-1]], right[places[-1]]
    lost, gained = (int(np.bitwise_count(bits).sum()) for bits in (was & ~now, now & ~was))
    low, high = paired_interval(lost, gained, last.test_n)
    return Progress(first.epoch, (gained - lost) / last.test_n, last.test_n, (float(low), float(high)))
