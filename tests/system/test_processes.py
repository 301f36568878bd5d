"""Processes beside the one that was called: what they can load, and that none is waited for without an end."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reportgen.errors import RenderError
from reportgen.outputs import pdf, pdf_worker
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.system import processes
from reportgen.system.processes import PARENT, end, environment, start_module, time_limit

STRANGERS = ("typing", "json", "matplotlib", "numpy", "weasyprint", "pydyf", "seaborn", "reportgen_plugin")


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(params=["", f"{os.pathsep}."])
def received(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with modules that nobody asked for; each leaves a mark when it is imported."""
    for name in STRANGERS:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w').close(); raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", request.param)
    return tmp_path / "imported"


@pytest.mark.slow
def test_the_pdf_loads_nothing_from_the_working_folder(received: Path) -> None:
    with pdf_worker.take_worker() as child:
        _, document = pdf.run(child, '<html lang="en"><title>t</title><p>text')
    assert document.startswith(b"%PDF")
    assert not received.exists()


@pytest.mark.slow
def test_a_figure_loads_nothing_from_the_working_folder(received: Path, record: RunRecord) -> None:
    child = start_module("reportgen.figures._worker", "en", heard=False)
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        pickle.dump(Subject(record), child.stdin)
        pickle.dump("confusion", child.stdin)
        child.stdin.close()
        assert pickle.load(child.stdout) == "ready"
        assert pickle.load(child.stdout).name == "confusion"
    finally:
        end(child)
    assert not received.exists()


def test_of_the_users_folders_the_absolute_ones_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = os.pathsep.join(["", ".", "src", str(tmp_path), "../other"])
    assert environment(given)["PYTHONPATH"].split(os.pathsep) == [str(PARENT), str(tmp_path)]
    monkeypatch.setattr(processes.site, "getsitepackages", lambda: [str(PARENT)])
    assert environment(given)["PYTHONPATH"] == str(tmp_path)
    assert not [one for one in ("", os.pathsep, ".", f"{os.pathsep}.") if "PYTHONPATH" in environment(one)]


def test_a_process_is_killed_when_its_time_is_up() -> None:
    child = sleeper()
    begun = time.monotonic()
    with time_limit(child, 0.2) as limit:
        child.communicate()
    assert limit.passed
    assert time.monotonic() - begun < 60
    quick = subprocess.Popen([sys.executable, "-c", ""])
    with time_limit(quick, 60) as limit:
        quick.wait(60)
    assert not limit.passed


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be stopped here")
def test_a_stopped_process_is_ended() -> None:
    child = sleeper()
    os.kill(child.pid, signal.SIGSTOP)
    end(child)
    assert child.poll() is not None
    assert child.stdin is not None
    assert child.stdin.closed


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be stopped here")
def test_a_stopped_process_does_not_hold_the_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "SECONDS", 0.5)
    with pdf_worker.take_worker() as child:
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(RenderError, match=r"took longer than 0\.5 s"):
            pdf.run(child, "<p>more than a pipe holds" * 100_000)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
def test_a_killed_process_is_named() -> None:
    with pdf_worker.take_worker() as child:
        child.kill()
        with pytest.raises(RenderError, match="was ended by SIGKILL"):
            pdf.run(child, "<p>text" * 100_000)
