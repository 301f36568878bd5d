"""Whether the images are prepared as the weights expect them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.metrics.intervals import CONFIDENCE, wilson
from reportgen.metrics.paired import holm, score_interval
from reportgen.metrics.robustness import chance_of
from reportgen.metrics.values import share, value_of
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes.robustness import Preparation, PreparationCheck
from reportgen.record.run import RunRecord

ALARM = 0.01
"""Of the p-value corrected for everything tried, below which the spec's own way is doubted."""
WORTH = 0.01
"""Accuracy that the whole corrected interval has to lie above: near neighbours differ by less."""
BOUND = 0.02
"""Accuracy by which no other way may be better for the spec's own to be called right."""
ABOVE_CHANCE = 0.2
"""Of the way from chance to perfect that the better one has to have come, for its interval's lower end: what random
weights make of other numbers reaches less."""

FEWEST_FLIPS = 6
"""Images by which two ways have to differ for any test of their flips to tell them apart at 5 %."""
CLEAR_LOSS, LEAST_LOSS = 0.8, 0.02
"""Of another way's loss, and nats: less than the one and by more than the other tells two ways apart that accuracy does
not. On images that were learnt by heart losses are a few thousandths, of which one image more or less makes a half."""
TWINS = {"half_turn": "upside_down", "left_turn": "transposed", "right_turn": "transposed"}
"""Turned layouts, and the plainer one that may differ from them by mirroring alone."""


@dataclass(frozen=True)
class Tried:
    """One other way to prepare the images, compared with the spec's on the same images."""

    preparation: Preparation
    accuracy: MetricValue
    change: MetricValue
    """Accuracy minus that under the spec's own (Tango's score interval)."""
    p: float
    """Exact McNemar test, two-sided; Holm's correction for all ways, times the tests on more images."""


@dataclass(frozen=True)
class Doubt:
    """Another preparation under which the same weights are clearly better."""

    best: Tried
    now: MetricValue
    """Accuracy under the spec's own, on the images of the best."""
    rivals: tuple[Tried, ...]
    """Near equals of the best, told from it only by their loss on training images."""


def read_tried(check: PreparationCheck) -> tuple[Tried, ...]:
    """Every other way, the best first."""
    others = check.others
    lost, gained, images = ([getattr(other, key) for other in others] for key in ("lost", "gained", "images"))
    lows, highs = score_interval(lost, gained, images) if others else ((), ())
    found = [
        Tried(
            other,
            share("preparation", other.right, other.images),
            value_of("preparation.change", change_of(other), (float(low), float(high)), other.images, "paired"),
            p,
        )
        for other, low, high, p in zip(others, lows, highs, correct_p(check), strict=True)
    ]
    return tuple(sorted(found, key=lambda one: -change_of(one.preparation)))


def change_of(other: Preparation) -> float:
    """Accuracy under it minus that under the spec's own."""
    return (other.gained - other.lost) / other.images


def correct_p(check: PreparationCheck) -> list[float]:
    """The corrected p-value of each other way, in the order of the record."""
    raw = [min(1.0, check.stages * mcnemar(other.gained, other.lost)) for other in check.others]
    return [float(p) for p in holm(raw)]


def doubt_preparation(check: PreparationCheck, chance: float) -> Doubt | None:
    """The preparation that fits the weights clearly better than the spec's own, or None.

    Never for weights that this run alone has trained. The test has to be passed after correction, the change has to be
    above WORTH at the same corrected level, and the better way clearly above chance. Among those that accuracy can't
    tell apart it is the one of lower loss on training images.
    """
    if check.learned_here or not check.others:
        return None
    told = [other for other in check.others if other.loss is not None]
    one = min(told, key=lambda other: other.loss or 0.0) if told else max(check.others, key=change_of)
    ends = wilson(one.right, one.images) or (0.0, 0.0)
    one = plainest(one, check.others)
    if correct_p(check)[check.others.index(one)] >= ALARM or ends[0] < chance + ABOVE_CHANCE * (1 - chance):
        return None
    confidence = 1 - (1 - CONFIDENCE) / (check.stages * len(check.others))
    if float(score_interval(one.lost, one.gained, one.images, confidence)[0]) <= WORTH:
        return None
    tried = read_tried(check)
    return Doubt(
        best=next(other for other in tried if other.preparation is one),
        now=share("preparation.spec", one.own_right, one.images),
        rivals=tuple(other for other in tried if other.preparation is not one and other.preparation.loss is not None),
    )


def plainest(one: Preparation, others: Sequence[Preparation]) -> Preparation:
    """The same way without anything done to the layout of the images, or with what is done less, where these do not
    tell the two apart.

    Networks trained on mirrored images are as good on them, so that chance alone would name one of the two.
    """
    plainer = [] if one.layout == "same" else ["same", TWINS.get(one.layout)]
    for layout in plainer:
        for other in others:
            alike = (other.name, other.order, other.images) == (one.name, one.order, one.images)
            told = is_clearly_less(one.loss, other.loss)
            if alike and other.layout == layout and one.right - other.right < FEWEST_FLIPS and not told:
                return other
    return one


def is_clearly_less(one: float | None, other: float | None) -> bool:
    """Whether a loss on training images, nats, is so much lower than another that not chance alone makes it so."""
    if one is None or other is None:
        return False
    return one < CLEAR_LOSS * other and other - one > LEAST_LOSS


def is_cleared(check: PreparationCheck, chance: float) -> bool:
    """Whether every usual way was tried, none can be better by more than BOUND, and the accuracy is above chance.

    The upper ends of the changes are taken at a level that holds for all ways and tests at once (Bonferroni).
    """
    own = wilson(check.right, check.images)
    if not check.complete or own is None or own[0] <= chance:
        return False
    confidence = 1 - (1 - CONFIDENCE) / (check.stages * len(check.others))
    lost, gained, images = ([getattr(other, key) for other in check.others] for key in ("lost", "gained", "images"))
    _lows, highs = score_interval(lost, gained, images, confidence)
    return bool((highs < BOUND).all())


def find_doubt(record: RunRecord) -> Doubt | None:
    """The doubt that a record gives reason to; None where nothing was tried."""
    facts = record.probes.robustness if record.probes else None
    if facts is None or facts.preparation is None or "robustness.rows" not in record.arrays:
        return None
    return doubt_preparation(facts.preparation, chance_of(record))


def mcnemar(gained: int, lost: int) -> float:
    """Exact two-sided p-value of McNemar's test (1947): the binomial of gained + lost flips at one half.

    In whole numbers; here because scipy's takes a third of a second to import.
    """
    flips, larger = gained + lost, max(gained, lost)
    tail = sum(math.comb(flips, count) for count in range(larger, flips + 1))
    return float(min(1.0, 2 * tail / 2**flips))
