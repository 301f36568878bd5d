"""Where numbers come from: commit, date, command; and nothing of the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reportgen.experiment.provenance import created_now, git_state, installed_versions, rebuild_command
from reportgen.spec.paths import resolve_path, without_absolute_paths
from reportgen.spec.types import DataSpec, ModelSpec, ReportSpec


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_commit_and_dirty_flag_are_those_of_git(tmp_path: Path) -> None:
    assert git_state(tmp_path) == (None, None)
    git(tmp_path, "init", "-q")
    (tmp_path / "model.py").write_text("a = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert git_state(tmp_path) == (commit, False)
    (tmp_path / "new.py").write_text("not tracked\n")
    assert git_state(tmp_path) == (commit, False)
    (tmp_path / "model.py").write_text("a = 2\n")
    assert git_state(tmp_path) == (commit, True)


def test_the_date_can_be_set_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert created_now() == "2001-09-09T01:46:40Z"


def test_the_command_can_be_pasted_and_holds_no_absolute_path() -> None:
    command = rebuild_command("my spec.yaml", ["run.epochs=2", "data.root=/home/me/data", "title=a b"])
    assert command == "reportgen build 'my spec.yaml' --set run.epochs=2 --set 'title=a b'"


def test_versions_are_the_installed_ones() -> None:
    import numpy

    assert installed_versions()["numpy"] == numpy.__version__


def test_absolute_paths_do_not_reach_a_record() -> None:
    spec = ReportSpec(
        model=ModelSpec(source="/home/me/net.py:make", weights=Path("~/weights/best.pt")),
        data=DataSpec(root=Path("/data")),
    )
    kept = without_absolute_paths(spec)
    assert (kept.model.source, kept.model.weights, kept.data.root) == ("net.py:make", Path("best.pt"), None)
    relative = ReportSpec(model=ModelSpec(source="sub/net.py:make", weights=Path("w.pt")))
    assert without_absolute_paths(relative) == relative


def test_variables_and_homes_in_paths(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEIGHTS", "/elsewhere")
    monkeypatch.setenv("HOME", "/home/me")
    assert resolve_path(Path("w.pt"), tmp_path) == tmp_path / "w.pt"
    assert resolve_path(Path("${WEIGHTS}/w.pt"), tmp_path) == Path("/elsewhere/w.pt")
    assert resolve_path(Path("~/w.pt"), tmp_path) == Path("/home/me/w.pt")
