"""A report that somebody sent: drawing and comparing it runs nothing of it, and nothing that lies beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from reportgen.outputs import template_process
from tests.support.commands import ROOT, build_quietly, made_once, run_apart, run_here, write_spec

pytestmark = pytest.mark.e2e
SHADOWS = ("typing", "logging", "matplotlib", "json", "PIL", "reportgen", "weasyprint", "seaborn", "types", "pickle")
"""Modules of Python, of libraries and of this program that files beside a report may be called like."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report."""
    return made_once(tmp_path_factory, "received", lambda home: build_quietly(write_spec(home), home / "out")) / "out"


@pytest.fixture
def sent(built: Path, tmp_path: Path) -> Path:
    """A copy of it in a folder of its own, as it was received."""
    shutil.copytree(built, tmp_path / "sent")
    return tmp_path / "sent"


INSTALLED = ("-P", "-c", "from reportgen.cli import main; main()")
"""The command as it is installed: a script, for which the current folder is not where modules are looked for."""


def present(received: Path, **changes: object) -> None:
    """Change how a received record wants to be drawn."""
    path = received / "record" / "presentation.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    for key, value in changes.items():
        if isinstance(value, dict):
            said[key] = {**said[key], **value}
        else:
            said[key] = value
    path.write_text(json.dumps(said), encoding="utf-8")


def plant(folder: Path, canary: Path, names: Sequence[str] = SHADOWS) -> None:
    """Modules in a folder that leave a file when one of them is run."""
    folder.mkdir(exist_ok=True)
    for name in names:
        text = f"import pathlib\npathlib.Path({str(canary)!r}).write_text({name!r})\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("named", ["{sent}/looks", "/"])
def test_templates_of_a_received_record_are_not_used(
    sent: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.chdir(sent)
    (sent / "looks").mkdir()
    for name in ("report.html.j2", "comment.md.j2", "screen.css"):
        (sent / "looks" / name).write_text("theirs", encoding="utf-8")
    named = named.format(sent=sent)
    present(sent, report={"templates": named, "css": f"{named}/screen.css"})
    for command in (["compare", ".", ".", "-o", "../compared"], ["render", "."]):
        said = run_here(capsys, *command, "--format", "html,comment")
        assert said.code == 0, said.err
        out = sent if command[0] == "render" else sent.parent / "compared"
        assert "A tiny model" in (out / "report.html").read_text(encoding="utf-8")
        assert "theirs" not in (out / "report.html").read_text(encoding="utf-8")
        assert f"report.templates: {named} was left out" in said.err
    assert run_here(capsys, "render", ".", "--set", "report.templates=looks", "--format", "html").code == 0
    assert (sent / "report.html").read_text(encoding="utf-8") == "theirs"


def test_plugins_of_a_received_record_are_not_imported(sent: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    plant(sent, canary, ["evil_plugin"])
    present(
        sent,
        plugins=["evil_plugin", "this"],
        outputs=["json", "evil"],
        report={"sections": ["summary", "evil"]},
        gates=["evil.number >= 1", "accuracy >= 0.0001"],
    )
    for command in (["compare", ".", ".", "-o", "../compared"], ["render", "."]):
        said = run_apart(command, sent, INSTALLED, PYTHONPATH=f"{ROOT}:")
        assert said.code == 0, said.err
        assert not canary.exists()
        assert "Zen" not in said.out
        if command[0] == "render":  # of which gates and baseline are the record's own
            for told in (
                "plugins: [evil_plugin,this] was",
                "the section evil was",
                "the output evil was",
                "evil.number",
            ):
                assert told in said.err, said.err
    assert "gate passed: accuracy" in said.err or (sent / "metrics.json").is_file()


@pytest.mark.parametrize("path", [None, ":", "{sent}"])
def test_modules_beside_a_received_report_are_not_run(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str | None
) -> None:
    canary = tmp_path / "canary"
    if path == "{sent}":  # named on purpose: this is the control, by which the canary is seen to work
        plant(tmp_path / "named", canary)
        said = run_apart(["list", "outputs"], sent, INSTALLED, PYTHONPATH=str(tmp_path / "named"))
        assert canary.exists() or said.code != 0
        return
    plant(sent, canary)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONSTARTUP", str(sent / "typing.py"))
    monkeypatch.setenv("PYTHONINSPECT", "")
    root = str(ROOT)
    monkeypatch.chdir(sent)
    from reportgen.system import processes

    monkeypatch.setenv("PYTHONPATH", root if path is None else f"{root}:{path}")
    for module in ("reportgen.outputs.pdf_process", "reportgen.figures._worker", "reportgen.outputs.template_worker"):
        child = processes.start_module(module, "3072" if "pdf" in module else "15", "1024")
        assert child.stderr is not None
        _answer, said = child.communicate(b"", timeout=60)
        assert not canary.exists(), (module, said)


def test_a_whole_drawing_runs_nothing_that_lies_beside_the_report(sent: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    plant(sent, canary)
    cache = str(tmp_path / "cache")
    said = run_apart(["render", ".", "-o", "../drawn", "--format", "html,pdf"], sent, INSTALLED, XDG_CACHE_HOME=cache)
    assert said.code == 0, said.err
    assert not canary.exists()
    assert (tmp_path / "drawn" / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_it_runs_as_a_module_from_that_folder_too(sent: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    plant(sent, canary)
    for name in ("reportgen", "typing", "types", "pickle"):  # which Python itself imports before any program
        (sent / f"{name}.py").unlink()
    drawn = ["render", ".", "-o", "../drawn", "--format", "html"]
    said = run_apart(drawn, sent, ("-m", "reportgen"), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert said.code == 0, said.err
    assert not canary.exists()


def test_an_endless_template_is_told_with_its_line_by_the_command(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_process, "SECONDS", 2)
    (tmp_path / "looks" / "sections").mkdir(parents=True)
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}"
    (tmp_path / "looks" / "sections" / "summary.html.j2").write_text(f"one\n{loop}", encoding="utf-8")
    looks = ("--set", f"report.templates={tmp_path / 'looks'}")
    said = run_here(capsys, "render", built, "-o", tmp_path / "drawn", "--format", "html", *looks)
    assert said.code == 5, said.err
    assert "sections/summary.html.j2:2" in said.err
    assert "Traceback" not in said.err


def test_received_looks_are_said_once_and_own_ones_are_not(
    sent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    present(sent, report={"css": "theirs.css", "templates": None})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.css").write_text("p { color: #123456 }", encoding="utf-8")
    said = run_here(capsys, "render", sent, "-o", "drawn", "--set", "report.css=mine.css")
    assert (said.code, "left out" in said.err) == (0, False)
    assert "#123456" in (tmp_path / "drawn" / "report.html").read_text(encoding="utf-8")
    said = run_here(capsys, "render", sent, "-o", "drawn")
    assert said.err.count("report.css: theirs.css was left out") == 1
