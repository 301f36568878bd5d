"""Several seeds and a teacher through whole builds: what is recorded, drawn again, and refused with its place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from reportgen.experiment.models import load_model
from reportgen.experiment.seeds import relative
from reportgen.record.store import load_record
from reportgen.spec.types import ModelSpec
from tests.support.commands import ROOT, run_here, write_spec

SPEC = """\
model: {source: "builtin:linear"}
data: {name: digits, mixup: 0.3}
run: {epochs: 1, batch_size: 50, precision: float32, optimizer: {name: NAdam}, probes: none, SEEDS}
report: {sections: [summary, training, reproduce]}
outputs: [html, json]
"""
TEACHER = 'loss: {name: kl_div, teacher: {source: "builtin:linear", weights: best.pt}}'


def test_a_further_seed_is_the_run_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    several = write_spec(tmp_path, SPEC.replace("SEEDS", "seeds: [3, 1]"), "several.yaml")
    alone = write_spec(tmp_path, SPEC.replace("SEEDS", "seed: 1"), "alone.yaml")
    said = run_here(capsys, "build", several, alone, "-o", tmp_path / "out")
    assert said.code == 0, said.err
    assert "Train, seed 2 of 2" in said.err
    record, single = (load_record(tmp_path / "out" / name / "record") for name in ("several", "alone"))
    assert (record.spec.run.seed, [run.seed for run in record.seeds]) == (3, [1])
    assert np.array_equal(record.arrays["seed.1.logits"], relative(single.arrays["eval.logits"]))
    assert np.array_equal(record.arrays["seed.1.loss"], single.arrays["train.loss"])
    assert single.training is not None
    assert record.seeds[0].training.train_correct == single.training.train_correct
    assert not np.array_equal(record.arrays["eval.logits"], single.arrays["eval.logits"])
    page = (tmp_path / "out" / "several" / "report.html").read_bytes()
    assert "Over 2 seeds" in page.decode()
    again = run_here(capsys, "render", tmp_path / "out" / "several" / "record", "-o", tmp_path / "again")
    assert again.code == 0, again.err
    assert (tmp_path / "again" / "report.html").read_bytes() == page
    kept = run_here(capsys, "build", several, "-o", tmp_path / "out" / "several")
    assert "unchanged" in kept.out + kept.err


def test_an_interrupt_in_a_further_seed_leaves_the_old_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = write_spec(tmp_path, SPEC.replace("SEEDS", "seeds: [0, 1]").replace("[html, json]", "[json]"))
    assert run_here(capsys, "build", spec, "-o", tmp_path / "out").code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    command = [sys.executable, "-c", "from reportgen.cli import main; main()", "build", "spec.yaml", "-o", "out"]
    with subprocess.Popen(
        [*command, "--force"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        if any(line.startswith("Train, seed 2 of 2") for line in process.stderr):
            process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130, said
    after = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {path: data for path, data in after.items() if ".reportgen-kept" not in path.parts} == before
    assert "what was measured until then is kept" in said


def test_a_teacher_is_recorded_without_the_machines_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    torch.save(load_model(ModelSpec(source="builtin:linear"), tmp_path, 10).module.state_dict(), tmp_path / "best.pt")
    taught = TEACHER.replace("best.pt", f"'{tmp_path}/best.pt'")
    said = run_here(capsys, "build", write_spec(tmp_path, SPEC.replace("SEEDS", taught)), "-o", tmp_path / "out")
    assert said.code == 0, said.err
    record = load_record(tmp_path / "out" / "record")
    assert record.training is not None
    teacher = record.training.teacher
    assert teacher is not None
    assert (teacher.weights_file, teacher.n) == ("best.pt", len(record.arrays["eval.labels"]))
    assert teacher.correct == record.arrays["teacher.correct"].sum()
    assert str(tmp_path) not in (tmp_path / "out" / "record" / "record.json").read_text(encoding="utf-8")
    assert "best.pt, of the teacher" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("keys", "about"),
    [
        (TEACHER, "weights: best"),
        (TEACHER.replace("builtin:linear", "builtin:liner"), "source"),
        ("loss: {name: kl_div, teacher: {source: 'builtin:linear', args: {num_classes: 3}}}", "source"),
    ],
)
def test_what_is_wrong_with_a_teacher_is_told_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: str, about: str
) -> None:
    text = SPEC.replace("SEEDS", keys)
    said = run_here(capsys, "build", write_spec(tmp_path, text), "-o", tmp_path / "out")
    assert said.code == 2
    assert "error: the teacher: " in said.err
    assert f"spec.yaml:3:{text.splitlines()[2].index(about) + 1}" in said.err, said.err
    assert "Train" not in said.err
    assert not (tmp_path / "out").exists()
