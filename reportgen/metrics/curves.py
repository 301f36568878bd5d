"""Curves over thresholds: precision against recall, risk against coverage, and the areas under them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.predictions import FloatArray, Predictions
from reportgen.metrics.ties import tie_ends
from reportgen.record.measurements import Curve

MOST_POINTS = 200


def auroc(scores: FloatArray, positive: NDArray[np.bool_]) -> float | None:
    """Probability that a positive scores above a negative, ties one half; None without both."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    order = np.argsort(scores, kind="stable")
    first, last = tie_ends(scores[order])
    ranks = np.empty(len(scores))
    ranks[order] = (first + last) / 2 + 1
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def precision_recall(scores: FloatArray, positive: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Recall and precision, (thresholds,) each, at every distinct one of the scores (n,), from the highest down; empty
    without positives."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(positive[order])
    last = np.flatnonzero(np.r_[scores[order][1:] != scores[order][:-1], True])
    if not positive.any():
        return np.empty(0), np.empty(0)
    return hits[last] / hits[-1], hits[last] / (last + 1)


def average_precision(scores: FloatArray, positive: NDArray[np.bool_]) -> float | None:
    """Sum over thresholds of precision times the step in recall, not interpolated; None without positives."""
    recall, precision = precision_recall(scores, positive)
    if not len(recall):
        return None
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def risk_coverage(confidence: FloatArray, correct: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Coverage and the error among the kept, most confident first, whole groups of equal confidence at a time.

    `confidence`, `correct`: (n,); both results: (distinct confidences,), shares of 0 to 1. Geifman & El-Yaniv 2017.
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~correct[order])
    last = np.flatnonzero(np.r_[confidence[order][1:] != confidence[order][:-1], True])
    return (last + 1) / len(confidence), wrong[last] / (last + 1)


def errors_among_surest(confidence: FloatArray, correct: NDArray[np.bool_], coverage: float) -> tuple[int, int]:
    """Wrong predictions among the share `coverage` with the highest confidence, and how many those are, rounded up."""
    kept = int(np.ceil(coverage * len(confidence)))
    return int((~correct[np.argsort(-confidence, kind="stable")])[:kept].sum()), kept


def thin(x: FloatArray, y: FloatArray, most: int = MOST_POINTS) -> Curve:
    """At most `most` of the points, ends included, evenly by arc length so that steep parts keep theirs."""
    if len(x) > most:
        steps = np.abs(np.diff(x)) + np.abs(np.diff(y))
        along = np.r_[0.0, np.cumsum(steps)]
        wanted = np.linspace(0, along[-1], most)
        keep = np.unique(np.clip(np.searchsorted(along, wanted), 0, len(x) - 1))
        x, y = x[keep], y[keep]
    return Curve(x=tuple(round(float(v), 6) for v in x), y=tuple(round(float(v), 6) for v in y))


def aurc(predictions: Predictions) -> float:
    """Area under the risk–coverage curve (Geifman & El-Yaniv 2017): mean error among the kept over all coverages."""
    coverage, risk = risk_coverage(predictions.confidence, predictions.correct)
    return float(risk @ np.diff(coverage, prepend=0.0))
