"""Repeated timings: the interval of the median against the binomial distribution and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, gamma

from reportgen.record.latency import (
    FEWEST_FOR_P95,
    between_processes,
    median_interval,
    median_rank,
    percentile_95,
    summarise,
    summarise_processes,
)


@pytest.mark.parametrize("n", [*range(1, 60), 100, 365, 999])
def test_the_ends_lie_between_order_statistics_of_the_binomial(n: int) -> None:
    rank = int(binom.ppf(0.025, n, 0.5))  # smallest k with P(B ≤ k) ≥ 0.025, so P(B < k) ≤ 0.025
    found = median_interval([float(value) for value in range(n, 0, -1)])
    if not rank:
        assert found is None
        return
    assert found is not None
    assert rank <= found[0] < rank + 1
    assert found[0] + found[1] == pytest.approx(n + 1)


@pytest.mark.parametrize("n", [1001, 5000, 100_001])
def test_beyond_a_thousand_by_the_normal(n: int) -> None:
    assert 0 <= int(binom.ppf(0.025, n, 0.5)) - median_rank(n, 0.025) <= 1


def test_five_are_too_few_and_six_are_enough() -> None:
    assert median_interval([1.0] * 5) is None
    low, high = median_interval([3.0, 1.0, 2.0, 6.0, 5.0, 4.0]) or (0.0, 0.0)
    assert low == pytest.approx(1 + 5 / 14)  # the extremes alone hold the median in 96.9 %
    assert low + high == pytest.approx(7.0)


@pytest.mark.parametrize("n", [8, 10, 25])
def test_it_holds_the_median_as_often_as_it_says(n: int) -> None:
    rng = np.random.default_rng(0)
    draws = np.sort(rng.lognormal(size=(4000, n)), axis=1)  # whose median is 1
    ends = np.array([median_interval(row) for row in draws])
    held = np.mean((ends[:, 0] <= 1) & (ends[:, 1] >= 1))
    assert held == pytest.approx(0.95, abs=0.01)


def test_a_latency_is_summed_up() -> None:
    seconds = [0.01 * value for value in range(1, 22)]
    found = summarise(4, seconds)
    assert found.p50_seconds == pytest.approx(np.median(seconds))
    place = 21 * 0.95 + (0.95 + 1) / 3  # of the sorted passes, Hyndman and Fan 1996, type 8
    assert found.p95_seconds == pytest.approx(0.01 * place)
    assert found.images_per_second == pytest.approx(4 / 0.11)


def test_the_95th_percentile_of_few_passes_is_as_often_too_low_as_too_high() -> None:
    rng = np.random.default_rng(0)
    drawn, truth = rng.gamma(2, 1, (4000, 20)), gamma.ppf(0.95, 2)
    assert np.mean([percentile_95(row) < truth for row in drawn]) == pytest.approx(0.5, abs=0.06)
    assert np.mean(np.percentile(drawn, 95, axis=1) < truth) > 0.6  # numpy's own is too low


def test_one_process_has_no_interval_of_anything_whatever_an_older_record_holds() -> None:
    older = {"p50_low": 0.009, "p50_high": 0.011, "p95_low": 0.01, "p95_high": 0.03}
    for one in (summarise(1, [0.01] * 100), summarise(1, [0.01] * 100).model_copy(update=older)):
        assert (one.p50_interval, one.p95_interval, one.throughput_interval) == (None, None, None)
        assert one.stated_p95 == pytest.approx(0.01)


def test_a_95th_percentile_of_few_passes_is_not_stated() -> None:
    few, enough = (summarise(1, [0.01] * n) for n in (FEWEST_FOR_P95 - 1, FEWEST_FOR_P95))
    assert (few.stated_p95, enough.stated_p95) == (None, pytest.approx(0.01))
    each = summarise_processes(1, [[0.01] * (FEWEST_FOR_P95 - 1)] * 5)
    assert (each.stated_p95, each.p95_interval) == (None, None)  # 95 passes, but in no process enough
    assert summarise_processes(1, [[0.01] * FEWEST_FOR_P95] * 5).p95_interval == pytest.approx((0.01, 0.01))


def test_several_processes_are_summed_up_by_their_medians() -> None:
    found = summarise_processes(4, [[seconds] * 9 for seconds in (0.03, 0.01, 0.02, 0.025, 0.015)])
    assert found.p50_seconds == 0.02
    assert found.n == 45
    assert found.processes == (0.03, 0.01, 0.02, 0.025, 0.015)
    assert found.p50_interval == (0.01, 0.03)
    assert found.throughput_interval == pytest.approx((4 / 0.03, 4 / 0.01))
    few = summarise_processes(4, [[0.01] * 25, [0.02] * 25, [0.03] * 25, [0.04] * 25])
    assert (few.p50_seconds, few.p50_interval, few.p95_interval) == (pytest.approx(0.025), None, None)


@pytest.mark.parametrize("n", [5, 6, 7, 10, 20])
def test_between_processes_the_interval_is_as_sure_as_the_binomial_says(n: int) -> None:
    low, high = between_processes([float(value) for value in range(n, 0, -1)]) or (0.0, 0.0)
    rank = next(k for k in range(n) if 1 - 2 * binom.cdf(k, n, 0.5) < 0.95)  # of the outermost that is too narrow
    if n == 5:
        assert (low, high) == (1, 5)
        assert 1 - 2 * binom.cdf(0, n, 0.5) == 0.9375
        return
    assert rank <= low < rank + 1
    assert low + high == pytest.approx(n + 1)
    assert between_processes([1.0, 2.0, 3.0, 4.0]) is None
