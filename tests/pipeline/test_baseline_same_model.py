"""The same model built twice, once by a fast clock: no gate on a change fails, however little time that leaves."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import reportgen.experiment.run  # noqa: F401  # whose modules look at the clock that there is when they are imported
from tests.support.commands import run_here, write_spec

SPEC = """\
title: The same twice
model: {source: "builtin:two_conv"}
data: {name: digits, train_limit: 150, eval_limit: 120}
run:
  steps: 10
  batch_size: 32
  threads: 1
  precision: float32
  probes: {max_seconds: 6, weights: none, dynamics: none, autograd: none, cost: {processes: 1}}
outputs: [json]
"""
GATES = """\
baseline: base
gates:
  - corruption_accuracy.change >= 0
  - fgsm_accuracy.change >= 0
  - pgd_accuracy.change >= 0
  - response.dead_share.change <= 0
  - explanations.cam.deletion_gain.change >= 0
  - explanations.neighbour_accuracy.change >= 0
  - latency_p50_ms.change_ratio <= 1.001
  - train_seconds.change_ratio <= 1.001
  - throughput.best.change_ratio >= 0.999
  - accuracy.change >= 0
"""


def hurry(monkeypatch: pytest.MonkeyPatch, times: float) -> None:
    """A clock by which everything takes so many times longer."""
    real = time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: times * real())


@pytest.mark.slow
@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("slow_first", [True])
def test_a_busy_machine_fails_no_gate_on_a_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, slow_first: bool
) -> None:
    kept: list[int] = []
    for folder, text, slow in (("base", SPEC, slow_first), ("out", SPEC + GATES, not slow_first)):
        path = write_spec(tmp_path, text)
        with monkeypatch.context() as patched:
            if slow:
                hurry(patched, 200.0)
            said = run_here(capsys, "build", path, "-o", tmp_path / folder)
        assert said.code == 0, said.err
        record = json.loads((tmp_path / folder / "record" / "record.json").read_text(encoding="utf-8"))
        kept.append(len((record["probes"]["robustness"] or {}).get("conditions", ())))
    assert kept[0] != kept[1]  # else the clock did not matter, and nothing was tested
    told = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    outcomes = {gate["rule"]: gate["outcome"] for gate in told["gates"]}
    assert len(outcomes) == GATES.count("  - ")
    assert "fail" not in outcomes.values(), outcomes
    assert outcomes["accuracy.change >= 0"] == "pass"
