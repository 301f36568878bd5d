"""The last layer found and replaced, and parameters that stay as they are."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.models import load_model
from reportgen.experiment.models.freezing import freeze
from reportgen.experiment.models.heads import head_by_trace, replace_head
from reportgen.spec.types import ModelSpec


class Misleading(nn.Module):
    """Holds its last layer first, an unused one last, and one as wide as its output in between."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(7, 7)
        self.first = nn.Linear(12, 7)
        self.unused = nn.Linear(7, 7)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.last(torch.relu(self.first(images.flatten(1))))


class Scaled(nn.Module):
    """Divides its logits by a temperature, and gives features too."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 4, 1)
        self.classify = nn.Conv2d(4, 6, 1, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return 3 * self.classify(self.body(images)).mean((2, 3))


def test_the_layer_that_gives_the_output_is_found_and_not_the_one_that_is_held_last() -> None:
    net = Misleading()
    assert head_by_trace(net, (3, 2, 2)) == "last"
    assert "last was replaced" in replace_head(net, "last", 4)[0].text
    assert net(torch.zeros(2, 3, 2, 2)).shape == (2, 4)
    scaled = Scaled()
    assert head_by_trace(scaled, (3, 2, 2)) == "classify"
    replace_head(scaled, "classify", 3)
    assert scaled(torch.zeros(2, 3, 2, 2)).shape == (2, 3)
    assert scaled.classify.bias is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer"),
    [
        *(("resnet18", "fc"), ("squeezenet1_1", "classifier.1"), ("mobilenet_v3_small", "classifier.3")),
        *(("vgg11", "classifier.6"), ("densenet121", "classifier"), ("vit_b_32", "heads.head"), ("swin_t", "head")),
        ("convnext_tiny", "classifier.2"),
    ],
)
def test_the_head_of_torchvisions_families(name: str, layer: str) -> None:
    size = 224 if name.startswith("vit") else 64
    assert head_by_trace(torchvision.models.get_model(name, weights=None), (3, size, size)) == layer


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "efficientnet_b0", "mobilenetv3_small_100"])
def test_the_head_of_timms_families(name: str) -> None:
    import timm  # half a second that few tests need

    net = timm.create_model(name, num_classes=17)
    assert head_by_trace(net, (3, 224, 224)) == net.pretrained_cfg["classifier"]


def test_a_model_without_such_a_layer_is_refused() -> None:
    with pytest.raises(ModelError, match="no linear layer or 1×1 convolution gives the 12 outputs"):
        head_by_trace(nn.Flatten(), (3, 2, 2))
    with pytest.raises(ModelError, match="can't take 1×2×2 images"):
        head_by_trace(Misleading(), (1, 2, 2))


def test_a_checkpoint_keeps_its_width_until_its_head_is_replaced(tmp_path: Path) -> None:
    text = "from torch.nn import *\ndef make(num_classes=7): return Sequential(Flatten(), Linear(12, num_classes))\n"
    (tmp_path / "net.py").write_text(text)
    theirs = nn.Sequential(nn.Flatten(), nn.Linear(12, 7)).state_dict()
    torch.save(theirs, tmp_path / "seven.pt")
    spec = ModelSpec(source="net.py:make", weights="seven.pt", head="replace")
    loaded = load_model(spec, tmp_path, 3, image_shape=(3, 2, 2))
    assert loaded.module[1].out_features == 3
    assert "7 outputs before, 3 now" in loaded.notes[-1].text


FLAT = "import torch\nfrom torch.nn import *\nclass Net(Module):\n    def __init__(self, num_classes=3):\n"
FLAT += "        super().__init__()\n        self.body, self.fc = Linear(12, 5), Linear(5, num_classes)\n"
FLAT += "    def forward(self, x):\n        return self.fc(self.body(x.flatten(1)))\n"
BODY = {"body.weight": torch.full((5, 12), 0.5), "body.bias": torch.ones(5)}


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (
            {"fc.weight": torch.ones(7, 5), "fc.bias": torch.ones(7)},
            "2 tensors of the last layers in w.pt were left out",
        ),
        ({}, "w.pt has no weights of the last layer, which is replaced by a new one."),
        ({"fc.0.weight": torch.ones(9, 5), "fc.2.bias": torch.ones(2)}, "new one: fc.0.weight and fc.2.bias."),
        (
            {"projector.0.weight": torch.ones(9, 5)},
            "1 tensor of the last layers in w.pt was left out, as the model gets",
        ),
        (
            {"classifier.weight": torch.ones(7, 5), "classifier.bias": torch.ones(7)},
            "classifier.weight and classifier.bias.",
        ),
    ],
)
@pytest.mark.parametrize("off", ["", "module.", "backbone."])
def test_weights_of_another_head_or_none_go_under_a_new_one(
    tmp_path: Path, head: dict[str, Tensor], said: str, off: str
) -> None:
    (tmp_path / "net.py").write_text(FLAT)
    torch.save({f"{off}{name}": part for name, part in {**BODY, **head}.items()}, tmp_path / "w.pt")
    spec = ModelSpec(source="net.py:Net", weights="w.pt", head="replace")
    loaded = load_model(spec, tmp_path, 4, image_shape=(3, 2, 2))
    assert torch.equal(loaded.module.body.weight, BODY["body.weight"])
    assert loaded.module.fc.out_features == 4
    assert said in " ".join(note.text for note in loaded.notes).replace(off or "\0", "")
    with pytest.raises(ModelError):
        load_model(ModelSpec(source="net.py:Net", weights="w.pt"), tmp_path, 4, image_shape=(3, 2, 2))


def test_what_is_no_last_layer_is_missed_also_under_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(FLAT)
    spec = ModelSpec(source="net.py:Net", weights="w.pt", head="replace")
    torch.save({"fc.weight": torch.ones(3, 5), "fc.bias": torch.ones(3), "body.bias": torch.ones(5)}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"1 missing in the file: body\.weight"):
        load_model(spec, tmp_path, 4, image_shape=(3, 2, 2))
    torch.save({**BODY, "body.scale": torch.ones(5)}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"1 unexpected in the file: body\.scale"):
        load_model(spec, tmp_path, 4, image_shape=(3, 2, 2))


def body_and_head() -> nn.Sequential:
    body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5))
    return nn.Sequential(body, nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))


@pytest.mark.parametrize("patterns", [["0"], ["0.*"], ["0.0.weight", "0.0.bias", "0.1"], ["0.[01]"]])
def test_frozen_parameters_and_their_batch_normalisation_stay(patterns: list[str]) -> None:
    net = body_and_head()
    told = freeze(net, patterns)
    net = copy.deepcopy(net)
    before = copy.deepcopy(net.state_dict())
    net.train()
    assert (net[0][1].training, net[1].training, net[0][3].training) == (False, True, True)
    assert type(net[0][1]).__name__ == "BatchNorm2d"
    optimizer = torch.optim.SGD([one for one in net.parameters() if one.requires_grad], lr=1.0)
    net(torch.randn(8, 3, 4, 4)).square().sum().backward()
    optimizer.step()
    same = {key for key, tensor in net.state_dict().items() if torch.equal(tensor, before[key])}
    assert {key for key in before if key.startswith("0.")} <= same
    assert not {"1.weight", "1.running_mean", "3.weight"} & same
    assert told[0].text.startswith("Frozen: 120 of 162 parameters")
    assert "1 batch normalisation in the frozen part keeps" in told[1].text


def test_a_pattern_that_matches_nothing_names_the_near_module() -> None:
    with pytest.raises(ModelError, match="'layer9' matches no parameter") as caught:
        freeze(torchvision.models.resnet18(), ["fc", "layer9"])
    assert "Did you mean layer" in caught.value.hint
    assert caught.value.key == "model.freeze.1"


def test_tied_parameters_count_once() -> None:
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    net[1].weight = net[0].weight
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert freeze(net, ["1"])[0].text.startswith("Frozen: 16 of 16 parameters")
