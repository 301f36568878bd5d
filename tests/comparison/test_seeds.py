"""Several seeds: the interval counts how far training scatters, by simulation and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from reportgen.comparison.decision import decide
from reportgen.comparison.seeds import measure_scatter, seed_variance, seeded_change, seeded_tost, variance_in_both
from reportgen.record.run import RunRecord
from reportgen.report.sections.baseline.findings import format_needed
from tests.comparison.cases import compared, with_seeds

IMAGES = 400
PAIRS = 2000


def seeds_right(rng: np.random.Generator, seeds: int, lift: float, scatter: float) -> NDArray[np.float64]:
    """(PAIRS, seeds, IMAGES) right or wrong: each image has a difficulty, each seed a skill of its own."""
    difficulty = np.linspace(-3, 3, IMAGES)
    skill = lift + scatter * rng.normal(size=(PAIRS, seeds, 1))
    return (rng.random((PAIRS, seeds, IMAGES)) < 1 / (1 + np.exp(difficulty - 1 - skill))).astype(np.float64)


def verdicts(before: NDArray[np.float64], after: NDArray[np.float64]) -> list[str]:
    found = []
    for one, other in zip(before, after, strict=True):
        by_image = other.mean(0) - one.mean(0)
        error = float(by_image.std(ddof=1) / np.sqrt(IMAGES))
        both = variance_in_both(list(one / IMAGES), list(other / IMAGES))
        scatter = measure_scatter(error, list(one.mean(1)), list(other.mean(1)), IMAGES, both=both)
        found.append(decide(seeded_change(float(by_image.mean()), scatter), 0.005))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(3, 3), (1, 3), (2, 5)])
def test_seeds_that_scatter_alike_are_seldom_called_better_or_worse(before: int, after: int) -> None:
    rng = np.random.default_rng(before)
    found = verdicts(seeds_right(rng, before, 0.0, 0.3), seeds_right(rng, after, 0.0, 0.3))
    assert (found.count("better") + found.count("worse")) / PAIRS <= 0.05


def test_images_alone_would_err_far_more_often() -> None:
    rng = np.random.default_rng(0)
    one, other = seeds_right(rng, 3, 0.0, 0.3), seeds_right(rng, 3, 0.0, 0.3)
    by_image = other.mean(1) - one.mean(1)
    p = stats.ttest_1samp(by_image, 0.0, axis=1).pvalue
    assert (p <= 0.05).mean() > 0.1


@pytest.mark.slow
def test_a_better_recipe_is_found() -> None:
    rng = np.random.default_rng(9)
    found = verdicts(seeds_right(rng, 5, 0.0, 0.1), seeds_right(rng, 5, 0.7, 0.1))
    assert found.count("better") / PAIRS > 0.9


def test_without_scatter_of_images_it_is_students_test() -> None:
    before, after = [0.80, 0.82, 0.81], [0.84, 0.83, 0.86, 0.85]
    scatter = measure_scatter(0.0, before, after, 1000)
    change = seeded_change(float(np.mean(after) - np.mean(before)), scatter)
    expected = stats.ttest_ind(after, before)
    assert change.p == pytest.approx(expected.pvalue)
    assert (change.low, change.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    above, below = seeded_tost(change.value, scatter, 0.01)
    lower = stats.ttest_ind(np.array(after) + 0.01, before, alternative="greater").pvalue
    upper = stats.ttest_ind(np.array(after) - 0.01, before, alternative="less").pvalue
    assert (above, below) == pytest.approx((lower, upper))


def test_one_seed_each_has_no_scatter_to_count() -> None:
    assert seed_variance([0.9], [0.8]) == (0.0, 0)
    change = seeded_change(0.02, measure_scatter(0.01, [0.8], [0.82], 500))
    assert (change.high - change.low) / 2 == pytest.approx(stats.t.ppf(0.975, 499) * 0.01)


def test_seeds_that_all_agree_leave_no_interval() -> None:
    same = seeded_change(0.0, measure_scatter(0.0, [0.9, 0.9], [0.9, 0.9], 100))
    assert (same.low, same.high, same.p) == (0.0, 0.0, 1.0)
    certain = measure_scatter(0.0, [0.8, 0.8], [0.9, 0.9], 100)
    other = seeded_change(0.1, certain)
    assert (other.low, other.p) == (0.1, 0.0)
    assert seeded_tost(0.1, certain, 0.05) == (0.0, 1.0)


def test_trainings_of_the_same_seeds_with_the_same_outputs_are_identical(record: RunRecord) -> None:
    """Whatever gate is put on their change: none of it is a difference."""
    two, other = with_seeds(record, [1]), with_seeds(record, [2])
    same = compared(two, two)
    assert (same.verdict, same.identical, same.seeds) == ("equivalent", True, (2, 2))
    changes = (*same.scores, *(one.change for one in same.classes))
    assert {(value.value, value.low, value.high) for value in changes} == {(0.0, 0.0, 0.0)}
    assert not compared(two, other).identical
    assert not compared(two, record).identical


def test_more_seeds_than_any_are_not_said_to_be_too_few_images(record: RunRecord) -> None:
    found = compared(with_seeds(record, [1, 2], 0.5), with_seeds(record, [4, 5], 0.5))
    assert (found.verdict, found.seeds_needed) == ("undecided", None)
    assert format_needed(found).startswith("On these images even 100 seeds of each would not give a decision")
