"""The measurements of a record against scikit-learn, torchmetrics and plain loops, and by property."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from sklearn import metrics as sk

from reportgen.metrics import measure
from reportgen.record.definitions import HEADLINE
from reportgen.record.measurements import Measurements
from reportgen.record.run import RunRecord, Teacher
from tests.metrics.cases import Floats, Ints, noisy, softmax, with_evaluation
from tests.support.records import with_seeds

QUICK = 40
"""Resamples where the interval is not what is tested."""


def number(measured: Measurements, name: str) -> float:
    """A headline number that has to be there."""
    value = measured.value(name)
    assert value is not None, f"no headline number {name}"
    assert value.value is not None, f"{name} is unknown"
    return value.value


def of(record: RunRecord, logits: Floats, labels: Ints, seed: int = 0) -> Measurements:
    """Measurements of these logits and labels."""
    return measure(with_evaluation(record, logits, labels), seed=seed)


@pytest.fixture(params=[(300, 6), (500, 10), (400, 2), (900, 100)], ids=lambda size: f"{size[0]}x{size[1]}")
def case(request: pytest.FixtureRequest) -> tuple[Floats, Ints]:
    n, classes = request.param
    return noisy(7, n, classes)


def test_accuracy_equals_scikit_learn(record: RunRecord, case: tuple[Floats, Ints]) -> None:
    logits, labels = case
    measured = of(record, *case)
    predicted = logits.argmax(1)
    assert number(measured, "accuracy") == sk.accuracy_score(labels, predicted)
    assert number(measured, "balanced_accuracy") == pytest.approx(sk.balanced_accuracy_score(labels, predicted))
    assert number(measured, "macro_f1") == pytest.approx(sk.f1_score(labels, predicted, average="macro"))


def test_top_five_equals_scikit_learn_and_is_unknown_for_five_classes_or_fewer(record: RunRecord) -> None:
    for classes in (6, 10, 100):
        logits, labels = noisy(3, 400, classes)
        expected = sk.top_k_accuracy_score(labels, logits, k=5, labels=range(classes))
        assert number(of(record, logits, labels), "top5_accuracy") == expected
    for classes in (2, 5):
        value = of(record, *noisy(3, 100, classes)).value("top5_accuracy")
        assert value is not None
        assert value.value is None
        assert value.display == "—"


def test_proper_scores_equal_scikit_learn(record: RunRecord, case: tuple[Floats, Ints]) -> None:
    logits, labels = case
    measured, shares = of(record, *case), softmax(logits)
    classes = list(range(logits.shape[1]))
    assert number(measured, "nll") == pytest.approx(sk.log_loss(labels, shares, labels=classes), rel=1e-6)
    each = [sum((p - (c == label)) ** 2 for c, p in enumerate(row)) for row, label in zip(shares, labels, strict=True)]
    assert number(measured, "brier") == pytest.approx(np.mean(each), rel=1e-6)


def test_brier_equals_scikit_learns_own(record: RunRecord) -> None:
    logits, labels = noisy(5, 400, 6)
    expected = sk.brier_score_loss(labels, softmax(logits), labels=list(range(6)), scale_by_half=False)
    assert number(of(record, logits, labels), "brier") == pytest.approx(expected, rel=1e-6)


def test_calibration_error_equals_torchmetrics_and_a_loop(record: RunRecord, case: tuple[Floats, Ints]) -> None:
    from torchmetrics.classification import MulticlassCalibrationError

    logits, labels = case
    measured = of(record, *case)
    theirs = MulticlassCalibrationError(num_classes=logits.shape[1], n_bins=15, norm="l1")
    expected = float(theirs(torch.from_numpy(softmax(logits)), torch.from_numpy(labels)))
    assert number(measured, "ece") == pytest.approx(expected, abs=1e-6)
    assert number(measured, "ece") == pytest.approx(looped_calibration_error(softmax(logits), labels), abs=1e-9)


def looped_calibration_error(shares: Floats, labels: Ints, bins: int = 15) -> float:
    """Guo et al. 2017, equation 3, one image at a time."""
    members: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for row, label in zip(shares, labels, strict=True):
        confidence = float(row.max())
        members[min(int(confidence * bins), bins - 1)].append((confidence, bool(row.argmax() == label)))
    gaps = [abs(sum(c for c, _ in group) - sum(right for _, right in group)) for group in members]
    return sum(gaps) / len(labels)


def test_ranking_metrics_equal_scikit_learn(record: RunRecord, case: tuple[Floats, Ints]) -> None:
    logits, labels = case
    measured, shares = of(record, *case), softmax(logits)
    areas, precisions = [], []
    for score in measured.classes:
        truth = labels == score.index
        areas.append(sk.roc_auc_score(truth, shares[:, score.index]))
        precisions.append(sk.average_precision_score(truth, shares[:, score.index]))
        assert score.auroc == pytest.approx(areas[-1], abs=1e-6)
        assert score.average_precision == pytest.approx(precisions[-1], abs=1e-6)
    assert number(measured, "auroc") == pytest.approx(np.mean(areas), abs=1e-6)


def test_classes_equal_scikit_learn(record: RunRecord, case: tuple[Floats, Ints]) -> None:
    logits, labels = case
    predicted = logits.argmax(1)
    classes = list(range(logits.shape[1]))
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        labels, predicted, labels=classes, zero_division=np.nan
    )
    for score in of(record, *case).classes:
        at = score.index
        assert score.name == f"class {at}"
        assert score.support == support[at]
        assert score.recall.value == pytest.approx(recall[at])
        assert score.recall.n == support[at]
        called = int((predicted == at).sum())
        assert score.precision.n == called
        if called:
            assert score.precision.value == pytest.approx(precision[at])
        else:
            assert score.precision.value is None
        assert score.f1.value == pytest.approx(f1[at])


def test_intervals_of_proportions_are_scipys_wilson(record: RunRecord, case: tuple[Floats, Ints]) -> None:
    measured = of(record, *case)
    shares = [measured.value("accuracy"), measured.value("top5_accuracy")]
    shares += [value for score in measured.classes for value in (score.recall, score.precision)]
    shares += [cell.share for cell in measured.confusions]
    for value in shares:
        assert value is not None
        if value.value is None or not value.n:
            continue
        expected = binomtest(round(value.value * value.n), value.n).proportion_ci(method="wilson")
        assert (value.low, value.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
        assert value.method == "wilson"


def test_confusion_equals_scikit_learn_and_names_its_largest_cells(
    record: RunRecord, case: tuple[Floats, Ints]
) -> None:
    logits, labels = case
    measured = of(record, *case)
    expected = sk.confusion_matrix(labels, logits.argmax(1), labels=range(logits.shape[1]))
    assert np.array_equal(measured.confusion, expected)
    off = expected - np.diag(np.diag(expected))
    counts = [cell.count for cell in measured.confusions]
    assert counts == sorted(off[off > 0].tolist(), reverse=True)[:20]
    for cell in measured.confusions:
        assert cell.true != cell.predicted
        assert cell.count == expected[cell.true, cell.predicted]
        assert cell.share.value == pytest.approx(cell.count / expected[cell.true].sum())
        assert cell.share.n == expected[cell.true].sum()


def test_training_is_compared_with_the_test_images(record: RunRecord) -> None:
    measured, training = measure(record), record.training
    train, gap, accuracy = (measured.value(name) for name in ("train_accuracy", "generalisation_gap", "accuracy"))
    assert training is not None
    assert train is not None
    assert gap is not None
    assert accuracy is not None
    assert accuracy.value is not None
    assert (train.value, train.n) == (390 / 500, 500)
    assert gap.value == pytest.approx(0.78 - accuracy.value)
    assert gap.display == f"+{100 * (0.78 - accuracy.value):.1f}\u00a0points"
    assert gap.low is not None
    assert gap.low < 0 < gap.value
    assert " to +" in gap.display_interval
    untrained = measure(record.model_copy(update={"training": None}))
    assert {value.name for value in measured.values} - {value.name for value in untrained.values} == {
        "train_accuracy",
        "generalisation_gap",
        "train_seconds",
        "train_images_per_second",
    }


def test_costs_are_the_records_own(record: RunRecord) -> None:
    measured = measure(record)
    assert number(measured, "parameters") == record.trace.parameters
    assert number(measured, "macs") == record.trace.macs
    assert number(measured, "activation_bytes") == record.trace.activation_bytes_training
    assert number(measured, "latency_p50") == 0.0021  # batch 1
    assert number(measured, "latency_p95") == 0.0026
    assert number(measured, "throughput") == pytest.approx(64 / 0.041)  # batch 64, the faster by image
    assert number(measured, "eval_seconds") == record.eval_seconds
    shown = {value.name: value.display for value in measured.values}
    assert shown["parameters"] == "9,898"
    assert shown["macs"] == "9.88\u00a0M"
    assert shown["latency_p50"] == "2.10\u00a0ms"


def test_every_headline_number_is_defined_once_and_in_order(record: RunRecord) -> None:
    assert record.training is not None
    teacher = Teacher(source="a:b", parameters=1, correct=500, n=600, loss=0.5)
    pupil = record.model_copy(update={"training": record.training.model_copy(update={"teacher": teacher})})
    names = [value.name for value in measure(with_seeds(pupil, 400)).values]
    assert names == [definition.name for definition in HEADLINE]
    assert len(set(names)) == len(names)
