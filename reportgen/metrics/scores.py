"""The scores of predictions, each with what every image adds to it: for one model's interval and for the change between
two."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.calibration_error import CalibrationError
from reportgen.metrics.computing import Sample, Score, ScoreMetric
from reportgen.metrics.curves import aurc, auroc
from reportgen.metrics.influence import (
    FEWEST_OF_CURVE,
    of_aurc,
    of_balanced_accuracy,
    of_calibration_error,
    of_macro_auroc,
    of_macro_f1,
    of_mean,
)
from reportgen.metrics.predictions import FloatArray, brier_scores, log_losses, top_k_correct

TOP = 5
CLEARLY = 0.001
"""p of perfect calibration up to which a calibration error is clearly there: what no draw under calibration reaches."""


def accuracy(sample: Sample) -> Score:
    """Share of the images whose first class is the label."""
    return share_score(sample, sample.predictions.correct)


def top5_accuracy(sample: Sample) -> Score | None:
    """Share of the images whose label is among the first five classes; None where there are no more than five."""
    predictions = sample.predictions
    if predictions.classes <= TOP:
        return None
    return share_score(sample, top_k_correct(predictions.logits, predictions.labels, TOP))


def share_score(sample: Sample, right: np.ndarray) -> Score:
    """The share of the images that are `right`, (n,)."""
    influence = of_mean(right.astype(float))
    return Score(int(right.sum()) / len(right), influence, sample.predictions.labels, "share", right)


def balanced_accuracy(sample: Sample) -> Score:
    """Mean recall over the classes that have images."""
    predictions = sample.predictions
    support = np.bincount(predictions.labels, minlength=predictions.classes)[sample.present]
    recalls = sample.hits.sum(0)[sample.present] / support
    return Score(float(recalls.mean()), of_balanced_accuracy(predictions), predictions.labels, "by_class")


def macro_f1(sample: Sample) -> Score:
    """Mean over the classes that have images of the harmonic mean of precision and recall."""
    predictions = sample.predictions
    predicted, classes = predictions.predicted, predictions.classes
    support = np.bincount(predictions.labels, minlength=classes)
    called = np.bincount(predicted[predicted >= 0], minlength=classes)
    f1 = (2 * sample.hits.sum(0) / np.maximum(support + called, 1))[sample.present]
    return Score(float(f1.mean()), of_macro_f1(predictions), predictions.labels, "by_class")


def nll(sample: Sample) -> Score:
    """Mean negative log-likelihood of the label, nats."""
    return mean_over_images(sample, log_losses(sample.predictions))


def brier(sample: Sample) -> Score:
    """Mean squared distance of the probabilities from the label, 0 to 2 (Brier 1950)."""
    return mean_over_images(sample, brier_scores(sample.predictions))


def mean_over_images(sample: Sample, each: FloatArray) -> Score:
    """The mean over images of what each adds, (n,)."""
    return Score(float(each.mean()), of_mean(each), sample.predictions.labels, "mean")


def ece(sample: Sample) -> Score:
    """Expected calibration error of the confidence as it is."""
    return calibration_score(sample, sample.predictions.confidence, sample.calibration)


def ece_scaled(sample: Sample) -> Score:
    """The same after temperature scaling (Guo et al. 2017)."""
    return calibration_score(sample, sample.scaled, sample.scaled_calibration)


def calibration_score(sample: Sample, confidence: FloatArray, found: CalibrationError) -> Score:
    """Mean distance between confidence (n,) and accuracy over bins."""
    predictions = sample.predictions
    influence = of_calibration_error(confidence, predictions.correct.astype(float))
    clear = found.p <= CLEARLY
    return Score(found.plug_in, influence, predictions.labels, "calibration", ends=found.interval, clear=clear)


def macro_auroc(sample: Sample) -> Score | None:
    """Mean area under the ROC curve over the classes that have images; None where all are of one class."""
    predictions = sample.predictions
    if len(sample.present) < 2:
        return None
    probabilities = predictions.probabilities
    areas = [auroc(probabilities[:, index], predictions.labels == index) for index in sample.present]
    value = float(np.mean([area for area in areas if area is not None]))
    influence = of_macro_auroc(predictions)
    return Score(value, influence, predictions.labels, "by_class", least=FEWEST_OF_CURVE)


def risk_coverage_area(sample: Sample) -> Score:
    """Mean error among the most confident images, over all numbers of them (Geifman & El-Yaniv 2017)."""
    return Score(aurc(sample.predictions), of_aurc(sample.predictions), sample.predictions.labels, "mean")


METRICS = (
    ScoreMetric("accuracy", accuracy, of_probabilities=False),
    ScoreMetric("top5_accuracy", top5_accuracy, of_probabilities=False),
    ScoreMetric("balanced_accuracy", balanced_accuracy, of_probabilities=False),
    ScoreMetric("macro_f1", macro_f1, of_probabilities=False),
    ScoreMetric("nll", nll),
    ScoreMetric("brier", brier),
    ScoreMetric("ece", ece),
    ScoreMetric("ece_scaled", ece_scaled),
    ScoreMetric("auroc", macro_auroc),
    ScoreMetric("aurc", risk_coverage_area),
)
