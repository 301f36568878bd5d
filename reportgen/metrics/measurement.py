"""The room's verb: a record's logits, labels and counts become numbers with intervals."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.bootstrap import Bootstrap, draw_bootstrap, f1_resamples
from reportgen.metrics.calibration import calibrate, scale_crosswise
from reportgen.metrics.classes import (
    confusion_matrix,
    largest_confusions,
    precision_recall_curves,
    score_classes,
)
from reportgen.metrics.curves import risk_coverage, thin
from reportgen.metrics.definitions import define
from reportgen.metrics.intervals import centred_interval, newcombe, percentile_interval, wilson
from reportgen.metrics.predictions import FloatArray, Predictions, read_predictions, top_k_correct
from reportgen.metrics.scores import BIASED, PROBABILITY_SCORES, probability_scores
from reportgen.metrics.seeds import seed_scores
from reportgen.record.measurements import ClassScore, Curve, Measurements
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord


def measure(record: RunRecord, *, resamples: int, seed: int = 0) -> Measurements:
    """All measurements of a record. Proportions carry Wilson intervals, everything else a bootstrap over images that is
    stratified by class, `resamples` draws from `seed`.

    Where a logit is not finite, its image counts as wrong and every score of probabilities is unknown (None).
    """
    logits, labels = record.arrays["eval.logits"], record.arrays["eval.labels"]
    names = record.data.classes
    predictions = read_predictions(logits, labels)
    draws = draw_bootstrap(predictions.labels, resamples, seed)
    scaled, temperature = scale_crosswise(predictions, seed) if predictions.finite else (predictions.confidence, 1.0)
    classes = score_classes(predictions, names, draws)
    coverage, risk = risk_coverage(predictions.confidence, predictions.correct)
    matrix, support = confusion_matrix(predictions), np.bincount(predictions.labels, minlength=predictions.classes)
    accuracy, *counted = count_scores(predictions, classes, draws, top_k_correct(logits, predictions.labels, 5))
    values = (
        accuracy,
        *seed_scores(record),
        *counted,
        *intervals_of(predictions, draws, scaled),
        *training_scores(record, predictions),
        *teacher_scores(record),
        *costs(record),
    )
    return Measurements(
        values=values,
        classes=classes,
        confusion=tuple(tuple(int(cell) for cell in row) for row in matrix),
        confusions=largest_confusions(matrix, support, names),
        calibration=calibrate(predictions, scaled, temperature),
        risk_coverage=thin(coverage, risk) if predictions.finite else Curve(x=(), y=()),
        precision_recall=precision_recall_curves(predictions),
        resamples=resamples,
        seed=seed,
    )


def count_scores(
    predictions: Predictions, classes: tuple[ClassScore, ...], draws: Bootstrap, in_top5: np.ndarray
) -> tuple[MetricValue, ...]:
    """What is counted from predicted classes: accuracies and macro F1 (mean over the classes that have images)."""
    n, hits, hits5 = predictions.n, int(predictions.correct.sum()), int(in_top5.sum())
    present = [one for one in classes if one.support]
    at = [one.index for one in present]
    own = np.eye(predictions.classes)[predictions.labels] * predictions.correct[:, None]
    balanced = (draws.counts(own)[:, at] / [one.support for one in present]).mean(1)
    f1 = f1_resamples(predictions, draws)[:, at]
    macro_f1 = float(np.mean([one.f1.value or 0.0 for one in present]))
    recalls = float(np.mean([one.recall.value or 0.0 for one in present]))
    top5 = predictions.classes > 5
    return (
        define("accuracy", hits / n, wilson(hits, n), n, "wilson"),
        define("top5_accuracy", hits5 / n if top5 else None, wilson(hits5, n), n if top5 else None, "wilson"),
        define("balanced_accuracy", recalls, percentile_interval(balanced, recalls), n, "bootstrap"),
        define("macro_f1", macro_f1, percentile_interval(f1.mean(1), macro_f1), n, "bootstrap"),
    )


def intervals_of(predictions: Predictions, draws: Bootstrap, scaled: FloatArray) -> tuple[MetricValue, ...]:
    """What is computed from probabilities; unknown when some of them are not numbers."""
    known = probability_scores(predictions, draws, scaled) if predictions.finite else {}
    found = []
    for name in PROBABILITY_SCORES:
        score = known.get(name)
        if score is None:
            found.append(define(name, None))
            continue
        widen = centred_interval if name in BIASED else percentile_interval
        found.append(define(name, score.value, widen(score.resampled, score.value), predictions.n, "bootstrap"))
    return tuple(found)


def training_scores(record: RunRecord, predictions: Predictions) -> tuple[MetricValue, ...]:
    """Accuracy on training images and its distance from the test accuracy (Newcombe 1998), for a trained model."""
    training = record.training
    if training is None or not training.train_n:
        return ()
    train = (training.train_correct, training.train_n)
    test = (int(predictions.correct.sum()), predictions.n)
    gap = train[0] / train[1] - test[0] / test[1]
    return (
        define("train_accuracy", train[0] / train[1], wilson(*train), train[1], "wilson"),
        define("generalisation_gap", gap, newcombe(train, test), min(train[1], test[1]), "wilson"),
    )


def teacher_scores(record: RunRecord) -> tuple[MetricValue, ...]:
    """Accuracy of the model that this one learnt from, on the same images."""
    teacher = record.training.teacher if record.training else None
    if teacher is None:
        return ()
    ends = wilson(teacher.correct, teacher.n)
    return (define("teacher_accuracy", teacher.correct / teacher.n, ends, teacher.n, "wilson"),)


def costs(record: RunRecord) -> tuple[MetricValue, ...]:
    """What is counted in the model or timed on this machine."""
    trace, training = record.trace, record.training
    found = [
        define("parameters", trace.parameters, method="exact"),
        define("macs", trace.macs, method="exact"),
        define("activation_bytes", trace.activation_bytes_training, method="exact"),
    ]
    if record.latency:
        single = min(record.latency, key=lambda latency: latency.batch_size)
        fastest = max(record.latency, key=lambda latency: latency.images_per_second)
        ends = (single.p50_low, single.p50_high) if single.p50_low and single.p50_high else None
        found.append(define("latency_p50", single.p50_seconds, ends, single.n, "measured"))
        found.append(define("latency_p95", single.p95_seconds, None, single.n, "measured"))
        speed = fastest.images_per_second
        found.append(define("throughput", speed, fastest.throughput_interval, fastest.n, "measured"))
    if training is not None:
        found.append(define("train_seconds", training.seconds, method="measured"))
        found.append(define("train_images_per_second", training.images_per_second, method="measured"))
    found.append(define("eval_seconds", record.eval_seconds, method="measured"))
    return tuple(found)
