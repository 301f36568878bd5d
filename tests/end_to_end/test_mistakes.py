"""What users do wrong: a clear sentence, the place, what to do, the exit code, and never a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from tests.support.commands import TINY, run_here, write_spec

MODELS = """
import torch
from torch import nn

def fine(num_classes=10):
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, num_classes))

def raises():
    return [][1]

def no_module():
    return 7

def too_small():
    return nn.Sequential(nn.Conv2d(3, 4, 5, stride=4), nn.Conv2d(4, 4, 9), nn.Flatten(), nn.Linear(4, 10))

def three():
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 3))

def frozen():
    model = fine()
    for parameter in model.parameters():
        parameter.requires_grad = False
    return model
"""

CASES = {
    "no file": (None, 2, ["nowhere.yaml"]),
    "unknown key": ("model: {source: 'builtin:linear'}\nrun: {epoch: 3}\n", 2, ["spec.yaml:2:7", "epochs"]),
    "wrong type": ("model: {source: 'builtin:linear'}\nrun: {epochs: many}\n", 2, ["spec.yaml:2", "epochs"]),
    "duplicate": ("model: {source: 'builtin:linear'}\nmodel: {source: 'builtin:linear'}\n", 2, ["spec.yaml:2:1"]),
    "alias": ("model: &m {source: 'builtin:linear'}\ncard: *m\n", 2, ["spec.yaml:1"]),
    "list": ("- model\n", 2, ["spec.yaml:1"]),
    "empty": ("", 2, ["spec.yaml"]),
    "no such model": ("model: {source: 'builtin:linaer'}\ndata: {name: digits}\n", 2, ["spec.yaml:1:9", "linear"]),
    "no such data": ("model: {source: 'builtin:linear'}\ndata: {name: digit}\n", 2, ["spec.yaml:2:8", "digits"]),
    "no such section": (
        "model: {source: 'builtin:linear'}\nreport: {sections: [sumary]}\n",
        2,
        ["spec.yaml:2:21", "summary"],
    ),
    "no such output": ("model: {source: 'builtin:linear'}\noutputs: [htm]\n", 2, ["spec.yaml:2:11", "html"]),
    "raising factory": (
        "model: {source: 'models.py:raises'}\ndata: {name: digits}\n",
        2,
        ["models.py:9", "IndexError"],
    ),
    "no module": ("model: {source: 'models.py:no_module'}\ndata: {name: digits}\n", 2, ["int"]),
    "no factory": ("model: {source: 'models.py:fin'}\ndata: {name: digits}\n", 2, ["fine"]),
    "shape": ("model: {source: 'models.py:too_small'}\ndata: {name: digits}\n", 2, ["4, 7, 7)"]),
    "class count": ("model: {source: 'models.py:three'}\ndata: {name: digits}\n", 2, ["3", "10"]),
    "nothing to train": ("model: {source: 'models.py:frozen'}\ndata: {name: digits}\n", 2, ["no trainable"]),
    "no weights": ("model: {source: 'builtin:linear', weights: w.pt}\ndata: {name: digits}\n", 2, ["w.pt"]),
    "corrupt weights": ("model: {source: 'builtin:linear', weights: bad.pt}\ndata: {name: digits}\n", 2, ["bad.pt"]),
    "other weights": ("model: {source: 'builtin:two_conv', weights: linear.pt}\ndata: {name: digits}\n", 2, ["conv1"]),
    "no data": ("model: {source: 'builtin:linear'}\n", 3, ["--offline"]),
    "no pictures": ("model: {source: 'builtin:linear'}\ndata: {name: image_folder}\n", 3, ["train/"]),
    "no device": (
        "model: {source: 'builtin:linear'}\ndata: {name: digits}\nrun: {device: 'cuda:7'}\n",
        2,
        ["cuda:7", ":3:7"],
    ),
    "no plugin": ("model: {source: 'builtin:linear'}\nplugins: [nobody_has_this]\n", 2, ["nobody_has_this"]),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "bad.pt").write_bytes(b"not a checkpoint")
    torch.save(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 10)).state_dict(), tmp_path / "linear.pt")
    monkeypatch.delenv("REPORTGEN_DATA", raising=False)
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_with_its_place_and_its_code(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, code, words = CASES[name]
    spec = folder / "nowhere.yaml" if text is None else write_spec(folder, text)
    formats = () if name == "no such output" else ("--format", "json")
    said = run_here(capsys, "build", spec, "-o", folder / "out", "--offline", *formats)
    assert said.code == code, said.err
    assert said.err.count("error:") == 1
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err
    assert not (folder / "out").exists()


def test_an_output_folder_that_is_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "build", write_spec(folder), "-o", folder / "models.py")
    assert said.code == 2
    assert "models.py" in said.err


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys)
    assert said.code == 2
    assert "build" in said.out + said.err


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(capsys, "build", "x.yaml", "--fast").code == 2


def test_render_of_a_folder_without_record(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "render", folder)
    assert said.code == 5
    assert "no record" in said.err


def test_render_of_a_damaged_record(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(capsys, "build", write_spec(folder), "-o", folder / "out", "--format", "json").code == 0
    arrays = folder / "out" / "record" / "arrays.safetensors"
    content = bytearray(arrays.read_bytes())
    content[-9] ^= 1
    arrays.write_bytes(bytes(content))
    said = run_here(capsys, "render", folder / "out", "-o", folder / "again")
    assert said.code == 5
    assert "arrays.safetensors" in said.err
    assert not (folder / "again").exists()


def test_set_of_the_run_is_refused_by_render(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(capsys, "build", write_spec(folder), "-o", folder / "out", "--format", "json").code == 0
    said = run_here(capsys, "render", folder / "out", "--set", "run.epochs=9")
    assert said.code == 2


def test_new_never_overwrites(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "mine.yaml"
    assert run_here(capsys, "new", "builtin:linear", "-o", path).code == 0
    text = path.read_text()
    shutil.copy(path, folder / "copy.yaml")
    assert run_here(capsys, "new", "-o", path).code == 2
    assert path.read_text() == text


def test_check_tells_what_is_wrong_and_what_would_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = write_spec(folder), write_spec(folder, "model: 3\n", "bad.yaml")
    said = run_here(capsys, "check", good, bad)
    assert said.code == 2
    assert "train 1 epoch," in said.out
    assert "bad.yaml:1" in said.out
    assert run_here(capsys, "check", write_spec(folder, TINY)).code == 0


@pytest.mark.parametrize("kind", ["models", "datasets", "sections", "outputs", "metrics"])
def test_list_names_what_a_spec_can_name(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "list", kind)
    known = {"models": "torchvision:resnet18", "datasets": "cifar10", "sections": "evaluation", "outputs": "pdf"}
    assert said.code == 0
    assert known.get(kind, "macro_f1") in said.out


def test_trace_prints_the_layer_table_and_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "269,722" in run_here(capsys, "trace", "builtin:cifar_resnet20", "--depth", "1").out
    assert '"parameters": 30730' in run_here(capsys, "trace", f"{folder}/models.py:fine", "--json").out
    assert run_here(capsys, "trace", "builtin:linear", "--input", "3,32").code == 2
