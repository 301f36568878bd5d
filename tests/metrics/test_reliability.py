"""Bins of the reliability diagram that differ from the diagonal: by chance in at most one report in twenty."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reportgen.metrics.reliability import find_differing, lower_tail, reliability_bins


@pytest.mark.parametrize(("count", "n", "share"), [(0, 5, 0.3), (3, 20, 0.4), (880, 1000, 0.93), (8600, 9000, 0.97)])
def test_tails_are_scipys(count: int, n: int, share: float) -> None:
    assert lower_tail(count, n, share) == pytest.approx(stats.binom.cdf(count, n, share), rel=1e-9)


def test_what_is_no_less_than_the_mean_is_no_tail() -> None:
    assert lower_tail(5, 10, 0.5) == 1.0
    assert lower_tail(9, 10, 1.0) == 0.0


def test_a_calibrated_model_seldom_has_a_bin_that_differs() -> None:
    rng, said = np.random.default_rng(0), 0
    for _ in range(400):
        confidence = rng.beta(5, 1.5, 1000)
        right = (rng.random(1000) < confidence).astype(float)
        said += any(find_differing(reliability_bins(confidence, right)))
    assert stats.binom.sf(said - 1, 400, 0.05) > 0.01


def test_bins_that_differ_are_found_on_either_side() -> None:
    confidence = np.repeat([0.3, 0.9], 500)
    right = np.concatenate([np.arange(500) % 2, np.arange(500) % 2]).astype(float)
    found = find_differing(reliability_bins(confidence, right))
    assert (found[4], found[13], sum(map(abs, found))) == (-1, 1, 2)
