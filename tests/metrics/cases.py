"""Inputs of the metric tests: seeded logits, hand-made extremes, and records around them."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from reportgen.record.arrays import Arrays
from reportgen.record.run import RunRecord
from tests.support.records import small_record

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]


def noisy(seed: int, n: int = 300, classes: int = 6, lift: float = 2.0) -> tuple[Floats, Ints]:
    """Logits that lean towards their label, labels in unequal numbers, every class present."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.choice(classes, n - classes, p=unequal(classes))])
    logits = rng.normal(0, 1.5, (n, classes))
    logits[np.arange(n), labels] += lift
    return logits.astype(np.float32), labels.astype(np.int64)


def unequal(classes: int) -> Floats:
    """Class shares that fall linearly."""
    weights = np.arange(classes, 0, -1, dtype=np.float64)
    return weights / weights.sum()


def softmax(logits: Floats) -> NDArray[np.float64]:
    """The plain definition in float64."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True).astype(np.float64))
    return powers / powers.sum(axis=1, keepdims=True)


def with_evaluation(record: RunRecord, logits: Floats, labels: Ints, **changes: object) -> RunRecord:
    """`record` with other logits and labels, and as many classes as the logits have columns."""
    names = tuple(f"class {index}" for index in range(logits.shape[1]))
    arrays = Arrays({"eval.logits": logits, "eval.labels": labels, "eval.ids": np.arange(len(labels))})
    data = record.data.model_copy(update={"classes": names})
    return record.model_copy(update={"arrays": arrays, "data": data, "measured": None, **changes})


@lru_cache(maxsize=1)
def any_record() -> RunRecord:
    """The hand-written record where hypothesis forbids a fixture."""
    return small_record()


@st.composite
def evaluations(draw: st.DrawFn, most: int = 60) -> tuple[Floats, Ints]:
    """Any small evaluation: 2 to 12 classes, some of them perhaps without images, some logits tied."""
    n, classes = draw(st.integers(2, most)), draw(st.integers(2, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = rng.normal(0, draw(st.sampled_from([0.1, 1.0, 5.0, 30.0])), (n, classes))
    if draw(st.booleans()):
        logits = np.round(logits)
    return logits.astype(np.float32), rng.integers(0, classes, n).astype(np.int64)


def binned_error(confidence: NDArray[np.float64], correct: NDArray[np.float64], bins: int = 15) -> float:
    """The expected calibration error of Guo et al. 2017, a loop over the bins."""
    error, edges = 0.0, np.linspace(0, 1, bins + 1)
    for low, high in pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        error += abs(float((confidence[inside] - correct[inside]).sum()))
    return error / len(confidence)
