"""How much every score changed: the same stratified bootstrap draws of the same images for both models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.comparison.interval_adjustment import Ends, balanced_ends, share_ends
from reportgen.comparison.matching import Matched
from reportgen.comparison.seeds import measure_scatter, seeded_change
from reportgen.metrics.bootstrap import Bootstrap, f1_resamples
from reportgen.metrics.calibration import scale_crosswise
from reportgen.metrics.definitions import BY_NAME
from reportgen.metrics.intervals import CONFIDENCE, centred_interval, percentile_interval
from reportgen.metrics.predictions import FloatArray, Predictions, top_k_correct
from reportgen.metrics.scores import BIASED, PROBABILITY_SCORES, Score, probability_scores
from reportgen.record.metric_value import MetricValue
from reportgen.text import numerals
from reportgen.text.i18n import _

SCORES = ("top5_accuracy", "balanced_accuracy", "macro_f1", *PROBABILITY_SCORES)
"""Beside accuracy, whose change is decided on; in the order of the reports."""
SEED = 0
"""Of the halves that temperature scaling is fitted on, as where the score itself is measured."""


def accuracy_interval(differences: NDArray[np.integer[Any]], draws: Bootstrap) -> tuple[FloatArray, FloatArray]:
    """95 % percentile interval of the mean of each column of −1, 0 and 1 (n, k), from paired draws of images.

    −1 is an image that only the baseline gets right, 1 one that only the candidate does.
    """
    means = draws.counts(differences.astype(np.float32)) / len(differences)
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(means, [tail, 100 - tail], axis=0)
    return low, high


def score(predictions: Predictions, draws: Bootstrap) -> dict[str, Score]:
    """Every score that this model has, by name; those of probabilities only where all are finite."""
    present = np.unique(predictions.labels)
    support = np.bincount(predictions.labels, minlength=predictions.classes)[present]
    own = np.eye(predictions.classes)[predictions.labels] * predictions.correct[:, None]
    recalls = own.sum(0)[present] / support
    f1 = f1_resamples(predictions, draws)[:, present]
    called = np.bincount(predictions.predicted[predictions.predicted >= 0], minlength=predictions.classes)[present]
    found = {
        "balanced_accuracy": Score(float(recalls.mean()), (draws.counts(own)[:, present] / support).mean(1)),
        "macro_f1": Score(float((2 * own.sum(0)[present] / (support + called)).mean()), f1.mean(1)),
    }
    if predictions.classes > 5:
        inside = top_k_correct(predictions.log_probabilities, predictions.labels, 5) & (predictions.predicted >= 0)
        shares = draws.counts(inside[:, None].astype(float))[:, 0] / predictions.n
        found["top5_accuracy"] = Score(float(inside.mean()), shares, inside)
    if predictions.finite:
        scaled, _unused = scale_crosswise(predictions, SEED)
        found |= probability_scores(predictions, draws, scaled)
    return found


def score_changes(matched: Matched, draws: Bootstrap) -> list[MetricValue]:
    """`<score>.change` of every score that both models have, with its paired interval."""
    before = [score(predictions, draws) for predictions in matched.before]
    after = [score(predictions, draws) for predictions in matched.after]
    names = [name for name in SCORES if all(name in scores for scores in (*before, *after))]
    if len(before) > 1 or len(after) > 1:
        pairs = {name: ([one[name] for one in before], [one[name] for one in after]) for name in names}
        return [describe_change(name, over_seeds(*pair, matched.n), matched.n, True) for name, pair in pairs.items()]
    found = {name: between(name, before[0][name], after[0][name]) for name in names}
    narrow = found["balanced_accuracy"]
    wide = narrow.at_least(balanced_ends(matched.labels, matched.before[0].correct, matched.after[0].correct))
    found |= {"balanced_accuracy": wide, "macro_f1": found["macro_f1"].stretched(narrow, wide)}
    return [describe_change(name, ends, matched.n) for name, ends in found.items()]


def between(name: str, before: Score, after: Score) -> Ends:
    """The change of one score between two models, with the interval of paired draws."""
    value = after.value - before.value
    resampled = after.resampled - before.resampled
    low, high = percentile_interval(resampled, value) or (value, value)
    ends = Ends(value, low, high)
    if name in BIASED:
        centred = centred_interval(resampled, value, (-np.inf, np.inf)) or (value, value)
        ends = ends.at_least(Ends(value, *centred))
    if before.right is not None and after.right is not None:
        ends = ends.at_least(share_ends(before.right, after.right))
    return ends


def over_seeds(before: Sequence[Score], after: Sequence[Score], n: int) -> Ends:
    """The change of one score's mean over seeds, with the interval that counts seeds and images."""
    value = float(np.mean([one.value for one in after]) - np.mean([one.value for one in before]))
    resampled = np.mean([one.resampled for one in after], 0) - np.mean([one.resampled for one in before], 0)
    error = float(resampled.std(ddof=1))
    scatter = measure_scatter(error, [one.value for one in before], [one.value for one in after], n)
    change = seeded_change(value, scatter)
    return Ends(value, change.low, change.high)


def describe_change(name: str, ends: Ends, n: int, several: bool = False) -> MetricValue:
    """A change as people read it: points for shares, otherwise a signed number."""
    metric, value, low, high = BY_NAME[name], ends.value, ends.low, ends.high
    if metric.unit == "share":
        digits = numerals.percent_digits(n)
        display, shown = numerals.points(value, digits), numerals.points_interval(low, high, digits)
    else:
        display, shown = numerals.change(value, low, high), numerals.change_interval(low, high)
    label = metric.label.text
    told = (
        _("{metric}, change of the mean over seeds", metric=label) if several else _("{metric}, change", metric=label)
    )
    return MetricValue(
        name=f"{name}.change", label=told, value=value, low=low,
        high=high, n=n, unit=metric.unit, higher_is_better=metric.higher_is_better, display=display,
        display_interval=shown, method="seeds" if several else "paired",
    )  # fmt: skip
