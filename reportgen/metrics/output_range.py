"""Whether outputs that are read as logits lie where logits seldom do: all between 0 and 1, say, as after a sigmoid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reportgen.metrics.intervals import wilson
from reportgen.metrics.predictions import read_predictions
from reportgen.record.run import RunRecord

FEWEST_VALUES = 50
"""Below so many, chance alone may put all of them there."""
SUM_TOLERANCE = 2e-3
"""Relative, between the sums of rows: two steps of float16."""


@dataclass(frozen=True)
class OutputRange:
    """Where all values lie that the model gives for the test images."""

    kind: Literal["unit", "same_sum", "signed"]
    """`unit`: between 0 and 1; `same_sum`: not negative, and the values of each image sum to `total`; `signed`: between
    −1 and 1, and softmax states less confidence for every image than the accuracy surely is."""
    n: int
    """Images."""
    total: float
    """Mean sum of the values of an image."""
    most: float
    """The highest confidence that softmax makes of the values of an image, 0 to 1."""
    accuracy: float


def find_output_range(record: RunRecord) -> OutputRange | None:
    """The range, where it is an unusual one for logits; None where it is not, or where something else was read.

    Rows that are all constant, as of a last layer that starts at zero, are no answer and not told.
    """
    read_as = record.output.kind if record.output else "logits"
    logits, labels = record.arrays.get("eval.logits"), record.arrays.get("eval.labels")
    if read_as != "logits" or logits is None or labels is None or logits.size < FEWEST_VALUES:
        return None
    low, high = float(logits.min()), float(logits.max())
    sums = logits.sum(1, dtype=np.float64)
    total = float(sums.mean())
    same_sum = low >= 0 and bool((np.abs(sums - total) <= SUM_TOLERANCE * total).all())
    if not (same_sum or -1 <= low < high <= 1) or not low < high:  # also what is not finite
        return None
    predictions = read_predictions(logits, labels)
    most, right = float(predictions.confidence.max()), int(predictions.correct.sum())
    surely = (wilson(right, len(labels)) or (0.0, 1.0))[0]
    if not same_sum and low < 0 and surely <= most:
        return None
    kind: Literal["unit", "same_sum", "signed"] = "same_sum" if same_sum else "unit" if low >= 0 else "signed"
    return OutputRange(kind, len(labels), total, most, right / len(labels))
