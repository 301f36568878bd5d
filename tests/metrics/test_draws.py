"""Scores of a model that depends on chance: means over evaluations, with intervals that cover what they should."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import log_loss

from reportgen.metrics import measure
from reportgen.metrics.draws import apart, half_width, mean_share_interval, read_draws, widen
from reportgen.metrics.intervals import wilson
from reportgen.record.answers import AnswerChange, AnswerFacts
from reportgen.record.run import RunRecord
from tests.metrics.covering import outside
from tests.report.sections.cases import change

IMAGES, DRAWS, RUNS = 200, 5, 3000


def by_chance(record: RunRecord, logits: list[np.ndarray]) -> RunRecord:
    """The record of a model whose evaluations gave these logits (n, c)."""
    facts = AnswerFacts(
        batch=500,
        spread=1.0,
        again=AnswerChange(images=64, changed=0.1, logits=1.0),
        by_chance=True,
        draws=len(logits),
    )
    arrays = {"eval.logits": logits[0].astype(np.float32)}
    arrays |= {f"draw.{at}.logits": one.astype(np.float16) for at, one in enumerate(logits[1:], start=1)}
    bare = change(record, arrays=arrays, answers=facts, measured=None)
    return bare.model_copy(update={"measured": measure(bare)})


def noisy(record: RunRecord, scale: float = 1.0, number: int = DRAWS) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    logits = record.arrays["eval.logits"]
    return [logits + scale * rng.normal(size=logits.shape) for _ in range(number)]


def simulate(common: float, seed: int, images: int = IMAGES) -> tuple[np.ndarray, float]:
    """(RUNS, DRAWS, images) right or wrong and the true accuracy: images differ in difficulty, and chance moves a whole
    evaluation by `common` (standard deviation, in logits) beside each image by itself."""
    rng = np.random.default_rng(seed)

    def right(runs: int, draws: int, n: int) -> np.ndarray:
        easy = rng.normal(1, 1.5, (runs, 1, n))
        return rng.random((runs, draws, n)) < 1 / (1 + np.exp(-easy - common * rng.normal(size=(runs, draws, 1))))

    return right(RUNS, DRAWS, images), float(right(400, 100, 200).mean())


def covers(right: np.ndarray, truth: float, counted: bool) -> float:
    """How often the interval of the accuracy holds the truth; not `counted`: that over images alone."""
    inside = 0
    for run in right:
        scores = run.mean(1).tolist()
        value = float(np.mean(scores))
        influences = (run - run.mean(1, keepdims=True)) / run.shape[1]
        ends = mean_share_interval(value, influences, run.shape[1])
        low, high = (widen(value, ends, scores, 1.0, apart(influences)) if counted else ends) or (0.0, 0.0)
        inside += low <= truth <= high
    return inside / len(right)


@pytest.mark.slow
@pytest.mark.parametrize("common", [0.0, 0.3, 1.0])
def test_intervals_cover_the_expected_accuracy(common: float) -> None:
    right, truth = simulate(common, seed=int(10 * common))
    held = round(covers(right, truth, counted=True) * len(right))
    assert outside("accuracy", IMAGES, (held, len(right)), 0.001) == []


@pytest.mark.slow
def test_intervals_over_images_alone_would_not() -> None:
    right, truth = simulate(1.0, seed=4)
    assert covers(right, truth, counted=False) < 0.85


def test_what_chance_does_to_each_image_by_itself_is_the_variance_about_the_image() -> None:
    right = np.array([[1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 1, 0]])
    influences = (right - right.mean(1, keepdims=True)) / 4
    by_image = [statistics.variance((4 * influences[:, image]).tolist()) for image in range(4)]
    assert apart(influences) == pytest.approx(sum(by_image) / 3 / 4)
    assert apart(influences[:1]) == 0
    scores = right.mean(1).tolist()
    left = statistics.variance(scores) - 0.5 * apart(influences)
    assert left < 0
    assert half_width(scores, apart(influences)) == 0


def test_a_share_of_evaluations_has_wilsons_interval_of_the_images_that_it_is_worth() -> None:
    right = np.array([[1] * 70 + [0] * 30, [1] * 60 + [0] * 40])
    influences = (right - right.mean(1, keepdims=True)) / 100
    worth = 0.65 * 0.35 / np.var(right.mean(0)) * 100
    assert mean_share_interval(0.65, influences, 100) == pytest.approx(wilson(0.65 * worth, worth))
    assert mean_share_interval(0.65, influences, 49) is None
    assert mean_share_interval(1.0, np.zeros((2, 100)), 100) == wilson(100, 100)


def test_the_formula() -> None:
    scores = [0.50, 0.52, 0.49, 0.53, 0.51]
    half = stats.t.ppf(0.975, 4) * np.std(scores, ddof=1) / math.sqrt(5)
    assert half_width(scores) == pytest.approx(half)
    assert widen(0.51, (0.47, 0.56), scores) == pytest.approx(
        (0.51 - math.hypot(0.04, half), 0.51 + math.hypot(0.05, half))
    )
    assert widen(0.51, (0.47, 0.56), [0.51]) == pytest.approx((0.47, 0.56))
    assert widen(0.01, (0.0, 0.02), scores) == pytest.approx((0.0, 0.01 + math.hypot(0.01, half)))
    assert widen(0.5, None, scores) is None


def test_scores_are_means_over_the_evaluations(record: RunRecord) -> None:
    found = by_chance(record, noisy(record))
    labels, measured = found.arrays["eval.labels"], found.measured
    assert measured is not None
    logits = [
        found.arrays[name].astype(float) for name in ("eval.logits", *(f"draw.{at}.logits" for at in range(1, 5)))
    ]
    right = [one.argmax(1) == labels for one in logits]
    accuracy, nll = measured.value("accuracy"), measured.value("nll")
    assert accuracy is not None
    assert nll is not None
    assert accuracy.value == pytest.approx(np.mean(right))
    losses = [
        log_loss(
            labels,
            np.exp(one - one.max(1, keepdims=True)) / np.exp(one - one.max(1, keepdims=True)).sum(1, keepdims=True),
            labels=range(10),
        )
        for one in logits
    ]
    assert nll.value == pytest.approx(np.mean(losses), rel=1e-6)
    assert (accuracy.method, nll.method, accuracy.n) == ("draws", "draws", len(labels))
    recall = measured.classes[3].recall
    assert recall.value == pytest.approx(np.mean([one[labels == 3].mean() for one in right]))


@pytest.mark.slow
def test_intervals_are_wider_than_those_of_one_evaluation(record: RunRecord) -> None:
    draws = noisy(record, 2.0)
    several, one = by_chance(record, draws).measured, by_chance(record, draws[:1]).measured
    assert several is not None
    assert one is not None
    for name in ("accuracy", "macro_f1"):
        wide, narrow = several.value(name), one.value(name)
        assert wide is not None
        assert narrow is not None
        assert wide.low is not None
        assert wide.high is not None
        assert wide.value is not None
        half = half_width([float(p.correct.mean()) for p in read_draws(by_chance(record, draws))])
        assert half > 0
        assert wide.low < wide.value < wide.high
    accuracy = several.value("accuracy")
    assert accuracy is not None
    assert accuracy.value is not None
    assert accuracy.low is not None
    assert accuracy.value - accuracy.low > half


@pytest.mark.slow
def test_evaluations_that_agree_are_one(record: RunRecord) -> None:
    logits = record.arrays["eval.logits"].astype(np.float16)
    several, one = by_chance(record, [logits] * 3).measured, by_chance(record, [logits]).measured
    assert several is not None
    assert one is not None
    for mine, other in zip(several.values, one.values, strict=True):
        assert (mine.value, mine.low, mine.high) == pytest.approx((other.value, other.low, other.high))
