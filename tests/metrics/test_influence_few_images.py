"""Test sets with few images of a class: what they say of other images is less than a formula would claim."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.comparison.gates import judge_gates
from reportgen.metrics.influence import FEWEST_OF_CURVE
from reportgen.record.run import RunRecord
from reportgen.report.sections.evaluation.view import note_few
from reportgen.report.verdict import format_against
from reportgen.spec.gates import parse_rule
from tests.comparison.cases import compared
from tests.report.sections.cases import evaluated, outputs

RESAMPLED = ("nll", "brier", "ece", "ece_scaled", "aurc")
BY_CLASS = ("balanced_accuracy", "macro_f1", "auroc")


def few(record: RunRecord, each: int, classes: int = 10, seed: int = 0) -> RunRecord:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), each)
    return evaluated(record, rng.normal(size=(len(labels), classes)) + 2 * np.eye(classes)[labels], labels)


@pytest.mark.parametrize("each", [1, 2, 4])
def test_no_interval_where_classes_have_few_images(record: RunRecord, each: int) -> None:
    measured = few(record, each).measured
    assert measured is not None
    for name in (*RESAMPLED, *BY_CLASS):
        value = measured.value(name)
        assert value is not None
        assert value.value is not None
        assert (value.low, value.high) == (None, None), name
    accuracy = measured.value("accuracy")
    assert accuracy is not None
    assert accuracy.low is not None
    assert accuracy.high is not None
    assert accuracy.low < accuracy.high
    assert all(one.f1.low is not None and one.f1.low < (one.f1.high or 0) for one in measured.classes)  # Wilson's


def test_intervals_come_with_enough_images(record: RunRecord) -> None:
    measured = few(record, FEWEST_OF_CURVE).measured
    assert measured is not None
    for name in (*RESAMPLED, *BY_CLASS):
        value = measured.value(name)
        assert value is not None, name
        assert value.low is not None, name
        assert value.high is not None, name
        assert value.low < value.high


def test_one_small_class_takes_the_intervals_of_what_counts_classes_alike(record: RunRecord) -> None:
    rng = np.random.default_rng(0)
    labels = np.r_[np.repeat(np.arange(9), 20), 9]
    measured = evaluated(record, rng.normal(size=(181, 10)) + np.eye(10)[labels], labels).measured
    assert measured is not None
    known = {name: measured.value(name).low is not None for name in (*RESAMPLED, *BY_CLASS)}  # type: ignore[union-attr]
    assert known == dict.fromkeys(RESAMPLED, True) | dict.fromkeys(BY_CLASS, False)


def test_no_interval_has_no_width(record: RunRecord) -> None:
    labels = np.repeat(np.arange(10), 30)
    measured = evaluated(record, outputs(labels, 10, 0.9), labels).measured
    assert measured is not None
    for value in measured.values:
        assert value.low is None or value.low < (value.high or 0), value.name
    assert measured.value("balanced_accuracy").value == 1  # type: ignore[union-attr]


def test_a_model_that_answers_one_class_has_no_interval_of_rounding(record: RunRecord) -> None:
    """Of fixed numbers of images nothing scatters, whatever is left behind the sixteenth digit."""
    labels = np.arange(200) % 10
    for logits in (np.zeros((200, 10)), np.tile(5.0 * np.eye(10)[2], (200, 1))):
        measured = evaluated(record, logits, labels).measured
        assert measured is not None
        value = measured.value("macro_f1")
        assert value is not None
        assert (value.low, value.high) == (None, None)


def test_means_of_losses_need_a_hundred_images(record: RunRecord) -> None:
    """Whatever the sizes of the classes: with fewer, hardly any image that is wrong is among them."""
    rng = np.random.default_rng(0)
    cases = {(10,) * 8: False, (12, 12, 12, 12, 12, 13, 13, 13): False, (13,) * 8: True}
    cases |= {(30, 20, 10, 10, 5, 3, 1, 1): False, (40, 30, 20, 5, 3, 2, 1, 1): True}
    for sizes, known in cases.items():
        labels = np.repeat(np.arange(8), sizes)
        logits = rng.normal(size=(len(labels), 8)) + 2 * np.eye(8)[labels]
        measured = evaluated(record, logits, labels).measured
        assert measured is not None
        for name in ("nll", "brier", "aurc"):
            value = measured.value(name)
            assert value is not None
            assert (value.low is not None) == known, (sizes, name)
        ece = measured.value("ece")
        assert ece is not None
        assert ece.low is not None
        assert "losses and the area under risk and coverage 100," in note_few(measured)[0]


def test_a_confident_gate_is_undecided(record: RunRecord) -> None:
    measured = few(record, 1).measured
    assert measured is not None
    (result,) = judge_gates([parse_rule("nll <= 9 confidently")], measured.values)
    assert (result.outcome, str(result.reason)) == ("undecided", "The number has no interval, which the rule needs.")


def test_changes_have_no_interval_either(record: RunRecord) -> None:
    found = compared(few(record, 1, seed=1), few(record, 1, seed=2))
    for name in RESAMPLED:
        value = found.value(f"{name}.change")
        assert value is not None
        assert value.value
        assert (value.low, value.high) == (None, None)
    accuracy = found.value("accuracy.change")
    assert accuracy is not None
    assert (accuracy.n, accuracy.low, accuracy.high) == (10, None, None)
    assert "no interval" in format_against(found)
    more = compared(few(record, 2, seed=1), few(record, 2, seed=2)).value("accuracy.change")
    assert more is not None
    assert more.low is not None
    assert more.high is not None
    assert more.low < more.high


def test_the_report_says_why(record: RunRecord) -> None:
    labels = np.repeat(np.arange(10), 30)
    perfect, small, usual = evaluated(record, outputs(labels, 10, 0.9), labels), few(record, 2), few(record, 30)
    found = [note_few(one.measured) for one in (perfect, small, usual) if one.measured is not None]
    assert found[0] == [
        "A score to which every image contributes the same has no interval: it says nothing about other images."
    ]
    assert found[1][0].startswith("With 20 test images, 2 in the smallest class, some scores have no interval")
    assert found[2] == []
