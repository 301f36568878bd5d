"""Gain, linear region, threshold and saturation of curves whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.metrics.characteristics import Characteristic, characterise, gain_interval

DRIVES = np.array([-1, -0.5, 0, 0.25, 0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2, 2.5, 3], np.float32)


def known(responses: np.ndarray) -> Characteristic:
    found = characterise(DRIVES, responses)
    assert found is not None
    return found


def test_in_proportion() -> None:
    found = known(7 * np.abs(DRIVES))
    assert found.gain == pytest.approx(1, abs=1e-5)
    assert (found.rest, found.linear, found.threshold, found.saturation) == (0, (0, 3), 0, None)


def test_a_soft_limit_ends_the_linear_region_and_saturates() -> None:
    found = known(np.tanh(np.clip(DRIVES, 0, None)))
    assert found.gain == pytest.approx(1 / np.cosh(1) ** 2 / np.tanh(1), rel=0.01)
    assert found.linear == pytest.approx((0.9, 1.1))
    assert found.threshold == 0
    assert found.saturation == 2.5


def test_a_dead_zone_is_a_threshold() -> None:
    found = known(np.clip(DRIVES - 0.5, 0, None))
    assert found.threshold == 0.5
    assert found.linear == (0.5, 3)
    assert found.rest == 0


def test_a_hard_limit() -> None:
    found = known(np.minimum(np.abs(DRIVES), 1.5))
    assert found.linear == (0, 1.5)
    assert found.saturation == 1.5


@pytest.mark.parametrize("responses", [np.ones(14), 1 + 0.01 * DRIVES, 2 - 0.3 * DRIVES])
def test_what_does_not_follow_its_drive_is_saturated_from_the_start(responses: np.ndarray) -> None:
    found = known(responses)
    assert found.gain < 0.1
    assert (found.linear, found.threshold, found.saturation) == (None, None, 1.0)
    assert found.rest == pytest.approx(responses[2] / responses[7])


def test_a_level_at_rest_hides_small_drives() -> None:
    found = known(np.sqrt(1 + DRIVES**2))
    assert found.rest == pytest.approx(np.sqrt(0.5), rel=1e-6)
    assert found.gain == pytest.approx(0.5, rel=0.01)
    assert found.threshold == 0.5  # from 0.25 to 0.5 the gain is 0.247, just below half of 0.5


def test_a_coarse_grid_is_read_as_well() -> None:
    found = characterise(np.array([-1, 0, 0.5, 0.9, 1, 1.1, 2, 3]), np.array([1, 0, 0.5, 0.9, 1, 1.1, 1.2, 1.2]))
    assert found is not None
    assert found.linear == (0, 1.1)
    assert found.saturation == 2


@pytest.mark.parametrize("responses", [np.zeros(14), np.full(14, np.nan), np.where(DRIVES > 2, np.inf, 1.0)])
def test_silence_and_what_is_not_finite_have_no_characteristic(responses: np.ndarray) -> None:
    assert characterise(DRIVES, responses) is None


def test_the_interval_is_near_that_of_a_plain_bootstrap() -> None:
    rng = np.random.default_rng(3)
    scale, exponent = rng.uniform(0.5, 2, 40), rng.uniform(0.2, 1.8, 40)
    power = np.stack([(scale * drive**exponent) ** 2 for drive in (0.9, 1.0, 1.1)])
    found = gain_interval(power)
    assert found is not None
    gains = []
    draws = np.random.default_rng(0).integers(0, 40, (1000, 40))
    for draw in draws:
        low, one, high = np.sqrt(power[:, draw].mean(1))
        gains.append((high - low) / one / 0.2)
    np.testing.assert_allclose(found, np.percentile(gains, [2.5, 97.5]), rtol=0.03)


def test_a_few_images_have_no_interval() -> None:
    assert gain_interval(np.random.default_rng(0).random((3, 7))) is None
    assert gain_interval(np.ones((3, 1))) is None
    assert gain_interval(np.full((3, 5), np.nan)) is None
    assert gain_interval(np.zeros((3, 5))) is None
