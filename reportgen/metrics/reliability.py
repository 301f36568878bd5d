"""The reliability diagram: confidence and accuracy by bins, and what is known of the calibration error."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.calibration import BINS, HISTOGRAM_BINS, bin_of
from reportgen.metrics.calibration_error import CalibrationError
from reportgen.metrics.computing import Sample
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
