"""Checkpoints as people bring them, through whole builds."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch

from reportgen.experiment.models import load_model
from reportgen.record.store import load_record
from reportgen.spec.types import ModelSpec
from tests.support.commands import run_here, write_spec

SPEC = """\
model: {source: "builtin:linear", weights: FILE}
data: {name: digits, train_limit: 100, eval_limit: 120}
run: {mode: evaluate, batch_size: 50, precision: float32, probes: none, threads: 1}
outputs: [html, json]
"""


@pytest.fixture
def state(tmp_path: Path) -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    return dict(load_model(ModelSpec(source="builtin:linear"), tmp_path, 10).module.state_dict())


@pytest.mark.e2e
def test_an_average_beside_the_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], state: dict[str, torch.Tensor]
) -> None:
    beside = {"best": np.float64(0.9), "args": argparse.Namespace(lr=0.1)}
    raw = {f"model.{key}": part for key, part in state.items()}
    ema = {key: part * 2 + 0.01 for key, part in state.items()}
    torch.save({**beside, "state_dict": raw, "state_dict_ema": ema}, tmp_path / "model_best.pth.tar")
    plain = write_spec(tmp_path, SPEC.replace("FILE", "model_best.pth.tar"))
    assert run_here(capsys, "build", plain, "-o", tmp_path / "raw").code == 0
    page = (tmp_path / "raw" / "report.html").read_text()
    assert "state_dict_ema would fit as well" in page
    assert "“model.” was removed from the names in" in page
    chosen = write_spec(tmp_path, SPEC.replace("FILE", "model_best.pth.tar, weights_key: state_dict_ema"))
    said = run_here(capsys, "build", chosen, "-o", tmp_path / "raw", "--format", "json")
    assert (said.code, "unchanged" in said.out + said.err) == (0, False)
    record = load_record(tmp_path / "raw" / "record")
    assert record.provenance.weights_key == "state_dict_ema"
    logits = record.arrays["eval.logits"]
    torch.save(ema, tmp_path / "alone.bin")
    alone = write_spec(tmp_path, SPEC.replace("FILE", "alone.bin"), "alone.yaml")
    assert run_here(capsys, "build", alone, "-o", tmp_path / "alone", "--format", "json").code == 0
    assert np.array_equal(load_record(tmp_path / "alone" / "record").arrays["eval.logits"], logits)


@pytest.mark.e2e
def test_weights_that_are_no_numbers_are_said_whatever_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], state: dict[str, torch.Tensor]
) -> None:
    torch.save({key: part * float("nan") for key, part in state.items()}, tmp_path / "w.ckpt")
    spec = write_spec(tmp_path, SPEC.replace("FILE", "w.ckpt") + "report: {sections: [summary]}\n")
    said = run_here(capsys, "build", spec, "-o", tmp_path / "out")
    assert said.code == 0, said.err
    count = sum(part.numel() for part in state.values())
    page = (tmp_path / "out/report.html").read_text()
    assert f"{count:,} values of the weights in w.ckpt are not finite numbers" in page


@pytest.mark.e2e
def test_a_key_without_a_file_has_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = write_spec(tmp_path, "model:\n  source: builtin:linear\n  weights_key: ema\ndata: {name: digits}\n")
    said = run_here(capsys, "build", spec, "-o", tmp_path / "out")
    assert said.code == 2
    assert "spec.yaml:3:" in said.err
    assert "no file is named" in said.err
