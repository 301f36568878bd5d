"""Two models on the same images where one of them, or both, depend on chance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from reportgen.comparison.seeds import Side, compare_sides, seeded_change
from reportgen.record.run import RunRecord
from tests.comparison.cases import compared
from tests.metrics.test_draws import by_chance, noisy
from tests.support.records import with_seeds

IMAGES, DRAWS, PAIRS = 300, 5, 2000


def right(rng: np.random.Generator, draws: int, chance: float = 0.3) -> NDArray[np.bool_]:
    """(PAIRS, draws, IMAGES): each image has a difficulty, and chance moves each evaluation as a whole.

    One draw: a model without chance that is as often right on each image.
    """
    easy = np.linspace(-2, 3, IMAGES)
    if draws == 1:
        moved = easy[:, None] + chance * stats.norm.ppf((np.arange(200) + 0.5) / 200)
        return rng.random((PAIRS, 1, IMAGES)) < (1 / (1 + np.exp(-moved))).mean(1)
    return rng.random((PAIRS, draws, IMAGES)) < 1 / (1 + np.exp(-easy - chance * rng.normal(size=(PAIRS, draws, 1))))


def p_values(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> list[float]:
    found = []
    for one, other in zip(before, after, strict=True):
        sides = [Side.of([run[0].mean()], run.mean(1).tolist() if len(run) > 1 else ()) for run in (one, other)]
        by_image = other.mean(0) - one.mean(0)
        error = float(by_image.std(ddof=1) / np.sqrt(IMAGES))
        found.append(seeded_change(sides[1].mean - sides[0].mean, compare_sides(*sides, error, IMAGES)).p)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(5, 5), (1, 5)])
def test_chance_alone_is_seldom_called_a_change(before: int, after: int) -> None:
    rng = np.random.default_rng(before)
    found = p_values(right(rng, before), right(rng, after))
    assert np.mean(np.array(found) <= 0.05) <= 0.05


def test_images_alone_would_err_more_often() -> None:
    rng = np.random.default_rng(5)
    one, other = right(rng, DRAWS), right(rng, DRAWS)
    p = stats.ttest_1samp(other.mean(1) - one.mean(1), 0.0, axis=1).pvalue
    assert (p <= 0.05).mean() > 0.1


def test_a_model_that_answers_the_same_adds_no_scatter() -> None:
    fixed, drawn = Side((0.8,)), Side.of([0.7], [0.70, 0.72, 0.68, 0.71, 0.69])
    scatter = compare_sides(fixed, drawn, 0.01, 500)
    assert scatter.seeds == pytest.approx(np.var([0.70, 0.72, 0.68, 0.71, 0.69], ddof=1) / 5)
    assert scatter.seed_freedom == 4
    assert compare_sides(fixed, fixed, 0.01, 500).seeds == 0


def test_the_comparison_counts_the_evaluations(record: RunRecord) -> None:
    drawn = by_chance(record, noisy(record, 1.5))
    found = compared(drawn, record)
    assert (found.evaluations, found.seeds, found.seed_spread) == ((1, 5), (1, 1), None)
    assert not found.identical
    accuracy = found.value("accuracy.change")
    assert accuracy is not None
    assert accuracy.value is not None
    now, before = drawn.measured.value("accuracy"), record.measured.value("accuracy")  # type: ignore[union-attr]
    assert accuracy.value == pytest.approx(now.value - before.value)  # type: ignore[operator, union-attr]
    assert {value.method for value in found.values if value.name in ("accuracy.change", "nll.change")} == {"draws"}


def test_a_model_with_several_seeds_has_its_chance_among_them(record: RunRecord) -> None:
    drawn = by_chance(record, noisy(record, 1.5))
    found = compared(with_seeds(drawn, 400, 410), record)
    assert (found.evaluations, found.seeds) == ((1, 1), (1, 3))
    assert found.seed_spread is not None
