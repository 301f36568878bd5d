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

from reportgen.metrics.calibration import BINS, bin_of, fit_temperature, halves, scale_crosswise
from reportgen.metrics.computing import Sample, compute_scores
from reportgen.metrics.influence import of_mean, share_left, skewed_interval
from reportgen.metrics.intervals import wilson
from reportgen.metrics.predictions import (
    FloatArray,
    IntArray,
    Predictions,
    brier_scores,
    log_losses,
    log_softmax,
    read_predictions,
)
from reportgen.metrics.scores import METRICS
from tests.metrics.cases import binned_error
from tests.metrics.covering import HIGH, LOW, Counts, add, near, outside

CLASSES, POPULATION = 10, 20_000
FACTOR = int(os.environ.get("REPORTGEN_COVERAGE", "1"))
"""So many times the samples, for a table to be read: `REPORTGEN_COVERAGE=10 pytest -s`."""
ELSEWHERE = {
    "top5_accuracy": "a share of the images like accuracy: the same function gives both intervals",
    "ece_scaled": "its truth depends on the temperatures that were fitted: see `scaled_coverage`",
}
"""Scores that the table leaves out, and why."""
NAMES = tuple(metric.name for metric in METRICS if metric.name not in ELSEWHERE)
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


def mislabelled(share: float, even: bool) -> tuple[FloatArray, IntArray]:
    """The population of the good model with so large a share of random labels, which no temperature mends."""
    logits, labels = population("good", even)
    rng = np.random.default_rng(5)
    return logits, np.where(rng.random(POPULATION) < share, rng.integers(0, CLASSES, POPULATION), labels)


def scaled_by(predictions: Predictions) -> tuple[FloatArray, list[tuple[float, float]]]:
    """Confidences (n,) of which each half is scaled by what fits the other; share and temperature of each half."""
    side, confidence, fitted = halves(predictions.labels, 0), predictions.confidence.copy(), []
    for half in (0, 1):
        rows = side == half
        temperature = fit_temperature(predictions.log_probabilities[~rows], predictions.labels[~rows])
        confidence[rows] = np.exp(log_softmax(predictions.log_probabilities[rows] / temperature).max(1))
        fitted.append((float(rows.mean()), temperature))
    return confidence, fitted


def scaled_error(logits: FloatArray, labels: IntArray, fitted: list[tuple[float, float]]) -> float:
    """The calibration error of a population of which such shares are scaled by these temperatures."""
    gaps, right = np.zeros(BINS), logits.argmax(1) == labels
    for share, temperature in fitted:
        confidence = np.exp(log_softmax(logits / temperature).max(1))
        gaps += share * np.bincount(bin_of(confidence), confidence - right, BINS) / len(labels)
    return float(np.abs(gaps).sum())


def scaled_coverage(logits: FloatArray, labels: IntArray, n: int, samples: int) -> Counts:
    """(held, given) of the interval of the calibration error after temperature scaling, n images at random."""
    rng, held, given = np.random.default_rng(n), 0, 0
    for _ in range(samples):
        rows = rng.integers(0, len(labels), n)
        predictions = read_predictions(logits[rows], labels[rows])
        confidence, fitted = scaled_by(predictions)
        ends = compute_scores(Sample(predictions, confidence), ("ece_scaled",))["ece_scaled"].interval
        if ends is not None:
            given += 1
            held += ends[0] - 1e-12 <= scaled_error(logits, labels, fitted) <= ends[1] + 1e-12
    return held, given


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


def test_what_the_table_leaves_out_is_covered_otherwise() -> None:
    assert {metric.name for metric in METRICS} == {*NAMES, *ELSEWHERE}
    logits, labels = population("good", even=True)
    predictions = read_predictions(logits[:300], labels[:300])
    scores = compute_scores(Sample(predictions, predictions.confidence), ("top5_accuracy",))
    assert scores["top5_accuracy"].right is not None
    assert scores["top5_accuracy"].interval == wilson(int(scores["top5_accuracy"].right.sum()), 300)
    confidence, fitted = scaled_by(predictions)
    expected, temperature = scale_crosswise(predictions, 0)
    assert confidence.tolist() == expected.tolist()
    assert np.mean([one for _share, one in fitted]) == pytest.approx(temperature)


@pytest.mark.slow
def test_the_interval_after_temperature_scaling_holds_the_error_in_a_few_samples() -> None:
    assert outside("ece_scaled", 60, scaled_coverage(*mislabelled(0.1, even=True), 60, 50), 0.001) == []
    assert scaled_coverage(*population("good", even=True), 40, 3) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.1])
@pytest.mark.parametrize("even", [True, False])
def test_the_interval_after_temperature_scaling_holds_the_error(even: bool, share: float) -> None:
    """Where a temperature makes the model calibrated, and where an error is left."""
    counts = []
    for n, samples in ((10, 20), (50, 150), (200, 150), (1000, 100), (10_000, 8)):
        held, given = scaled_coverage(*mislabelled(share, even), n, FACTOR * samples)
        print(f"ece_scaled, {share:.0%} mislabelled n={n:<6d} {held / max(given, 1):.3f} of {given}")
        assert outside("ece_scaled", n, (held, given), 0.0005) == []
        counts.append((held, given))
    assert counts[0] == (0, 0)
    assert outside("ece_scaled", 0, add(counts), 0.0005) == []


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
