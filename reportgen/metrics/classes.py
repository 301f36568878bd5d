"""The classes one by one: precision, recall, F1, areas, and which of them are taken for which."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.curves import auroc, average_precision, precision_recall, thin
from reportgen.metrics.draws import apart, mean_share_interval, widen
from reportgen.metrics.intervals import Interval, wilson
from reportgen.metrics.predictions import FloatArray, IntArray, Predictions
from reportgen.metrics.values import share, value_of
from reportgen.record.measurements import ClassScore, Confusion, Curve
from reportgen.record.metric_value import MetricValue

MOST_CONFUSIONS = 20
Right = NDArray[np.bool_]


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


def score_classes(evaluations: Sequence[Predictions], names: Sequence[str]) -> tuple[ClassScore, ...]:
    """Every class of the data set, those without images included (their recall is unknown).

    Of several evaluations, where the model depends on chance, the means, see `reportgen.metrics.draws`.
    """
    matrices = [confusion_matrix(predictions) for predictions in evaluations]
    hits = np.array([np.diag(matrix) for matrix in matrices])
    called = np.array([matrix.sum(0) for matrix in matrices])
    support = np.bincount(evaluations[0].labels, minlength=len(names))
    labels = [predictions.labels for predictions in evaluations]
    finite = all(predictions.finite for predictions in evaluations)
    scores = [predictions.probabilities for predictions in evaluations] if finite else []
    return tuple(
        ClassScore(
            index=index,
            name=name,
            support=int(support[index]),
            recall=class_share(f"class.{name}.recall", hits[:, index], np.full(len(hits), support[index]), own, found),
            precision=class_share(f"class.{name}.precision", hits[:, index], called[:, index], named, found),
            f1=f1_value(name, hits[:, index], int(support[index]), called[:, index], own | named, found),
            average_precision=mean_area(scores, labels, index, average_precision),
            auroc=mean_area(scores, labels, index, auroc),
        )
        for index, name in enumerate(names)
        for own, named in [members(evaluations, index)]
        for found in [own & named]
    )


def members(evaluations: Sequence[Predictions], index: int) -> tuple[Right, Right]:
    """(K, n) twice: the images of a class, and those called so, in each of several evaluations; of one (1, 0), which
    needs none."""
    if len(evaluations) == 1:
        return np.zeros((1, 0), bool), np.zeros((1, 0), bool)
    labels = np.array([predictions.labels == index for predictions in evaluations])
    return labels, np.array([predictions.predicted == index for predictions in evaluations])


def share_influences(found: Right, of: Right) -> FloatArray:
    """(K, n): what each image adds to the share of those `found` among those `of`, (K, n) each, of each evaluation."""
    number = of.sum(1, keepdims=True)
    shares = found.sum(1, keepdims=True) / np.maximum(number, 1)
    return np.asarray((found - shares * of) / np.maximum(number, 1), np.float64)


def class_share(name: str, hits: IntArray, of: IntArray, counted: Right, found: Right) -> MetricValue:
    """A proportion of images in each of K evaluations (K,); of one with its Wilson interval.

    `counted`, `found`: (K, n), the images that it is a proportion of, and those that it counts; of several evaluations.
    """
    if len(hits) == 1:
        return share(name, int(hits[0]), int(of[0]))
    if not of.all():
        return value_of(name, None)
    each, influences = (hits / of).tolist(), share_influences(found, counted)
    value, n = float(np.mean(each)), float(np.mean(of))
    ends = mean_share_interval(value, influences, n)
    return value_of(name, value, widen(value, ends, each, 1.0, apart(influences)), int(n), "draws")


def mean_area(
    scores: Sequence[FloatArray],
    labels: Sequence[IntArray],
    index: int,
    area: Callable[[FloatArray, Right], float | None],
) -> float | None:
    """The area under a curve of one class against the rest, averaged over evaluations; None where one is unknown.

    `scores`: probabilities (n, c) of each evaluation, none where they are not known; `labels`: (n,) of each.
    """
    found = [area(one[:, index], true == index) for one, true in zip(scores, labels, strict=False)]
    known = [value for value in found if value is not None]
    if not known or len(known) < len(found):
        return None
    return known[0] if len(known) == 1 else float(np.mean(known))


def f1_value(
    name: str,
    hits: IntArray,
    support: int,
    called: IntArray,
    counted: Right | None = None,
    found: Right | None = None,
) -> MetricValue:
    """Harmonic mean of precision and recall, of each evaluation (K,); unknown for a class without images.

    `counted`, `found`: (K, n), the images that are of the class or called so, and those that are both; of several
    evaluations.

    The Jaccard index J, hits among the images that are of the class or called so, is a proportion with Wilson's
    interval, and F1 = 2 J / (1 + J) rises with it.
    """
    if not support:
        return value_of(f"class.{name}.f1", None, None, support, "wilson")
    each = [2 * int(right) / (support + int(of)) for right, of in zip(hits, called, strict=True)]
    value = each[0] if len(each) == 1 else float(np.mean(each))
    if counted is not None and found is not None and len(each) > 1:
        influences, middle = share_influences(found, counted), float(np.mean(found.sum(1) / counted.sum(1)))
        ends = of_jaccard(mean_share_interval(middle, influences, float(counted.sum(1).mean())))
        steep = 2 / (1 + middle) ** 2  # of F1 against the Jaccard index
        sure = widen(value, ends, each, 1.0, steep**2 * apart(influences))
        return value_of(f"class.{name}.f1", value, sure, support, "draws")
    ends = of_jaccard(wilson(float(np.mean(hits)), float(np.mean(support + called - hits))))
    return value_of(f"class.{name}.f1", value, ends, support, "wilson")


def of_jaccard(ends: Interval | None) -> Interval | None:
    """The interval of F1 that belongs to one of the Jaccard index."""
    return None if ends is None else (2 * ends[0] / (1 + ends[0]), 2 * ends[1] / (1 + ends[1]))


def precision_recall_curves(predictions: Predictions) -> tuple[Curve, ...]:
    """One curve a class, thinned; empty for a class without images."""
    if not predictions.finite:
        return ()
    probabilities = predictions.probabilities
    return tuple(
        thin(*precision_recall(probabilities[:, index], predictions.labels == index))
        for index in range(predictions.classes)
    )
