"""The assignment is scipy's, the same one of several that are equally good."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from reportgen.metrics.assignment import MOST, best_assignment


@pytest.mark.parametrize("size", [1, 2, 3, 10, 25, MOST + 1])
@pytest.mark.parametrize("most", [1, 3, 50, 10**6])
def test_it_is_scipys(size: int, most: int) -> None:
    draws = np.random.default_rng(size * most)
    for _ in range(8):
        gains = draws.integers(0, most + 1, (size, size), dtype=np.int64)
        assert best_assignment(gains).tolist() == linear_sum_assignment(gains, maximize=True)[1].tolist()


def test_where_nothing_decides_every_row_keeps_its_column() -> None:
    assert best_assignment(np.zeros((5, 5), np.int64)).tolist() == list(range(5))
    assert best_assignment(np.zeros((0, 0), np.int64)).tolist() == []
