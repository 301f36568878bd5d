"""Whatever raises: what was measured until then is in the report, the reason in its place, and the exit code says whose
error it was."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from reportgen.record.store import load_record
from tests.support.commands import ROOT, Said, run_here, write_spec

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
NETS = """\
import sys
import torch
from torch import nn

class Plain(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, num_classes)
        self.register_buffer("seen", torch.zeros(()))
        self.steps = 0

    def forward(self, x):
        self.seen = self.seen + 1
        self.happen(x)
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))

    def happen(self, x):
        pass

class InTraining(Plain):
    def happen(self, x):
        if self.training and len(x) == 50:
            self.steps += 1
            if self.steps == 4:
                raise ValueError("bad step in /home/somebody/secret.txt")

class InEvaluation(Plain):
    def happen(self, x):
        if not self.training and len(x) in (120, 128, 500):  # these, or filled up with some of them again
            raise KeyError("evaluation")

class Exits(Plain):
    def happen(self, x):
        if not self.training and len(x) in (120, 128, 500):
            raise SystemExit(3)

class InTiming(Plain):
    def happen(self, x):
        if not self.training and len(x) == 32:
            raise StopIteration("timing")

class InProbe(Plain):
    def happen(self, x):
        frame = sys._getframe()
        while frame is not None and "/robustness/" not in frame.f_code.co_filename:
            frame = frame.f_back
        if frame is not None:
            raise TypeError("not with me")

class Large(Plain):
    def happen(self, x):
        if not self.training and len(x) == 120:
            torch.empty(10**14, dtype=torch.uint8)

class LargeAtOnce(Plain):
    def happen(self, x):
        torch.empty(10**14, dtype=torch.uint8)
"""
SPEC = """\
model: {{source: "nets.py:{name}"}}
data: {{name: digits, train_limit: 200, eval_limit: 120}}
run: {{steps: 10, batch_size: 50, precision: float32, threads: 1, probes: {probes}}}
outputs: [html, json]
"""


def build(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, probes: str = "none", *more: str) -> Said:
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    spec = write_spec(tmp_path, SPEC.format(name=name, probes=probes))
    return run_here(capsys, "build", spec, "-o", tmp_path / "out", *more)


def numbers(tmp_path: Path) -> dict[str, Any]:
    document = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    return {line["name"]: line["value"] for line in document["metrics"]}


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(NETS.splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("name", "part", "text", "evaluated"),
    [
        ("InTraining", "the training", "bad step", True),
        ("InEvaluation", "the evaluation", 'KeyError("evaluation")', False),
        ("Exits", "the evaluation", "SystemExit(3)", False),
        ("InTiming", "the timing of the model", 'StopIteration("timing")', True),
    ],
)
def test_an_error_of_the_model_is_told_with_its_line_and_the_rest_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, part: str, text: str, evaluated: bool
) -> None:
    said = build(tmp_path, capsys, name)
    assert said.code == 2, said.err
    assert f"the model raised an error in {part}" in said.err
    assert f"nets.py:{line_of(text)}" in said.err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert f"in line {line_of(text)} of nets.py" in page
    assert "/home/somebody" not in page
    assert str(tmp_path) not in page
    assert "Traceback" in (tmp_path / "out" / "errors.log").read_text(encoding="utf-8")
    assert ("accuracy" in numbers(tmp_path)) is evaluated
    record = load_record(tmp_path / "out" / "record")
    assert record.training is not None
    assert record.training.steps == (3 if name == "InTraining" else 10)
    assert len(record.arrays["train.loss"]) == record.training.steps
    again = build(tmp_path, capsys, name)
    assert (again.code, "unchanged" in again.err) == (2, True)
    assert f"nets.py:{line_of(text)}" in again.err


def test_an_error_of_the_model_in_a_probe_leaves_the_other_probes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = build(tmp_path, capsys, "InProbe", "{explanations: none, autograd: none, cost: {processes: 1}}")
    assert said.code == 2, said.err
    record = load_record(tmp_path / "out" / "record")
    assert record.probes is not None
    assert record.probes.weights is not None
    assert record.probes.cost is not None
    assert record.probes.robustness is None
    assert "not with me" in next(gap for gap in record.probes.missing if gap.name == "robustness").reason.text
    assert "not with me" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["Large", "LargeAtOnce"])
def test_memory_that_a_processor_has_not_is_the_machines_trouble(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    said = build(tmp_path, capsys, name)
    assert said.code == 6, said.err
    assert "100000.00 GB were asked for at once" in said.err
    assert "can't take" not in said.err
    if name == "Large":  # the training is kept, and can be drawn
        drawn = run_here(capsys, "render", tmp_path / "out", "--format", "json")
        assert drawn.code == 0, drawn.err
        assert load_record(tmp_path / "out" / "record").training is not None
        assert "accuracy" not in numbers(tmp_path)


def test_an_interrupt_right_after_the_evaluation_leaves_what_can_be_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_unused: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("reportgen.experiment.run.check_answers", interrupt)
        assert build(tmp_path, capsys, "Plain").code == 130
    drawn = run_here(capsys, "render", tmp_path / "out", "--format", "html,json")
    assert drawn.code == 0, drawn.err
    assert "accuracy" in numbers(tmp_path)


def test_an_error_of_ours_in_a_probe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportgen.experiment.probes.weights import measure

    def fail(*_unused: object) -> None:
        raise ZeroDivisionError("ours, in /home/somebody/x")

    monkeypatch.setattr(measure, "measure_gradients", fail)
    said = build(tmp_path, capsys, "Plain", "{level: none, weights: {level: fast}, response: {level: fast}}")
    assert said.code == 70, said.err
    assert "the probe weights failed with an error of reportgen itself: ZeroDivisionError: ours, in x" in said.err
    assert f"{tmp_path / 'out' / 'errors.log'}" in said.err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Not measured: ZeroDivisionError: ours, in x." in page
    assert "1 part of this report is missing because of an error in reportgen" in page
    assert "/home/somebody" not in page
    log = (tmp_path / "out" / "errors.log").read_text(encoding="utf-8")
    assert "/home/somebody/x" in log
    assert "open an issue" in log
    record = load_record(tmp_path / "out" / "record")
    assert record.probes is not None
    assert record.probes.response is not None
    assert "accuracy" in numbers(tmp_path)


PLUGIN = """\
from reportgen.plugins import FigureKind, Output, OutputFile, Section
from reportgen.report.model import Finding, SectionView

def boom(*_unused):
    raise LookupError("nothing at /home/somebody/data")

class Late(SectionView):
    def beside(self, others, gates):
        boom()

def bad(report, warn):
    boom()

SECTIONS = (
    Section("mine", "Mine", 15, ("my_figure",), boom),
    Section("late", "Late", 16, ("my_figure",), lambda subject, figures: Late("late", "Late")),
    Section("good", "Good", 17, ("my_figure",), lambda subject, figures: SectionView(
        "good", "Good", figures=(figures["my_figure"],), findings=(Finding("All is well.", 0.5, "section-good"),))),
)
FIGURE = FigureKind("my_figure", boom)
OUTPUT = Output("bad", "a bad output", ("bad.txt",), lambda: None, bad)
"""


def test_sections_figures_and_outputs_that_raise_leave_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_failing_plugin.py").write_text(PLUGIN, encoding="utf-8")
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    text = SPEC.format(name="Plain", probes="none").replace("[html, json]", "[html, bad, json]")
    spec = write_spec(tmp_path, text + "plugins: [my_failing_plugin]\n")
    said = run_here(capsys, "build", spec, "-o", tmp_path / "out")
    assert said.code == 70, said.err
    assert "the output bad was not made: LookupError: nothing at data" in said.err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "All is well." in page
    assert page.count("Not made: LookupError: nothing at data.") == 3
    assert "3 parts of this report are missing because of errors in reportgen" in page
    assert "accuracy" in numbers(tmp_path)
    log = (tmp_path / "out" / "errors.log").read_text(encoding="utf-8")
    assert log.count("Traceback (most recent call last)") == 4
    assert set(re.findall(r"^(?:late|mine|my_figure): .*$", log, re.MULTILINE)) >= {"mine: Mine", "late: Late"}
    monkeypatch.delitem(sys.modules, "my_failing_plugin")
    mended = run_here(capsys, "render", tmp_path / "out", "--set", "plugins=[]", "--set", "outputs=[html,json]")
    assert mended.code == 0, mended.err
    assert not (tmp_path / "out" / "errors.log").exists()


def start(tmp_path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "reportgen", "build", "spec.yaml", "-o", "out", "-v"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_in(tmp_path: Path, stage: str, wait: float, number: int = signal.SIGKILL) -> list[str]:
    """Start a build, kill it in a stage, and give the stages that it began."""
    begun: list[str] = []
    with start(tmp_path) as process:
        assert process.stderr is not None
        for line in process.stderr:
            begun += [line.removesuffix(" …\n")] if line.endswith(" …\n") else []
            if begun and begun[-1] == stage:
                time.sleep(wait)
                process.send_signal(number)
                break
        process.stderr.read()
    return begun


@pytest.mark.usefixtures("small_limits")
def test_a_kill_in_the_probes_and_one_while_drawing_lose_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    text = SPEC.format(name="Plain", probes="{explanations: none, robustness: none, cost: {processes: 1}}")
    write_spec(tmp_path, f"{text}report: {{sections: [summary, evaluation]}}\n")
    assert "Train" in kill_in(tmp_path, "Probe", 0.2)
    drawn = run_here(capsys, "render", tmp_path / "out", "--format", "html,json")
    assert drawn.code == 0, drawn.err
    assert "The run was interrupted before its end" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    first = load_record(tmp_path / "out" / "record")
    assert first.unfinished
    assert first.measured is not None
    begun = kill_in(tmp_path, "Draw", 0.2)
    assert {"Probe", "Measure"} <= set(begun)
    assert not {"Train", "Evaluate"} & set(begun)
    other = ("--set", "run.seed=1", "--set", "run.probes=none")
    assert (
        run_here(capsys, "build", tmp_path / "spec.yaml", "-o", tmp_path / "out", "--format", "json", *other).code == 0
    )
    said = run_here(capsys, "build", tmp_path / "spec.yaml", "-o", tmp_path / "out", "-v")
    assert said.code == 0, said.err
    assert "Write" in said.err
    assert "Load the model" not in said.err
    record = load_record(tmp_path / "out" / "record")
    assert not record.unfinished
    assert record.probes is not None
    assert not [gap for gap in record.probes.missing if "ended before" in gap.reason.text]
    assert record.training == first.training
    assert not (tmp_path / "out" / ".reportgen-kept").exists()
    said_whole = run_here(capsys, "build", tmp_path / "spec.yaml", "-o", tmp_path / "whole", "--format", "json")
    assert said_whole.code == 0, said_whole.err
    arrays, whole = (load_file(tmp_path / name / "record" / "arrays.safetensors") for name in ("out", "whole"))
    assert arrays.keys() == whole.keys()
    same = {
        name for name in arrays if arrays[name].shape == whole[name].shape and np.array_equal(arrays[name], whole[name])
    }
    assert {"eval.logits", "train.loss", "eval.digests"} <= same
