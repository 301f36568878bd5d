"""Tests between groups and paired differences, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reportgen.metrics.differences import chi_square_tail, compare_shares, mean_difference


@given(st.floats(0, 900), st.integers(1, 120))
def test_the_tail_of_chi_square_is_scipys(statistic: float, freedom: int) -> None:
    assert chi_square_tail(statistic, freedom) == pytest.approx(stats.chi2.sf(statistic, freedom), abs=1e-12)


@pytest.mark.parametrize("hits", [(90, 80, 70), (50, 50), (99, 91, 95, 60)])
def test_homogeneity_is_pearsons(hits: tuple[int, ...]) -> None:
    totals = [120] * len(hits)
    table = np.array([hits, [120 - hit for hit in hits]])
    expected = stats.chi2_contingency(table, correction=False)
    found = compare_shares(hits, totals)
    assert found is not None
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert found.freedom == expected.dof


def test_homogeneity_is_unknown_where_it_can_not_be_trusted() -> None:
    assert compare_shares([9, 10], [10, 10]) is None
    assert compare_shares([50], [100]) is None
    assert compare_shares([50, 0], [100, 0]) is None


def test_a_paired_difference_has_the_normal_interval() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(1, 1, 400), rng.normal(0.8, 1, 400)
    found = mean_difference(first, second)
    difference = first - second
    low, high = stats.norm.interval(0.95, difference.mean(), stats.sem(difference))
    assert found == pytest.approx((difference.mean(), low, high))
    assert mean_difference(first[:1], second[:1]) is None
