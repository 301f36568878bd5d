"""Whether a model's classes are in another order than the labels': a renaming under which it would be right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.metrics.calibration import halves
from reportgen.metrics.classes import confusion_matrix
from reportgen.metrics.differences import binomial_tail
from reportgen.metrics.paired import mcnemar_exact
from reportgen.metrics.predictions import IntArray, Predictions

SIGNIFICANT = 0.01
SEED = 0


@dataclass(frozen=True)
class Renaming:
    """Another order of the classes that fits the labels better."""

    meant: tuple[int, ...]
    """By predicted class: the class that it seems to mean."""
    correct: int
    """Of n images that did not choose the order, how many the renamed predictions get right."""
    n: int


def find_renaming(predictions: Predictions) -> Renaming | None:
    """The renaming of predicted classes that gets most images right, if it does better than none.

    It is found on one half of the images, each class split evenly, as the assignment with most of them right (Kuhn
    1955), and judged on the other by the exact McNemar test, so that a search through all orders finds nothing where
    there is nothing; and by whether more are right then than if predictions and labels had nothing to do with each
    other, so that a model that is wrong on purpose has no other order either.
    """
    matrix = confusion_matrix(predictions)
    if not len(matrix) or (matrix.argmax(1) == np.arange(len(matrix)))[matrix.sum(1) > 0].all():
        return None
    first = halves(predictions.labels, SEED) == 0
    meant = best_order(predictions, first)
    kept = ~first & (predictions.predicted >= 0)
    labels, predicted = predictions.labels[kept], predictions.predicted[kept]
    before, after = predicted == labels, meant[predicted] == labels
    lost, gained = int((before & ~after).sum()), int((after & ~before).sum())
    if gained <= lost or float(mcnemar_exact(lost, gained)) > SIGNIFICANT:
        return None
    shares = (np.bincount(one, minlength=predictions.classes) / len(labels) for one in (meant[predicted], labels))
    if binomial_tail(int(after.sum()), len(labels), float(np.prod(list(shares), axis=0).sum())) > SIGNIFICANT:
        return None
    return Renaming(tuple(int(one) for one in meant), int(after.sum()), int((~first).sum()))


def best_order(predictions: Predictions, rows: np.ndarray) -> IntArray:
    """(c,): by predicted class, the label it is given most often, each label once, over these images."""
    seen = rows & (predictions.predicted >= 0)
    cells = predictions.predicted[seen] * predictions.classes + predictions.labels[seen]
    counts = np.bincount(cells, minlength=predictions.classes**2).reshape(predictions.classes, -1)
    # Where two orders are equally good, the one that renames fewer classes.
    counts = counts * (predictions.classes + 1) + np.eye(predictions.classes, dtype=np.int64)
    if (counts.argmax(1) == np.arange(len(counts))).all():  # no class would gain, and scipy takes a third of a second
        return np.arange(len(counts))
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(counts, maximize=True)[1], np.int64)
