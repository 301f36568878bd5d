"""The calibration error without its bias, its value under perfect calibration, and the interval, against loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reportgen.metrics.calibration_error import CalibrationError, measure_calibration_error
from reportgen.metrics.predictions import FloatArray
from tests.metrics.cases import binned_error
from tests.metrics.covering import HIGH, LOW


def calibrated(n: int, seed: int, shift: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """Confidences of a good model, and who is right with just that probability, or with less of it by `shift`."""
    rng = np.random.default_rng(seed)
    confidence = np.clip(rng.beta(6, 1.2, n), 0.2, 1)
    return confidence, (rng.random(n) < confidence - shift).astype(float)


def measured(n: int, seed: int, shift: float = 0.0) -> CalibrationError:
    return measure_calibration_error(*calibrated(n, seed, shift), seed)


def test_the_plug_in_value_is_the_usual_one() -> None:
    confidence, correct = calibrated(500, 0)
    found = measure_calibration_error(confidence, correct)
    assert found.plug_in == pytest.approx(binned_error(confidence, correct))


def test_the_value_under_calibration_is_that_of_labels_drawn_in_a_loop() -> None:
    confidence, correct = calibrated(300, 1)
    rng = np.random.default_rng(99)
    drawn = [binned_error(confidence, (rng.random(300) < confidence).astype(float)) for _ in range(2000)]
    found = measure_calibration_error(confidence, correct)
    assert found.under_calibration == pytest.approx(np.mean(drawn), rel=0.03)
    assert found.p == pytest.approx(np.mean(np.array(drawn) >= found.plug_in), abs=0.04)


@pytest.mark.slow
def test_p_is_uniform_under_calibration_and_small_without_it() -> None:
    p = [measured(200, seed).p for seed in range(120)]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert measured(2000, 0, shift=0.1).p < 0.005


@pytest.mark.slow
@pytest.mark.parametrize(("shift", "n"), [(0.0, 50), (0.1, 200), (0.0, 1000), (0.1, 1000)])
def test_intervals_cover_the_error_of_the_population(shift: float, n: int) -> None:
    truth = binned_error(*expected(shift))
    hits = [low <= truth <= high for low, high in (measured(n, seed, shift).interval or (1, 0) for seed in range(200))]
    assert stats.binomtest(sum(hits), len(hits), 0.95).pvalue > 0.001 or np.mean(hits) > 0.95
    assert np.mean(hits) >= 0.91


@pytest.mark.slow
def test_the_interval_of_a_model_that_is_too_sure_covers_as_often_as_it_says() -> None:
    """Gaps that are clear in some bins and small in others, the truth well above zero; both sides."""
    rng = np.random.default_rng(4)
    confidence = np.clip(rng.beta(12, 0.9, 100_000), 0.2, 1)
    chance = confidence - 0.06 * np.sqrt(1 - confidence) * (confidence < 0.995) - 0.04
    truth = binned_error(confidence, chance)
    hits, above = 0, 0
    for seed in range(600):
        rows = rng.integers(0, len(confidence), 200)
        right = (rng.random(200) < chance[rows]).astype(float)
        low, high = measure_calibration_error(confidence[rows], right, seed).interval or (1.0, 0.0)
        hits, above = hits + (low <= truth <= high), above + (high < truth)
    assert stats.binom.cdf(hits, 600, LOW) > 0.01
    assert stats.binom.sf(hits - 1, 600, HIGH) > 0.01
    assert above > 0  # an upper end that no sample misses would be too far away


def expected(shift: float) -> tuple[FloatArray, FloatArray]:
    """Confidences of a large population and the probability of being right of each."""
    confidence, _ = calibrated(200_000, 5)
    return confidence, confidence - shift


@pytest.mark.slow
def test_debiased_values_lie_nearer_to_the_truth_on_average() -> None:
    plug_in, debiased = zip(
        *((one.plug_in, one.debiased) for one in (measured(200, seed) for seed in range(60))), strict=True
    )
    # Gaps that are noise alone: resampling doubles their variance, so that 2 − √2 of the value stay.
    assert np.mean(debiased) == pytest.approx((2 - np.sqrt(2)) * np.mean(plug_in), rel=0.1)
    far = [measured(1000, seed, 0.15) for seed in range(40)]
    assert np.mean([one.debiased for one in far]) == pytest.approx(0.15, abs=0.01)


def test_too_few_images_have_no_interval() -> None:
    assert measured(49, 0).interval is None
    assert measured(50, 0).interval is not None
