"""Checks of attribution maps and votes of neighbours: intervals, verdicts, areas, against numpy and loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from reportgen.metrics.explanations import (
    Estimate,
    MapCheck,
    areas,
    decide,
    mean_estimate,
    read_check,
    read_neighbours,
    read_votes,
)
from reportgen.record.run import RunRecord
from tests.support.explanation_facts import SHARE, check_arrays, curves, explained


def test_the_interval_of_a_mean_is_scipys_t() -> None:
    values = np.random.default_rng(0).gamma(2.0, size=50)
    found = mean_estimate(values)
    assert found is not None
    ends = ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(tuple(ends))
    assert found.n == 50


def test_what_is_not_a_number_does_not_count() -> None:
    assert mean_estimate(np.array([np.nan, np.nan])) is None
    one = mean_estimate(np.array([np.nan, 2.0]))
    assert one == Estimate(2.0, None, None, 1)


@pytest.mark.parametrize(
    ("low", "high", "below", "above"),
    [(0.1, 0.3, True, False), (0.6, 0.9, False, True), (0.4, 0.6, None, None), (None, None, None, None)],
)
def test_a_verdict_needs_the_whole_interval(
    low: float | None, high: float | None, below: bool | None, above: bool | None
) -> None:
    estimate = Estimate(0.5, low, high, 10)
    assert decide(estimate, 0.5, below=True) is below
    assert decide(estimate, 0.5, below=False) is above


def test_the_area_is_a_sum_of_trapezoids() -> None:
    values = curves(3, 0.9, 5.0)
    for row, area in enumerate(areas(values, SHARE)):
        wanted = sum((SHARE[i + 1] - SHARE[i]) * (values[row, i] + values[row, i + 1]) / 2 for i in range(6))
        assert area == pytest.approx(wanted, rel=1e-6)
    assert areas(np.ones((1, 7)), SHARE)[0] == pytest.approx(1)


def named(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"explanations.{name}": array for name, array in arrays.items()} | {"explanations.deletion.share": SHARE}


def test_maps_that_find_what_matters_and_depend_on_what_was_learnt() -> None:
    found = read_check(named(check_arrays("cam")), "cam")
    assert found is not None
    assert found.learnt is True
    assert found.is_informative is True
    assert found.gain.value == pytest.approx(found.chance.value - found.area.value)


def test_a_gain_of_next_to_nothing_tells_nothing() -> None:
    """A network that says the same whatever it is shown: the gain is surely above zero, and below a point."""
    check = MapCheck(
        "cam", None, *(Estimate(v, v, v, 60) for v in (0.11, 0.1101)), Estimate(0.0001, 0.00005, 0.0002, 60)
    )
    assert check.is_informative is None
    assert replace(check, gain=Estimate(0.05, 0.02, 0.08, 60)).is_informative is True
    assert replace(check, gain=Estimate(-0.0001, -0.0002, -0.00005, 60)).is_informative is None
    assert replace(check, gain=Estimate(-0.05, -0.08, -0.02, 60)).is_informative is False


def test_maps_that_do_neither() -> None:
    alike = read_check(named(check_arrays("ig", rank=0.9, fall=2.0, chance=6.0)), "ig")
    assert alike is not None
    assert alike.learnt is False
    assert alike.is_informative is False
    same = read_check(named(check_arrays("ig", rank=0.5, fall=3.0, chance=3.0)), "ig")
    assert same is not None
    assert same.learnt is None
    assert same.is_informative is None


def test_maps_that_are_all_constant_have_no_rank() -> None:
    arrays = named(check_arrays("cam"))
    arrays["explanations.check.cam.rank"] = np.full(40, np.nan, np.float32)
    found = read_check(arrays, "cam")
    assert found is not None
    assert found.rank is None
    assert found.learnt is None
    assert read_check({}, "cam") is None


def test_votes_and_sides(record: RunRecord) -> None:
    arrays = explained(record).arrays
    votes = read_votes(arrays)
    assert votes is not None
    assert votes.right.sum() == 180
    assert np.array_equal(votes.model, arrays["eval.logits"][:200].argmax(1) == arrays["eval.labels"][:200])
    near = read_neighbours(arrays)
    assert near is not None
    assert near.sides().tolist() == [1] * 20
    mixed = np.repeat(near.true[:, None], 5, 1)
    mixed[0, :3] = near.called[0]
    mixed[1, :2], mixed[1, 2] = near.called[1], 9 - int(near.true[1])
    other = read_neighbours(arrays.merged({"explanations.neighbours.labels": mixed}))
    assert other is not None
    assert other.sides()[0] == 1
    assert other.sides()[2:].tolist() == [-1] * 18
    assert read_votes(record.arrays) is None
    assert read_neighbours(record.arrays) is None
