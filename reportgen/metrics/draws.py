"""A model that depends on chance: its scores over several evaluations, and intervals that count them.

What is asked for is the expectation of a score over images and over chance. With K evaluations of the same n images the
mean over the evaluations varies for two reasons, and both count: the images drawn, estimated from the mean over the
evaluations, and what chance does to all images of an evaluation together, s²/K with s² the variance between the scores
of the evaluations. What chance does to each image by itself is in both, so that a part of it, `apart`, is taken off s²:
half, and two fifths with two evaluations, as between seeds (`reportgen.metrics.seeds.mean_interval`). The two are put
together by the squares of the distances between estimate and limit (Zou & Donner 2008, MOVER), of which the second is
Student's t times what is left of s/√K.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.metrics.influence import FEWEST
from reportgen.metrics.intervals import CONFIDENCE, wilson
from reportgen.metrics.predictions import FloatArray, IntArray, Predictions, read_predictions
from reportgen.record.run import RunRecord

Ends = tuple[float, float]


def read_draws(record: RunRecord, rows: IntArray | None = None) -> tuple[Predictions, ...]:
    """The predictions of every evaluation of a record, the first one first; of most records there is one.

    `rows`: the images in this order, (n,); None: in their own.
    """
    arrays, labels = record.arrays, record.arrays["eval.labels"]
    order = slice(None) if rows is None else rows
    further = range(1, record.answers.draws) if record.answers is not None else ()
    names = ("eval.logits", *(f"draw.{number}.logits" for number in further))
    return tuple(read_predictions(arrays[name][order], labels[order]) for name in names if name in arrays)


def apart(influences: FloatArray) -> float:
    """Variance of the score of one evaluation by what chance does to each image by itself, from what each image adds in
    every evaluation, (K, n); 0 for a single one."""
    number, n = influences.shape
    if number < 2 or n < 2:
        return 0.0
    return float(((influences - influences.mean(0)) ** 2).sum() / (number - 1) * n / (n - 1))


def mean_share_interval(value: float, influences: FloatArray, images: float) -> Ends | None:
    """The interval over images of a share that is a mean over evaluations, from what each image adds, (K, n): Wilson's
    for as many images as would scatter so if each were right or wrong. `images`: of which it is a share; below FEWEST
    there is none."""
    scatter = float((influences.mean(0) ** 2).sum())
    alike = value * (1 - value) / scatter if scatter > 0 and 0 < value < 1 else images
    return wilson(value * alike, alike) if images >= FEWEST else None


def half_width(scores: Sequence[float], apart: float = 0.0) -> float:
    """How far chance may move the mean of these scores (K,): Student's t times s/√K, without a part of what it does to
    each image by itself; 0 for a single one."""
    from scipy.special import stdtrit

    if len(scores) < 2:
        return 0.0
    taken_off = (0.5 if len(scores) > 2 else 0.4) * apart
    variance = max(0.0, float(np.var(np.asarray(scores, np.float64), ddof=1)) - taken_off)
    return float(stdtrit(len(scores) - 1, 0.5 + CONFIDENCE / 2)) * math.sqrt(variance / len(scores))


def widen(
    value: float, ends: Ends | None, scores: Sequence[float], highest: float = math.inf, apart: float = 0.0
) -> Ends | None:
    """The interval over images of a mean of scores, widened by what chance does; between 0 and `highest`."""
    if ends is None:
        return None
    half = half_width(scores, apart)
    low, high = value - math.hypot(value - ends[0], half), value + math.hypot(ends[1] - value, half)
    return max(0.0, low), min(highest, high)
