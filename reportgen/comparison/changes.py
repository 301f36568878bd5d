"""How much every score changed: the same stratified bootstrap draws of the same images for both models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.comparison.interval_adjustment import Ends, balanced_ends, share_ends
from reportgen.comparison.matching import Matched
from reportgen.comparison.seeds import measure_scatter, seeded_change
from reportgen.metrics.bootstrap import Bootstrap
from reportgen.metrics.calibration import scale_crosswise
from reportgen.metrics.computing import Sample, Score, compute_scores
from reportgen.metrics.intervals import CONFIDENCE, centred_interval, percentile_interval
from reportgen.metrics.predictions import FloatArray, Predictions
from reportgen.metrics.values import value_of
from reportgen.record.definitions import compared_by
from reportgen.record.metric_value import MetricValue

SCORES = compared_by("paired")
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
    """Every score of SCORES that this model has, by name; those of probabilities only where all are finite."""
    scaled = scale_crosswise(predictions, SEED)[0] if predictions.finite else predictions.confidence
    return compute_scores(Sample(predictions, draws, scaled), SCORES)


def score_changes(matched: Matched, draws: Bootstrap) -> list[MetricValue]:
    """`<score>.change` of every score that both models have, with its paired interval."""
    before = [score(predictions, draws) for predictions in matched.before]
    after = [score(predictions, draws) for predictions in matched.after]
    names = [name for name in SCORES if all(name in scores for scores in (*before, *after))]
    if len(before) > 1 or len(after) > 1:
        pairs = {name: ([one[name] for one in before], [one[name] for one in after]) for name in names}
        return [describe_change(name, over_seeds(*pair, matched.n), matched.n, True) for name, pair in pairs.items()]
    found = {name: between(before[0][name], after[0][name]) for name in names}
    narrow = found["balanced_accuracy"]
    wide = narrow.at_least(balanced_ends(matched.labels, matched.before[0].correct, matched.after[0].correct))
    found |= {"balanced_accuracy": wide, "macro_f1": found["macro_f1"].stretched(narrow, wide)}
    return [describe_change(name, ends, matched.n) for name, ends in found.items()]


def between(before: Score, after: Score) -> Ends:
    """The change of one score between two models, with the interval of paired draws."""
    value = after.value - before.value
    resampled = after.resampled - before.resampled
    low, high = percentile_interval(resampled, value) or (value, value)
    ends = Ends(value, low, high)
    if after.biased:
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
    """The change of a score on n images; `several`: of its mean over seeds."""
    return value_of(f"{name}.change", ends.value, (ends.low, ends.high), n, "seeds" if several else "paired")
