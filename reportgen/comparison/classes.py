"""The classes one by one: how each one's recall changed, and which changes hold when all are looked at together."""

from __future__ import annotations

import numpy as np

from reportgen.comparison.matching import Matched
from reportgen.metrics.influence import FEWEST_OF_FLIPS
from reportgen.metrics.paired import holm, mcnemar_exact, paired_interval
from reportgen.metrics.predictions import FloatArray
from reportgen.metrics.values import share, value_of
from reportgen.record.comparison import ClassChange


def compare_classes(matched: Matched) -> tuple[ClassChange, ...]:
    """Every class of the data set in its order, by the main seeds; those without images have unknown recalls.

    The interval of a change is Tango's score interval, reaching to zero where p is above 0.05; p is exact McNemar's,
    corrected by Holm over the classes that have images. Below FEWEST_OF_FLIPS images of a class there is no interval.
    """
    before, after = matched.before[0].correct, matched.after[0].correct
    tables = (np.ones(matched.n, bool), before & ~after, ~before & after, before, after)
    counts = [np.bincount(matched.labels[fits], minlength=len(matched.names)) for fits in tables]
    support, lost, gained = counts[:3]
    p_values = mcnemar_exact(lost, gained)
    adjusted = np.ones(len(support))
    adjusted[support > 0] = holm(p_values[support > 0])
    ends = paired_interval(lost, gained, np.maximum(support, 1))
    if matched.identical:  # which is no sample of anything: of other images as of these nothing changes
        ends = np.zeros(len(support)), np.zeros(len(support))
    return tuple(
        describe(index, name, [int(count[index]) for count in counts], ends, float(p_values[index]), adjusted)
        for index, name in enumerate(matched.names)
    )


def describe(
    index: int, name: str, counts: list[int], ends: tuple[FloatArray, FloatArray], p: float, adjusted: FloatArray
) -> ClassChange:
    """One class from its images, lost, gained, right before and right after."""
    support, lost, gained, right_before, right_after = counts
    recall = f"class.{name}.recall"
    low, high = (float(side[index]) for side in ends)
    change = (gained - lost) / support if support else None
    ends_known = (low, high) if support >= FEWEST_OF_FLIPS else None
    return ClassChange(
        index=index,
        name=name,
        support=support,
        before=share(recall, right_before, support),
        after=share(recall, right_after, support),
        change=value_of(f"{recall}.change", change, ends_known, support, "paired"),
        lost=lost,
        gained=gained,
        p=p,
        p_adjusted=float(adjusted[index]),
    )
