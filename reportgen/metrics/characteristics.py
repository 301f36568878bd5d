"""What a characteristic curve says: gain, linear region, threshold and saturation of a response to a drive."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.influence import critical, freedom_of
from reportgen.metrics.intervals import FloatArray
from reportgen.metrics.student import upper_tail

TOLERANCE = 0.2
"""The linear region ends where the local gain differs by more than this share of that at the nominal drive."""
ONSET = 0.5
"""Share of the nominal gain from which on a response counts as begun."""
SPENT = 0.1
"""A local gain below this share of the nominal one is saturation; at the nominal drive itself, below this much."""
FEWEST = 30
"""Images below which a gain has no interval: its coverage falls under 93 %."""
NEAR = (0.9, 1.1)
"""Drives between which the gain at the nominal drive is taken."""


@dataclass(frozen=True)
class Characteristic:
    """One curve R(a) of a response to drives a, R relative to R(1) throughout.

    The local gain between two neighbouring drives is ΔR/Δa: 1 everywhere for a response in proportion to its drive.
    """

    gain: float
    """At the nominal drive, between 0.9 and 1.1 times it."""
    rest: float
    """Response to no drive at all."""
    linear: tuple[float, float] | None
    """The drives around 1 between which the local gain stays within a fifth of `gain`; None where it is saturated."""
    threshold: float | None
    """Least drive from which on, up to 1, the local gain is at least half of `gain`; 0: it responds from the start."""
    saturation: float | None
    """Least drive from which on the local gain is below a tenth of `gain`, 1 where `gain` itself is below 0.1; None
    where the drive does not reach that far."""


def characterise(drives: FloatArray, responses: FloatArray) -> Characteristic | None:
    """The characteristic of responses (D,) at rising drives (D,), of which those from 0 up are looked at.

    None where there is no response to the nominal drive or a value is not finite. Ends of regions are drives that were
    measured: between them nothing is guessed.
    """
    positive = drives >= 0
    a, r = np.asarray(drives[positive], float), np.asarray(responses[positive], float)
    one = float(np.interp(1.0, a, r))
    if one <= 0 or not np.isfinite(r).all():
        return None
    r = r / one
    low, high = np.interp(NEAR, a, r)
    gain = float((high - low) / (NEAR[1] - NEAR[0]))
    rest = float(np.interp(0.0, a, r))
    if gain < SPENT:
        return Characteristic(gain, rest, None, None, 1.0)
    local = np.diff(r) / np.diff(a)
    left, right = a[:-1], a[1:]
    within = np.abs(local / gain - 1) <= TOLERANCE
    begun = local >= ONSET * gain
    spent = local < SPENT * gain
    linear = (reach(left, right <= 1.0, within, 1.0), reach(right, left >= 1.0, within, 1.0))
    threshold = reach(left, right <= 1.0, begun, 1.0)
    beyond = np.flatnonzero(~spent)
    first = int(beyond[-1]) + 1 if len(beyond) else 0
    saturation = float(left[first]) if first < len(left) else None
    return Characteristic(gain, rest, linear, threshold, saturation)


def reach(ends: FloatArray, side: NDArray[np.bool_], holds: NDArray[np.bool_], start: float) -> float:
    """The far end of the unbroken run of pieces on one side of `start` for which something holds."""
    places = np.flatnonzero(side)
    if len(places) and ends[places[0]] < start:
        places = places[::-1]
    end = start
    for place in places:
        if not holds[place]:
            break
        end = float(ends[place])
    return end


def gain_interval(power: FloatArray) -> tuple[float, float] | None:
    """95 % interval over images of the gain at the nominal drive.

    The jackknife over images (Quenouille 1956; Tukey 1958) by Student's t, with fewer degrees of freedom where a few
    images carry most of the scatter. `power` (3, n): mean square of the output by image, at 0.9, 1 and 1.1 times the
    drive. None for fewer than FEWEST images, and where a value is not finite.
    """
    images, squares = power.shape[1], np.asarray(power, float)
    if images < FEWEST or not np.isfinite(squares).all() or not squares[1].any():
        return None
    gain = float(gain_of(squares.mean(1)))
    without = gain_of((squares.sum(1, keepdims=True) - squares) / (images - 1))
    if not np.isfinite(without).all():
        return None
    half = critical(freedom_of(without)) * float(without.std()) * math.sqrt(images - 1)
    return gain - half, gain + half


def gain_change(before: FloatArray, after: FloatArray) -> tuple[float, float] | None:
    """Change of the gain at the nominal drive between two sets of weights on the same images, and its two-sided p.

    `before` and `after` (3, n) as for `gain_interval`. The jackknife over images (Quenouille 1956; Tukey 1958) by
    Student's t, n − 1 degrees of freedom. None for fewer than three images, or where a gain is not known.
    """
    n = before.shape[1]
    squares = [np.asarray(power, float) for power in (before, after)]
    if n < 3 or not all(np.isfinite(power).all() and power.mean(1).all() for power in squares):
        return None
    change = float(gain_of(squares[1].mean(1)) - gain_of(squares[0].mean(1)))
    without = [(power.sum(1, keepdims=True) - power) / (n - 1) for power in squares]
    error = float((gain_of(without[1]) - gain_of(without[0])).std() * np.sqrt(n - 1))
    if not np.isfinite(error):
        return None
    return change, 2 * upper_tail(n - 1, abs(change) / error) if error else float(change == 0)


def gain_of(squares: FloatArray) -> FloatArray:
    """The gain of mean squares at 0.9, 1 and 1.1 times the drive, (3, …)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        low, one, high = np.sqrt(squares)
        gain: FloatArray = (high - low) / one / (NEAR[1] - NEAR[0])
    return gain
