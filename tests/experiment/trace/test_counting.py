"""MACs and parameters of one torchvision model of each structure against those that come with its weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torchvision import models
from torchvision.models import regnet

from reportgen.experiment.trace import trace_model

FAST = (
    "alexnet",
    "convnext_tiny",
    "mnasnet1_0",
    "mobilenet_v2",
    "resnet18",
    "resnet50",
    "squeezenet1_0",
    "vgg16",
    "vit_b_16",
)
SLOWER = (
    "densenet121",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "maxvit_t",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "regnet_y_400mf",
    "resnext50_32x4d",
    "shufflenet_v2_x1_0",
    "squeezenet1_1",
    "swin_t",
    "swin_v2_t",
    "vgg11_bn",
    "vit_h_14",
    "wide_resnet50_2",
)
"""With FAST one of each structure that torchvision has: with and without batch norm, groups, squeeze-and-excitation and
fused blocks, and one whose images are larger. The others are the same blocks, oftener or wider."""
ARGUMENTS: dict[str, dict[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"init_weights": False},  # its published parameters include the auxiliary classifier
    "vit_h_14": {"image_size": 518},
}
NAMES = [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOWER)]


@pytest.fixture
def blocks_on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """RegNet computes its widths with tensors, which the meta device can't hold."""
    plan = regnet.BlockParams.from_init_params

    def on_cpu(**arguments: Any) -> Any:
        with torch.device("cpu"):
            return plan(**arguments)

    monkeypatch.setattr(regnet.BlockParams, "from_init_params", on_cpu)


def test_every_family_of_torchvision_is_among_them() -> None:
    families = {models.get_model_builder(name).__module__ for name in models.list_models(models)}
    assert families == {models.get_model_builder(name).__module__ for name in (*FAST, *SLOWER)}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("blocks_on_cpu")
def test_macs_and_parameters_are_the_published_ones(name: str) -> None:
    published = models.get_model_weights(name)
    weights = published["IMAGENET1K_V1"] if "IMAGENET1K_V1" in published.__members__ else next(iter(published))
    side = weights.transforms().crop_size[0]
    with torch.device("meta"):
        model = models.get_model(name, weights=None, **ARGUMENTS.get(name, {}))
        image = torch.empty(1, 3, side, side)
    trace = trace_model(model, image, name)
    assert trace.macs / 1e9 == pytest.approx(weights.meta["_ops"], abs=0.001)
    assert trace.parameters == weights.meta["num_params"]
    assert sum(row.own_parameters for row in trace.modules) == trace.parameters
    assert sum(row.own_macs for row in trace.modules) == trace.macs
    assert sum(operator.macs or 0 for operator in trace.operators) == trace.macs
    assert trace.uncounted == ()
    assert trace.notes == ()


@pytest.mark.parametrize(
    ("name", "gmacs"),
    [pytest.param("vit_b_16", 17.56, marks=pytest.mark.slow), pytest.param("swin_t", 4.49, marks=pytest.mark.slow)],
)
def test_attention_is_counted_on_the_cpu_as_well(name: str, gmacs: float) -> None:
    model = models.get_model(name, weights=None)
    trace = trace_model(model, torch.randn(1, 3, 224, 224), name)
    assert trace.macs / 1e9 == pytest.approx(gmacs, abs=0.006)


# AlexNet, VGG-16 and Inception v3: Araujo, Norris & Sim 2019, table of receptive fields. ResNet-18 and MobileNet v2 are
# not in it; worked out on paper by the recurrence, block by block.
@pytest.mark.parametrize(
    ("name", "size", "stride"),
    [
        ("alexnet", 195, 32),
        ("vgg16", 212, 32),
        ("mobilenet_v2", 491, 32),
        pytest.param("inception_v3", 1311, 32, marks=pytest.mark.slow),
        ("resnet18", 435, 32),
    ],
)
def test_receptive_fields_are_the_published_ones_and_those_worked_out_by_hand(
    name: str, size: int, stride: int
) -> None:
    side = 299 if name == "inception_v3" else 224
    with torch.device("meta"):
        model = models.get_model(name, weights=None, **ARGUMENTS.get(name, {}))
        trace = trace_model(model, torch.empty(1, 3, side, side), name)
    assert trace.receptive_field is not None
    assert (trace.receptive_field.size, trace.receptive_field.stride) == (size, stride)


def test_transformers_have_no_receptive_field() -> None:
    with torch.device("meta"):
        model = models.get_model("vit_b_16", weights=None)
        trace = trace_model(model, torch.empty(1, 3, 224, 224), "vit_b_16")
    assert trace.receptive_field is None
