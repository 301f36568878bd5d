"""What a characteristic curve says: gain, linear region, threshold and saturation of a response to a drive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.bootstrap import draw_bootstrap
from reportgen.metrics.intervals import FloatArray, percentile_interval

TOLERANCE = 0.2
"""The linear region ends where the local gain differs by more than this share of that at the nominal drive."""
ONSET = 0.5
"""Share of the nominal gain from which on a response counts as begun."""
SPENT = 0.1
"""A local gain below this share of the nominal one is saturation; at the nominal drive itself, below this much."""
RESAMPLES = 1000
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


def gain_interval(power: FloatArray, seed: int = 0) -> tuple[float, float] | None:
    """95 % percentile bootstrap over images of the gain at the nominal drive.

    `power` (3, n): mean square of the output by image, at 0.9, 1 and 1.1 times the drive. None for fewer than two
    images, or where a resample is not finite.
    """
    images, squares = power.shape[1], np.asarray(power, float)
    if images < 2 or not np.isfinite(squares).all() or not squares[1].any():
        return None
    draws = draw_bootstrap(np.zeros(images, np.int64), RESAMPLES, seed)
    low, one, high = np.sqrt(draws.weights.T @ squares.T / images).T
    with np.errstate(invalid="ignore", divide="ignore"):
        gains = (high - low) / one / (NEAR[1] - NEAR[0])
    own = np.sqrt(squares.mean(1))
    return percentile_interval(gains, float((own[2] - own[0]) / own[1] / (NEAR[1] - NEAR[0])))
