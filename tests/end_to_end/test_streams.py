"""Streams that are closed or break, and errors that nobody expected: real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.commands import ROOT, write_spec

TINY = """\
model: {source: "builtin:linear"}
data: {name: digits, train_limit: 200, eval_limit: 120}
run: {steps: 2, batch_size: 50, precision: float32, threads: 1, probes: none}
outputs: [json]
"""
PYTHON = f"PYTHONPATH={ROOT} OMP_NUM_THREADS=1 {sys.executable} -m reportgen"


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], cwd=cwd, capture_output=True, text=True, timeout=240)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("streams", [">/dev/full 2>&1", "2>&1 | head -2", "0<&- >&- 2>&-"])
def test_a_stream_that_breaks_ends_no_build(tmp_path: Path, streams: str) -> None:
    write_spec(tmp_path, TINY)
    done = shell(f"{PYTHON} build spec.yaml -o out {streams}; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "metrics.json").is_file()
    assert (tmp_path / "out" / "record" / "record.json").read_text(encoding="utf-8").startswith("{")


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("command", ["list outputs", "check", "card --list spec.yaml"])
def test_what_was_to_be_printed_and_could_not_fails(tmp_path: Path, command: str) -> None:
    write_spec(tmp_path, TINY)
    full = shell(f"{PYTHON} {command} >/dev/full", tmp_path)
    assert full.returncode == 6
    assert full.stderr.startswith("error: standard output can't be written")
    assert shell(f"{PYTHON} {command} | true; exit ${{PIPESTATUS[0]}}", tmp_path).returncode in (0, 1, 141)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [700_000, 2_000_000])
def test_too_little_address_space_is_the_machines_trouble(tmp_path: Path, kilobytes: int) -> None:
    write_spec(tmp_path, TINY)
    done = shell(f"ulimit -v {kilobytes}; {PYTHON} build spec.yaml -o out", tmp_path)
    assert done.returncode == 6, done.stderr
    assert "Traceback" not in done.stderr
    assert f"{kilobytes * 1024 / 1e9:.2f} GB (ulimit -v)" in done.stderr


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("epoch", ["abc"])
def test_a_time_that_is_none(tmp_path: Path, epoch: str) -> None:
    write_spec(tmp_path, TINY)
    done = shell(f"SOURCE_DATE_EPOCH={epoch} {PYTHON} build spec.yaml -o out", tmp_path)
    assert done.returncode == 2
    assert "SOURCE_DATE_EPOCH" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.e2e
@pytest.mark.slow
def test_a_current_folder_that_was_removed_is_told_before_anything_is_computed(tmp_path: Path) -> None:
    spec = write_spec(tmp_path, TINY)
    gone = tmp_path / "gone"
    gone.mkdir()
    done = shell(f"cd {gone}; rmdir {gone}; {PYTHON} build {spec} -o {tmp_path / 'out'}", tmp_path)
    assert done.returncode == 6, done.stderr
    assert done.stderr.endswith("error: the current folder was removed\n  Change to a folder that exists: cd FOLDER\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.e2e
@pytest.mark.slow
def test_an_interrupt_says_what_is_kept(tmp_path: Path) -> None:
    text = TINY.replace("probes: none", "probes: {cost: {processes: 1}}").replace("builtin:linear", "builtin:two_conv")
    write_spec(tmp_path, text)
    process = subprocess.Popen(
        [sys.executable, "-m", "reportgen", "build", "spec.yaml", "-o", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Probe"):
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    with process:
        said = process.stderr.read()
    assert process.returncode == 130
    assert "what was measured until then is kept" in said
    assert "nothing was written" not in said
