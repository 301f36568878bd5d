"""What a call from Python is guarded against."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

import reportgen
from reportgen.errors import EnvironmentTrouble, InternalError, ReportgenError, SpecError
from reportgen.pipeline import build
from reportgen.pipeline.guard import guarded
from reportgen.system import torch_room, workspace
from tests.support.commands import ROOT

EXIT = os._exit
NETS = """\
import os, signal, sys
import torch

class Plain(torch.nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.fc = torch.nn.Linear(3 * 32 * 32, num_classes)

    def forward(self, x):
        if self.training and len(x) == 50:
            self.happen()
        return self.fc(x.flatten(1))

    def happen(self):
        pass

class Leaves(Plain):
    def __init__(self, num_classes=10):
        os._exit(0)

class LeavesLate(Plain):
    def happen(self):
        os._exit(0)

class Ended(Plain):
    def happen(self):
        os.kill(os.getpid(), signal.SIGTERM)
"""
SPEC = {
    "data": {"name": "digits", "train_limit": 200, "eval_limit": 120},
    "run": {"steps": 4, "batch_size": 50, "precision": "float32", "threads": 1, "probes": "none"},
    "outputs": ["json"],
}


def fail(error: BaseException) -> Callable[..., NoReturn]:
    def raise_it(*_unused: object, **_named: object) -> NoReturn:
        raise error

    return raise_it


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (KeyError("x"), InternalError, "an error of its own: KeyError"),
        (SystemExit(0), InternalError, "an error of its own: SystemExit"),
        (MemoryError(), EnvironmentTrouble, "ran out of memory"),
        (PermissionError(13, "Permission denied", "/x/y"), EnvironmentTrouble, "no permission for /x/y"),
        (OSError(28, "No space left on device", "/x/y"), EnvironmentTrouble, "the disk is full"),
    ],
)
@pytest.mark.parametrize("call", [reportgen.build, reportgen.render, reportgen.load_record, reportgen.verify])
def test_every_failure_is_an_error_of_the_package(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[..., object],
    error: BaseException,
    kind: type[ReportgenError],
    said: str,
) -> None:
    from reportgen.pipeline import api
    from reportgen.pipeline.verification import verify

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for module, name in ((build, "open_spec"), (build, "find_source"), (api, "find_source"), (verify, "verify")):
        monkeypatch.setattr(module, name, fail(error))
    with pytest.raises(kind, match=said) as caught:
        call(tmp_path / "spec.yaml")
    assert caught.value.__cause__ is error
    assert caught.value.__notes__ == caught.value.hint.splitlines()


def test_an_interruption_passes_and_says_what_is_there() -> None:
    workspace.KEPT_IN.append(Path("of an earlier call"))

    @guarded()
    def work() -> None:
        workspace.KEPT_IN.append(Path("mine"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        work()
    assert [note.partition(" is as it was")[0] for note in caught.value.__notes__] == ["what is in mine"]


def test_what_ends_python_ends_the_call_alone() -> None:
    with pytest.raises(InternalError, match="SystemExit: 7"), guarded():
        os._exit(7)
    assert os._exit is EXIT


def test_a_limit_of_addresses_is_tried_before_pytorch_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(sys.meta_path)
    monkeypatch.setattr(torch_room, "address_limit", lambda: 10**9)
    monkeypatch.setattr(torch_room, "try_torch", lambda: None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(EnvironmentTrouble, match=r"1\.00 GB"), guarded():
        import torch  # noqa: F401
    assert sys.meta_path == before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signals")
def test_a_handler_of_ones_own_ends_the_call_by_what_it_raises() -> None:
    class Stopped(Exception):
        pass

    for raised in (SystemExit(5), Stopped()):
        before = signal.signal(signal.SIGTERM, fail(raised))
        handler = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(type(raised)) as caught, guarded(), suppress(Exception, SystemExit):  # as the run does
                signal.raise_signal(signal.SIGTERM)
            assert caught.value is raised
            assert signal.getsignal(signal.SIGTERM) is handler
        finally:
            signal.signal(signal.SIGTERM, before)


def script(tmp_path: Path, name: str, more: str = "") -> subprocess.CompletedProcess[str]:
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    given = {"model": {"source": f"nets.py:{name}"}, **SPEC}
    program = f"import reportgen\ntry:\n    print(reportgen.build({given}, 'out', progress=False).exit_code)\n{more}"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )


CAUGHT = """\
except reportgen.errors.ReportgenError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Leaves", "LeavesLate"])
def test_a_model_that_ends_python_ends_no_program(tmp_path: Path, name: str) -> None:
    done = script(tmp_path, name, CAUGHT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ModelError "), done.stdout
    assert "SystemExit: 0" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_signal_leaves_nothing_lying_about_and_then_ends_the_program(tmp_path: Path) -> None:
    done = script(tmp_path, "Ended", CAUGHT)
    assert done.returncode == -signal.SIGTERM, done.stderr
    assert not (tmp_path / "out").exists()  # nothing was there before, and nothing had been measured


@pytest.mark.slow
def test_the_program_goes_on_with_its_own_random_numbers_and_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def state() -> tuple[object, ...]:
        of_numpy = np.random.get_state()
        return random.getstate(), str(of_numpy), torch.get_rng_state().tolist(), torch.get_num_threads()

    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        before = state()
        assert reportgen.build({"model": {"source": "builtin:linear"}, **SPEC}, "out", progress=False).exit_code == 0
        assert state() == before
    finally:
        torch.set_num_threads(threads)


def test_a_wrong_argument_is_still_told_as_such() -> None:
    with pytest.raises(SpecError, match="spec: it is empty"):
        reportgen.build("")
