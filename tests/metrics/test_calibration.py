"""Calibration: bins, histograms and temperature, against loops, scipy and what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from reportgen.metrics import measure
from reportgen.metrics.calibration import fit_temperature, halves, scale_crosswise
from reportgen.metrics.predictions import read_predictions
from reportgen.record.measurements import Bin, Calibration
from reportgen.record.run import RunRecord
from tests.metrics.cases import Floats, Ints, noisy, softmax, with_evaluation


def calibration(record: RunRecord, logits: Floats, labels: Ints) -> Calibration:
    """The calibration of these logits."""
    return measure(with_evaluation(record, logits, labels)).calibration


def sampled(seed: int, n: int, temperature: float = 1.0) -> tuple[Floats, Ints]:
    """Logits whose labels are drawn from softmax(logits / temperature): calibrated at that temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2.5, (n, 8))
    shares = softmax(logits / temperature)
    labels = (rng.random((n, 1)) > shares.cumsum(1)).sum(1).clip(0, 7)
    return logits.astype(np.float32), labels.astype(np.int64)


def likelihood(logits: Floats, labels: Ints, temperature: float) -> float:
    """Mean negative log-likelihood at a temperature."""
    return float(-np.log(softmax(logits / temperature)[np.arange(len(labels)), labels]).mean())


def error(bins: tuple[Bin, ...]) -> float:
    """The calibration error that the bins themselves show."""
    gaps = [b.n * abs(b.accuracy - b.confidence) for b in bins if b.accuracy is not None and b.confidence is not None]
    return sum(gaps) / sum(b.n for b in bins)


def test_bins_are_fifteen_equal_ones_and_hold_every_image(record: RunRecord) -> None:
    logits, labels = noisy(1, 700, 6)
    confidence, right = softmax(logits).max(1), logits.argmax(1) == labels
    bins = calibration(record, logits, labels).bins
    assert [b.low for b in bins] == pytest.approx([i / 15 for i in range(15)])
    assert [b.high for b in bins] == pytest.approx([(i + 1) / 15 for i in range(15)])
    for b in bins:
        inside = (confidence > b.low) & (confidence <= b.high)
        assert b.n == inside.sum()
        assert b.confidence == (pytest.approx(confidence[inside].mean()) if b.n else None)
        assert b.accuracy == (pytest.approx(right[inside].mean()) if b.n else None)


def test_the_headline_error_is_that_of_the_bins_shown(record: RunRecord) -> None:
    measured = measure(with_evaluation(record, *noisy(2, 500, 6)))
    for name, bins in (("ece", measured.calibration.bins), ("ece_scaled", measured.calibration.scaled_bins)):
        value = measured.value(name)
        assert value is not None
        assert value.value == pytest.approx(error(bins), abs=1e-9)


def test_right_and_wrong_counts_are_numpys_histograms(record: RunRecord) -> None:
    logits, labels = noisy(3, 800, 6)
    found = calibration(record, logits, labels)
    confidence, right = softmax(logits).max(1), logits.argmax(1) == labels
    assert list(found.right) == np.histogram(confidence[right], bins=20, range=(0, 1))[0].tolist()
    assert list(found.wrong) == np.histogram(confidence[~right], bins=20, range=(0, 1))[0].tolist()


@pytest.mark.slow
def test_what_is_calibrated_has_next_to_no_error_and_needs_no_temperature(record: RunRecord) -> None:
    measured = measure(with_evaluation(record, *sampled(4, 40_000)))
    value = measured.value("ece")
    assert value is not None
    assert value.value is not None
    assert value.value < 0.01
    assert measured.calibration.temperature == pytest.approx(1.0, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.5, 2.0, 4.0])
def test_a_known_temperature_is_found_and_removes_the_error(record: RunRecord, temperature: float) -> None:
    logits, labels = sampled(5, 20_000, temperature)
    measured = measure(with_evaluation(record, logits, labels))
    before, after = measured.value("ece"), measured.value("ece_scaled")
    assert before is not None
    assert after is not None
    assert before.value is not None
    assert after.value is not None
    assert measured.calibration.temperature == pytest.approx(temperature, rel=0.05)
    assert after.value < 0.02 < before.value


def test_the_temperature_is_near_scipys_minimum_of_the_whole_set(record: RunRecord) -> None:
    logits, labels = noisy(6, 4000, 10)
    best = minimize_scalar(lambda t: likelihood(logits, labels, t), bounds=(0.05, 20), method="bounded")
    assert calibration(record, logits, labels).temperature == pytest.approx(best.x, rel=0.03)


def test_no_image_is_judged_by_a_temperature_that_it_helped_to_fit() -> None:
    logits, labels = noisy(8, 200, 4)
    side = halves(labels, seed=0)
    first, _ = scale_crosswise(read_predictions(logits, labels), seed=0)
    for half in (0, 1):
        other = logits.copy()
        other[side == half] *= 3
        found, _ = scale_crosswise(read_predictions(other, labels), seed=0)
        temperature = fit_temperature(
            read_predictions(logits, labels).log_probabilities[side != half], labels[side != half]
        )
        assert found[side == half] == pytest.approx(softmax(other[side == half] / temperature).max(1))
        assert found[side != half] != pytest.approx(first[side != half])
    assert np.bincount(side).tolist() == pytest.approx([100, 100], abs=4)


def test_scaling_moves_confidence_but_no_prediction(record: RunRecord) -> None:
    logits, labels = sampled(7, 3000, 3.0)
    found = calibration(record, logits, labels)
    right = [sum(b.n * b.accuracy for b in bins if b.accuracy is not None) for bins in (found.bins, found.scaled_bins)]
    assert right[0] == pytest.approx(right[1])
    assert right[0] == pytest.approx((logits.argmax(1) == labels).sum())
    assert [b.n for b in found.bins] != [b.n for b in found.scaled_bins]
    assert sum(b.n for b in found.scaled_bins) == len(labels)
