"""The classes one by one: precision, recall, F1, areas, and which of them are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.metrics.bootstrap import Bootstrap, f1_resamples
from reportgen.metrics.curves import auroc, average_precision, precision_recall, thin
from reportgen.metrics.intervals import percentile_interval
from reportgen.metrics.predictions import FloatArray, IntArray, Predictions
from reportgen.metrics.values import share, value_of
from reportgen.record.measurements import ClassScore, Confusion, Curve
from reportgen.record.metric_value import MetricValue

MOST_CONFUSIONS = 20


def confusion_matrix(predictions: Predictions) -> IntArray:
    """(c, c) images by true class (row) and predicted class (column), without images whose logits are not finite."""
    cells = (predictions.labels * predictions.classes + predictions.predicted)[predictions.predicted >= 0]
    counts = np.bincount(cells, minlength=predictions.classes**2)
    return counts.reshape(predictions.classes, predictions.classes).astype(np.int64)


def largest_confusions(matrix: IntArray, support: IntArray, names: Sequence[str]) -> tuple[Confusion, ...]:
    """The largest cells off the diagonal, by count, then by row and column; empty cells never."""
    off = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-off.ravel(), kind="stable")[:MOST_CONFUSIONS]
    found = []
    for cell in order:
        true, predicted = divmod(int(cell), len(names))
        count = int(off[true, predicted])
        if count:
            name = f"confusion.{names[true]}.{names[predicted]}"
            value = share(name, count, int(support[true]))
            found.append(Confusion(true=true, predicted=predicted, count=count, share=value))
    return tuple(found)


def score_classes(predictions: Predictions, names: Sequence[str], draws: Bootstrap) -> tuple[ClassScore, ...]:
    """Every class of the data set, those without images included (their recall is unknown)."""
    matrix = confusion_matrix(predictions)
    hits, called = np.diag(matrix), matrix.sum(0)
    support = np.bincount(predictions.labels, minlength=predictions.classes)
    resampled = f1_resamples(predictions, draws)
    probabilities = predictions.probabilities
    rows = []
    for index, name in enumerate(names):
        positive = predictions.labels == index
        scores = probabilities[:, index]
        rows.append(
            ClassScore(
                index=index,
                name=name,
                support=int(support[index]),
                recall=share(f"class.{name}.recall", int(hits[index]), int(support[index])),
                precision=share(f"class.{name}.precision", int(hits[index]), int(called[index])),
                f1=f1_value(name, int(hits[index]), int(support[index]), int(called[index]), resampled[:, index]),
                average_precision=average_precision(scores, positive) if predictions.finite else None,
                auroc=auroc(scores, positive) if predictions.finite else None,
            )
        )
    return tuple(rows)


def f1_value(name: str, hits: int, support: int, called: int, resampled: FloatArray) -> MetricValue:
    """Harmonic mean of precision and recall with its bootstrap interval; unknown for a class without images."""
    value = 2 * hits / (support + called) if support else None
    ends = percentile_interval(resampled, value) if value is not None else None
    return value_of(f"class.{name}.f1", value, ends, support, "bootstrap")


def precision_recall_curves(predictions: Predictions) -> tuple[Curve, ...]:
    """One curve a class, thinned; empty for a class without images."""
    if not predictions.finite:
        return ()
    probabilities = predictions.probabilities
    return tuple(
        thin(*precision_recall(probabilities[:, index], predictions.labels == index))
        for index in range(predictions.classes)
    )
