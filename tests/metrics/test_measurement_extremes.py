"""Inputs at the edge: one image, a class without images, numbers that are not finite, ties, a hundred classes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from reportgen.metrics import measure
from reportgen.record.measurements import Measurements
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from tests.metrics.cases import Floats, Ints, noisy, softmax, with_evaluation


def of(record: RunRecord, logits: Floats, labels: Ints) -> Measurements:
    """Measurements of these logits and labels."""
    return measure(with_evaluation(record, logits, labels))


def value(measured: Measurements, name: str) -> MetricValue:
    """A headline number that has to be listed, known or not."""
    found = measured.value(name)
    assert found is not None
    return found


def test_a_class_without_images_is_unknown_and_not_zero(record: RunRecord) -> None:
    logits, labels = noisy(1, 200, 4)
    logits = np.hstack([logits, np.full((200, 1), -20, np.float32)])
    measured = of(record, logits, labels)
    empty = measured.classes[4]
    assert empty.support == 0
    assert [empty.recall.value, empty.f1.value, empty.auroc, empty.average_precision] == [None] * 4
    assert empty.recall.display == empty.f1.display == "—"
    assert empty.precision.value is None
    areas = [sk.roc_auc_score(labels == at, softmax(logits)[:, at]) for at in range(4)]
    assert value(measured, "auroc").value == pytest.approx(np.mean(areas))
    assert value(measured, "balanced_accuracy").value == pytest.approx(
        sk.balanced_accuracy_score(labels, logits.argmax(1))
    )
    assert measured.confusion[4] == (0,) * 5


def test_a_class_without_images_that_is_called_has_a_precision_of_zero_and_no_f1(record: RunRecord) -> None:
    logits, labels = noisy(1, 200, 4)
    logits = np.hstack([logits, logits.max(1, keepdims=True) + (np.arange(200) < 9)[:, None] * 2 - 1])
    measured = of(record, logits.astype(np.float32), labels)
    score = measured.classes[4]
    assert (score.precision.value, score.precision.n) == (0.0, 9)
    assert score.f1.value is None
    assert value(measured, "macro_f1").value == pytest.approx(
        sk.f1_score(labels, logits.argmax(1), labels=range(4), average="macro")
    )


def test_a_class_that_is_never_called_has_no_precision_and_no_recall(record: RunRecord) -> None:
    logits, labels = noisy(2, 200, 4)
    logits[:, 2] = -20
    score = of(record, logits, labels).classes[2]
    assert score.support > 0
    assert score.precision.value is None
    assert (score.recall.value, score.f1.value) == (0.0, 0.0)
    assert score.recall.low == 0.0


def test_one_image(record: RunRecord) -> None:
    measured = of(record, np.array([[2.0, 1.0, 0.0]], np.float32), np.array([0]))
    accuracy = value(measured, "accuracy")
    assert (accuracy.value, accuracy.n) == (1.0, 1)
    assert accuracy.low == pytest.approx(0.2065493, abs=1e-6)  # 1 / (1 + z²), Wilson at k = n = 1
    assert accuracy.high == 1.0
    assert value(measured, "auroc").value is None
    assert value(measured, "nll").value == pytest.approx(-np.log(np.exp(2) / (np.exp(2) + np.e + 1)), rel=1e-6)
    assert measured.confusions == ()


def test_one_class_only(record: RunRecord) -> None:
    logits, _ = noisy(3, 50, 3)
    measured = of(record, logits, np.zeros(50, np.int64))
    assert value(measured, "auroc").value is None
    assert measured.classes[0].auroc is None
    assert value(measured, "accuracy").value == np.mean(logits.argmax(1) == 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_never_become_a_number(record: RunRecord, bad: float) -> None:
    logits, labels = noisy(4, 100, 6)
    logits[3, 2] = bad
    measured = of(record, logits, labels)
    for name in ("nll", "brier", "ece", "ece_scaled", "auroc"):
        found = value(measured, name)
        assert (found.value, found.low, found.high) == (None, None, None), name
        assert found.display == "—"
    text = measured.model_dump_json().lower()
    assert '"nan"' not in text
    assert "infinity" not in text


def test_an_image_without_finite_logits_is_wrong_and_called_nothing(record: RunRecord) -> None:
    logits, labels = noisy(4, 100, 6)
    broken = np.flatnonzero(labels == 0)[:3]
    logits[broken] = np.nan
    good = np.setdiff1d(np.arange(100), broken)
    measured, rest = of(record, logits, labels), of(record, logits[good], labels[good])
    hits = int((logits[good].argmax(1) == labels[good]).sum())
    assert value(measured, "accuracy").value == hits / 100
    assert measured.confusion == rest.confusion
    assert measured.classes[0].support == rest.classes[0].support + 3
    assert measured.classes[0].recall.value == rest.confusion[0][0] / measured.classes[0].support
    assert measured.classes[0].precision == rest.classes[0].precision
    assert measured.calibration.bins == rest.calibration.bins
    assert sum(measured.calibration.right) == hits


def test_no_finite_logit_at_all(record: RunRecord) -> None:
    _, labels = noisy(4, 60, 6)
    measured = of(record, np.full((60, 6), np.nan, np.float32), labels)
    assert value(measured, "accuracy").value == value(measured, "macro_f1").value == 0.0
    assert not np.any(measured.confusion)
    assert {b.n for b in measured.calibration.bins} == {0}
    assert measured.risk_coverage.x == ()
    assert measured.precision_recall == ()


def test_all_logits_tied(record: RunRecord) -> None:
    labels = (np.arange(60) % 6).astype(np.int64)
    measured = of(record, np.zeros((60, 6), np.float32), labels)
    assert value(measured, "auroc").value == pytest.approx(0.5)
    assert value(measured, "nll").value == pytest.approx(np.log(6))
    assert value(measured, "brier").value == pytest.approx(5 / 6)
    assert value(measured, "ece").value == pytest.approx(0, abs=1e-7)
    assert [score.average_precision for score in measured.classes] == pytest.approx([1 / 6] * 6)
    assert value(measured, "accuracy").value == pytest.approx(1 / 6)


def test_surely_and_always_right(record: RunRecord) -> None:
    labels = (np.arange(120) % 6).astype(np.int64)
    measured = of(record, np.eye(6, dtype=np.float32)[labels] * 200, labels)
    for name in ("accuracy", "top5_accuracy", "balanced_accuracy", "macro_f1", "auroc"):
        assert value(measured, name).value == 1.0, name
    for name in ("nll", "brier", "ece"):
        assert value(measured, name).value == pytest.approx(0, abs=1e-9), name
    assert measured.confusions == ()
    assert set(measured.risk_coverage.y) == {0.0}


def test_surely_and_always_wrong(record: RunRecord) -> None:
    labels = (np.arange(120) % 6).astype(np.int64)
    measured = of(record, np.eye(6, dtype=np.float32)[(labels + 1) % 6] * 500, labels)
    assert value(measured, "accuracy").value == 0.0
    assert value(measured, "brier").value == pytest.approx(2.0)
    assert value(measured, "ece").value == pytest.approx(1.0)
    assert value(measured, "nll").value == pytest.approx(500)  # no overflow: e^-500 is zero in float32
    assert set(measured.risk_coverage.y) == {1.0}


@pytest.mark.slow
def test_a_hundred_classes(record: RunRecord) -> None:
    logits, labels = noisy(5, 800, 100)
    measured = of(record, logits, labels)
    assert len(measured.classes) == len(measured.confusion) == len(measured.precision_recall) == 100
    assert len(measured.confusions) == 20
    areas = sk.roc_auc_score(labels, softmax(logits), multi_class="ovr", average="macro")
    assert value(measured, "auroc").value == pytest.approx(areas, abs=1e-9)


def test_scores_of_a_model_that_is_nearly_always_wrong_have_intervals_that_end_at_one(record: RunRecord) -> None:
    """A model that is sure and wrong on all but a few images."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(34), 3)
    logits = rng.normal(0, 1, (len(labels), 34)).astype(np.float32)
    logits[np.arange(len(labels)), (labels + 1) % 34] += np.float32(9)
    logits[:1] = 0
    logits[0, 0] = 0.1
    for measured in (of(record, logits, labels), of(record, logits * 3, labels)):
        for name in ("aurc", "ece", "ece_scaled", "macro_f1", "auroc"):
            found = value(measured, name)
            assert found.high is None or (found.low is not None and 0 <= found.low <= found.high <= 1), name
    assert value(of(record, logits, labels), "aurc").high == 1
