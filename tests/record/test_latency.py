"""Repeated timings: the interval of the median against the binomial distribution and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, t

from reportgen.record.latency import (
    FEWEST_FOR_P95,
    Latency,
    between_processes,
    median_interval,
    median_rank,
    quantile_interval,
    summarise,
    summarise_processes,
    t_quantile,
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
    assert found.p95_seconds == pytest.approx(np.quantile(seconds, 0.95))
    assert found.images_per_second == pytest.approx(4 / 0.11)
    assert found.throughput_interval == pytest.approx((4 / found.p50_high, 4 / found.p50_low))  # type: ignore[operator]


def test_without_an_interval_there_is_none_of_the_throughput() -> None:
    assert Latency(batch_size=1, p50_seconds=0.1, p95_seconds=0.1, n=2).throughput_interval is None


@pytest.mark.parametrize("n", [20, 71, 72, 100, 500, 2000])
def test_the_95th_percentile_has_an_interval_where_there_are_passes_enough_for_both_ends(n: int) -> None:
    found = quantile_interval([float(value) for value in range(1, n + 1)], 0.95)
    if n < 72:  # 0.95^n is above 2.5 %: none of the passes need be above it
        assert found is None
        return
    assert found is not None
    low, high = (int(end) for end in found)
    assert binom.cdf(low - 1, n, 0.95) <= 0.025 < binom.cdf(low, n, 0.95)
    assert binom.cdf(high - 1, n, 0.95) >= 0.975 > binom.cdf(high - 2, n, 0.95)


def test_a_95th_percentile_of_few_passes_is_not_stated() -> None:
    few, enough = (summarise(1, [0.01] * n) for n in (FEWEST_FOR_P95 - 1, FEWEST_FOR_P95))
    assert (few.stated_p95, enough.stated_p95) == (None, pytest.approx(0.01))


def test_between_processes_the_interval_holds_what_another_process_would_give() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        ends = between_processes(np.exp(rng.normal(0, 0.1, 5)).tolist())
        assert ends is not None
        held += ends[0] <= 1 <= ends[1]
    assert 0.94 <= held / 2000 <= 0.985


def test_several_processes_are_summed_up_by_their_medians() -> None:
    found = summarise_processes(4, [[seconds] * 9 for seconds in (0.01, 0.015, 0.02, 0.025, 0.03)])
    assert found.p50_seconds == 0.02
    assert found.n == 45
    assert found.processes == (0.01, 0.015, 0.02, 0.025, 0.03)
    assert found.p50_low is not None
    assert found.p50_high is not None
    assert 0.01 < found.p50_low < 0.015 < 0.025 < found.p50_high < 0.04
    few = summarise_processes(4, [[0.01] * 25, [0.02] * 25, [0.03] * 25, [0.04] * 25])
    assert (few.p50_seconds, few.p50_low, few.p95_low) == (pytest.approx(0.025), None, None)
    assert t_quantile(4) == pytest.approx(float(t.ppf(0.975, 4)), abs=1e-3)
    assert t_quantile(40) >= float(t.ppf(0.975, 40))
