"""What every metric starts from: probabilities, predicted classes and what each image adds to a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Predictions:
    """Logits and labels of one evaluation set, made ready. n images, c classes."""

    labels: IntArray
    """(n,)."""
    predicted: IntArray
    """(n,), the first of the largest logits; −1 where they are not all finite."""
    logits: NDArray[Any]
    """(n, c), as they were given."""
    log_probabilities: FloatArray
    """(n, c); only meaningful when `finite`."""
    classes: int
    finite: bool
    """False when some logit is not finite: then scores of probabilities are unknown."""
    correct: NDArray[np.bool_]
    """(n,); an image whose logits are not all finite is never right."""

    @property
    def n(self) -> int:
        """Images."""
        return len(self.labels)

    @property
    def probabilities(self) -> FloatArray:
        """(n, c)."""
        return np.exp(self.log_probabilities)

    @property
    def confidence(self) -> FloatArray:
        """(n,), the largest probability."""
        highest: FloatArray = np.exp(self.log_probabilities.max(1))
        return highest


def log_softmax(logits: FloatArray) -> FloatArray:
    """Logarithms of the softmax of each row (n, c), by the largest logit so that nothing overflows."""
    shifted = logits - logits.max(1, keepdims=True)
    logs: FloatArray = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return logs


def read_predictions(logits: NDArray[Any], labels: NDArray[Any]) -> Predictions:
    """Predictions of logits (n, c) and labels (n,) in 0 … c − 1."""
    rows = np.isfinite(logits).all(1)
    safe = np.where(rows[:, None], logits, 0).astype(np.float64)
    predicted = np.where(rows, safe.argmax(1), -1)
    labels = labels.astype(np.int64)
    return Predictions(
        labels=labels,
        predicted=predicted.astype(np.int64),
        logits=logits,
        log_probabilities=log_softmax(safe),
        classes=logits.shape[1],
        finite=bool(rows.all()),
        correct=predicted == labels,
    )


def top_k_correct(logits: NDArray[Any], labels: NDArray[Any], k: int) -> NDArray[np.bool_]:
    """(n,): whether the label is among the k largest logits; ties go to the smaller class, as argmax has it."""
    own = np.take_along_axis(logits, labels[:, None], 1)
    before = (logits > own).sum(1) + ((logits == own) & (np.arange(logits.shape[1]) < labels[:, None])).sum(1)
    inside: NDArray[np.bool_] = (before < k) & np.isfinite(logits).all(1)
    return inside


def log_losses(predictions: Predictions) -> FloatArray:
    """(n,): negative log-likelihood of the true class, nats."""
    rows = np.arange(predictions.n)
    losses: FloatArray = -predictions.log_probabilities[rows, predictions.labels]
    return losses


def brier_scores(predictions: Predictions) -> FloatArray:
    """(n,): sum over classes of (probability − indicator)², between 0 and 2 (Brier 1950)."""
    target = np.eye(predictions.classes)[predictions.labels]
    scores: FloatArray = ((predictions.probabilities - target) ** 2).sum(1)
    return scores
