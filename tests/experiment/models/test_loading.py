from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reportgen.errors import ModelError
from reportgen.experiment.models import check_forward, find_sources, load_model
from reportgen.spec.types import ModelSpec

HERE = Path()


@pytest.mark.parametrize(
    ("depth", "parameters"), [(20, 269_722), (32, 464_154), (44, 658_586), (56, 853_018)]
)  # He et al. 2016, table 6, in units
def test_cifar_resnets_have_the_published_parameters(depth: int, parameters: int) -> None:
    loaded = load_model(ModelSpec(source=f"builtin:cifar_resnet{depth}"), HERE, 10)
    assert sum(parameter.numel() for parameter in loaded.module.parameters()) == parameters
    assert not loaded.module.training
    check_forward(loaded.module, (2, 3, 32, 32), 10)


def test_cifar_resnet_names_its_parts_as_published() -> None:
    names = list(load_model(ModelSpec(source="builtin:cifar_resnet20"), HERE, 10).module.state_dict())
    assert names[:2] == ["conv1.weight", "bn1.weight"]
    assert "layer3.2.bn2.running_var" in names
    assert names[-2:] == ["linear.weight", "linear.bias"]


@pytest.mark.parametrize("name", ["linear", "two_conv", "resnet9"])
@pytest.mark.parametrize("classes", [3, 10])
def test_builtin_models_take_the_class_count(name: str, classes: int) -> None:
    check_forward(load_model(ModelSpec(source=f"builtin:{name}"), HERE, classes).module, (2, 3, 32, 32), classes)


def test_arguments_win_over_the_class_count_of_the_data() -> None:
    loaded = load_model(ModelSpec(source="torchvision:resnet18", args={"num_classes": 7}), HERE, 10)
    with pytest.raises(ModelError, match="gives 7 classes and the data set has 10") as caught:
        check_forward(loaded.module, (2, 3, 32, 32), 10)
    assert "num_classes: 10" in caught.value.hint


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_auxiliary_classifiers_are_left_out_without_a_warning(name: str) -> None:
    module = load_model(ModelSpec(source=f"torchvision:{name}"), HERE, 10).module
    assert module.AuxLogits is None if name == "inception_v3" else module.aux1 is None


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("builtin:two_cnov", "no builtin model 'two_cnov'", "two_conv"),
        ("torchvision:resnet19", "no classification model 'resnet19'", "resnet18"),
        ("tochvision:resnet18", "not understood", "torchvision"),
        ("resnet18", "not understood", "path/to/file.py:factory"),
        ("nowhere/net.py:make", "net.py does not exist", "relative to the spec"),
        ("nowhere/net.py", "names no factory", "file.py:factory"),
    ],
)
def test_unknown_models_say_what_is_near(source: str, message: str, hint: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load_model(ModelSpec(source=source), HERE, 10)
    assert hint in caught.value.hint


@pytest.mark.parametrize("source", ["builtin:two_conv", "torchvision:resnet18"])
def test_arguments_that_the_factory_does_not_take(source: str) -> None:
    with pytest.raises(ModelError, match="unexpected keyword argument 'widht'"):
        load_model(ModelSpec(source=source, args={"widht": 3}), HERE, 10)


@pytest.mark.parametrize("args", [{"weights": "DEFAULT"}, {"pretrained": True}])
def test_nothing_is_downloaded(args: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="asks torchvision to download"):
        load_model(ModelSpec(source="torchvision:resnet18", args=args), HERE, 10)


def test_a_missing_timm_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.experiment.models import timm_models

    monkeypatch.setattr(timm_models, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="timm is not installed") as caught:
        load_model(ModelSpec(source="timm:resnet18"), HERE, 10)
    assert "pip install 'reportgen-torch[timm]'" in caught.value.hint
    assert timm_models.names() == ()


def test_timm_models_load_when_timm_is_there() -> None:
    check_forward(load_model(ModelSpec(source="timm:resnet18"), HERE, 10).module, (2, 3, 32, 32), 10)
    with pytest.raises(ModelError, match="timm has no model 'resnet1888'"):
        load_model(ModelSpec(source="timm:resnet1888"), HERE, 10)


def test_sources_list_their_models() -> None:
    sources = find_sources()
    assert set(sources) == {"builtin", "torchvision", "timm", "file"}
    assert "cifar_resnet20" in sources["builtin"].names()
    assert {"resnet18", "vit_b_16"} <= set(sources["torchvision"].names())
    assert not any("quantized" in name or "fasterrcnn" in name for name in sources["torchvision"].names())


def test_other_types_become_float32_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import torch\ndef make(): return torch.nn.Linear(3, 4).double()\n")
    loaded = load_model(ModelSpec(source="net.py:make"), tmp_path, None, image_shape=(1, 3, 3))
    assert next(loaded.module.parameters()).dtype == torch.float32
    assert "float64" in loaded.notes[0].text


def test_a_model_without_values_is_refused_by_the_name_of_its_tensor(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torch import nn\n\n\ndef make(num_classes=10):\n"
        "    with torch.device('meta'):\n        spare = nn.Linear(2, 2, bias=False)\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(12, num_classes), spare)\n",
        encoding="utf-8",
    )
    with pytest.raises(ModelError, match=r"leaves 1 tensors? on the meta device.*2\.weight"):
        load_model(ModelSpec(source="net.py:make"), tmp_path, 10)


LATE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.classes = num_classes
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)

    def forward(self, x):
        x = x.flatten(1)
        if not hasattr(self, "head"):
            self.head = nn.Linear(x.shape[1], self.classes, bias=False)
            self.scale = nn.Parameter(torch.ones(1))
        return self.head(x) * self.scale


def sparse(num_classes=10):
    model = nn.Linear(3, num_classes)
    model.weight = nn.Parameter(model.weight.detach().to_sparse())
    return model
"""


def test_weights_of_layers_that_the_first_forward_pass_makes_are_put_in(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(LATE)
    torch.save({"head.weight": torch.full((10, 12), 0.5), "scale": torch.full((1,), 3.0)}, tmp_path / "w.pt")
    spec = ModelSpec(source="net.py:Net", weights="w.pt")
    assert load_model(spec, tmp_path, 10).unfinished
    loaded = load_model(spec, tmp_path, 10, image_shape=(3, 2, 2))
    assert not loaded.unfinished
    assert {name: part.detach().max().item() for name, part in loaded.module.named_parameters()} == {
        "head.weight": 0.5,
        "scale": 3.0,
    }
    assert (torch.get_default_dtype(), torch.is_grad_enabled()) == (torch.float32, True)


def test_a_sparse_parameter_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(LATE)
    with pytest.raises(ModelError, match=r"a sparse parameter, weight \(sparse_coo\)"):
        load_model(ModelSpec(source="net.py:sparse"), tmp_path, 10)


def test_a_model_that_refuses_modes_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\n"
        "def make():\n"
        "    shapes = ({0: torch.export.Dim('n')},)\n"
        "    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 10))\n"
        "    return torch.export.export(net, (torch.zeros(2, 3, 2, 2),), dynamic_shapes=shapes).module()\n"
    )
    loaded = load_model(ModelSpec(source="net.py:make"), tmp_path, 10)
    assert "refuses to be set to training or evaluation mode" in loaded.notes[-1].text
    assert loaded.module.train().training
    assert not loaded.module.eval().training
    assert loaded.module(torch.zeros(5, 3, 2, 2)).shape == (5, 10)
