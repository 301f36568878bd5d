"""How far confidence can be believed: expected calibration error, reliability bins, temperature scaling."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.bootstrap import Bootstrap
from reportgen.metrics.predictions import FloatArray, IntArray, Predictions, log_softmax
from reportgen.record.measurements import Bin, Calibration

BINS = 15
HISTOGRAM_BINS = 20
TEMPERATURES = (0.05, 20.0)


def bin_of(confidence: FloatArray, bins: int = BINS) -> IntArray:
    """(n,): which of `bins` equal-width bins over 0 to 1 holds each confidence; edges belong to the lower bin."""
    index: IntArray = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(np.int64)
    return index


def expected_calibration_error(confidence: FloatArray, correct: FloatArray) -> float:
    """Mean over images of |accuracy − confidence| of their bin (Naeini et al. 2015; Guo et al. 2017)."""
    gaps = np.bincount(bin_of(confidence), confidence - correct, BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def calibration_resamples(confidence: FloatArray, correct: FloatArray, draws: Bootstrap) -> FloatArray:
    """The same error in each draw, (resamples,)."""
    gaps = np.eye(BINS)[bin_of(confidence)] * (confidence - correct)[:, None]
    errors: FloatArray = np.abs(draws.sums(gaps)).sum(1) / len(confidence)
    return errors


def fit_temperature(log_probabilities: FloatArray, labels: IntArray) -> float:
    """The temperature that minimises the negative log-likelihood (Guo et al. 2017 §4.2)."""
    from scipy.optimize import minimize_scalar  # half a second that drawing from a record does not need

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(log_probabilities / np.exp(log_temperature))
        return float(-scaled[rows, labels].mean())

    found = minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def halves(labels: IntArray, seed: int) -> IntArray:
    """(n,): 0 or 1, each class split evenly at random."""
    rng = np.random.default_rng(seed)
    side = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        side[rows[len(rows) // 2 :]] = 1
    return side


def scale_crosswise(predictions: Predictions, seed: int) -> tuple[FloatArray, float]:
    """Confidences (n,) after temperature scaling, each half scaled by the temperature fitted on the other half.

    No image is judged by a temperature it helped to fit. Also the mean of the two temperatures.
    """
    side = halves(predictions.labels, seed)
    confidence = predictions.confidence.copy()
    temperatures = []
    for half in (0, 1):
        fit, use = side != half, side == half
        if not fit.any() or not use.any():
            continue
        temperature = fit_temperature(predictions.log_probabilities[fit], predictions.labels[fit])
        scaled = log_softmax(predictions.log_probabilities[use] / temperature)
        confidence[use] = np.exp(scaled.max(1))
        temperatures.append(temperature)
    return confidence, float(np.mean(temperatures)) if temperatures else 1.0


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


def calibrate(predictions: Predictions, scaled: FloatArray, temperature: float) -> Calibration:
    """Everything the reliability and confidence figures show, of the images whose logits are finite."""
    seen = predictions.predicted >= 0
    correct, confidence = predictions.correct[seen], predictions.confidence[seen]
    index = bin_of(confidence, HISTOGRAM_BINS)
    return Calibration(
        bins=reliability_bins(confidence, correct.astype(float)),
        scaled_bins=reliability_bins(scaled[seen], correct.astype(float)),
        temperature=temperature,
        right=counts_by_bin(index[correct]),
        wrong=counts_by_bin(index[~correct]),
    )


def counts_by_bin(index: IntArray) -> tuple[int, ...]:
    """Images in each bin of the confidence histogram."""
    return tuple(int(count) for count in np.bincount(index, minlength=HISTOGRAM_BINS))
