"""How often the intervals of every score hold the score of the population, over models, class sizes and designs.

A population of 20,000 images stands for all images; a sample is drawn from it with fixed class sizes or without. The
labels follow the model's own probabilities (calibrated) or it states too much confidence. Every interval that is given
has to cover in 93 to 97.5 % of samples, within the error of so many samples.
"""

from __future__ import annotations

import os
from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from reportgen.metrics.computing import Sample, compute_scores
from reportgen.metrics.predictions import FloatArray, IntArray, read_predictions
from reportgen.metrics.scores import METRICS
from tests.metrics.cases import binned_error

CLASSES, POPULATION = 10, 20_000
FACTOR = int(os.environ.get("REPORTGEN_COVERAGE", "1"))
"""So many times the samples, for a table to be read: `REPORTGEN_COVERAGE=10 pytest -s`."""
NAMES = tuple(metric.name for metric in METRICS if metric.name not in ("ece_scaled", "top5_accuracy"))
SCENARIOS = [
    (model, even, fixed) for model in ("good", "poor, too sure") for even in (True, False) for fixed in (True, False)
]


@lru_cache(maxsize=8)
def population(model: str, even: bool) -> tuple[FloatArray, IntArray]:
    """(n, c) logits and (n,) labels; uneven classes run from 50 to 1."""
    rng = np.random.default_rng(7)
    sizes = np.ones(CLASSES) if even else np.geomspace(1, 1 / 50, CLASSES)
    shown = rng.choice(CLASSES, POPULATION, p=sizes / sizes.sum())
    strength = 6.5 if model.startswith("good") else 1.5
    logits = strength * rng.beta(4, 1.5, (POPULATION, 1)) * np.eye(CLASSES)[shown] + rng.normal(
        0, 1, (POPULATION, CLASSES)
    )
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (chances.cumsum(1) > rng.random((POPULATION, 1))).argmax(1)
    return (2.5 * logits if model.endswith("too sure") else logits), labels


@lru_cache(maxsize=8)
def truth(model: str, even: bool) -> dict[str, float]:
    """The scores of the whole population."""
    logits, labels = population(model, even)
    predictions = read_predictions(logits, labels)
    found = {
        name: one.value for name, one in compute_scores(Sample(predictions, predictions.confidence), NAMES).items()
    }
    return found | {"ece": binned_error(predictions.confidence, predictions.correct.astype(float))}


def draw(model: str, even: bool, fixed: bool, n: int, rng: np.random.Generator) -> tuple[FloatArray, IntArray]:
    """n images; `fixed`: each class as large as its share."""
    logits, labels = population(model, even)
    if not fixed:
        rows = rng.integers(0, POPULATION, n)
        return logits[rows], labels[rows]
    counts = np.maximum(np.round(n * np.bincount(labels, minlength=CLASSES) / POPULATION).astype(int), 1)
    parts = [rng.choice(np.flatnonzero(labels == index), count) for index, count in enumerate(counts)]
    rows = np.concatenate(parts)
    return logits[rows], labels[rows]


def coverage(model: str, even: bool, fixed: bool, n: int, samples: int) -> dict[str, tuple[int, int]]:
    """(held, given) of the intervals of every score."""
    rng = np.random.default_rng([n, fixed, even])
    expected, counts = truth(model, even), {name: [0, 0] for name in NAMES}
    for _ in range(samples):
        logits, labels = draw(model, even, fixed, n, rng)
        if len(np.unique(labels)) < CLASSES:
            continue
        predictions = read_predictions(logits, labels)
        for name, one in compute_scores(Sample(predictions, predictions.confidence), NAMES).items():
            ends = one.interval
            if ends is not None:
                counts[name][0] += ends[0] - 1e-12 <= expected[name] <= ends[1] + 1e-12
                counts[name][1] += 1
    return {name: (held, given) for name, (held, given) in counts.items()}


def wrong(found: dict[str, tuple[int, int]], low: float, level: float) -> list[str]:
    """The scores whose coverage is surely below `low`."""
    return [
        f"{name} {held}/{given}"
        for name, (held, given) in found.items()
        if given and stats.binom.cdf(held, given, low) < level
    ]


@pytest.mark.parametrize(("model", "even", "fixed"), [("good", True, True), ("poor, too sure", False, False)])
@pytest.mark.parametrize("n", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_intervals_hold_what_they_should_in_a_few_samples(model: str, even: bool, fixed: bool, n: int) -> None:
    assert wrong(coverage(model, even, fixed, n, 60), 0.93, 0.001) == []


@pytest.mark.slow
@pytest.mark.parametrize(("model", "even", "fixed"), SCENARIOS)
def test_intervals_hold_what_they_should(model: str, even: bool, fixed: bool) -> None:
    for n, samples in ((10, 150), (50, 150), (200, 150), (1000, 60), (10_000, 4)):
        samples *= FACTOR
        if fixed and not even and n < 200:  # no classes of such sizes have the population's shares
            continue
        found = coverage(model, even, fixed, n, samples)
        print(model, even, fixed, n, {name: round(held / given, 3) for name, (held, given) in found.items() if given})
        assert wrong(found, 0.93, 0.0005) == [], n
