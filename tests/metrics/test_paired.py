"""Tests on the same images, against statsmodels, scipy and published figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reportgen.metrics.paired import holm, mcnemar_exact, paired_interval, score_interval, score_statistic, tost

counts = st.integers(0, 400)


@given(counts, counts)
def test_the_exact_test_is_that_of_statsmodels(lost: int, gained: int) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    expected = mcnemar([[10, lost], [gained, 10]], exact=True).pvalue if lost + gained else 1.0
    assert float(mcnemar_exact(lost, gained)) == pytest.approx(expected, rel=1e-9)


@given(counts, counts)
def test_at_zero_the_score_statistic_is_mcnemars(lost: int, gained: int) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    if lost + gained:
        expected = mcnemar([[10, lost], [gained, 10]], exact=False, correction=False).statistic
        assert float(score_statistic(lost, gained, 2000, 0.0)) ** 2 == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("lost", "gained", "n", "low", "high"),
    [
        (16, 6, 161, -0.1240, -0.0054),  # Cavo et al. 2012, in Fagerland, Lydersen & Laake 2017, table 8.5
        (7, 1, 21, -0.5173, -0.0260),  # Bentur et al. 2009, in the same
    ],
)
def test_the_score_interval_is_the_published_one(lost: int, gained: int, n: int, low: float, high: float) -> None:
    ends = score_interval(lost, gained, n)
    assert [float(end) for end in ends] == pytest.approx([low, high], abs=1e-4)
    assert float(mcnemar_exact(16, 6)) == pytest.approx(0.052479, abs=1e-6)


def test_without_a_flip_the_score_interval_is_wilsons_upper_end() -> None:
    low, high = score_interval(0, 0, np.array([100, 600]))
    z2 = stats.norm.ppf(0.975) ** 2
    assert high == pytest.approx(z2 / (z2 + np.array([100, 600])))
    assert low == pytest.approx(-high)


@pytest.mark.slow
@given(st.integers(0, 60), st.integers(0, 60), st.integers(120, 2000))
def test_the_score_interval_holds_what_the_statistic_does_not_reject(lost: int, gained: int, n: int) -> None:
    low, high = (float(end) for end in score_interval(lost, gained, n))
    assert low <= (gained - lost) / n <= high
    for end in (low, high):
        if abs(end) < 0.999:
            assert abs(float(score_statistic(lost, gained, n, end))) == pytest.approx(stats.norm.ppf(0.975), rel=1e-5)


@pytest.mark.slow
@given(st.integers(0, 60), st.integers(0, 60), st.integers(120, 2000))
def test_the_paired_interval_lies_off_zero_only_where_the_exact_test_rejects(lost: int, gained: int, n: int) -> None:
    low, high = (float(end) for end in paired_interval(lost, gained, n))
    inner, outer = (float(end) for end in score_interval(lost, gained, n))
    assert low <= inner
    assert outer <= high
    if low > 0 or high < 0:
        assert float(mcnemar_exact(lost, gained)) <= 0.05


def test_the_score_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for n, lost, gained in ((400, 0.02, 0.03), (1000, 0.1, 0.1), (2000, 0.001, 0.004)):
        drawn = rng.multinomial(n, [lost, gained, 1 - lost - gained], 20_000)
        low, high = score_interval(drawn[:, 0], drawn[:, 1], n)
        assert 0.94 < ((low <= gained - lost) & (gained - lost <= high)).mean() < 0.965


@pytest.mark.parametrize(("lost", "gained"), [(300, 310), (280, 350), (500, 500)])
def test_equivalence_agrees_with_the_paired_t_test_on_many_images(lost: int, gained: int) -> None:
    from statsmodels.stats.weightstats import ttost_paired

    n, margin = 10_000, 0.005
    before, after = np.zeros(n), np.zeros(n)
    before[:lost], after[lost : lost + gained] = 1, 1
    p, lower, upper = ttost_paired(after, before, -margin, margin)
    above, below = (float(value) for value in tost(lost, gained, n, margin))
    assert (above, below) == pytest.approx((lower[1], upper[1]), rel=0.05, abs=2e-4)
    assert max(above, below) == pytest.approx(p, rel=0.05, abs=2e-4)


@pytest.mark.slow
@given(st.integers(0, 40), st.integers(0, 40), st.integers(100, 9000), st.sampled_from([0.005, 0.02, 0.1]))
def test_both_sides_at_a_fortieth_are_the_interval_inside_the_margin(
    lost: int, gained: int, n: int, margin: float
) -> None:
    low, high = (float(end) for end in score_interval(lost, gained, n))
    p = max(float(value) for value in tost(lost, gained, n, margin))
    if abs(p - 0.025) > 1e-9:
        assert (p < 0.025) == (-margin < low and high < margin)


@pytest.mark.parametrize("number", [1, 2, 10, 100])
def test_holm_is_that_of_statsmodels(number: int) -> None:
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(number).beta(0.3, 1, number)
    p_values[number // 2 :] = np.round(p_values[number // 2 :], 2)  # ties
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
