"""What GitHub Actions is told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reportgen.cli.github import SUMMARY_BYTES, annotate, step_outputs, write_outputs, write_summary
from reportgen.errors import Location
from reportgen.record.gate_result import GateResult
from reportgen.record.judgement import Judgement
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.spec.types import CommentSpec
from tests.support.commands import run_here
from tests.support.records import save_record


def gate(outcome: str, rule: str = "accuracy >= 0.9") -> GateResult:
    return GateResult.model_validate(
        {
            "rule": rule,
            "metric": "accuracy",
            "confidently": False,
            "outcome": outcome,
            "bound": 0.9,
            "judged": {"name": "accuracy", "value": 0.5, "unit": "share"},
        }
    )


def read_outputs(text: str) -> dict[str, str]:
    """As the runner reads the file."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, end = line.partition("<<")
        body = []
        for inner in lines:
            if inner == end:
                break
            body.append(inner)
        found[name] = "\n".join(body)
    return found


def test_outputs_can_hold_anything(tmp_path: Path) -> None:
    target = tmp_path / "out"
    values = {"verdict": "better", "path": "a\nverdict<<EOF\nworse\nEOF"}
    write_outputs(values, {"GITHUB_OUTPUT": str(target)})
    write_outputs({"accuracy": "0.9"}, {"GITHUB_OUTPUT": str(target)})
    assert read_outputs(target.read_text()) == values | {"accuracy": "0.9"}
    write_outputs(values, {})


def test_the_outputs_of_a_run(record: RunRecord) -> None:
    told = step_outputs(Subject(record), Path("reports/x"))
    assert set(told) == {"verdict", "accuracy", "change", "comment_worth", "report_path"}
    assert (told["verdict"], told["comment_worth"]) == ("not_compared", "true")
    assert record.measured is not None
    assert float(told["accuracy"]) == pytest.approx(record.measured.value("accuracy").value)
    failed = Subject(record, Judgement(gates=(gate("fail"),)))
    assert step_outputs(failed, Path("x"))["verdict"] == "gates_failed"


@pytest.mark.parametrize(
    ("when", "outcome", "worth"),
    [("always", "pass", "true"), ("changed", "pass", "true"), ("failed", "pass", "false"), ("failed", "fail", "true")],
)
def test_whether_the_comment_is_worth_posting_is_told(record: RunRecord, when: str, outcome: str, worth: str) -> None:
    drawn = Presentation(comment=CommentSpec(when=when))
    subject = Subject(record, Judgement(gates=(gate(outcome),)), drawn)
    assert step_outputs(subject, Path("x"), ())["comment_worth"] == worth


def test_the_summary_is_appended_while_it_fits(tmp_path: Path) -> None:
    folder, target = tmp_path / "report", tmp_path / "summary"
    folder.mkdir()
    assert not write_summary(folder, {"GITHUB_STEP_SUMMARY": str(target)})
    assert not target.exists()
    (folder / "comment.md").write_text("hello")
    for _ in range(2):
        assert not write_summary(folder, {"GITHUB_STEP_SUMMARY": str(target)})
    assert target.read_text() == "hello\nhello\n"
    target.write_bytes(b"x" * (SUMMARY_BYTES - 3))
    said = write_summary(folder, {"GITHUB_STEP_SUMMARY": str(target)})
    assert said.startswith("::notice title=No step summary::")
    assert "comment.md was not added" in said
    assert target.stat().st_size == SUMMARY_BYTES - 3


def test_annotations_stand_at_their_lines_and_are_at_most_ten_of_a_kind() -> None:
    gates = (gate("pass"), *[gate("fail")] * 12, gate("undecided", "ece <= 0.1\n::error::x, y"))
    places = tuple(Location("a,b.yaml", number, 3) for number in range(len(gates)))
    lines = list(annotate(gates, places))
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert lines[0].startswith("::error file=a%2Cb.yaml,line=1,col=3,title=Gate fail%3A accuracy >= 0.9::Top-1")
    assert "\n" not in lines[-1]
    assert re.match(r"::warning file=[^:]*,title=[^:]*::", lines[-1])


@pytest.mark.e2e
def test_a_command_tells_the_runner_what_came_of_it(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "record").mkdir()
    save_record(record, tmp_path / "record")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "told"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    changes = ("gates=[accuracy >= 0.99]", "comment.when=failed", "report.sections=[summary]")
    options = [part for change in changes for part in ("--set", change)]
    said = run_here(capsys, "render", tmp_path / "record", "-o", tmp_path / "out", "--format", "comment,json", *options)
    assert said.code == 1
    assert [line for line in said.out.splitlines() if line.startswith("::error title=Gate fail%3A accuracy >= 0.99::")]
    assert read_outputs((tmp_path / "told").read_text(encoding="utf-8"))["comment_worth"] == "true"
    assert (tmp_path / "summary").read_bytes() == (tmp_path / "out" / "comment.md").read_bytes() + b"\n"
    payload = json.loads((tmp_path / "out" / "check.json").read_bytes())
    assert (payload["conclusion"], payload["output"]["annotations"]) == ("failure", [])
