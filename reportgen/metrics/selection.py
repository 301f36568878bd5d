"""Which predictions a report shows, by stated rules; and whose pixels a record keeps for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.calibration import scale_crosswise
from reportgen.metrics.predictions import FloatArray, IntArray, Predictions, log_softmax, read_predictions
from reportgen.record.probes.sampling import count_turns
from reportgen.spec.frozen import Frozen
from reportgen.text.i18n import _

PER_GROUP = 10
SHOWN_CLASSES = 10
"""Of the typical and untypical images, one class an image."""
SURE = 0.9
PLANTED = 0.01
"""Share of the labels changed to see what the rule for label errors finds."""
FEWEST_PLANTED = 10
KEPT = 400
HALF = 4
"""Of the images of the first page: so many right ones and so many wrong ones, where there are as many."""


class Group(Frozen):
    """Images that show one thing."""

    name: str
    title: str
    rule: str
    """How they were chosen, one sentence."""
    positions: tuple[int, ...]
    """Rows of the evaluation arrays, in the order shown."""
    candidates: int
    """How many images fit the rule before the limits of number and class."""


class Strip(Frozen):
    """The images of the first page, as rows of the evaluation arrays: eight where as many were evaluated."""

    right: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()
    """Those with a confidence of at least `SURE` first, in each part the most confident first."""


class Selection(Frozen):
    """All groups; those that nothing fits are empty."""

    groups: tuple[Group, ...]
    strip: Strip = Strip()

    @property
    def positions(self) -> tuple[int, ...]:
        """Every row shown, once, in order of first appearance."""
        grouped = (row for group in self.groups for row in group.positions)
        return tuple(dict.fromkeys((*grouped, *self.strip.right, *self.strip.wrong)))


def select(logits: NDArray[Any], labels: NDArray[Any], temperature: float = 1.0) -> Selection:
    """The groups of a report's predictions, from logits (n, c) and labels (n,); ties go to the earlier row.

    `temperature` is that of the calibration: candidates for label errors are sought among scaled probabilities.

    Every group takes its best-fitting images in turn from each true class, so that no class crowds out the others.
    """
    predictions = read_predictions(logits, labels)
    if not predictions.finite:
        return Selection(groups=())
    groups = (*by_confidence(predictions), *by_label(predictions, temperature))
    return Selection(groups=groups, strip=select_strip(predictions))


def select_strip(predictions: Predictions) -> Strip:
    """The most confident right and wrong predictions, four of each; of which there are fewer, the other fills up.

    Confidence must be finite. Those of at least `SURE` are the first of the groups "surely_right" and "surely_wrong".
    """
    right, wrong = predictions.correct, ~predictions.correct
    return Strip(
        right=most_confident(predictions, right, max(HALF, 2 * HALF - int(wrong.sum()))),
        wrong=most_confident(predictions, wrong, max(HALF, 2 * HALF - int(right.sum()))),
    )


def most_confident(predictions: Predictions, fits: NDArray[np.bool_], most: int) -> tuple[int, ...]:
    """At most so many rows that fit, those of at least `SURE` first, these and the others in turn from each class."""
    confidence = predictions.confidence
    parts = [fits & (confidence >= SURE), fits & (confidence < SURE)]
    chosen = [row for part in parts for row in group("", "", part, -confidence, predictions, "").positions]
    return tuple(chosen[:most])


def by_confidence(predictions: Predictions) -> tuple[Group, ...]:
    """Right and wrong predictions, those that the model is surest of and those where two classes are close."""
    confidence, margin = predictions.confidence, margins(predictions)
    right, wrong = predictions.correct, ~predictions.correct
    return (
        group(
            "surely_wrong",
            _("Confidently wrong"),
            wrong & (confidence >= SURE),
            -confidence,
            predictions,
            _("Wrong with the highest confidence, at least 90 %; in turn from each true class."),
        ),
        group(
            "barely_wrong",
            _("Barely wrong"),
            wrong & (margin < 0.1),
            margin,
            predictions,
            _("Wrong with the smallest margin over the second class, below 10 points; in turn from each."),
        ),
        group(
            "barely_right",
            _("Barely right"),
            right & (margin < 0.1),
            margin,
            predictions,
            _("Right with the smallest margin over the second class, below 10 points; in turn from each."),
        ),
        group(
            "surely_right",
            _("Confidently right"),
            right & (confidence >= SURE),
            -confidence,
            predictions,
            _("Right with the highest confidence, at least 90 %; in turn from each class."),
        ),
    )


def by_label(predictions: Predictions, temperature: float) -> tuple[Group, ...]:
    """Images whose label the model doubts, and those it finds most and least like their own class."""
    own = np.exp(predictions.log_probabilities[np.arange(predictions.n), predictions.labels])
    return (
        group(
            "label_errors",
            _("Possible label errors"),
            *label_errors(predictions, temperature),
            predictions,
            _(
                "Labelled one class and predicted another, both judged against the class averages: the model is "
                "at least 90 % sure of the other class, at least as sure of it as it is on average of that "
                "class's own images, and less sure of the label than on average (Northcutt et al. 2021), after "
                "temperature scaling. The cards show the probabilities without it."
            ),
        ),
        group(
            "typical",
            _("Most typical of each class"),
            predictions.correct,
            -own,
            predictions,
            _("The right prediction with the highest probability of its class, one image a class."),
            each=1,
        ),
        group(
            "untypical",
            _("Least typical of each class"),
            np.ones_like(predictions.correct),
            own,
            predictions,
            _("The image to which the model gives the lowest probability of its own class, one a class."),
            each=1,
        ),
    )


def group(
    name: str,
    title: str,
    fits: NDArray[np.bool_],
    order: FloatArray,
    predictions: Predictions,
    rule: str,
    each: int | None = None,
) -> Group:
    """At most PER_GROUP images that fit, smallest `order` first, by turns from each true class."""
    rows = np.flatnonzero(fits)
    rows = rows[np.argsort(order[rows], kind="stable")]
    turn = count_turns(predictions.labels[rows])
    if each is not None:
        rows, turn = rows[turn < each], turn[turn < each]
        chosen = rows[np.argsort(predictions.labels[rows], kind="stable")][:SHOWN_CLASSES]
    else:
        chosen = rows[np.argsort(turn, kind="stable")][:PER_GROUP]
        chosen = chosen[np.argsort(order[chosen], kind="stable")]
    shown = tuple(int(row) for row in chosen)
    return Group(name=name, title=title, rule=rule, positions=shown, candidates=int(fits.sum()))


def margins(predictions: Predictions) -> FloatArray:
    """(n,): probability of the first class minus that of the second; 1 where there is one class."""
    probabilities = predictions.probabilities
    if predictions.classes < 2:
        return np.ones(predictions.n)
    top = np.partition(probabilities, -2, axis=1)[:, -2:]
    lead: FloatArray = top[:, 1] - top[:, 0]
    return lead


def label_errors(predictions: Predictions, temperature: float) -> tuple[NDArray[np.bool_], FloatArray]:
    """Which labels the model confidently disagrees with, and their order, most confident disagreement first.

    The off-diagonal of the confident joint (Northcutt, Jiang & Chuang 2021, eq. 1), on probabilities after temperature
    scaling: the predicted class's probability is at least the mean probability of that class over the images labelled
    so, and the label's is below its own mean. Here also: the predicted class is at least `SURE`. Order: probability of
    the label minus that of the prediction. Both results are (n,).
    """
    probabilities, labels = scaled(predictions, temperature), predictions.labels
    threshold = own_averages(probabilities, labels)
    own, first = probabilities[np.arange(predictions.n), labels], probabilities.max(1)
    fits = ~predictions.correct & (first >= np.maximum(threshold[predictions.predicted], SURE))
    return fits & (own < threshold[labels]), own - first


def own_averages(probabilities: FloatArray, labels: IntArray) -> FloatArray:
    """(c,): the mean probability of each class over the images labelled so; 0 for a class without images."""
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    averages: FloatArray = np.bincount(labels, own, classes) / np.maximum(np.bincount(labels, minlength=classes), 1)
    return averages


def scaled(predictions: Predictions, temperature: float) -> FloatArray:
    """(n, c): probabilities after temperature scaling."""
    return np.asarray(np.exp(log_softmax(predictions.log_probabilities / temperature)), np.float64)


@dataclass(frozen=True)
class Planted:
    """What the rule for label errors does with labels that were changed on purpose."""

    planted: int
    found: int
    named: int
    """Candidates in all, with the changed labels."""


def expected_errors(predictions: Predictions, temperature: float) -> float:
    """How many labels the rule contradicts where every label is right and the model calibrated after scaling.

    A label is then drawn with the scaled probabilities: over the images whose prediction is sure enough, the sum of the
    probabilities of the other classes that the rule would contradict, with the averages by class as they are.
    """
    probabilities = scaled(predictions, temperature)
    threshold = own_averages(probabilities, predictions.labels)
    sure = probabilities.max(1) >= np.maximum(threshold[predictions.predicted], SURE)
    others = (probabilities < threshold) & (np.arange(predictions.classes) != predictions.predicted[:, None])
    return float((probabilities * others)[sure].sum())


def plant_errors(predictions: Predictions, temperature: float) -> Planted | None:
    """How the rule does with labels that are known to be wrong: one in a hundred, changed at random to another class.

    None for fewer than ten changed ones. The images are drawn with a fixed seed.
    """
    planted = round(PLANTED * predictions.n)
    if planted < FEWEST_PLANTED or predictions.classes < 2:
        return None
    rng = np.random.default_rng(0)
    rows = rng.choice(predictions.n, planted, replace=False)
    labels = predictions.labels.copy()
    labels[rows] = (labels[rows] + rng.integers(1, predictions.classes, planted)) % predictions.classes
    fits, _order = label_errors(read_predictions(predictions.logits, labels), temperature)
    return Planted(planted, int(fits[rows].sum()), int(fits.sum()))


def images_to_keep(
    logits: NDArray[Any], labels: NDArray[Any], digests: NDArray[np.uint64], most: int = KEPT
) -> IntArray:
    """Rows whose pixels a record keeps: all that the selection shows, then wrong predictions up to `most` in all.

    Of logits (n, c), labels (n,) and digests (n,); ascending, (kept,).

    Wrong ones are taken in the order of the images' digests, so that two records of the same images keep the same
    ones where both are wrong.
    """
    shown = select(logits, labels, fitted_temperature(logits, labels)).positions
    wrong = np.flatnonzero(~read_predictions(logits, labels).correct)
    by_digest = wrong[np.argsort(digests[wrong], kind="stable")]
    rows = tuple(dict.fromkeys([*shown, *(int(row) for row in by_digest)]))
    return np.sort(np.array(rows[: max(most, len(shown))], np.int64))


def fitted_temperature(logits: NDArray[Any], labels: NDArray[Any]) -> float:
    """The temperature that the measurements of these logits state; 1 where no score of probabilities is known."""
    predictions = read_predictions(logits, labels)
    return scale_crosswise(predictions, 0)[1] if predictions.finite else 1.0
