"""Models in packages, in modules and behind factories of every form that people have."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
import torchvision

from reportgen.errors import ModelError
from reportgen.experiment.models import LoadedModel, load_model
from reportgen.spec.types import ModelSpec

NET = "from .blocks import Block\n"
BLOCKS = "import torch\nclass Block(torch.nn.Linear):\n    def __init__(self, n): super().__init__(3, n)\n"
MAKE = "def make(num_class=3): return Block(num_class)\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def load(source: str, base: Path, **args: object) -> LoadedModel:
    before = set(sys.modules), list(sys.path)
    loaded = load_model(ModelSpec(source=source, args=args), base, 10)
    assert sys.path == before[1]
    return loaded


def width(source: str, base: Path, **args: object) -> int:
    return int(load(source, base, **args).module.out_features)


@pytest.mark.parametrize(
    ("files", "source"),
    [
        ({"pkg/__init__.py": "", "pkg/blocks.py": BLOCKS, "pkg/net.py": NET + MAKE}, "pkg/net.py"),
        ({"pkg/blocks.py": BLOCKS, "pkg/net.py": NET + MAKE}, "pkg/net.py"),
        (
            {"pkg/__init__.py": "", "pkg/blocks.py": BLOCKS, "pkg/net.py": f"from pkg.blocks import Block\n{MAKE}"},
            "pkg/net.py",
        ),
        ({"src/pkg/blocks.py": BLOCKS, "src/pkg/net.py": f"from pkg.blocks import Block\n{MAKE}"}, "src/pkg/net.py"),
        (
            {"pkg/__init__.py": "", "pkg/a/__init__.py": "", "pkg/b/__init__.py": "", "pkg/b/blocks.py": BLOCKS}
            | {"pkg/a/net.py": f"from ..b.blocks import Block\n{MAKE}"},
            "pkg/a/net.py",
        ),
        ({"pkg/b/blocks.py": BLOCKS, "pkg/a/net.py": f"from ..b.blocks import Block\n{MAKE}"}, "pkg/a/net.py"),
        (
            {"pkg/b/blocks.py": BLOCKS, "pkg/a/net.py": f"from ..b import blocks\nBlock = blocks.Block\n{MAKE}"},
            "pkg/a/net.py",
        ),
        ({"pkg/__init__.py": NET + MAKE, "pkg/blocks.py": BLOCKS}, "pkg/__init__.py"),
        (
            {
                "pkg/__init__.py": "from . import net",
                "pkg/blocks.py": BLOCKS,
                "pkg/net.py": "from . import blocks\nBlock = blocks.Block\n" + MAKE,
            },
            "pkg/net.py",
        ),
        ({"my-nets/__init__.py": "", "my-nets/blocks.py": BLOCKS, "my-nets/net.py": NET + MAKE}, "my-nets/net.py"),
        ({"nets.v2/blocks.py": BLOCKS, "nets.v2/net.py": NET + MAKE}, "nets.v2/net.py"),
        (
            {"torchvision/__init__.py": "", "torchvision/blocks.py": BLOCKS, "torchvision/net.py": NET + MAKE},
            "torchvision/net.py",
        ),
        ({"json/blocks.py": BLOCKS, "json/net.py": NET + MAKE}, "json/net.py"),
        (
            {
                "pkg/__init__.py": "",
                "pkg/random.py": BLOCKS,
                "pkg/net.py": f"from .random import Block\nimport random\nrandom.random()\n{MAKE}",
            },
            "pkg/net.py",
        ),
        ({"layers/blocks.py": BLOCKS, "models/net.py": f"from layers.blocks import Block\n{MAKE}"}, "models/net.py"),
    ],
)
def test_files_in_packages_import_as_they_do_for_their_owner(
    tmp_path: Path, files: dict[str, str], source: str
) -> None:
    base = write(tmp_path, files)
    assert width(f"{source}:make", base) == 10
    assert width(f"{source}:make", base, num_class=4) == 4
    assert sys.modules["torchvision"] is torchvision
    assert not {"pkg", "blocks", "layers"} & set(sys.modules)


def test_two_packages_of_one_name_are_not_mistaken(tmp_path: Path) -> None:
    found = []
    for number in (4, 8):
        text = f"from .parts import WIDTH\nimport torch\nmake = lambda: torch.nn.Linear(3, WIDTH)\n"  # noqa: F541
        files = {"pkg/__init__.py": "", "pkg/parts.py": f"WIDTH = {number}\n", "pkg/net.py": text}
        found.append(width("pkg/net.py:make", write(tmp_path / str(number), files)))
    assert found == [4, 8]


def test_a_module_beside_the_spec_or_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"zoo/blocks.py": BLOCKS, "zoo/net.py": NET + MAKE, "flat.py": BLOCKS + MAKE}
    base = write(tmp_path / "work", files)
    assert width("zoo.net:make", base) == 10
    assert width("flat:make", base) == 10
    assert load("zoo.net:make", base).source_sha256 == load("zoo/net.py:make", base).source_sha256
    monkeypatch.chdir(base)
    assert width("zoo.net:make", write(tmp_path / "specs", {})) == 10


def test_an_installed_module(tmp_path: Path) -> None:
    loaded = load("torchvision.models.resnet:resnet18", tmp_path)
    assert loaded.module.fc.out_features == 10
    assert load("torch.nn:Linear", tmp_path, in_features=3, out_features=7).module.out_features == 7


@pytest.mark.parametrize("source", ["no_such_module:make", "torchvision.nope:make", "zoo.nope.more:make"])
def test_a_module_that_is_not_there(tmp_path: Path, source: str) -> None:
    with pytest.raises(ModelError, match=r"is not understood|there is no module"):
        load(source, tmp_path)


LINEAR = "import functools, torch\nLinear = torch.nn.Linear\n"


@pytest.mark.parametrize(
    ("text", "factory", "expected"),
    [
        ("def make(*args, n_class=2): return Linear(3, n_class)\n", "make", 10),
        ("def make(**kwargs): return Linear(3, kwargs.get('class_num', 2))\n", "make", 10),
        ("def inner(nb_classes=2): return Linear(3, nb_classes)\ndef make(**kw): return inner(**kw)\n", "make", 10),
        ("def make(**kw): return Linear(3, 2, **kw)\n", "make", 2),
        ("def make(numClasses=2): return Linear(3, numClasses)\n", "make", 10),
        ("def make(classes=('a', 'b')): return Linear(3, len(classes))\n", "make", 2),
        ("def make(classes: list[str] = None): return Linear(3, len(classes or 'xyz'))\n", "make", 3),
        ("def make(n=2, /): return Linear(3, n)\n", "make", 2),
        ("make = functools.partial(Linear, 3, 6)\n", "make", 6),
        (
            "def build(width, num_labels): return Linear(width, num_labels)\nmake = functools.partial(build, 3)\n",
            "make",
            10,
        ),
        (
            "class Zoo:\n    @classmethod\n    def small(cls, num_classes=2): return Linear(3, num_classes)\n",
            "Zoo.small",
            10,
        ),
        ("class Net(Linear):\n    def __init__(self, classes_num): super().__init__(3, classes_num)\n", "Net", 10),
        (
            "dependencies = ['torch']\n"
            "def net(pretrained=False, **kwargs): return Linear(3, kwargs.pop('num_classes', 2))\n",
            "net",
            10,
        ),
        ("net = Linear(3, 5)\n", "net", 5),
    ],
)
def test_factories_of_every_form(tmp_path: Path, text: str, factory: str, expected: int) -> None:
    write(tmp_path, {"net.py": LINEAR + text})
    assert width(f"net.py:{factory}", tmp_path) == expected


def test_another_name_of_the_class_count_is_told(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "net.py": LINEAR
            + "def a(num_class): return Linear(3, num_class)\ndef b(num_classes): return Linear(3, num_classes)\n"
        },
    )
    assert "argument num_class was set to the 10 classes" in load("net.py:a", tmp_path).notes[0].text
    assert load("net.py:b", tmp_path).notes == ()


def test_imports_inside_forward_are_still_found(tmp_path: Path) -> None:
    text = (
        "import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        from .late import scale\n"
        "        from .blocks import Block\n        return scale(x)\n"
    )
    nets = []
    for factor in (2, 3):
        files = {"pkg/blocks.py": BLOCKS, "pkg/net.py": f"from .blocks import Block\n{text}"}
        base = write(tmp_path / str(factor), files | {"pkg/late.py": f"def scale(x): return {factor} * x\n"})
        nets.append(load("pkg/net.py:Net", base).module)
        assert nets[-1](torch.ones(1)).item() == factor


def test_an_error_inside_a_package_names_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"pkg/__init__.py": "", "pkg/deep.py": "x = 1\n1 / 0\n", "pkg/net.py": "from . import deep\n"})
    with pytest.raises(ModelError, match="ZeroDivisionError") as caught:
        load("pkg/net.py:make", tmp_path)
    assert caught.value.location is not None
    assert (Path(caught.value.location.file).name, caught.value.location.line) == ("deep.py", 2)
