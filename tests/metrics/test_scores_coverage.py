"""How often the intervals of every score hold the score of the population, over models, class sizes and designs.

A population of 20,000 images stands for all images; a sample is drawn from it with fixed class sizes or without. The
labels follow the model's own probabilities (calibrated) or it states too much confidence. Every interval that is given
has to cover in 93 to 97.5 % of samples, within the error of so many; the accuracy on average over populations whose
accuracy lies near, see `tests.metrics.covering`. The whole table, of many more samples: `python -m
tests.benchmarks.bench_coverage`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from reportgen.metrics.computing import Sample, compute_scores
from reportgen.metrics.influence import of_mean, share_left, skewed_interval
from reportgen.metrics.intervals import wilson
from reportgen.metrics.predictions import FloatArray, IntArray, brier_scores, log_losses, read_predictions
from reportgen.metrics.scores import METRICS
from tests.metrics.cases import binned_error
from tests.metrics.covering import HIGH, LOW, Counts, add, near, outside

CLASSES, POPULATION = 10, 20_000
FACTOR = int(os.environ.get("REPORTGEN_COVERAGE", "1"))
"""So many times the samples, for a table to be read: `REPORTGEN_COVERAGE=10 pytest -s`."""
NAMES = tuple(metric.name for metric in METRICS if metric.name not in ("ece_scaled", "top5_accuracy"))
MODELS = ("good", "good, too sure", "poor", "poor, too sure")
SCENARIOS = [(even, fixed) for even in (True, False) for fixed in (True, False)]


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


def draw_right(model: str, even: bool, share: float, n: int, rng: np.random.Generator) -> tuple[FloatArray, IntArray]:
    """n images of a population that is right on this share of them, and otherwise as the other."""
    logits, labels = population(model, even)
    right = logits.argmax(1) == labels
    rows = np.where(rng.random(n) < share, rng.choice(np.flatnonzero(right), n), rng.choice(np.flatnonzero(~right), n))
    return logits[rows], labels[rows]


def intervals(logits: FloatArray, labels: IntArray, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Those that these scores have on a sample."""
    predictions = read_predictions(logits, labels)
    found = compute_scores(Sample(predictions, predictions.confidence), names)
    return {name: one.interval for name, one in found.items() if one.interval is not None}


def coverage(model: str, even: bool, fixed: bool, n: int, samples: int) -> dict[str, tuple[int, int]]:
    """(held, given) of the intervals of every score."""
    rng = np.random.default_rng([n, fixed, even])
    expected, counts = truth(model, even), {name: [0, 0] for name in NAMES}
    for _ in range(samples):
        logits, labels = draw(model, even, fixed, n, rng)
        if len(np.unique(labels)) < CLASSES:
            continue
        for name, ends in intervals(logits, labels, NAMES[1:]).items():
            counts[name][0] += ends[0] - 1e-12 <= expected[name] <= ends[1] + 1e-12
            counts[name][1] += 1
        share = near(expected["accuracy"], n, rng)
        for name, ends in intervals(*draw_right(model, even, share, n, rng), ("accuracy",)).items():
            counts[name][0] += ends[0] - 1e-12 <= share <= ends[1] + 1e-12
            counts[name][1] += 1
    return {name: (held, given) for name, (held, given) in counts.items()}


def wrong(found: dict[str, Counts], n: int, level: float) -> list[str]:
    """The scores whose coverage is surely outside of what is asked."""
    return [line for name, counts in found.items() for line in outside(name, n, counts, level)]


@pytest.mark.parametrize(("model", "even", "fixed"), [("good", True, True), ("poor, too sure", False, False)])
@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 200])
def test_intervals_hold_what_they_should_in_a_few_samples(model: str, even: bool, fixed: bool, n: int) -> None:
    assert wrong(coverage(model, even, fixed, n, 60), n, 0.001) == []


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS if FACTOR > 1 else MODELS[::3])
@pytest.mark.parametrize(("n", "samples"), [(10, 60), (50, 60), (200, 60), (1000, 30), (10_000, 2)])
def test_intervals_hold_what_they_should(model: str, n: int, samples: int) -> None:
    """Each scenario by itself, and all of them together, which tells more of what is covered too often."""
    every: dict[str, list[Counts]] = {name: [] for name in NAMES}
    for even, fixed in SCENARIOS:
        if fixed and not even and n < 200:  # no classes of such sizes have the population's shares
            continue
        found = coverage(model, even, fixed, n, FACTOR * samples)
        told = {name: round(held / given, 3) for name, (held, given) in found.items() if given}
        print(f"{model:14s} {'even' if even else '50 : 1':6s} {'fixed' if fixed else 'free':5s} {n:6d} {told}")
        assert wrong(found, n, 0.0005) == [], (even, fixed)
        for name, counts in found.items():
            every[name].append(counts)
    assert wrong({name: add(parts) for name, parts in every.items()}, n, 0.0005) == []


@pytest.mark.slow
def test_losses_of_a_model_that_is_hardly_ever_wrong_are_held_no_oftener_than_asked() -> None:
    """With 50 images of even classes 98.9 % of the intervals held the Brier score, with 60 images 97.8 %; with a
    hundred, the fewest that have one, as many as with more."""
    rng, names = np.random.default_rng(100), ("nll", "brier")
    expected = truth("good, too sure", even=True)
    assert intervals(*draw("good, too sure", True, True, 90, rng), names) == {}
    found = [intervals(*draw("good, too sure", True, True, 100, rng), names) for _ in range(FACTOR * 500)]
    for name in names:
        held = sum(one[name][0] <= expected[name] <= one[name][1] for one in found)
        assert outside(name, 100, (held, len(found)), 0.001) == []


@pytest.mark.slow
@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("n", [200, 1000])
def test_losses_are_held_as_often_whether_the_sizes_of_unequal_classes_are_fixed_or_not(n: int, fixed: bool) -> None:
    """A fifth of the variance lies between the classes, of which fixed sizes leave nothing: with all of it counted the
    interval holds the Brier score in 98 % of samples, with none of it in 91 % of those of other sizes."""
    rng = np.random.default_rng(n)
    logits, labels = population("good", even=False)
    predictions = read_predictions(logits, labels)
    pools = [np.flatnonzero(labels == index) for index in range(CLASSES)]
    sizes = np.round(n * np.bincount(labels) / POPULATION).astype(int)
    for each in (log_losses(predictions), brier_scores(predictions)):
        weights = sizes if fixed else np.bincount(labels)
        expected = float(np.average([each[pool].mean() for pool in pools], weights=weights))
        held = 0
        for _ in range(800):
            drawn = [rng.choice(pool, size) for pool, size in zip(pools, sizes, strict=True)]
            rows = np.concatenate(drawn) if fixed else rng.integers(0, POPULATION, n)
            influence = of_mean(each[rows])
            ends = skewed_interval(each[rows].mean(), influence, share=share_left(influence, labels[rows]))
            assert ends is not None
            held += ends[0] <= expected <= ends[1]
        assert outside("losses", n, (held, 800), 0.001) == []


@pytest.mark.parametrize("n", [10, 50, 200, 1000, 10_000])
@pytest.mark.parametrize("truth", [0.2, 0.5, 0.7, 0.9, 0.98])
def test_shares_hold_their_truth_on_average_over_truths_that_no_sample_tells_apart(truth: float, n: int) -> None:
    """Exactly, without samples: the coverage of one truth alone jumps up and down with it."""
    ends = np.array([wilson(right, n) for right in range(n + 1)])
    reach = (truth * (1 - truth) / n) ** 0.5
    around = np.linspace(truth - reach, min(0.999, truth + reach), 40)
    inside = (ends[:, :1] <= around) & (around <= ends[:, 1:])
    mean = float((stats.binom.pmf(np.arange(n + 1)[:, None], n, around) * inside).sum(0).mean())
    assert LOW <= mean <= HIGH, mean
