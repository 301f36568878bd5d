"""A model that depends on chance: its scores over several evaluations, and intervals that count them.

What is asked for is the expectation of a score over images and over chance. With K evaluations of the same n images the
mean over the evaluations varies for two reasons, and both count: the images drawn, estimated from the mean over the
evaluations, and what chance does to all images of an evaluation together, s²/K with s² the variance between the scores
of the evaluations. What chance does to each image by itself is in both, so that the sum errs on the safe side. The two
are put together by the squares of the distances between estimate and limit (Zou & Donner 2008, MOVER), of which the
second is Student's t times s/√K.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.metrics.intervals import CONFIDENCE
from reportgen.metrics.predictions import IntArray, Predictions, read_predictions
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


def half_width(scores: Sequence[float]) -> float:
    """How far chance may move the mean of these scores (K,): Student's t times s/√K; 0 for a single one."""
    from scipy.special import stdtrit

    if len(scores) < 2:
        return 0.0
    deviation = float(np.std(np.asarray(scores, np.float64), ddof=1))
    return float(stdtrit(len(scores) - 1, 0.5 + CONFIDENCE / 2)) * deviation / math.sqrt(len(scores))


def widen(value: float, ends: Ends | None, scores: Sequence[float], highest: float = math.inf) -> Ends | None:
    """The interval over images of a mean of scores, widened by what chance does; between 0 and `highest`."""
    if ends is None:
        return None
    half = half_width(scores)
    low, high = value - math.hypot(value - ends[0], half), value + math.hypot(ends[1] - value, half)
    return max(0.0, low), min(highest, high)
