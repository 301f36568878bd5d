"""Runs the command line in this process or in its own, on models small enough for seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from filelock import FileLock

import reportgen
from reportgen.cli import main

ROOT = Path(__file__).parents[2]
"""What is tested is this checkout, whatever is installed."""
TINY = """\
title: A tiny model
model: {source: "builtin:linear"}
data: {name: digits, train_limit: 200, eval_limit: 120}
run: {epochs: 1, batch_size: 50, precision: float32, optimizer: {name: adamw}, probes: none}
outputs: [html, json]
"""


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Said:
    """The command line in this process."""
    before = sys.argv
    sys.argv = ["reportgen", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = before
    said = capsys.readouterr()
    return Said(int(ended.value.code or 0), said.out, said.err)


def run_heard(*arguments: str | Path) -> Said:
    """The same without pytest's capsys, for fixtures that many tests share."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        patched.setattr(sys, "argv", ["reportgen", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def build_quietly(spec: Path, out: Path) -> None:
    """A report built in this process, for fixtures that many tests share; without the user's cache."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(out.parent / "cache-of-the-fixture"))
        outcome = reportgen.build(spec, out, progress=False)
    assert outcome.exit_code == 0


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that `make` fills, once for all the workers of a run of tests; nobody changes it afterwards."""
    root = factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder = root / name
    with FileLock(root / f"{name}.lock"):
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)  # of another worker, in which it failed
            folder.mkdir()
            make(folder)
            (folder / "made").touch()
    return folder


PROGRAM = ("-c", "from reportgen.cli import main; main()")


def run_apart(arguments: Sequence[str | Path], cwd: Path, python: Sequence[str] = PROGRAM, **environment: str) -> Said:
    """The command line in a process of its own; `python`: what Python is called with."""
    done = subprocess.run(
        [sys.executable, *python, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def write_spec(folder: Path, text: str = TINY, name: str = "spec.yaml") -> Path:
    """A spec file in a folder."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
