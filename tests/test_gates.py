"""Gates: the language, the three outcomes, and what is said of a name that does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import SpecError
from reportgen.gates import check_names, judge_gates
from reportgen.record import RunRecord
from reportgen.spec import read_spec
from reportgen.spec.gates import check_classes, parse_rule
from reportgen.values import MetricValue
from tests.commands import TINY, run_here, write_spec


def metric(name: str, value: float | None, low: float | None = None, high: float | None = None, **more: object):
    fields: dict[str, object] = {"label": name, "display": str(value), "unit": "share", "n": 100, **more}
    return MetricValue.model_validate({"name": name, "value": value, "low": low, "high": high, **fields})


VALUES = (
    metric("accuracy", 0.91, 0.89, 0.93, method="wilson"),
    metric("parameters", 1000.0, unit="count", method="exact"),
    metric("latency_p50", 0.004, unit="seconds", method="measured"),
    metric("auroc", None),
    metric("class.cat.recall", 0.7, 0.6, 0.8),
    metric("latency_p50.change_ratio", 1.05, 1.0, 1.1, unit="ratio"),
)


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ("accuracy >= 0.90", "pass"),
        ("accuracy >= 91 %", "pass"),
        ("accuracy > 0.91", "fail"),
        ("accuracy<0.92", "pass"),
        ("accuracy >= 0.90 confidently", "undecided"),
        ("accuracy >= 0.89 confidently", "pass"),
        ("accuracy > 0.93 confidently", "fail"),
        ("accuracy >= 0.95 confidently", "fail"),
        ("accuracy <= 0.95 Confidently", "pass"),
        ("parameters == 1_000 confidently", "pass"),
        ("parameters <= 1e3", "pass"),
        ("parameters != 1000", "fail"),
        ("latency_p50_ms <= 4", "pass"),
        ("latency_p50_ms < 3.9", "fail"),
        ("latency_p50 <= 0.005 confidently", "undecided"),
        ("auroc >= 0.5", "undecided"),
        ("train_accuracy >= 0.5", "undecided"),
        ("class.cat.recall >= .7", "pass"),
        ("latency_p50_ms.change_ratio <= 1.10 confidently", "pass"),
    ],
)
def test_a_rule_is_judged(rule: str, outcome: str) -> None:
    (result,) = judge_gates([rule], VALUES)
    assert result.outcome == outcome
    assert bool(result.reason) == (outcome == "undecided")


def test_a_failure_says_by_how_much() -> None:
    (result,) = judge_gates(["accuracy >= 0.95"], VALUES)
    assert result.distance.replace("\u00a0", " ") == "4.00 points"
    (result,) = judge_gates(["latency_p50_ms <= 1"], VALUES)
    assert result.distance.replace("\u00a0", " ") == "3.00 ms"
    (result,) = judge_gates(["parameters <= 10"], VALUES)
    assert result.distance == "990"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accuracy", "no comparison"),
        ("accuracy = 0.9", "write =="),
        ("0.5 <= accuracy <= 0.9", "more than one"),
        (">= 0.5", "no metric"),
        ("accuracy >=", "no number"),
        ("accuracy >= high", "no number"),
        ("accuracy >= 0.9 maybe", "means nothing"),
    ],
)
def test_what_is_no_rule(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_rule(text)


def test_a_rule_that_can_t_be_read_points_at_its_line(tmp_path: Path) -> None:
    path = write_spec(tmp_path, TINY + "gates:\n  - parameters <= 1e6\n  - accuracy at least 0.9\n")
    with pytest.raises(SpecError, match="can't be read") as caught:
        read_spec(path)
    assert str(caught.value.place) == f"{path}:8:5"


def test_names_that_do_not_exist() -> None:
    check_names(["accuracy >= 1", "class.cat.recall >= 0.7", "latency_p50_ms <= 3", "size.x > 1"], ["size.x"])
    with pytest.raises(SpecError, match="acuracy") as caught:
        check_names(["parameters <= 1", "acuracy >= 0.9"])
    assert caught.value.key == "gates.1"
    assert "Did you mean accuracy?" in caught.value.hint
    with pytest.raises(SpecError, match="recal"):
        check_names(["class.cat.recal >= 0.7"])
    with pytest.raises(SpecError, match="needs a baseline"):
        check_names(["accuracy.change > -0.005"])
    check_names(["accuracy.change > -0.005", "class.cat.recall.change >= 0"], baseline=True)


def test_classes_that_do_not_exist() -> None:
    check_classes(["class.cat.recall >= 0.7", "accuracy >= 0"], ["cat", "dog"])
    with pytest.raises(SpecError, match="no class 'cta'") as caught:
        check_classes(["class.cta.recall >= 0.7"], ["cat", "dog"])
    assert caught.value.key == "gates.0"


def test_a_name_with_dots_and_spaces_is_a_class(record: RunRecord) -> None:
    check_classes(["class.tabby.cat no. 1.f1 > 0.1"], ["tabby.cat no. 1"])
    assert record.measured is not None
    (result,) = judge_gates(["class.cat.recall >= 0"], [score.recall for score in record.measured.classes])
    assert result.outcome == "pass"


def test_gates_from_spec_to_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gates = "gates: [accuracy >= 0.99, parameters <= 1e6, class.3.recall >= 0, eval_seconds > 0 confidently]\n"
    spec = write_spec(tmp_path, TINY + gates)
    first = run_here(capsys, "build", spec, "-o", tmp_path / "out")
    assert first.code == 1
    assert "gate failed: accuracy >= 0.99" in first.err
    assert "gate passed: parameters <= 1e6" in first.err + first.out
    assert "gate passed: class.3.recall >= 0" in first.err + first.out
    assert "gate undecided, not enough data: eval_seconds > 0 confidently" in first.err + first.out
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "✗ fail" in page
    assert "? not enough data" in page
    again = run_here(capsys, "build", spec, "-o", tmp_path / "out", "-q")
    assert again.code == 1
    assert "gate failed: accuracy >= 0.99" in again.err
    softer = write_spec(tmp_path, TINY + "gates: [accuracy >= 0.0001]\n")
    eased = run_here(capsys, "build", softer, "-o", tmp_path / "out")
    assert eased.code == 0
    assert "from the earlier record" in eased.err + eased.out


def test_a_gate_on_a_class_is_checked_before_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = write_spec(tmp_path, TINY + "gates: [class.cat.recall >= 0.5]\n")
    said = run_here(capsys, "build", spec, "-o", tmp_path / "out")
    assert said.code == 2
    assert "spec.yaml:6:9" in said.err
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())
