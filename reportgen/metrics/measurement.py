"""The package's main function: a record's logits, labels and counts become numbers with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.metrics.calibration import scale_crosswise
from reportgen.metrics.classes import (
    confusion_matrix,
    largest_confusions,
    precision_recall_curves,
    score_classes,
)
from reportgen.metrics.computing import Sample, compute_values
from reportgen.metrics.curves import risk_coverage, thin
from reportgen.metrics.draws import read_draws
from reportgen.metrics.predictions import Predictions, read_predictions
from reportgen.metrics.reliability import calibrate
from reportgen.record.measurements import Curve, Measurements
from reportgen.record.run import RunRecord


def measure(record: RunRecord, *, seed: int = 0) -> Measurements:
    """All measurements of a record. Proportions carry Wilson intervals, everything else one from what each image adds,
    see `reportgen.metrics.influence`; `seed` is that of the halves that temperature scaling is fitted on.

    Where a logit is not finite, its image counts as wrong and every score of probabilities is unknown (None). Of a
    model that depends on chance, scores are means over its evaluations and intervals count them, see
    `reportgen.metrics.draws`; matrix, curves and calibration are those of the first evaluation.
    """
    logits, labels = record.arrays["eval.logits"], record.arrays["eval.labels"]
    names = record.data.classes
    predictions = read_predictions(logits, labels)
    samples, temperature = make_samples(read_draws(record), seed)
    classes = score_classes([sample.predictions for sample in samples], names)
    coverage, risk = risk_coverage(predictions.confidence, predictions.correct)
    matrix, support = confusion_matrix(predictions), np.bincount(predictions.labels, minlength=predictions.classes)
    return Measurements(
        values=compute_values(record, samples),
        classes=classes,
        confusion=tuple(tuple(int(cell) for cell in row) for row in matrix),
        confusions=largest_confusions(matrix, support, names),
        calibration=calibrate(samples[0], temperature),
        risk_coverage=thin(coverage, risk) if predictions.finite else Curve(x=(), y=()),
        precision_recall=precision_recall_curves(predictions),
        seed=seed,
    )


def make_samples(evaluations: Sequence[Predictions], seed: int) -> tuple[list[Sample], float]:
    """What the scores of every evaluation are computed from, and the temperature of the first."""
    samples, temperatures = [], []
    for one in evaluations:
        scaled, temperature = scale_crosswise(one, seed) if one.finite else (one.confidence, 1.0)
        samples.append(Sample(one, scaled))
        temperatures.append(temperature)
    return samples, temperatures[0]
