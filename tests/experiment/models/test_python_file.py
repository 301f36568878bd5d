from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from reportgen.errors import ModelError
from reportgen.experiment.models import load_model
from reportgen.spec.types import ModelSpec

NET = "import torch\ndef make(num_classes=5): return torch.nn.Linear(3, num_classes)\n"


def load(folder: Path, text: str, factory: str = "make", **args: object) -> object:
    (folder / "net.py").write_text(text)
    return load_model(ModelSpec(source=f"net.py:{factory}", args=args), folder, 10)


@pytest.mark.parametrize("argument", ["num_classes", "n_classes", "classes", "num_labels"])
def test_the_class_count_is_filled_in_where_the_factory_takes_it(tmp_path: Path, argument: str) -> None:
    loaded = load(tmp_path, NET.replace("num_classes", argument))
    assert loaded.module.out_features == 10
    assert loaded.source_sha256 == hashlib.sha256((tmp_path / "net.py").read_bytes()).hexdigest()
    assert load(tmp_path, NET.replace("num_classes", argument), **{argument: 4}).module.out_features == 4


def test_classes_and_ready_modules_are_factories_too(tmp_path: Path) -> None:
    text = "import torch\nclass Net(torch.nn.Linear):\n    def __init__(self): super().__init__(3, 6)\nready = Net()\n"
    assert load(tmp_path, text, "Net").module.out_features == 6
    assert load(tmp_path, text, "ready").module.out_features == 6


def test_neighbours_can_be_imported_and_do_not_stay(tmp_path: Path) -> None:
    widths = []
    for width in (4, 8):
        folder = tmp_path / str(width)
        folder.mkdir()
        (folder / "my_widths.py").write_text(f"WIDTH = {width}\n")
        widths.append(load(folder, "import torch, my_widths\ndef make(): return torch.nn.Linear(3, my_widths.WIDTH)\n"))
    assert [loaded.module.out_features for loaded in widths] == [4, 8]
    assert "my_widths" not in sys.modules
    assert not any(str(tmp_path) in entry for entry in sys.path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert load(tmp_path, NET.replace("5", "5")).module.out_features == 10
    assert load(tmp_path, "import torch\ndef make(): return torch.nn.Linear(3, 2)\n").module.out_features == 2


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("import torch\ndef make():\n    return 1 / 0\n", "raises ZeroDivisionError: division by zero", 3),
        ("import torch\n\ndef make():\n    raise SystemExit('bye')\n", "raises SystemExit: bye", 4),
        ("def make():\n    import torch\n    return torch.nn.Conv2d(3, 4, 3, groups=2)\n", "in_channels must be", 3),
        ("import torch\n\nimport no_such_thing\n", "ModuleNotFoundError: No module named 'no_such_thing'", 3),
        ("import torch\ndef make(:\n", "SyntaxError", 2),
        ("def make():\n    return None\n", "returns None, not a torch.nn.Module", 1),
        ("def make():\n    return {}\n", "returns a dict, not a torch.nn.Module", 1),
    ],
)
def test_faults_of_the_file_name_its_line(tmp_path: Path, text: str, message: str, line: int) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load(tmp_path, text)
    assert caught.value.location is not None
    assert (Path(caught.value.location.file).name, caught.value.location.line) == ("net.py", line)
    assert not any(str(tmp_path) in entry for entry in sys.path)


def test_a_missing_factory_names_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"mkae is not there in net\.py") as caught:
        load(tmp_path, NET, "mkae")
    assert "Did you mean make?" in caught.value.hint


def test_a_name_that_is_no_function(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not a function or class"):
        load(tmp_path, NET + "make = 3\n")


def test_a_missing_file_names_the_near_one(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    with pytest.raises(ModelError, match=r"nte\.py does not exist") as caught:
        load_model(ModelSpec(source="nte.py:make"), tmp_path, 10)
    assert "net.py" in caught.value.hint


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="unexpected keyword argument 'num_clases'") as caught:
        load(tmp_path, NET, num_clases=3)
    assert "num_classes" in caught.value.hint


SCRIPT = """
import argparse, torch
parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=7)
{more}
args = parser.parse_args()
def make(): return torch.nn.Linear(3, args.width)
"""


def test_a_script_that_reads_its_command_line_gets_its_own_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["reportgen", "build", "spec.yaml"])
    assert load(tmp_path, SCRIPT.format(more="")).module.out_features == 7
    assert sys.argv == ["reportgen", "build", "spec.yaml"]
    with pytest.raises(ModelError, match="SystemExit") as caught:
        load(tmp_path, SCRIPT.format(more="parser.add_argument('--data', required=True)"))
    assert "__main__" in caught.value.hint
