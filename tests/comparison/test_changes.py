"""Scores of both models on the same images, against scikit-learn and a naive loop."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from reportgen.comparison.changes import SCORES, score
from reportgen.metrics.predictions import read_predictions
from reportgen.record.run import RunRecord
from tests.comparison.cases import compared
from tests.support.records import small_record

DRAWS = 12


@pytest.fixture(scope="module")
def record() -> RunRecord:
    return small_record()


def test_areas_are_scikit_learns_and_those_of_a_loop(record: RunRecord) -> None:
    logits, labels = record.arrays["eval.logits"], record.arrays["eval.labels"]
    found = score(read_predictions(logits, labels))
    chances = softmax(logits.astype(np.float64), axis=1)
    assert found["auroc"].value == pytest.approx(roc_auc_score(labels, chances, multi_class="ovr"))
    assert found["aurc"].value == pytest.approx(area_under_risk(chances, labels))


def area_under_risk(chances: np.ndarray, labels: np.ndarray) -> float:
    """Mean over images of the error among those at least as sure, a loop (Geifman & El-Yaniv 2017)."""
    sure, wrong = chances.max(1), chances.argmax(1) != labels
    return float(np.mean([wrong[sure >= least].mean() for least in sure]))


def test_every_score_has_a_change_with_an_interval(record: RunRecord) -> None:
    found = compared(record, record)
    for name in SCORES:
        value = found.value(f"{name}.change")
        assert value is not None, name
        assert value.value == 0
        assert value.low is not None
        assert value.high is not None
        assert value.low <= 0 <= value.high


def test_a_single_class_has_no_area(record: RunRecord) -> None:
    logits = record.arrays["eval.logits"][:40]
    labels = np.zeros(40, np.int64)
    found = score(read_predictions(logits, labels))
    assert "auroc" not in found
    assert "aurc" in found
