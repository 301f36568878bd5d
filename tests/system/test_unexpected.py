"""The last catch: whatever nobody expected."""

from __future__ import annotations

import errno
import re
import sys
from pathlib import Path

import pytest

from reportgen.cli import run_command
from reportgen.errors import EnvironmentTrouble, InternalError, ReportgenError
from reportgen.pipeline import build
from reportgen.system import unexpected
from reportgen.system.files import is_gone
from reportgen.system.unexpected import explain
from tests.support.commands import run_here, write_spec
from tests.support.permissions import shut_off


def breaks(error: BaseException) -> object:
    def fail(*_unused: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "error", [KeyError("x"), RuntimeError("no"), SystemExit(3), GeneratorExit(), RecursionError("deep")]
)
def test_an_error_of_our_own_has_its_exit_code_and_its_traceback_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(build, "open_spec", breaks(error))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = run_here(capsys, "build", write_spec(tmp_path), "-o", tmp_path / "out")
    assert said.code == 70
    assert said.err.startswith(f"error: reportgen failed with an error of its own: {type(error).__name__}")
    assert "Please report it" in said.err
    assert "Traceback" not in said.err
    found = re.search(r"are in (\S+\.log)", said.err)
    assert found
    text = Path(found[1]).read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in text
    assert type(error).__name__ in text
    assert "numpy " in text


def test_several_specs_go_on_after_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []

    def fail(path: object, *_unused: object) -> None:
        calls.append(path)
        raise KeyError("x")

    monkeypatch.setattr(build, "open_spec", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    specs = [write_spec(tmp_path, name=name) for name in ("a.yaml", "b.yaml")]
    assert run_here(capsys, "build", *specs, "-o", tmp_path / "out").code == 70
    assert len(calls) == 2


def test_a_current_folder_that_may_not_be_looked_at_was_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not is_gone()
    shut_off(monkeypatch, tmp_path.parent)
    assert not is_gone()


def test_what_the_machine_refuses_is_its_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(explain(MemoryError()), EnvironmentTrouble)
    refused = explain(PermissionError(13, "Permission denied", "/x/y"))
    assert isinstance(refused, EnvironmentTrouble)
    assert "no permission for /x/y" in refused.message  # to read or to write it, which is not known here
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    told = explain(FileNotFoundError(2, "No such file or directory"))
    assert isinstance(told, EnvironmentTrouble)
    assert "current folder" in told.message
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    told = explain(ValueError("no"))
    assert isinstance(told, InternalError)
    assert "ValueError: no" in told.hint  # where no file can be written, it is told at once


@pytest.mark.parametrize(
    "another",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ImportError("_hashlib.so: failed to map segment from shared object"),
    ],
)
def test_without_memory_to_tell_more_it_is_still_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], another: Exception
) -> None:
    def explain_nothing(_error: BaseException) -> ReportgenError:
        raise another

    monkeypatch.setattr(build, "open_spec", breaks(MemoryError()))
    monkeypatch.setattr(unexpected, "explain", explain_nothing)
    monkeypatch.setattr(sys, "argv", ["reportgen", "build", str(write_spec(tmp_path))])
    assert run_command() == 6
    assert "error: the machine ran out of memory" in capfd.readouterr().err
