"""The package's main function: a record's logits, labels and counts become numbers with intervals."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.bootstrap import draw_bootstrap
from reportgen.metrics.calibration import calibrate, scale_crosswise
from reportgen.metrics.classes import (
    confusion_matrix,
    largest_confusions,
    precision_recall_curves,
    score_classes,
)
from reportgen.metrics.computing import Sample, compute_values
from reportgen.metrics.curves import risk_coverage, thin
from reportgen.metrics.predictions import read_predictions
from reportgen.record.measurements import Curve, Measurements
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
    return Measurements(
        values=compute_values(record, Sample(predictions, draws, scaled)),
        classes=classes,
        confusion=tuple(tuple(int(cell) for cell in row) for row in matrix),
        confusions=largest_confusions(matrix, support, names),
        calibration=calibrate(predictions, scaled, temperature),
        risk_coverage=thin(coverage, risk) if predictions.finite else Curve(x=(), y=()),
        precision_recall=precision_recall_curves(predictions),
        resamples=resamples,
        seed=seed,
    )
