"""Influence of images on scores against derivatives of weighted scores, and the intervals that are made of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from reportgen.metrics.influence import (
    FEWEST_OF_CLASS,
    Spread,
    folding,
    logit_interval,
    of_aurc,
    of_balanced_accuracy,
    of_calibration_error,
    of_macro_auroc,
    of_macro_f1,
    of_mean,
    skewed_interval,
    spread_by_class,
)
from reportgen.metrics.predictions import FloatArray, Predictions, read_predictions

CLASSES = 4


def predictions(n: int = 60, seed: int = 0, ties: bool = False) -> Predictions:
    """A model that is often right, with classes of unequal size."""
    rng = np.random.default_rng(seed)
    labels = np.r_[np.arange(CLASSES), rng.choice(CLASSES, n - CLASSES, p=[0.4, 0.3, 0.2, 0.1])]
    logits = rng.normal(0, 1, (n, CLASSES)) + 1.5 * np.eye(CLASSES)[labels]
    return read_predictions(np.round(logits) if ties else logits, labels)


def weighted_aurc(made: Predictions, weights: FloatArray) -> float:
    """Weighted mean over images of the weighted error among those that are at least as confident."""
    confidence, wrong = made.confidence, ~made.correct
    risks = []
    for own in confidence:
        kept = confidence >= own
        risks.append((weights * wrong)[kept].sum() / weights[kept].sum())
    return float((weights * risks).sum() / weights.sum())


def weighted_auroc(made: Predictions, weights: FloatArray) -> float:
    areas = [
        roc_auc_score(made.labels == index, made.probabilities[:, index], sample_weight=weights)
        for index in range(CLASSES)
    ]
    return float(np.mean(areas))


SCORES: dict[str, tuple[Callable[[Predictions], FloatArray], Callable[[Predictions, FloatArray], float]]] = {
    "balanced accuracy": (
        of_balanced_accuracy,
        lambda made, weights: float(balanced_accuracy_score(made.labels, made.predicted, sample_weight=weights)),
    ),
    "macro F1": (
        of_macro_f1,
        lambda made, weights: float(f1_score(made.labels, made.predicted, average="macro", sample_weight=weights)),
    ),
    "macro AUROC": (of_macro_auroc, weighted_auroc),
    "AURC": (of_aurc, weighted_aurc),
    "mean": (
        lambda made: of_mean(made.confidence),
        lambda made, weights: float((weights * made.confidence).sum() / weights.sum()),
    ),
}


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "macro AUROC" else name for name in SCORES]
)
def test_influence_is_the_derivative_of_the_weighted_score(name: str, ties: bool) -> None:
    made = predictions(ties=ties)
    ours, score = SCORES[name]
    found, step = ours(made), 1e-5
    for image in range(0, made.n, 3):
        up, down = np.ones(made.n), np.ones(made.n)
        up[image], down[image] = 1 + step, 1 - step
        slope = (score(made, up) - score(made, down)) / (2 * step)
        assert found[image] == pytest.approx(slope, abs=2e-6), (name, image)
    assert found.sum() == pytest.approx(0, abs=1e-9)


def test_one_class_of_spread_is_the_standard_error_of_a_mean() -> None:
    values = np.random.default_rng(1).exponential(1, 40)
    spread = spread_by_class(of_mean(values), np.zeros(40, np.int64))
    assert spread.error == pytest.approx(stats.sem(values))
    assert spread.freedom == pytest.approx(39)


def test_spread_by_class_is_welchs_for_two_classes() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(0, 1, 12), rng.normal(0, 3, 30)
    influence = np.r_[(first - first.mean()) / 12, -(second - second.mean()) / 30]
    spread = spread_by_class(influence, np.r_[np.zeros(12, np.int64), np.ones(30, np.int64)])
    welch = stats.ttest_ind(first, second, equal_var=False)
    assert spread.error == pytest.approx((first.mean() - second.mean()) / welch.statistic)
    assert spread.freedom == pytest.approx(welch.df)


def test_a_class_of_one_image_has_no_known_spread() -> None:
    spread = spread_by_class(np.array([0.1, -0.1, 0.0]), np.array([0, 0, 1]))
    assert math.isinf(spread.error)
    assert logit_interval(0.5, spread) is None


def test_without_skewness_halls_interval_is_students() -> None:
    values = np.r_[np.arange(-30.0, 31.0)]
    low, high = skewed_interval(float(values.mean()), of_mean(values)) or (0, 0)
    expected = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    assert (low, high) == pytest.approx(expected)


def test_halls_interval_leans_to_the_long_tail() -> None:
    values = np.random.default_rng(3).exponential(1, 50)
    mean = float(values.mean())
    low, high = skewed_interval(mean, of_mean(values)) or (0, 0)
    assert high - mean > mean - low > 0


@pytest.mark.parametrize("estimate", [0.0, 1.0])
def test_at_the_end_of_the_scale_there_is_no_interval(estimate: float) -> None:
    assert logit_interval(estimate, Spread(0.1, 9)) is None


def test_without_scatter_there_is_no_interval() -> None:
    assert logit_interval(0.5, Spread(0.0, 9)) is None
    assert skewed_interval(0.3, np.zeros(60)) is None


def test_the_logit_interval_is_inside_0_and_1_and_students_in_the_middle() -> None:
    low, high = logit_interval(0.5, Spread(0.01, 9)) or (0, 0)
    half = stats.t.ppf(0.975, 9) * 0.01
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-4)
    assert 0 < (logit_interval(0.999, Spread(0.01, 9)) or (0, 0))[0] < 0.999
    assert FEWEST_OF_CLASS > 1


def test_the_absolute_value_of_a_gap_scatters_less_where_its_sign_is_open() -> None:
    means = np.array([0.0, 0.5, 1.0, 2.0, 8.0])
    drawn = np.abs(np.random.default_rng(4).normal(means, 1, (100_000, 5)))
    assert folding(means, np.ones(5)) == pytest.approx(drawn.std(0), abs=0.01)
    assert folding(np.array([0.3]), np.array([0.0])).tolist() == [1.0]


def test_a_clear_calibration_error_has_the_scatter_of_its_gap() -> None:
    correct = (np.random.default_rng(5).random(400) < 0.5).astype(float)
    confidence = np.full(400, 0.9)
    assert of_calibration_error(confidence, correct) == pytest.approx(of_mean(confidence - correct))
