"""Repeated timings: the interval of the median against the binomial distribution and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from reportgen.record.latency import Latency, median_interval, median_rank, summarise


@pytest.mark.parametrize("n", [*range(1, 60), 100, 365, 999])
def test_the_ends_are_the_binomial_s(n: int) -> None:
    rank = int(binom.ppf(0.025, n, 0.5))  # smallest k with P(B ≤ k) ≥ 0.025, so P(B < k) ≤ 0.025
    found = median_interval([float(value) for value in range(n, 0, -1)])
    assert found == ((rank, n - rank + 1) if rank else None)


@pytest.mark.parametrize("n", [1001, 5000, 100_001])
def test_beyond_a_thousand_by_the_normal(n: int) -> None:
    assert 0 <= int(binom.ppf(0.025, n, 0.5)) - median_rank(n, 0.025) <= 1


def test_five_are_too_few_and_six_are_enough() -> None:
    assert median_interval([1.0] * 5) is None
    assert median_interval([3.0, 1.0, 2.0, 6.0, 5.0, 4.0]) == (1.0, 6.0)


def test_it_holds_the_median_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    draws = np.sort(rng.lognormal(size=(4000, 25)), axis=1)  # whose median is 1
    ends = np.array([median_interval(row) for row in draws])
    held = np.mean((ends[:, 0] <= 1) & (ends[:, 1] >= 1))
    assert held + 0.01 >= 0.95
    assert held < 0.99


def test_a_latency_is_summed_up() -> None:
    seconds = [0.01 * value for value in range(1, 22)]
    found = summarise(4, seconds)
    assert found.p50_seconds == pytest.approx(np.median(seconds))
    assert found.p95_seconds == pytest.approx(np.quantile(seconds, 0.95))
    assert found.images_per_second == pytest.approx(4 / 0.11)
    assert found.throughput_interval == pytest.approx((4 / found.p50_high, 4 / found.p50_low))  # type: ignore[operator]


def test_without_an_interval_there_is_none_of_the_throughput() -> None:
    assert Latency(batch_size=1, p50_seconds=0.1, p95_seconds=0.1, n=2).throughput_interval is None
