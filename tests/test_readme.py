"""The README keeps its word: its section can be added as it says, its spec is one, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reportgen.record import RunRecord
from reportgen.spec import read_spec
from reportgen.store import save_record
from tests.commands import run_here

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_section_of_the_readme_stands_in_a_report(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my_readme_module.py").write_text(blocks("python")[0], encoding="utf-8")
    (tmp_path / "mine" / "sections").mkdir(parents=True)
    (tmp_path / "mine" / "sections" / "size.html.j2").write_text(blocks("jinja")[0], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "record").mkdir()
    save_record(record, tmp_path / "record")
    said = run_here(
        capsys, "render", tmp_path / "record", "-o", tmp_path / "out", "--format", "html",
        "--set", "plugins=[my_readme_module]", "--set", f"report.templates={tmp_path / 'mine'}",
    )  # fmt: skip
    assert said.code == 0, said.err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'id="section-size"' in page
    assert "The model has 9,898 parameters." in page


def test_the_spec_of_the_readme_is_one(tmp_path: Path) -> None:
    text = re.sub(r"card: \{.*\}", "card: {authors: somebody}", blocks("yaml")[0])
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    spec = read_spec(path)
    assert spec.model.stem == "cifar"
    assert spec.run.optimizer.weight_decay == 0.0005


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^reportgen (\w+)", "\n".join(blocks("sh")), re.MULTILINE))))
def test_every_command_of_the_readme_is_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(capsys, command, "--help").code == 0


def test_every_file_of_the_readme_is_there() -> None:
    root = Path(__file__).parent.parent
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert links
    assert [link for link in links if not (root / link).exists()] == []
