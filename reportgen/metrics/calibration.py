"""How far confidence can be believed: expected calibration error, reliability bins, temperature scaling."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.predictions import FloatArray, IntArray, Predictions, log_softmax

BINS = 15
HISTOGRAM_BINS = 20
TEMPERATURES = (0.05, 20.0)


def bin_of(confidence: FloatArray, bins: int = BINS) -> IntArray:
    """(n,): which of `bins` equal-width bins over 0 to 1 holds each confidence; edges belong to the lower bin."""
    index: IntArray = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(np.int64)
    return index


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
