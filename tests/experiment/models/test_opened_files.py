"""The files that making a model reads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from reportgen.experiment.models import LoadedModel, load_model
from reportgen.spec.types import ModelSpec

TEXT = """
import json, os, pathlib
import numpy as np
import torch
from torch.nn import Linear

HERE = pathlib.Path(__file__).parent

def by_open(num_classes):
    with open(HERE / "width.json") as file:
        return Linear(json.load(file), num_classes)
def by_path(num_classes): return Linear(json.loads((HERE / "width.json").read_text()), num_classes)
def by_descriptor(num_classes):
    file = os.open(HERE / "width.json", os.O_RDONLY)
    width = json.loads(os.read(file, 10))
    os.close(file)
    return Linear(width, num_classes)
def by_numpy(num_classes): return Linear(int(np.load(HERE / "width.npy")), num_classes)
def by_torch(num_classes): return Linear(int(torch.load(HERE / "width.pt")), num_classes)
def writes(num_classes):
    (HERE / "log.txt").write_text("made")
    return Linear(4, num_classes)
def reads_the_system(num_classes):
    open("/proc/cpuinfo").close()
    return Linear(4, num_classes)
def late(num_classes):
    import importlib
    importlib.import_module("hid" + "den")
    return Linear(4, num_classes)
"""


def load(folder: Path, factory: str) -> LoadedModel:
    (folder / "net.py").write_text(TEXT)
    (folder / "width.json").write_text("4")
    (folder / "hidden.py").write_text("")
    np.save(folder / "width.npy", 4)
    torch.save(torch.tensor(4), folder / "width.pt")
    return load_model(ModelSpec(source=f"net.py:{factory}"), folder, 10)


@pytest.mark.parametrize(
    ("factory", "names"),
    [
        ("by_open", {"width.json"}),
        ("by_path", {"width.json"}),
        ("by_descriptor", {"width.json"}),
        ("by_numpy", {"width.npy"}),
        ("by_torch", {"width.pt"}),
        ("writes", set()),
        ("reads_the_system", set()),
        ("late", {"hidden.py"}),
    ],
)
def test_what_is_read_is_kept_with_its_digest(tmp_path: Path, factory: str, names: set[str]) -> None:
    files = dict(load(tmp_path, factory).files)
    assert set(files) == names | {"net.py"}
    for name in names:
        assert files[name] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


def test_nothing_is_heard_afterwards(tmp_path: Path) -> None:
    files = load(tmp_path, "by_open").files
    json.loads((tmp_path / "width.json").read_text())
    assert load_model(ModelSpec(source="builtin:linear"), tmp_path, 10).files == ()
    assert len(files) == 2
