"""The rule of the verdict, and how often it errs and finds, by simulation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from reportgen.comparison.decision import Change, decide, level_of_others
from reportgen.comparison.power import detectable_change, equivalence_power, images_needed, mcnemar_power, seeds_needed
from tests.comparison.simulated import flips, verdicts

MARGIN = 0.005
NOISE = 0.03
"""More than three standard deviations of a share of 2,000."""


@pytest.mark.parametrize(
    ("low", "high", "p", "verdict"),
    [
        (0.001, 0.02, 0.01, "better"),
        (-0.02, -0.001, 0.01, "worse"),
        (0.001, 0.02, 0.06, "undecided"),
        (-0.001, 0.02, 0.01, "undecided"),
        (-0.004, 0.0049, 0.8, "equivalent"),
        (0.001, 0.004, 0.01, "equivalent"),
        (-0.006, 0.004, 0.8, "undecided"),
    ],
)
def test_the_rule(low: float, high: float, p: float, verdict: str) -> None:
    assert decide(Change((low + high) / 2, low, high, p), MARGIN) == verdict


@pytest.mark.parametrize(("p", "level"), [(0.0, 0.05), (0.05, 0.05), (0.051, 0.01), (1.0, 0.01)])
def test_beside_an_accuracy_that_did_not_change_less_is_left_to_err_with(p: float, level: float) -> None:
    assert level_of_others(cast(Any, SimpleNamespace(p=p))) == level


def test_the_same_outputs_are_equivalent_on_however_few_images() -> None:
    assert decide(Change(0, -0.04, 0.04, 1.0), MARGIN, identical=True) == "equivalent"


@pytest.mark.parametrize(("n", "share"), [(300, 0.02), (1000, 0.01), (1000, 0.05), (1000, 0.2)])
def test_without_a_true_change_better_and_worse_are_at_most_one_in_twenty(n: int, share: float) -> None:
    found = verdicts(flips(1, n, share, share), MARGIN)
    assert found["better"] + found["worse"] <= 0.05


def test_a_true_change_of_the_margin_is_seldom_called_equivalent() -> None:
    found = verdicts(flips(2, 1000, 0.01, 0.06), 0.05)
    assert found["equivalent"] <= 0.025 + 0.01


@pytest.mark.parametrize(("n", "lost", "gained"), [(1000, 0.02, 0.04), (1000, 0.05, 0.09), (300, 0.02, 0.06)])
def test_a_true_change_is_found_as_often_as_stated(n: int, lost: float, gained: float) -> None:
    found = verdicts(flips(3, n, lost, gained), MARGIN)
    assert found["better"] == pytest.approx(mcnemar_power(n, lost, gained), abs=NOISE)
    mirrored = verdicts(flips(3, n, gained, lost), MARGIN)
    assert mirrored["worse"] == pytest.approx(mcnemar_power(n, gained, lost), abs=NOISE)


def test_the_detectable_change_is_found_four_times_in_five() -> None:
    change = detectable_change(1000, 60)
    assert change is not None
    found = verdicts(flips(4, 1000, (0.06 - change) / 2, (0.06 + change) / 2), MARGIN)
    assert found["better"] == pytest.approx(0.8, abs=NOISE)
    assert detectable_change(600, 5) is None
    assert detectable_change(600, 0) is None


def test_the_stated_number_of_images_decides_four_times_in_five() -> None:
    needed = images_needed(300, 6, 15, MARGIN)
    assert needed is not None
    assert 300 < needed < 900
    found = verdicts(flips(5, needed, 0.02, 0.05), MARGIN)
    assert 0.8 - NOISE < found["better"] < 0.88


def test_the_stated_number_of_images_shows_equivalence() -> None:
    needed = images_needed(400, 4, 4, 0.02)
    assert needed is not None
    assert verdicts(flips(6, needed, 0.01, 0.01), 0.02)["equivalent"] > 0.8 - NOISE
    assert equivalence_power(100, 0.0, 0.0, MARGIN) == 0.0
    assert equivalence_power(1000, 0.0, 0.0, MARGIN) == 1.0


def test_no_number_of_images_decides_a_change_of_nothing_but_the_margin() -> None:
    assert images_needed(10_000, 300, 300, 1e-9) is None


def test_seeds_are_needed_until_the_interval_is_narrow_enough() -> None:
    few, many = (seeds_needed(0.02, 0.002, spread, MARGIN, 9000) for spread in (0.005, 0.01))
    assert few is not None
    assert many is not None
    assert 2 < few < many
    assert seeds_needed(0.002, 0.01, 0.001, MARGIN, 9000) is None
