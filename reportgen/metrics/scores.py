"""The scores of predictions, each with its value in every draw of a bootstrap: for one model's interval and for the
change between two."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.bootstrap import auroc_resamples
from reportgen.metrics.calibration import calibration_resamples, expected_calibration_error
from reportgen.metrics.computing import Sample, Score, ScoreMetric
from reportgen.metrics.curves import aurc, aurc_resamples, auroc
from reportgen.metrics.predictions import FloatArray, brier_scores, log_losses, top_k_correct

TOP = 5


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
    shares = sample.draws.counts(right[:, None].astype(float))[:, 0] / len(right)
    return Score(int(right.sum()) / len(right), shares, right)


def balanced_accuracy(sample: Sample) -> Score:
    """Mean recall over the classes that have images."""
    support = np.bincount(sample.predictions.labels, minlength=sample.predictions.classes)[sample.present]
    recalls = sample.hits.sum(0)[sample.present] / support
    resampled = (sample.draws.counts(sample.hits)[:, sample.present] / support).mean(1)
    return Score(float(recalls.mean()), resampled)


def macro_f1(sample: Sample) -> Score:
    """Mean over the classes that have images of the harmonic mean of precision and recall."""
    predicted, classes = sample.predictions.predicted, sample.predictions.classes
    support = np.bincount(sample.predictions.labels, minlength=classes)
    called = np.bincount(predicted[predicted >= 0], minlength=classes)
    f1 = (2 * sample.hits.sum(0) / np.maximum(support + called, 1))[sample.present]
    return Score(float(f1.mean()), sample.f1_resampled[:, sample.present].mean(1))


def nll(sample: Sample) -> Score:
    """Mean negative log-likelihood of the label, nats."""
    return mean_score(sample, log_losses(sample.predictions))


def brier(sample: Sample) -> Score:
    """Mean squared distance of the probabilities from the label, 0 to 2 (Brier 1950)."""
    return mean_score(sample, brier_scores(sample.predictions))


def mean_score(sample: Sample, each: FloatArray) -> Score:
    """The mean over images of what each adds, (n,)."""
    return Score(float(each.mean()), sample.draws.means(each))


def ece(sample: Sample) -> Score:
    """Expected calibration error of the confidence as it is."""
    return calibration_score(sample, sample.predictions.confidence)


def ece_scaled(sample: Sample) -> Score:
    """The same after temperature scaling (Guo et al. 2017)."""
    return calibration_score(sample, sample.scaled)


def calibration_score(sample: Sample, confidence: FloatArray) -> Score:
    """Mean distance between confidence (n,) and accuracy over bins; a resample lies above what it resamples."""
    correct = sample.predictions.correct.astype(float)
    resampled = calibration_resamples(confidence, correct, sample.draws)
    return Score(expected_calibration_error(confidence, correct), resampled, biased=True)


def macro_auroc(sample: Sample) -> Score | None:
    """Mean area under the ROC curve over the classes that have images; None where all are of one class."""
    predictions, draws = sample.predictions, sample.draws
    if len(sample.present) < 2:
        return None
    areas, total = [], np.zeros(draws.resamples)
    for index in sample.present:
        scores, positive = predictions.probabilities[:, index], predictions.labels == index
        areas.append(auroc(scores, positive))
        total += auroc_resamples(scores, positive, draws)
    return Score(float(np.mean([area for area in areas if area is not None])), total / len(sample.present))


def risk_coverage_area(sample: Sample) -> Score:
    """Mean error among the most confident images, over all numbers of them (Geifman & El-Yaniv 2017)."""
    return Score(aurc(sample.predictions), aurc_resamples(sample.predictions, sample.draws))


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
