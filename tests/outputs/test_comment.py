"""The comment of a pull request and the JUnit file: numbers, size, and names that try to break out."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from reportgen.comparison import compare_with
from reportgen.metrics import measure
from reportgen.outputs.comment import MOST, make_comment, marker, render
from reportgen.outputs.junit import make_junit
from reportgen.record.comparison import Refusal
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from tests.outputs.github import TAGS, linked, show, text_of
from tests.outputs.hostile import NASTY, hostile_subject
from tests.outputs.reports import plain_report
from tests.report.sections.cases import change
from tests.support.records import TITLE, logits_and_labels, presented

GATES = ("accuracy >= 0.7", "ece <= 0.05 confidently", "accuracy >= 0.76 confidently", "class.cat.recall >= 0.5")


def gated(record: RunRecord, gates: tuple[str, ...] = GATES) -> Subject:
    return presented(record, gates=gates)


def test_the_comment_says_the_outcome_first(record: RunRecord) -> None:
    lines = make_comment(plain_report(gated(record))).splitlines()
    assert lines[0] == f"<!-- reportgen:{marker(TITLE)} -->"
    assert lines[1].startswith("### ✗ 1 gate of 4 failed: ")
    text = text_of(show("\n".join(lines)))
    for value in record.measured.values if record.measured else ():
        if value.name in ("accuracy", "macro_f1", "nll", "ece", "macs"):
            assert value.display in text, value.name
    assert "? not enough data" in text
    assert "The bound lies inside the interval; more images would decide." in text
    assert "<Message>" not in text
    assert "Weakest classes" in text


def test_without_gates_it_is_quiet(record: RunRecord) -> None:
    text = make_comment(plain_report(record))
    assert "Gate" not in text
    assert text.splitlines()[1] == f"### {TITLE}"
    assert make_comment(plain_report(gated(record, ("accuracy >= 0.1",)))).splitlines()[1].startswith("### ✓ All gates")


def test_names_from_outside_break_nothing() -> None:
    page = show(make_comment(plain_report(hostile_subject(gates=GATES))))
    assert linked(page) == []
    text = re.sub(r"\s+", " ", text_of(page))
    for name in NASTY:
        assert name[:30] in text
    assert set(re.findall(r"<([a-z0-9]+)", page)) <= TAGS - {"a", "img"}
    assert page.count("<details") == page.count("</details>")


def many_classes(record: RunRecord) -> RunRecord:
    names = tuple(f"{number} " + "👩‍👩‍👧‍👦|`@x`<b>" * 20 for number in range(100))
    logits, labels = logits_and_labels(1, n=1000, classes=100)
    arrays = record.arrays.merged({"eval.logits": logits, "eval.labels": labels})
    arrays = arrays.merged({"eval.ids": np.arange(1000), "eval.digests": np.arange(1000, dtype=np.uint64)})
    splits = tuple(split.model_copy(update={"counts": (split.n // 100,) * 100}) for split in record.data.splits)
    data = record.data.model_copy(update={"classes": names, "splits": splits})
    more = record.model_copy(update={"arrays": arrays, "data": data})
    return more.model_copy(update={"measured": measure(more)})


def test_a_hundred_classes_with_long_names_fit(record: RunRecord) -> None:
    wide = gated(many_classes(record), tuple(f"class.{number}.recall >= 0" for number in range(3)))
    text = make_comment(plain_report(wide))
    assert len(text) <= MOST
    assert linked(show(text)) == []
    assert "Weakest classes" in text


def test_details_go_before_the_comment_grows_too_long(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    report = plain_report(record)
    whole = make_comment(report)
    monkeypatch.setattr("reportgen.outputs.comment.MOST", len(whole) - 2)
    shorter = make_comment(report)
    assert len(shorter) < len(whole)
    assert "What was run" not in shorter
    assert "Weakest classes" in shorter


def test_junit_counts_a_training_only_where_there_was_one(record: RunRecord) -> None:
    for training in (record.training, None):
        root = ElementTree.fromstring(make_junit(plain_report(presented(change(record, training=training)))))
        names = [case.get("name") for case in root.iter("testcase")]
        assert ("the loss stays finite" in names) == (training is not None)
        assert root.get("tests") == str(len(names))


def test_junit_tells_failures_and_what_is_undecided(record: RunRecord) -> None:
    report = plain_report(gated(record))
    root = ElementTree.fromstring(make_junit(report))
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "1", "1")
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["ece <= 0.05 confidently"]
    ElementTree.fromstring(make_junit(plain_report(hostile_subject(gates=GATES))))


def test_the_same_report_gives_the_same_bytes(record: RunRecord) -> None:
    first, second = (render(plain_report(gated(record)), lambda _: None) for _ in range(2))
    assert [file.path for file in first] == ["comment.md", "junit.xml"]
    assert first == second


def compared(record: RunRecord, gates: tuple[str, ...]) -> Subject:
    """The record with other outputs, compared with itself as it was."""
    rng = np.random.default_rng(1)
    logits = np.array(record.arrays["eval.logits"])
    logits += rng.normal(0, 0.8, logits.shape).astype(np.float32)
    other = record.model_copy(update={"arrays": record.arrays.merged({"eval.logits": logits})})
    other = other.model_copy(update={"measured": measure(other)})
    return presented(other, compare_with(other, presented(record), "0" * 64), gates=gates)


def test_a_comparison_says_its_verdict_changes_and_flips(record: RunRecord) -> None:
    gates = ("accuracy.change > -1", "class.cat.recall.change > -1", "macs.change_ratio <= 1.1")
    candidate = compared(record, gates)
    comparison = candidate.judgement.compared
    assert comparison is not None
    report = plain_report(candidate)
    assert [gate.outcome for gate in report.gates] == ["pass"] * 3
    markdown = make_comment(report)
    heads = {"better": "▲", "worse": "▼", "equivalent": "=", "undecided": "?"}
    assert markdown.splitlines()[1].startswith(f"### {heads[comparison.verdict]} ")
    text = text_of(show(markdown))
    change = comparison.value("accuracy.change")
    assert change is not None
    assert change.display in text
    assert f"{comparison.mcnemar.lost} images went from right to wrong" in text
    junit = ElementTree.fromstring(make_junit(report))
    assert junit.find(".//testcase[@classname='reportgen.baseline']") is not None


def test_a_refusal_is_said(record: RunRecord) -> None:
    fewer = {name: record.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    other = record.model_copy(update={"arrays": record.arrays.merged(fewer)})
    judgement = compare_with(record, presented(other), "0" * 64)
    assert isinstance(judgement.comparison, Refusal)
    report = plain_report(presented(record, judgement, gates=("accuracy.change > -1",)))
    assert report.gates[0].outcome == "undecided"
    assert judgement.comparison.reason.text in text_of(show(make_comment(report)))
    assert b"skipped" in make_junit(report)
