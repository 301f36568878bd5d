"""Outputs that lie where logits seldom do, and those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.metrics.output_range import find_output_range
from reportgen.record.answers import OutputFacts, OutputKind
from reportgen.record.run import RunRecord
from reportgen.report.banners import find_banners
from tests.report.sections.cases import change


def giving(record: RunRecord, values: np.ndarray, kind: OutputKind = "logits") -> RunRecord:
    changed = change(record, arrays={"eval.logits": values.astype(np.float32)})
    return changed.model_copy(update={"output": OutputFacts(kind=kind)})


def softmax(logits: np.ndarray) -> np.ndarray:
    chances = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(chances / chances.sum(1, keepdims=True))


def told(record: RunRecord) -> list[str]:
    return [banner.text for banner in find_banners(record) if banner.key == "banner.output_range"]


def test_probabilities_of_each_class_are_said(record: RunRecord) -> None:
    values = 1 / (1 + np.exp(-record.arrays["eval.logits"]))
    found = find_output_range(giving(record, values))
    assert found is not None
    assert (found.kind, found.n) == ("unit", len(values))
    assert found.most == pytest.approx(softmax(values).max(), abs=1e-6)
    (text,) = told(giving(record, values))
    assert "lies between 0 and 1, as after a sigmoid. They were read as logits" in text
    assert "accuracy holds, but likelihood, Brier score, confidence and calibration" in text
    assert "barely trained network can lie in this range too" in text


@pytest.mark.parametrize(("times", "shown"), [(100, "100"), (7, "7.00"), (0.5, "0.500")])
def test_probabilities_times_a_number_are_said(record: RunRecord, times: float, shown: str) -> None:
    (text,) = told(giving(record, times * softmax(record.arrays["eval.logits"])))
    assert f"sum to {shown}, as probabilities times {shown} do. They were read as logits." in text


def test_cosines_are_said_where_no_confidence_is_as_high_as_the_accuracy(record: RunRecord) -> None:
    values = np.tanh(record.arrays["eval.logits"] / 4)
    found = find_output_range(giving(record, values))
    assert found is not None
    assert found.kind == "signed"
    assert found.most < found.accuracy
    (text,) = told(giving(record, values))
    assert "between −1 and 1" in text
    assert "barely trained network can lie in this range too" in text


def test_logits_are_not_spoken_of(record: RunRecord) -> None:
    """As they are, of a network that is hardly trained, of a last layer that starts at zero, and not finite."""
    logits, rng = record.arrays["eval.logits"], np.random.default_rng(0)
    for values in (
        logits,
        rng.normal(0, 0.1, logits.shape),
        np.zeros_like(logits),
        np.full_like(logits, 0.25),
        np.full_like(logits, np.nan),
        np.maximum(logits, 0),
    ):
        assert find_output_range(giving(record, values)) is None
    assert find_output_range(giving(record, softmax(logits), "probabilities")) is None
