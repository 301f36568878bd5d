"""How often the intervals of the changes of scores hold the change of the population, over pairs of models.

Both models see a part of what is hard about an image alike. What has to be covered is said in
`tests.metrics.covering`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from reportgen.comparison.changes import score_changes
from reportgen.comparison.matching import Matched
from reportgen.metrics.computing import Sample, compute_scores
from reportgen.metrics.predictions import FloatArray, IntArray, read_predictions, top_k_correct
from tests.metrics.cases import binned_error
from tests.metrics.covering import HIGH, Counts, add, most_of_change, outside
from tests.metrics.test_scores_coverage import FACTOR, NAMES

CLASSES, POPULATION = 10, 20_000
PAIRS = {
    "alike": (6.5, 1.0, 1.0, True),
    "too sure": (6.5, 1.0, 1.3, True),
    "both too sure": (6.5, 1.4, 1.6, True),
    "50 : 1": (6.5, 1.0, 1.0, False),
    "poor": (1.5, 1.0, 2.5, True),
}
"""How well the classes lie apart, how much too sure each model is, and whether classes are even."""
SELDOM = 0.05
"""Of the samples: what is given in fewer, by chance alone, can't be asked to cover in them; it may be wrong in so many
of all at most."""


@lru_cache(maxsize=len(PAIRS))
def population(pair: str) -> tuple[FloatArray, FloatArray, IntArray]:
    """Logits (n, c) of both models and labels (n,), which follow the first one's probabilities."""
    apart, sure, surer, even = PAIRS[pair]
    rng = np.random.default_rng(7)
    sizes = np.ones(CLASSES) if even else np.geomspace(1, 1 / 50, CLASSES)
    shown = rng.choice(CLASSES, POPULATION, p=sizes / sizes.sum())
    seen = apart * rng.beta(4, 1.5, (POPULATION, 1)) * np.eye(CLASSES)[shown] + rng.normal(
        0, 0.8, (POPULATION, CLASSES)
    )
    before, after = (seen + rng.normal(0, scatter, seen.shape) for scatter in (0.6, 0.5))
    chances = np.exp(before) / np.exp(before).sum(1, keepdims=True)
    labels = (chances.cumsum(1) > rng.random((POPULATION, 1))).argmax(1)
    return sure * before, surer * after, labels


@lru_cache(maxsize=len(PAIRS))
def truth(pair: str) -> dict[str, float]:
    """The changes of the scores in the whole population."""
    before, after, labels = population(pair)
    found = [scores(logits, labels) for logits in (before, after)]
    return {f"{name}.change": found[1][name] - value for name, value in found[0].items()}


def scores(logits: FloatArray, labels: IntArray) -> dict[str, float]:
    """The scores of one model on the whole population."""
    predictions = read_predictions(logits, labels)
    sample = Sample(predictions, predictions.confidence)
    found = {name: one.value for name, one in compute_scores(sample, {*NAMES, "top5_accuracy"} - {"ece"}).items()}
    return found | {"ece": binned_error(predictions.confidence, predictions.correct.astype(float))}


@lru_cache(maxsize=1024)
def most_of(pair: str, name: str, n: int) -> float:
    """How often the interval may hold the change at most: of a share that few images flip, oftener than else."""
    before, after, labels = population(pair)
    if name != "top5_accuracy.change":
        return HIGH
    one, other = (top_k_correct(logits, labels, 5) for logits in (before, after))
    return most_of_change(n * float((one != other).mean()))


def changes(pair: str, n: int, samples: int) -> dict[str, Counts]:
    """(held, given) of the intervals of every change that is not given in SELDOM of the samples at most.

    An interval of the calibration error is given where both models are clearly not calibrated, which of models that
    are shows in one sample of a thousand.
    """
    before, after, labels = population(pair)
    expected, rng = truth(pair), np.random.default_rng([n, samples])
    counts = {name: [0, 0] for name in expected}
    for _ in range(samples):
        rows = rng.integers(0, POPULATION, n)
        one, other = (read_predictions(logits[rows], labels[rows]) for logits in (before, after))
        names = tuple(map(str, range(CLASSES)))
        matched = Matched(labels[rows], rows, names, (one,), (other,), (one.logits, other.logits), rows)
        for value in score_changes(matched):
            if value.name in expected and value.low is not None and value.high is not None:
                counts[value.name][0] += value.low - 1e-12 <= expected[value.name] <= value.high + 1e-12
                counts[value.name][1] += 1
    return {name: (held, given) if given > SELDOM * samples else (0, 0) for name, (held, given) in counts.items()}


@pytest.fixture(autouse=True)
def without_scaling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temperatures take most of the time and change none of these scores."""
    monkeypatch.setattr(
        "reportgen.comparison.changes.scale_crosswise", lambda predictions, _seed: (predictions.confidence, 1.0)
    )


@pytest.mark.slow
def test_intervals_of_changes_hold_what_they_should_in_a_few_samples() -> None:
    for name, counts in changes("alike", 500, 20).items():
        assert outside(name, 500, counts, 0.001, most_of("alike", name, 500)) == []


@pytest.mark.slow
@pytest.mark.parametrize(("n", "samples"), [(50, 30), (500, 50), (2000, 12)])
def test_intervals_of_changes_hold_what_they_should(n: int, samples: int) -> None:
    every: dict[str, list[Counts]] = {}
    for pair in PAIRS:
        found = changes(pair, n, FACTOR * samples)
        print(pair, n, {name: f"{held / given:.3f} of {given}" for name, (held, given) in found.items() if given})
        for name, counts in found.items():
            assert outside(name, n, counts, 0.0005, most_of(pair, name, n)) == [], pair
            every.setdefault(name, []).append(counts)
    for name, parts in every.items():
        most = max(most_of(pair, name, n) for pair in PAIRS)
        assert outside(name, n, add(parts), 0.0005, most) == []


def test_what_has_no_interval_with_few_images_or_without_a_clear_error() -> None:
    assert {name for name, (_held, given) in changes("alike", 50, 5).items() if given} == {"top5_accuracy.change"}
    assert changes("alike", 500, 5)["ece.change"] == (0, 0)


@pytest.mark.slow
def test_the_change_of_a_clear_calibration_error_has_an_interval_that_holds_it() -> None:
    counts = changes("both too sure", 500, 40)["ece.change"]
    assert counts[1] > 30
    assert outside("ece.change", 500, counts, 0.001) == []
