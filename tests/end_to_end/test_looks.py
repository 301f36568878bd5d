"""A user's own style sheet and templates, from the spec to the files, and where they are not there any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.record.locate import find_source
from tests.support.commands import TINY, run_here, write_spec

REPORT = "report: {css: looks/house.css, templates: looks, sections: [summary]}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec with looks of its own, in the current folder."""
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks" / "house.css").write_text(":root { --accent: #8a1c5b }", encoding="utf-8")
    (tmp_path / "looks" / "comment.md.j2").write_text("none", encoding="utf-8")
    write_spec(tmp_path, f"{TINY}{REPORT}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def css_of(out: Path) -> str:
    """What the record of a report says of its style sheet."""
    return str(find_source(out).load().subject.presentation.report.css)


def test_a_changed_sheet_is_drawn_without_measuring(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(capsys, "build", "spec.yaml", "-o", "out").code == 0
    page = folder / "out" / "report.html"
    assert "--accent: #8a1c5b" in page.read_text(encoding="utf-8")
    kept = (folder / "out" / "record" / "arrays.safetensors").stat().st_ino
    assert "unchanged" in run_here(capsys, "build", "spec.yaml", "-o", "out").err
    (folder / "looks" / "house.css").write_text(":root { --accent: #123456 }", encoding="utf-8")
    said = run_here(capsys, "build", "spec.yaml", "-o", "out")
    assert said.code == 0
    assert "unchanged" not in said.err
    assert "Train" not in said.err
    assert "--accent: #123456" in page.read_text(encoding="utf-8")
    assert kept
    assert css_of(folder / "out") == "looks/house.css"


def test_render_elsewhere_says_what_is_not_there(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_here(capsys, "build", "spec.yaml", "-o", "out").code == 0
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    said = run_here(capsys, "render", folder / "out", "-o", "drawn")
    assert said.code == 0
    assert "report.css: looks/house.css was left out: a record does not choose" in said.err
    assert "--set report.templates=looks" in said.err
    assert "--accent: #8a1c5b" not in Path("drawn/report.html").read_text(encoding="utf-8")
    without = ("--set", "report.css=null", "--set", "report.templates=null")
    said = run_here(capsys, "render", folder / "out", "-o", "drawn", *without)
    assert (said.code, "left out" in said.err) == (0, False)
    said = run_here(capsys, "render", folder / "out", "-o", "drawn", "--set", "report.css=nowhere.css")
    assert said.code == 2
    assert "there is no style sheet nowhere.css" in said.err
    said = run_here(capsys, "render", folder / "out", "-o", "drawn", "--set", "report.templates=nowhere")
    assert said.code == 2
    assert "there is no folder nowhere" in said.err
    moved = ("--set", f"report.css={folder / 'looks' / 'house.css'}", "--set", "report.templates=null")
    assert run_here(capsys, "render", folder / "out", "-o", "drawn", *moved).code == 0
    assert "--accent: #8a1c5b" in Path("drawn/report.html").read_text(encoding="utf-8")
    assert css_of(Path("drawn")) == "house.css"
    said = run_here(capsys, "compare", folder / "out", folder / "out", "-o", "compared")
    assert said.code == 0
    assert "report.css: looks/house.css was left out" in said.err


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        ("a {}\np { background: url(http://example.org/x.png) }", "house.css:2:17"),
        ("@import 'other.css';", "house.css:1:1"),
    ],
)
def test_a_sheet_that_needs_something_else_is_refused_before_any_compute(
    folder: Path, capsys: pytest.CaptureFixture[str], sheet: str, told: str
) -> None:
    (folder / "looks" / "house.css").write_text(sheet, encoding="utf-8")
    said = run_here(capsys, "build", "spec.yaml", "-o", "out")
    assert said.code == 2
    assert told in said.err
    assert "Traceback" not in said.err
    assert not (folder / "out" / "record").exists()


def test_a_missing_sheet_is_told_with_its_line_in_the_spec(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "looks" / "house.css").unlink()
    said = run_here(capsys, "build", "spec.yaml", "-o", "out")
    assert said.code == 2
    line = (folder / "spec.yaml").read_text(encoding="utf-8").splitlines().index(REPORT) + 1
    assert f"spec.yaml:{line}:" in said.err


def test_a_template_that_fails_is_told_and_the_old_report_stays(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "looks" / "report.html.j2").write_text('\n{% extends "report.html.j2" %}', encoding="utf-8")
    said = run_here(capsys, "build", "spec.yaml", "-o", "out")
    assert said.code == 5
    assert "report.html.j2:2" in said.err
    assert "default/report.html.j2" in said.err
    assert "Traceback" not in said.err
