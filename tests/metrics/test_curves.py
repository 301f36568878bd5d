"""The curves of the measurements against loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from reportgen.metrics import measure
from reportgen.record.run import RunRecord
from tests.metrics.cases import noisy, softmax, with_evaluation


@pytest.mark.parametrize("n", [30, 150, 3000])
def test_risk_coverage_keeps_the_most_confident_first(record: RunRecord, n: int) -> None:
    logits, labels = noisy(11, n, 6)
    curve = measure(with_evaluation(record, logits, labels)).risk_coverage
    order = np.argsort(-softmax(logits).max(1), kind="stable")
    wrong = (logits.argmax(1) != labels)[order]
    risk = {round(kept / n, 6): float(np.mean(wrong[:kept])) for kept in range(1, n + 1)}
    assert 2 <= len(curve.x) == len(curve.y) <= 200
    assert list(curve.x) == sorted(set(curve.x))
    assert [risk[x] for x in curve.x] == pytest.approx(list(curve.y), abs=1e-6)
    assert curve.x[-1] == 1.0
    assert curve.y[-1] == pytest.approx(1 - sk.accuracy_score(labels, logits.argmax(1)), abs=1e-6)


@pytest.mark.parametrize("n", [40, 4000])
def test_precision_recall_points_are_scikit_learns_and_span_its_curve(record: RunRecord, n: int) -> None:
    logits, labels = noisy(12, n, 4)
    measured = measure(with_evaluation(record, logits, labels))
    assert len(measured.precision_recall) == 4
    for at, curve in enumerate(measured.precision_recall):
        precision, recall, _ = sk.precision_recall_curve(labels == at, softmax(logits)[:, at])
        theirs = {(round(r, 6), round(p, 6)) for r, p in zip(recall, precision, strict=True)}
        ours = {(round(r, 6), round(p, 6)) for r, p in zip(curve.x, curve.y, strict=True)}
        assert 2 <= len(curve.x) == len(curve.y) <= 200
        assert ours <= theirs
        assert max(curve.x) == 1.0
        assert list(curve.x) == sorted(curve.x)


def test_thinned_precision_recall_keeps_the_area(record: RunRecord) -> None:
    logits, labels = noisy(13, 6000, 3, lift=1.0)
    measured = measure(with_evaluation(record, logits, labels))
    for at, curve in enumerate(measured.precision_recall):
        precision, recall, _ = sk.precision_recall_curve(labels == at, softmax(logits)[:, at])
        assert sk.auc(curve.x, curve.y) == pytest.approx(sk.auc(recall, precision), abs=0.005)


@pytest.mark.parametrize("copies", [1, 4])
def test_the_area_under_risk_and_coverage_is_the_mean_risk_over_coverages(record: RunRecord, copies: int) -> None:
    logits, labels = noisy(14, 200, 6)
    logits[:100] = np.repeat(logits[: 100 // copies], copies, axis=0)  # equal confidence is kept together
    confidence, wrong = softmax(logits).max(1), logits.argmax(1) != labels
    risks = [wrong[confidence >= level].mean() for level in confidence]
    value = measure(with_evaluation(record, logits, labels)).value("aurc")
    assert value is not None
    assert value.value == pytest.approx(np.mean(risks))
    assert value.low is not None
    assert value.high is not None
    assert value.low < np.mean(risks) < value.high
    assert value.high - value.low < 0.2
