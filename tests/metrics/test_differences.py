"""Tests between groups and paired differences, against scipy."""

from __future__ import annotations

from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from reportgen.metrics import differences
from reportgen.metrics.differences import (
    binomial_tail,
    chi_square_tail,
    compare_shares,
    confidence_gap,
    fisher,
    log_factorials,
    mean_difference,
    pairwise_p,
    poisson_tail,
    share_difference,
)
from reportgen.metrics.intervals import wilson
from reportgen.metrics.paired import holm, score_interval
from reportgen.metrics.predictions import FloatArray


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


def test_a_paired_difference_has_the_interval_of_student() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(1, 1, 400), rng.normal(0.8, 1, 400)
    found = mean_difference(first, second)
    difference = first - second
    freedom = 2 / (stats.kurtosis(difference, fisher=False) - 397 / 399) * 400
    low, high = stats.t.interval(0.95, min(freedom, 399), difference.mean(), stats.sem(difference))
    assert found == pytest.approx((difference.mean(), low, high))
    assert mean_difference(first[:99], second[:99]) is None
    assert mean_difference(first[:100], second[:100]) is not None


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_fisher_is_scipys(of_first: int, of_second: int, data: st.DataObject) -> None:
    first, second = data.draw(st.integers(0, of_first)), data.draw(st.integers(0, of_second))
    table = [[first, of_first - first], [second, of_second - second]]
    assert fisher(first, of_first, second, of_second) == pytest.approx([stats.fisher_exact(table).pvalue], abs=1e-9)


def fisher_of_one(first: int, of_first: int, second: int, of_second: int) -> float:
    hits, n = first + second, of_first + of_second
    low, high = max(0, hits - of_second), min(hits, of_first)
    counts, logs = np.arange(low, high + 1), log_factorials(n)
    one = logs[of_first] - logs[counts] - logs[of_first - counts]
    other = logs[of_second] - logs[hits - counts] - logs[of_second - hits + counts]
    shares = np.exp(one + other - (one + other).max())
    return float(min(1.0, shares[shares <= shares[first - low] * (1 + 1e-9)].sum() / shares.sum()))


@pytest.mark.parametrize("cells", [1, 50, differences.CELLS])
def test_many_pairs_at_once_are_each_by_itself(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    monkeypatch.setattr(differences, "CELLS", cells)
    rng = np.random.default_rng(1)
    of_first, of_second = (np.concatenate([[0, 1, 3000], rng.integers(0, 120, 400)]) for _ in range(2))
    first, second = rng.binomial(of_first, rng.random(403)), rng.binomial(of_second, rng.random(403))
    each = [fisher_of_one(*map(int, pair)) for pair in zip(first, of_first, second, of_second, strict=True)]
    assert fisher(first, of_first, second, of_second) == pytest.approx(each, rel=1e-11, abs=1e-12)
    assert len(fisher([], [], [], [])) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("low", "high"), [(40, 60), (1, 5000)])
def test_a_thousand_classes_that_all_differ_take_two_seconds_at_most(low: int, high: int) -> None:
    rng = np.random.default_rng(2)
    totals = rng.integers(low, high, 1000)
    hits = rng.binomial(totals, rng.uniform(0.5, 0.95, 1000))
    started = process_time()
    pairwise_p(hits.tolist(), totals.tolist())
    assert process_time() - started < 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("low", "high", "spread"), [(900, 1100, 0.02), (5, 1500, 0.2), (1, 40, 0.5), (3000, 9000, 0.3)]
)
def test_what_is_left_out_or_cut_off_changes_no_p(low: int, high: int, spread: float) -> None:
    rng = np.random.default_rng(5)
    totals = rng.integers(low, high, 24)
    hits = rng.binomial(totals, rng.uniform(0.9 - spread, 0.9, 24))
    rows, columns = np.triu_indices(24, 1)
    tables = [
        [[hits[a], totals[a] - hits[a]], [hits[b], totals[b] - hits[b]]] for a, b in zip(rows, columns, strict=True)
    ]
    single = [stats.fisher_exact(table).pvalue for table in tables]
    assert fisher(hits[rows], totals[rows], hits[columns], totals[columns]) == pytest.approx(single, rel=1e-9)
    assert pairwise_p(hits.tolist(), totals.tolist())[rows, columns] == pytest.approx(holm(single), rel=1e-9)


@given(st.integers(1, 200), st.floats(0, 1), st.data())
def test_the_binomial_tail_is_scipys(n: int, share: float, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    assert binomial_tail(successes, n, share) == pytest.approx(stats.binom.sf(successes - 1, n, share), abs=1e-9)


def test_pairs_are_corrected_for_all_of_them() -> None:
    hits, totals = [90, 70, 88], [100, 100, 100]
    table = pairwise_p(hits, totals)
    single = [fisher_of_one(90, 100, 70, 100), fisher_of_one(90, 100, 88, 100), fisher_of_one(70, 100, 88, 100)]
    assert table[0, 1] == pytest.approx(3 * min(single))
    assert np.array_equal(table, table.T)
    assert np.diag(table).tolist() == [1, 1, 1]


@pytest.mark.slow
def test_classes_with_the_same_counts_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    totals = rng.integers(1, 4, 300).tolist()
    hits = [int(rng.integers(0, n + 1)) for n in totals]
    rows, columns = np.triu_indices(300, 1)
    single = holm([fisher_of_one(hits[a], totals[a], hits[b], totals[b]) for a, b in zip(rows, columns, strict=True)])
    called = list[tuple[int, ...]]()

    def counted(*counts: NDArray[np.int64]) -> FloatArray:
        called.extend(zip(*(one.tolist() for one in counts), strict=True))
        return fisher(*counts)

    monkeypatch.setattr(differences, "fisher", counted)
    assert pairwise_p(hits, totals)[rows, columns] == pytest.approx(single, rel=1e-11, abs=1e-12)
    assert len(called) == len(set(called)) <= 9 * 9


def test_equal_classes_are_told_apart_in_at_most_one_report_of_twenty() -> None:
    rng = np.random.default_rng(0)
    false = [(pairwise_p(rng.binomial(100, 0.9, 10).tolist(), [100] * 10) <= 0.05).any() for _ in range(300)]
    assert np.mean(false) <= 0.05


def test_a_paired_difference_of_shares_has_tangos_interval() -> None:
    first, second = np.array([1] * 60 + [0] * 40, bool), np.array([1] * 50 + [0] * 10 + [1] * 5 + [0] * 35, bool)
    low, high = score_interval(5, 10, 100)
    assert share_difference(first, second) == pytest.approx((0.05, float(low), float(high)))
    assert share_difference(first[:0], second[:0]) is None


@pytest.mark.parametrize("expected", [0.0, 1e-6, 0.5, 3.0, 20.0, 390.0, 1000.0, 10_000.0])
def test_the_tail_of_poisson_is_that_of_scipy(expected: float) -> None:
    counts = [0, 1, 2, 5, 30, 400, 900, 1000, 1100, 9_900, 10_001]
    found = [poisson_tail(count, expected) for count in counts]
    assert found == pytest.approx(stats.poisson.sf(np.array(counts) - 1, expected), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("right", "confidence", "above"), [(2, 0.9, True), (9_999, 0.9, False)])
def test_an_answer_that_is_never_or_always_right_is_told_among_many_images(
    right: int, confidence: float, above: bool
) -> None:
    correct = np.arange(10_000) < right
    found = confidence_gap(np.full(10_000, confidence), correct)
    assert found is not None
    assert (found[1] > 0.8) if above else (found[2] < -0.09)


@pytest.mark.parametrize("n", [10, 100, 1000])
@pytest.mark.parametrize("confidence", [0.9, 0.99, 0.998])
def test_a_model_that_is_as_sure_as_right_is_seldom_called_otherwise(n: int, confidence: float) -> None:
    """Without a wrong answer the scatter of the answers would tell every one from its confidence."""
    rng = np.random.default_rng(n)
    above = below = 0
    for _ in range(400):
        sure = np.clip(confidence + rng.normal(0, (1 - confidence) / 5, n), 0, 1)
        found = confidence_gap(sure, rng.random(n) < sure)
        assert found is not None
        above, below = above + (found[1] > 0), below + (found[2] < 0)
    assert stats.binom.sf(above - 1, 400, 0.05) > 1e-3
    assert stats.binom.sf(below - 1, 400, 0.05) > 1e-3


def test_the_gap_is_wilsons_for_images_that_scatter_as_much() -> None:
    rng = np.random.default_rng(0)
    sure, right = rng.uniform(0.5, 1, 300), rng.random(300) < 0.6
    images = 300 * np.var(right) / np.var(sure - right)
    ends = stats.binomtest(600, 1000).proportion_ci(method="wilson")
    assert wilson(600, 1000) == pytest.approx(tuple(ends))  # of whole numbers; those of images are none
    low, high = wilson(right.mean() * images, images) or (0.0, 0.0)
    found = confidence_gap(sure, right)
    assert found == pytest.approx((sure.mean() - right.mean(), sure.mean() - high, sure.mean() - low))
    assert confidence_gap(sure[:1], right[:1]) is None


def test_the_gap_of_answers_that_do_not_scatter_has_the_width_of_so_many_images() -> None:
    low, high = wilson(300, 300) or (0.0, 0.0)
    found = confidence_gap(np.full(300, 0.99), np.ones(300, bool))
    assert found == pytest.approx((-0.01, 0.99 - high, 0.99 - low))
    same = confidence_gap(np.full(300, 0.8), np.arange(300) % 5 > 0)
    ends = wilson(240, 300)
    assert ends is not None
    assert same == pytest.approx((0.0, 0.8 - ends[1], 0.8 - ends[0]))
