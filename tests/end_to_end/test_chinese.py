"""A report in Chinese by the command line: drawn, drawn back, verified, and refused where its letters are missing."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from reportgen.record.run import RunRecord
from reportgen.system import fonts
from reportgen.system.fonts import chinese_fonts
from tests.support.commands import TINY, run_here, write_spec
from tests.support.records import save_record

pytestmark = pytest.mark.e2e
needs_font = pytest.mark.skipif(not chinese_fonts(), reason="no font with Chinese characters is installed")
IN_CHINESE = ("--set", "report.language=zh")


@pytest.fixture
def saved(record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "record").mkdir()
    save_record(record, tmp_path / "record")
    return tmp_path / "record"


@needs_font
@pytest.mark.slow
def test_an_old_record_is_drawn_in_either_language(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    formats = ("--format", "html,json,comment")
    short = ("--format", "mail", "--set", "report.sections=[summary]")  # a mail encloses the report as a PDF
    assert run_here(capsys, "render", saved, "-o", "en", *formats).code == 0
    assert run_here(capsys, "render", saved, "-o", "zh", *formats, *IN_CHINESE).code == 0
    page = Path("zh/report.html").read_text(encoding="utf-8")
    assert '<html lang="zh">' in page
    assert "期望校准误差" in page
    assert "，" in Path("zh/comment.md").read_text(encoding="utf-8")
    assert run_here(capsys, "render", saved, "-o", "sent", *short, *IN_CHINESE).code == 0
    mail = message_from_bytes(Path("sent/report.eml").read_bytes(), policy=policy.default)
    assert (mail["Content-Language"], "准确率" in mail["Subject"]) == ("zh", True)
    english, chinese = (json.loads(Path(name, "metrics.json").read_text(encoding="utf-8")) for name in ("en", "zh"))
    values = [[(one["name"], one["value"], one["low"]) for one in found["metrics"]] for found in (english, chinese)]
    assert values[0] == values[1]
    assert run_here(capsys, "verify", "zh").code == run_here(capsys, "verify", "sent").code == 0
    assert run_here(capsys, "render", "zh", "-o", "back", "--set", "report.language=en", *formats).code == 0
    assert Path("back/report.html").read_bytes() == Path("en/report.html").read_bytes()


@pytest.mark.parametrize("command", ["build", "render", "check"])
def test_without_a_font_it_is_said_before_anything_is_computed(
    command: str, saved: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "chinese_fonts", lambda: ())
    spec = write_spec(Path(), TINY + "report: {language: zh}\n")
    arguments = {"build": (spec, "-o", "out"), "render": (saved, "-o", "out", *IN_CHINESE), "check": (spec,)}[command]
    said = run_here(capsys, command, *arguments)
    told = said.out + said.err
    assert (said.code, "Chinese" in told, "apt-get install fonts-" in told) == (6, True, True)
    assert "Train" not in told
    assert not Path("out/report.html").exists()
    if command == "build":
        assert "spec.yaml:6:" in told


def test_another_language_is_a_mistake_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run_here(capsys, "build", write_spec(tmp_path, TINY + "report: {language: fr}\n"), "-o", "out")
    assert said.code == 2
    assert "spec.yaml:6:20" in said.err
    assert "zh" in said.err
