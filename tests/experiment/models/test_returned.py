"""Factories that return the model among other things."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reportgen.errors import ModelError
from reportgen.experiment.models import LoadedModel, load_model
from reportgen.experiment.models.returned import find_modules
from reportgen.plugins import ModelSource
from reportgen.spec.types import ModelSpec

HEAD = """
import collections, dataclasses, types, torch
from torch import nn
from torchvision.transforms import v2

class Net(nn.Linear):
    def __init__(self, num_classes=2): super().__init__(3, num_classes)

class Pair(collections.namedtuple("Pair", "transform net")):
    pass

@dataclasses.dataclass
class Setup:
    epoch: int
    model: nn.Module
"""


def load(folder: Path, body: str) -> LoadedModel:
    (folder / "net.py").write_text(f"{HEAD}\ndef make(num_classes=2):\n    net = Net(num_classes)\n    {body}\n")
    return load_model(ModelSpec(source="net.py:make"), folder, 10)


@pytest.mark.parametrize(
    ("body", "kind", "name"),
    [
        ("return net, (lambda image: image)", "tuple", "0"),
        ("return v2.Compose([v2.ToImage()]), net", "tuple", "1"),
        ("return {'model': net, 'epoch': 3}", "dict", "model"),
        ("return collections.OrderedDict(epoch=3, net=net)", "OrderedDict", "net"),
        ("return [net]", "list", "0"),
        ("return Pair(None, net)", "Pair", "net"),
        ("return Setup(3, net)", "Setup", "model"),
        ("return types.SimpleNamespace(lr=0.1, model=net)", "SimpleNamespace", "model"),
        ("return {'nets': {'student': net}, 'log': []}", "dict", "nets.student"),
        ("return net, net", "tuple", "0"),
    ],
)
def test_the_one_model_in_what_a_factory_returns_is_taken_and_told(
    tmp_path: Path, body: str, kind: str, name: str
) -> None:
    loaded = load(tmp_path, body)
    assert type(loaded.module).__name__ == "Net"
    assert loaded.module.out_features == 10, "the class count is filled in as for any factory"
    assert loaded.notes[0].text == (
        f"The factory’s return value is of type {kind}; its entry “{name}” (Net) was used as the model."
    )


def test_losses_and_transforms_that_are_modules_are_not_mistaken(tmp_path: Path) -> None:
    loaded = load(tmp_path, "return {'loss': nn.CrossEntropyLoss(torch.ones(10)), 'net': net, 'norm': nn.ReLU()}")
    assert loaded.module.out_features == 10
    assert loaded.notes[1].text == "Entries that are modules without parameters were ignored: loss and norm."


def test_a_part_of_another_is_not_a_second_model(tmp_path: Path) -> None:
    loaded = load(tmp_path, "return net, nn.Sequential(net, nn.Linear(num_classes, num_classes))")
    assert isinstance(loaded.module, torch.nn.Sequential)
    assert len(loaded.notes) == 1


def test_one_model_without_parameters_beside_a_stateless_module(tmp_path: Path) -> None:
    text = "class Fixed(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    text += "        self.register_buffer('weight', torch.ones(3))\n    def forward(self, x): return x\n"
    (tmp_path / "net.py").write_text(f"{HEAD}\n{text}\ndef make(): return nn.ReLU(), Fixed()\n")
    loaded = load_model(ModelSpec(source="net.py:make"), tmp_path, 10)
    assert type(loaded.module).__name__ == "Fixed"


@pytest.mark.parametrize(
    ("body", "listed", "access"),
    [
        ("return net, Net()", "a tuple with 2 models: 0 (Net), 1 (Net)", "make(**args)[0]"),
        ("return {'a': nn.ReLU(), 'b': net, 'c': Net()}", "a dict with 2 models: b (Net), c (Net)", "(**args)['b']"),
        ("return Setup(1, (net, Net()))", "a Setup with 2 models: model.0 (Net), model.1 (Net)", "(**args).model[0]"),
        ("return Pair(Net(), net)", "a Pair with 2 models: transform (Net), net (Net)", "(**args).transform"),
        ("return [Net() for _ in range(12)]", "8 (Net), 9 (Net), and 2 more", "make(**args)[0]"),
    ],
)
def test_several_models_are_refused_with_their_names(tmp_path: Path, body: str, listed: str, access: str) -> None:
    with pytest.raises(ModelError) as caught:
        load(tmp_path, body)
    assert f"net.py:make returns {listed}" in caught.value.message or listed in caught.value.message
    assert access in caught.value.hint
    assert caught.value.location is not None
    assert Path(caught.value.location.file).name == "net.py"


@pytest.mark.parametrize("access", ["[0]", "[1]"])
def test_what_the_hint_says_chooses_one(tmp_path: Path, access: str) -> None:
    text = (
        f"def make(num_classes=2): return Net(num_classes), Net(7)\ndef chosen(**args): return make(**args){access}\n"
    )
    (tmp_path / "net.py").write_text(HEAD + text)
    loaded = load_model(ModelSpec(source="net.py:chosen"), tmp_path, 10)
    assert loaded.module.out_features == {"[0]": 10, "[1]": 7}[access]


def test_values_that_hold_themselves_come_to_an_end() -> None:
    round_and_round: list[object] = [torch.nn.ReLU()]
    round_and_round.append(round_and_round)
    assert [part.name for part in find_modules(round_and_round)] == ["0"]


def test_what_a_plugged_in_source_makes_is_looked_at_in_the_same_way(tmp_path: Path) -> None:
    def zoo(made: object) -> dict[str, ModelSource]:
        return {"zoo": ModelSource("zoo", "a zoo", lambda *_asked: made, tuple)}  # type: ignore[arg-type, return-value]

    spec, net = ModelSpec(source="zoo:any"), torch.nn.Linear(3, 10)
    loaded = load_model(spec, tmp_path, 10, zoo((net, None)))
    assert loaded.module is net
    assert "its entry “0” (Linear) was used as the model" in loaded.notes[0].text
    with pytest.raises(ModelError, match=r"zoo:any returns None, not a torch\.nn\.Module"):
        load_model(spec, tmp_path, 10, zoo(None))
