"""Python's own MemoryError in each place where somebody else's code runs: exit code 6, with what was going on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from reportgen.record.store import load_record
from tests.support.commands import Said, build_quietly, run_here, write_spec

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
NETS = """\
import sys, torch
from torch import nn

class Plain(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, num_classes)

    def forward(self, x):
        self.happen(x)
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))

    def happen(self, x):
        pass

class InFactory(Plain):
    def __init__(self, num_classes=10):
        raise MemoryError("no room")

class InForward(Plain):
    def happen(self, x):
        raise MemoryError

class InLazyForward(InForward):
    def __init__(self, num_classes=10):
        super().__init__(num_classes)
        self.fc = nn.LazyLinear(num_classes)

class WithOne(Plain):
    def happen(self, x):
        if len(x) == 1:
            raise MemoryError

class InTraining(Plain):
    def happen(self, x):
        if self.training:
            raise MemoryError

class InLargeBatch(Plain):
    def happen(self, x):
        if self.training and len(x) == 50:
            raise MemoryError

class InEvaluation(Plain):
    def happen(self, x):
        if not self.training and len(x) in (120, 128, 500):
            raise MemoryError

class InTiming(Plain):
    def happen(self, x):
        if not self.training and len(x) == 32:
            raise MemoryError

class InBackward(Plain):
    def forward(self, x):
        logits = super().forward(x)
        if logits.requires_grad:
            logits.register_hook(self.happen_backward)
        return logits

    def happen_backward(self, gradient):
        raise MemoryError

def in_probe(name):
    class InProbe(Plain):
        def happen(self, x):
            frame = sys._getframe()
            while frame is not None and f"/probes/{name}/" not in frame.f_code.co_filename:
                frame = frame.f_back
            if frame is not None:
                raise MemoryError
    return InProbe

InWeights, InResponse, InCost = in_probe("weights"), in_probe("response"), in_probe("cost")
InExplanations, InRobustness, InAutograd = in_probe("explanations"), in_probe("robustness"), in_probe("autograd")
"""
PLUGINS = {
    "memory_of_data": """\
from reportgen.plugins import DatasetKind
def load(request): raise MemoryError
DATASET = DatasetKind("many", "more than there is room for", 10, load)
""",
    "memory_of_source": """\
from reportgen.plugins import ModelSource
def make(name, args, classes, base): raise MemoryError
SOURCE = ModelSource("zoo", "a zoo", make, tuple)
""",
    "memory_of_section": """\
from reportgen.plugins import Section
def build(subject, figures): raise MemoryError
SECTION = Section("wide", "Wide", 50, (), build)
""",
    "memory_of_figure": """\
from reportgen.plugins import FigureKind, Section
from reportgen.report.model import SectionView
def draw(subject): raise MemoryError
def build(subject, figures): return SectionView("seen", "Seen", (), figures=(figures["much"],))
FIGURE = FigureKind("much", draw)
SECTION = Section("seen", "Seen", 50, ("much",), build)
""",
    "memory_of_output": """\
from reportgen.plugins import Output
def render(report, warn): raise MemoryError
OUTPUT = Output("note", "a note", ("note.txt",), lambda: None, render)
""",
    "memory_of_numbers": """\
from reportgen.plugins import Section
from reportgen.report.model import SectionView
def values(subject): raise MemoryError
def build(subject, figures): return SectionView("sums", "Sums", ())
SECTION = Section("sums", "Sums", 50, (), build, values=values)
""",
    "memory_of_import": "raise MemoryError\n",
}
SPEC = """\
model: {{source: "{source}"}}
data: {{name: {data}}}
run: {{steps: 4, batch_size: 50, precision: float32, optimizer: {{name: sgd, lr: 0.1}}, threads: 1, probes: {probes}}}
outputs: [{outputs}]
"""
DIGITS = "digits, train_limit: 200, eval_limit: 120"
PROBES = ("weights", "response", "cost", "explanations", "robustness", "autograd")


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nets.py").write_text(NETS, encoding="utf-8")
    (tmp_path / "large.py").write_text("raise MemoryError\n", encoding="utf-8")
    for name, text in PLUGINS.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def build(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    source: str,
    data: str = DIGITS,
    probes: str = "none",
    outputs: str = "json",
    more: str = "",
) -> Said:
    spec = write_spec(folder, SPEC.format(source=source, data=data, probes=probes, outputs=outputs) + more)
    return run_here(capsys, "build", spec, "-o", folder / "out")


@pytest.mark.parametrize(
    ("source", "doing"),
    [
        ("nets.py:InFactory", "making nets.py:InFactory"),
        ("large.py:Net", "importing large.py"),
        ("nets.py:InForward", "one forward pass"),
        ("nets.py:InLazyForward", "the first forward pass, which gives fc its shapes,"),
        ("nets.py:WithOne", "tracing"),
        ("nets.py:InTraining", "one training step"),
        ("nets.py:InBackward", "one training step"),
        ("nets.py:InLargeBatch", "training on "),
        ("nets.py:InEvaluation", "the evaluation of this run"),
        ("nets.py:InTiming", "the timing of the model of this run"),
    ],
)
def test_of_the_models_own_code(prepared: Path, capsys: pytest.CaptureFixture[str], source: str, doing: str) -> None:
    said = build(prepared, capsys, source)
    assert said.code == 6, said.err
    assert f"error: {doing}" in said.err
    assert "needs more memory than there is" in said.err
    assert "smaller" in said.err, "what to do"
    assert "Traceback" not in said.err


@pytest.mark.parametrize(("at", "doing"), [(1, "one step of SGD"), (3, "training on ")])
def test_of_an_optimisers_step(
    prepared: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, at: int, doing: str
) -> None:
    steps = []

    class Large(torch.optim.SGD):
        def step(self, closure: object = None) -> None:  # type: ignore[override]
            steps.append(1)
            if len(steps) == at:
                raise MemoryError
            super().step(closure)  # type: ignore[call-overload]

    monkeypatch.setattr(torch.optim, "SGD", Large)
    said = build(prepared, capsys, "nets.py:Plain")
    assert said.code == 6, said.err
    assert f"error: {doing}" in said.err
    assert "needs more memory than there is" in said.err
    assert "Use a smaller" in said.err


@pytest.mark.parametrize(
    ("plugin", "keys", "doing", "hint"),
    [
        ("memory_of_data", {"data": "many"}, "loading the data set many needs", "Use smaller data.train_limit"),
        ("memory_of_source", {"source": "zoo:any"}, "making zoo:any needs", "Use a smaller model."),
        ("memory_of_import", {}, "importing the plug-in memory_of_import needs", "Leave it out"),
        ("memory_of_section", {}, "Wide: not made: the machine ran out of memory", "Draw fewer sections"),
        (
            "memory_of_figure",
            {"outputs": "html"},
            "Much: not made: the machine ran out of memory",
            "Draw fewer sections",
        ),
        ("memory_of_output", {"outputs": "json, note"}, "the output note needs", "Leave out some outputs"),
    ],
)
def test_of_a_plugin(
    prepared: Path, capsys: pytest.CaptureFixture[str], plugin: str, keys: dict[str, str], doing: str, hint: str
) -> None:
    said = build(prepared, capsys, **{"source": "nets.py:Plain", "more": f"plugins: [{plugin}]\n", **keys})
    assert said.code == 6, said.err
    assert f"error: {doing}" in said.err
    assert hint in said.err
    assert "Traceback" not in said.err
    assert "report it" not in said.err


def test_a_section_without_memory_is_named_in_its_place(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(prepared, capsys, "nets.py:Plain", outputs="html", more="plugins: [memory_of_section]\n")
    page = (prepared / "out" / "report.html").read_text(encoding="utf-8")
    assert "1 part of this report is missing because the machine ran out of memory" in page
    assert "Not made: the machine ran out of memory." in page
    assert "because of an error in reportgen" not in page
    assert "MemoryError" in (prepared / "out" / "errors.log").read_text(encoding="utf-8")


def test_of_the_numbers_of_a_sections_plugin(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = write_spec(
        prepared, SPEC.format(source="nets.py:Plain", data=DIGITS, probes="none", outputs="json"), name="main.yaml"
    )
    build_quietly(spec, prepared / "main")
    more = f"plugins: [memory_of_numbers]\nbaseline: {prepared / 'main'}\n"
    said = build(prepared, capsys, "nets.py:Plain", more=more)
    assert said.code == 6, said.err
    assert "error: computing the numbers of the section Sums needs more memory than there is" in said.err
    assert "Leave the section sums out" in said.err


@pytest.mark.parametrize("probe", PROBES)
def test_of_a_probe(prepared: Path, capsys: pytest.CaptureFixture[str], probe: str) -> None:
    others = ", ".join(f"{name}: none" for name in PROBES if name != probe)
    said = build(prepared, capsys, f"nets.py:In{probe.capitalize()}", probes=f"{{{others}}}")
    assert said.code == 0, said.err
    found = load_record(prepared / "out" / "record").probes
    assert found is not None
    reasons = {gap.name: gap.reason.text for gap in found.missing}
    assert reasons[probe] == "The device ran out of memory."
