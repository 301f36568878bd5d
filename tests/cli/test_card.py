"""`reportgen card`: what is asked, what is taken, and what is written."""

from __future__ import annotations

import importlib
import os
import select
import stat
import sys
from pathlib import Path

import click
import pytest

from reportgen.pipeline.card_questions import PARTS, list_open
from reportgen.report.sections.card import list_parts
from reportgen.spec import read_spec
from reportgen.spec.types import CardSpec
from reportgen.system.signals import Terminated
from tests.outputs.hostile import change
from tests.support.commands import run_here
from tests.support.records import small_record

COMMAND = importlib.import_module("reportgen.cli.card")
"""The module; `reportgen.cli` has the command itself under its name."""
SPEC = "# mine\nmodel: {source: builtin:two_conv}  # small\ncard:\n  licence: MIT\n  # the end\noutputs: [html]\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, list[str]], list[str]]:
    """(answers by a word of the question, the questions): a person at the terminal."""
    answers: dict[str, list[str]] = {}
    told: list[str] = []

    def prompt(text: str, **given: object) -> str:
        told.append(text)
        found = next((key for key in answers if key in text), None)
        return answers[found].pop(0) if found and answers[found] else ""

    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(COMMAND, "is_interactive", lambda: True)
    return answers, told


def test_what_is_asked_is_what_the_card_counts(spec: Path) -> None:
    record = small_record()
    for mode, made in (("train", record), ("evaluate", change(record, training=None))):
        counted = [e.key for part in list_parts(made, CardSpec()) for e in part.entries if e.asked]
        parts = list_open(read_spec(spec, (f"run.mode={mode}", "card.licence=null")))
        keys = dict.fromkeys(question.key.partition(".")[0] for part in parts for question in part.missing)
        assert sorted(keys) == sorted(counted)
        assert [part.title for part in list_parts(made, CardSpec())] == [part.title for part in PARTS]


def test_without_a_terminal_it_says_what_is_missing(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "card", spec)
    assert said.code == 1
    assert "13 entries of the model card are missing" in said.out
    assert "Intended use: card.intended_use" in said.out
    assert "card.licence" not in said.out
    assert spec.read_text(encoding="utf-8") == SPEC


def test_answers_are_written_and_the_rest_is_as_it_was(
    spec: Path, capsys: pytest.CaptureFixture[str], asked: tuple[dict[str, list[str]], list[str]]
) -> None:
    answers, told = asked
    answers |= {
        "Who made": ["A. Author, Bo"],
        "Where does it fail": ["In fog: often"],
        "has reviewed": ["B"],
        "which day": ["30.11.", "", "2026-11-30"],
        "did they decide": ["approved"],
        "What is the model for": ["  "],
    }
    spec.chmod(0o640)
    said = run_here(capsys, "card", spec)
    assert said.code == 1
    assert "10 missing" in said.out
    assert "measured: every measure" in said.out
    assert "written: licence" in said.out
    assert "Write it as 2026-11-30." in said.err
    card = read_spec(spec).card
    assert card.authors == ("A. Author", "Bo")
    assert card.limitations == "In fog: often"
    assert card.intended_use is None
    assert card.review is not None
    assert card.review.model_dump() == {"by": "B", "date": "2026-11-30", "decision": "approved"}
    lines = iter(spec.read_text(encoding="utf-8").splitlines())
    assert all(any(line == other for other in lines) for line in SPEC.splitlines())
    assert stat.S_IMODE(spec.stat().st_mode) == 0o640
    assert [path.name for path in spec.parent.iterdir()] == ["spec.yaml"]
    assert not any("licence" in question for question in told)


def test_an_answer_that_no_report_can_show_is_asked_for_again(
    spec: Path, capsys: pytest.CaptureFixture[str], asked: tuple[dict[str, list[str]], list[str]]
) -> None:
    asked[0]["Who made"] = ["A\x1b[2J", "A"]
    said = run_here(capsys, "card", spec)
    assert "control character" in said.err
    assert read_spec(spec).card.authors == ("A",)
    assert not any("which day" in question for question in asked[1])


@pytest.mark.parametrize(
    ("how", "code"), [(click.Abort, 130), (KeyboardInterrupt, 130), (EOFError, 130), (Terminated, 143)]
)
@pytest.mark.parametrize("after", [0, 1, 3])
def test_answers_given_before_an_interrupt_are_kept(
    spec: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    how: type[BaseException],
    code: int,
    after: int,
) -> None:
    answers = iter(["A. Author", "", "", "", "B"][: after and after + 2])

    def answer_or_end(*_given: object, **_more: object) -> str:
        for answer in answers:
            return answer
        raise how

    monkeypatch.setattr(COMMAND, "is_interactive", lambda: True)
    monkeypatch.setattr(click, "prompt", answer_or_end)
    said = run_here(capsys, "card", spec)
    assert said.code == code
    if after == 0:
        assert spec.read_text(encoding="utf-8") == SPEC
        assert f"interrupted: {spec} is as it was" in said.err
    else:
        assert read_spec(spec).card.authors == ("A. Author",)
        assert f"interrupted: {spec} holds the answers given until then: authors\n" in said.err
    assert ("of the review nothing is kept" in said.err) == (after == 3)
    assert "report" not in said.err.replace(str(spec), "")


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="a terminal of its own needs pty")
def test_a_terminal_that_closes_or_interrupts_loses_nothing(spec: Path) -> None:
    import pty

    for end in (b"\x03", b"\x04"):
        spec.write_text(SPEC, encoding="utf-8")
        try:
            child, terminal = pty.fork()
        except OSError as error:
            pytest.skip(f"this machine gives no pseudo-terminal: {error}")
        if child == 0:
            os.execv(sys.executable, [sys.executable, "-m", "reportgen", "card", str(spec)])
        said = b""
        for waited, answer in ((b"made the model", b"Ann\n"), (b"Which version", b"1.2\n"), (b"be cited", end)):
            while waited not in said:
                said += os.read(terminal, 1000)
            os.write(terminal, answer)
        while b"interrupted" not in said:
            # A key that comes just before the process waits for one is not seen until the next: a person presses again.
            if select.select([terminal], [], [], 5)[0]:
                said += os.read(terminal, 1000)
            else:
                os.write(terminal, end)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
        os.close(terminal)
        card = read_spec(spec).card
        assert (card.authors, card.version) == (("Ann",), "1.2")


def test_a_complete_card_is_told(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [key for part in PARTS for key, _text in part.keys if not key.startswith("review.")]
    lines = [f"  {key}: Told" for key in texts] + ["  review: {by: B, date: 2026-11-30, decision: approved}"]
    spec.write_text("model: {source: builtin:two_conv}\ncard:\n" + "\n".join(lines), encoding="utf-8")
    said = run_here(capsys, "card", spec)
    assert (said.code, said.out) == (0, f"{spec}: the model card is complete\n")


def test_a_link_goes_on_leading_to_the_spec(
    spec: Path, capsys: pytest.CaptureFixture[str], asked: tuple[dict[str, list[str]], list[str]]
) -> None:
    asked[0]["Who made"] = ["A"]
    link = spec.parent / "link.yaml"
    link.symlink_to(spec)
    run_here(capsys, "card", link)
    assert link.is_symlink()
    assert "authors: [A]" in spec.read_text(encoding="utf-8")


def test_a_wrong_spec_is_told_as_by_every_command(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text("model: {source: builtin:two_conv}\ncard: {review: {by: B}}\n", encoding="utf-8")
    said = run_here(capsys, "card", spec)
    assert said.code == 2
    assert "spec.yaml:2:" in said.err
    assert "card.review.date is missing" in said.err
