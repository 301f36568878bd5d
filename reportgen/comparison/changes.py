"""How much every score changed between two models on the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from reportgen.comparison.decision import Change
from reportgen.comparison.interval_adjustment import Ends, balanced_ends, share_ends
from reportgen.comparison.matching import Matched
from reportgen.comparison.seeds import Side, compare_sides, seeded_change, variance_in_both
from reportgen.metrics.calibration import scale_crosswise
from reportgen.metrics.computing import Sample, Score, change_interval, compute_scores, spread_of_change
from reportgen.metrics.influence import FEWEST, FEWEST_OF_FLIPS
from reportgen.metrics.predictions import Predictions
from reportgen.metrics.values import value_of
from reportgen.record.definitions import compared_by
from reportgen.record.metric_value import Method, MetricValue

SCORES = compared_by("paired")
"""Beside accuracy, whose change is decided on; in the order of the reports."""
NOTHING = Ends(0.0, 0.0, 0.0)
"""Between outputs that are the same to the bit: of other images as of these nothing changes, whatever their number."""
SEED = 0
"""Of the halves that temperature scaling is fitted on, as where the score itself is measured."""


def score(predictions: Predictions) -> dict[str, Score]:
    """Every score of SCORES that this model has, by name; those of probabilities only where all are finite."""
    scaled = scale_crosswise(predictions, SEED)[0] if predictions.finite else predictions.confidence
    return compute_scores(Sample(predictions, scaled), SCORES)


def score_changes(matched: Matched) -> list[MetricValue]:
    """`<score>.change` of every score that both models have, with its paired interval."""
    sides = [
        ([score(one) for one in seeds], [score(one) for one in drawn])
        for seeds, drawn in zip((matched.before, matched.after), matched.drawn, strict=True)
    ]
    every = [scores for seeds, drawn in sides for scores in (*seeds, *drawn)]
    names = [name for name in SCORES if all(name in scores for scores in every)]
    how = method_of(matched)
    if how != "paired":
        found = {name: over_evaluations(pick(sides[0], name), pick(sides[1], name), matched.n) for name in names}
    else:
        before, after = (seeds[0] for seeds, _none in sides)
        found = {name: between(before[name], after[name]) for name in names}
        balanced = balanced_ends(matched.labels, matched.before[0].correct, matched.after[0].correct)
        same = np.array_equal(matched.before[0].predicted, matched.after[0].predicted)
        found |= {"balanced_accuracy": balanced} | ({"macro_f1": balanced} if same else {})
    if matched.identical:
        found = dict.fromkeys(names, NOTHING)
    enough = {name: all(scores[name].has_enough_for_change for scores in every) for name in names}
    known = [
        name
        for name in names
        if matched.identical or (enough[name] and has_enough_images(matched) and found[name].has_width)
    ]
    return [describe_change(name, ends, matched.n, how, known=name in known) for name, ends in found.items()]


def has_enough_images(matched: Matched) -> bool:
    """Whether there are so many images that the interval of any change covers as often as it says, and no more.

    Of ten images one flips: whatever the interval, it then covers every time, which says nothing.
    """
    return matched.n >= (FEWEST_OF_FLIPS if method_of(matched) == "paired" else FEWEST)


def method_of(matched: Matched) -> Literal["seeds", "draws", "paired"]:
    """What the interval of a change counts beside images."""
    if len(matched.before) > 1 or len(matched.after) > 1:
        return "seeds"
    return "draws" if any(matched.drawn) else "paired"


def pick(
    side: tuple[Sequence[Mapping[str, Score]], Sequence[Mapping[str, Score]]], name: str
) -> tuple[list[Score], list[Score]]:
    """One score of every seed and of every evaluation of a model."""
    seeds, drawn = side
    return [scores[name] for scores in seeds], [scores[name] for scores in drawn]


def between(before: Score, after: Score) -> Ends:
    """The change of one score between two models on the same images, with its paired interval."""
    if before.right is not None and after.right is not None:
        return share_ends(before.right, after.right)
    value = after.value - before.value
    return Ends(value, *(change_interval(before, after) or (value, value)))


def over_evaluations(
    before: tuple[Sequence[Score], Sequence[Score]], after: tuple[Sequence[Score], Sequence[Score]], n: int
) -> Ends:
    """The change of one score's mean over seeds, or over the evaluations of one, with the interval that counts them.

    Each side: the scores of its seeds, and those of the evaluations of a single seed that depends on chance.
    """
    one, other = (
        Side.of([score.value for score in seeds], [score.value for score in drawn]) for seeds, drawn in (before, after)
    )
    means = [np.mean([score.influence for score in drawn or seeds], 0) for seeds, drawn in (before, after)]
    error = spread_of_change(means[0], means[1], before[0][0].labels).error
    added = [[score.influence for score in runs] for runs in (before[0], after[0], before[1], after[1])]
    both = variance_in_both(added[0], added[1], added[2:])
    value = other.mean - one.mean
    change = seeded_change(value, compare_sides(one, other, error, n, both))
    return Ends(value, change.low, change.high)


def describe_accuracy(matched: Matched, change: Change) -> MetricValue:
    """The change of accuracy that a verdict rests on."""
    ends = NOTHING if matched.identical else Ends(change.value, change.low, change.high)
    known = matched.identical or has_enough_images(matched)
    return describe_change("accuracy", ends, matched.n, method_of(matched), known=known)


def describe_change(name: str, ends: Ends, n: int, method: Method = "paired", *, known: bool = True) -> MetricValue:
    """The change of a score on n images; not `known`: its interval is left out."""
    return value_of(f"{name}.change", ends.value, (ends.low, ends.high) if known else None, n, method)
