"""Scores of probabilities, each with its value in every draw of a bootstrap: for one model's interval and for the
change between two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.bootstrap import Bootstrap, auroc_resamples
from reportgen.metrics.calibration import calibration_resamples, expected_calibration_error
from reportgen.metrics.curves import aurc, aurc_resamples, auroc
from reportgen.metrics.predictions import FloatArray, Predictions, brier_scores, log_losses

PROBABILITY_SCORES = ("nll", "brier", "ece", "ece_scaled", "auroc", "aurc")
BIASED = ("ece", "ece_scaled")
"""Those that resampling shifts; their intervals have to know."""


@dataclass(frozen=True)
class Score:
    """One score of one model: its value and its value in every draw, (resamples,)."""

    value: float
    resampled: FloatArray
    right: NDArray[np.bool_] | None = None
    """(n,): the images it counts, where it is the share of them."""


def probability_scores(predictions: Predictions, draws: Bootstrap, scaled: FloatArray) -> dict[str, Score]:
    """The scores of finite probabilities by name; no AUROC for images of a single class.

    `scaled`: (n,) confidences after temperature scaling, the same whatever a draw holds.
    """
    losses, briers, correct = log_losses(predictions), brier_scores(predictions), predictions.correct.astype(float)
    found = {"nll": Score(float(losses.mean()), draws.means(losses))}
    found["brier"] = Score(float(briers.mean()), draws.means(briers))
    for name, confidence in (("ece", predictions.confidence), ("ece_scaled", scaled)):
        error = expected_calibration_error(confidence, correct)
        found[name] = Score(error, calibration_resamples(confidence, correct, draws))
    area = macro_auroc(predictions, draws)
    if area is not None:
        found["auroc"] = area
    found["aurc"] = Score(aurc(predictions), aurc_resamples(predictions, draws))
    return found


def macro_auroc(predictions: Predictions, draws: Bootstrap) -> Score | None:
    """Mean area under the ROC curve over the classes that have images; None where all are of one class."""
    present = np.unique(predictions.labels)
    if len(present) < 2:
        return None
    areas, total = [], np.zeros(draws.resamples)
    for index in present:
        scores, positive = predictions.probabilities[:, index], predictions.labels == index
        areas.append(auroc(scores, positive))
        total += auroc_resamples(scores, positive, draws)
    return Score(float(np.mean([area for area in areas if area is not None])), total / len(present))
