"""The reliability diagram: confidence and accuracy by bins, and what is known of the calibration error."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.metrics.calibration import BINS, HISTOGRAM_BINS, bin_of
from reportgen.metrics.calibration_error import CalibrationError
from reportgen.metrics.computing import Sample
from reportgen.metrics.intervals import CONFIDENCE
from reportgen.metrics.predictions import FloatArray, IntArray
from reportgen.record.measurements import Bin, Calibration, CalibrationFacts


def reliability_bins(confidence: FloatArray, correct: FloatArray) -> tuple[Bin, ...]:
    """The bins of a reliability diagram (Niculescu-Mizil & Caruana 2005)."""
    index = bin_of(confidence)
    count = np.bincount(index, minlength=BINS)
    sure = np.bincount(index, confidence, BINS)
    right = np.bincount(index, correct, BINS)
    return tuple(
        Bin(
            low=b / BINS,
            high=(b + 1) / BINS,
            n=int(count[b]),
            confidence=float(sure[b] / count[b]) if count[b] else None,
            accuracy=float(right[b] / count[b]) if count[b] else None,
        )
        for b in range(BINS)
    )


def find_differing(bins: Sequence[Bin]) -> tuple[int, ...]:
    """Of each bin: 1 where it is over-confident, −1 where under-confident, 0 where its share correct may be its mean
    confidence.

    Exact two-sided binomial tests at 5 % over all bins that hold images together (Bonferroni), so that a perfectly
    calibrated model has such a bin in at most 5 % of samples: confidences that differ within a bin only make the count
    scatter less (Hoeffding 1956, On the distribution of the number of successes in independent trials).
    """
    level = (1 - CONFIDENCE) / max(1, sum(one.n > 0 for one in bins))
    found = []
    for one in bins:
        if not one.n or one.confidence is None or one.accuracy is None:
            found.append(0)
            continue
        right = round(one.accuracy * one.n)
        below = 2 * lower_tail(right, one.n, one.confidence) <= level
        above = 2 * lower_tail(one.n - right, one.n, 1 - one.confidence) <= level
        found.append(int(below) - int(above))
    return tuple(found)


def lower_tail(count: int, n: int, share: float) -> float:
    """Probability of at most so many successes of n, 1 for what is no less than the mean; here, since importing scipy's
    takes long."""
    if count >= n * share:
        return 1.0
    term = math.exp(
        math.lgamma(n + 1)
        - math.lgamma(count + 1)
        - math.lgamma(n - count + 1)
        + count * math.log(share)
        + (n - count) * (math.log1p(-share) if share < 1 else -math.inf)
    )
    total = term
    for k in range(count, 0, -1):
        term *= k * (1 - share) / ((n - k + 1) * share)
        total += term
        if term < 1e-17 * total:
            break
    return total


def calibrate(sample: Sample, temperature: float) -> Calibration:
    """Everything the reliability and confidence figures show, of the images whose logits are finite."""
    predictions, scaled = sample.predictions, sample.scaled
    seen = predictions.predicted >= 0
    correct, confidence = predictions.correct[seen], predictions.confidence[seen]
    index = bin_of(confidence, HISTOGRAM_BINS)
    return Calibration(
        bins=reliability_bins(confidence, correct.astype(float)),
        scaled_bins=reliability_bins(scaled[seen], correct.astype(float)),
        temperature=temperature,
        right=counts_by_bin(index[correct]),
        wrong=counts_by_bin(index[~correct]),
        error=facts_of(sample.calibration) if predictions.finite else None,
        scaled_error=facts_of(sample.scaled_calibration) if predictions.finite and temperature != 1.0 else None,
    )


def facts_of(error: CalibrationError) -> CalibrationFacts:
    """What the record keeps beside the value and its interval."""
    return CalibrationFacts(debiased=error.debiased, under_calibration=error.under_calibration, p=error.p)


def counts_by_bin(index: IntArray) -> tuple[int, ...]:
    """Images in each bin of the confidence histogram."""
    return tuple(int(count) for count in np.bincount(index, minlength=HISTOGRAM_BINS))
