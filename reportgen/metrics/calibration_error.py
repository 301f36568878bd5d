"""The expected calibration error with what its plug-in value hides: it is above zero for perfect calibration too.

Each bin adds an absolute gap, and the mean of an absolute value is above the absolute value of a mean, so that the
plug-in value is biased upwards by more the fewer the images are. Beside it stand the value without that bias, the value
that a perfectly calibrated model with the same confidences shows on average, and an interval that reaches down to
zero unless perfect calibration is rejected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reportgen.metrics.calibration import BINS, bin_of
from reportgen.metrics.influence import FEWEST
from reportgen.metrics.intervals import CONFIDENCE, Interval
from reportgen.metrics.predictions import FloatArray

DRAWS = 1000
"""Of labels under perfect calibration, and of gaps around those that were seen."""
BLOCK = 200_000
"""Labels drawn at once."""
LEAST_SEEN = 0.1
"""Quantile of the plug-in values of no error at all: one below it says no more of the upper end than it does."""
STEPS = 14
"""Halvings that find an end of the interval: to a ten-thousandth of its width."""
TAILS = (
    (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0),
    (0.05, 0.0487, 0.0414, 0.0345, 0.0297, 0.0268, 0.0254, 0.025),
)
"""Distance from the end of the range in standard errors -> how much of the 5 % lies in the upper tail (Feldman and
Cousins 1998, Unified approach to the classical statistical analysis of small signals, §IV B)."""


@dataclass(frozen=True)
class CalibrationError:
    """The expected calibration error of n images."""

    plug_in: float
    """Mean over images of |accuracy − confidence| of their bin, as Guo et al. 2017 and most people report it."""
    debiased: float
    """Less the bias of the absolute values, by resampling the gaps (Kumar, Liang and Ma 2019), at least 0."""
    under_calibration: float
    """The mean plug-in value where each label is drawn with the probability that the confidence states."""
    p: float
    """Of perfect calibration: the share of such draws with a plug-in value as large (Vaicenavicius et al. 2019)."""
    interval: Interval | None
    """95 %: of the binned error of the population. None for too few images."""


def measure_calibration_error(confidence: FloatArray, correct: FloatArray, seed: int = 0) -> CalibrationError:
    """Of confidences (n,) and who is right (n,), 0 or 1."""
    rng = np.random.default_rng(seed)
    n, index = len(confidence), bin_of(confidence)
    support = np.bincount(index, minlength=BINS)
    gaps = np.bincount(index, confidence - correct, BINS) / n
    plug_in = float(np.abs(gaps).sum())
    calibrated = draw_calibrated(confidence, index, rng)
    p = float((1 + (calibrated >= plug_in - 1e-12).sum()) / (1 + DRAWS))
    errors = gap_errors(confidence, correct, index, support)
    noise = errors * rng.standard_normal((DRAWS, BINS))
    debiased = max(0.0, 2 * plug_in - float(np.abs(gaps + noise).sum(1).mean()))
    wide = noise * estimated(errors, support, rng)
    interval = bound(plug_in, gaps, wide, p) if n >= FEWEST else None
    return CalibrationError(plug_in, debiased, float(calibrated.mean()), p, interval)


def draw_calibrated(confidence: FloatArray, index: np.ndarray, rng: np.random.Generator) -> FloatArray:
    """(DRAWS,): plug-in values of the same confidences with labels that they state rightly."""
    order = np.argsort(index, kind="stable")
    ordered = confidence[order].astype(np.float32)
    starts = np.flatnonzero(np.r_[True, np.diff(index[order]) > 0])
    expected = np.add.reduceat(ordered.astype(np.float64), starts)
    values, block = np.empty(DRAWS), max(1, BLOCK // max(1, len(ordered)))
    for start in range(0, DRAWS, block):
        drawn = rng.random((min(block, DRAWS - start), len(ordered)), np.float32) < ordered
        hits = np.add.reduceat(drawn.astype(np.float64), starts, axis=1)
        values[start : start + block] = np.abs(hits - expected).sum(1) / len(ordered)
    return values


def gap_errors(confidence: FloatArray, correct: FloatArray, index: np.ndarray, support: np.ndarray) -> FloatArray:
    """(BINS,): standard error of each bin's gap, as the images scatter; as the confidences state, where they do not."""
    n, each = len(confidence), confidence - correct
    means = np.bincount(index, each, BINS) / np.maximum(support, 1)
    seen = np.bincount(index, (each - means[index]) ** 2, BINS) * support / np.maximum(support - 1, 1)
    stated = np.bincount(index, confidence * (1 - confidence), BINS)
    return np.asarray(np.sqrt(np.where(seen > 0, seen, stated)) / n, np.float64)


def estimated(errors: FloatArray, support: np.ndarray, rng: np.random.Generator) -> FloatArray:
    """(DRAWS, 1): factors by which standard errors that were estimated from few images are too small or too large, √ of
    degrees of freedom over χ²; the freedom of their squares' sum by Satterthwaite (1946)."""
    squares = errors**2
    parts = float((squares**2 / np.maximum(support - 1, 1)).sum())
    freedom = max(1.0, float(squares.sum()) ** 2 / max(parts, 1e-300))
    return np.asarray(np.sqrt(freedom / rng.chisquare(freedom, (DRAWS, 1))), np.float64)


def bound(plug_in: float, gaps: FloatArray, noise: FloatArray, p: float) -> Interval:
    """The interval: every error under which a plug-in value as far from the middle of its draws is not too rare.

    An error of s is taken to lie in the bins as the gaps that were seen for the lower end, and in proportion to their
    noise for the upper one, where it adds least to the bias. Zero is the end of the range, so that the two tails
    follow Feldman and Cousins (1998): 5 % above and none below at zero, 2.5 % each from two standard errors on. So the
    lower end is 0 unless perfect calibration is rejected at 5 %.
    """
    errors = noise.std(0)
    spread = float(np.sqrt((errors**2).sum()))
    if spread == 0:
        return plug_in, plug_in
    null = np.abs(noise).sum(1)
    seen = max(plug_in, float(np.quantile(null, LEAST_SEEN)))

    def upper_tail(values: FloatArray) -> float:
        return float(np.interp((values.mean() - null.mean()) / max(float(null.std()), 1e-12), *TAILS))

    def is_below(error: float) -> bool:
        values = np.abs(error / plug_in * gaps + noise).sum(1)
        return bool((values >= plug_in).mean() <= upper_tail(values))

    def is_near(error: float) -> bool:
        values = np.abs(error * errors / errors.sum() + noise).sum(1)
        return bool((values <= seen).mean() > 1 - CONFIDENCE - upper_tail(values))

    low = bisect(is_below, 0.0, plug_in) if p <= 1 - CONFIDENCE else 0.0
    high = bisect(is_near, plug_in, seen + 5 * spread)
    return low, min(1.0, high)


def bisect(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where a condition that holds at `low` and not at `high` ceases to."""
    for _step in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return (low + high) / 2
