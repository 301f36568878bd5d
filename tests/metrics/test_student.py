from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtr, stdtrit

from reportgen.metrics.student import LARGEST, upper_quantile, upper_tail

FREEDOMS = (1.0, 1.3, 2.0, 2.5, 4.0, 7.3, 30.0, 99.0, 4321.1, 9999.0, LARGEST, 1e7, 0.7)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_quantiles_and_tails_are_those_of_scipy(freedom: float) -> None:
    tails = [0.4, 0.25, 0.1, 0.05, 0.025, 0.005, 1e-6, 1e-12]
    found = [upper_quantile(freedom, tail) for tail in tails]
    np.testing.assert_allclose(found, -stdtrit(freedom, tails), rtol=2e-10)
    values = [0.0, 1e-3, 0.1, 1.0, 1.96, 5.0, 30.0]
    tails = [upper_tail(freedom, value) for value in values]
    np.testing.assert_allclose(tails, stdtr(freedom, -np.array(values)), rtol=2e-10)
