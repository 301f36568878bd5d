from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from reportgen.errors import ModelError
from reportgen.experiment.models import check_forward, load_model
from reportgen.experiment.models.stems import adapt_stem
from reportgen.experiment.trace import trace_model
from reportgen.spec.types import ModelSpec

FAMILIES = [
    ("resnet18", "conv1", 4),
    pytest.param("resnext50_32x4d", "conv1", 4, marks=pytest.mark.slow),
    pytest.param("wide_resnet50_2", "conv1", 4, marks=pytest.mark.slow),
    ("densenet121", "features.conv0", 2),
    ("googlenet", "conv1.conv", 4),
    pytest.param("inception_v3", "Conv2d_1a_3x3.conv", 2, marks=pytest.mark.slow),
    ("mobilenet_v2", "features.0.0", 2),
    ("mobilenet_v3_small", "features.0.0", 2),
    ("efficientnet_b0", "features.0.0", 2),
    ("regnet_x_400mf", "stem.0", 2),
    ("shufflenet_v2_x0_5", "conv1.0", 4),
    ("mnasnet0_5", "layers.0", 2),
    ("squeezenet1_1", "features.0", 2),
    pytest.param("alexnet", "features.0", 1, marks=pytest.mark.slow),
    pytest.param("convnext_tiny", "features.0.0", 4, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "conv", "side"), FAMILIES)
def test_imagenet_stems_become_3x3_stride_1(name: str, conv: str, side: int) -> None:
    loaded = load_model(ModelSpec(source=f"torchvision:{name}", stem="cifar"), Path(), 10)
    first = loaded.module.get_submodule(conv)
    assert isinstance(first, nn.Conv2d)
    assert (first.kernel_size, first.stride, first.padding) == ((3, 3), (1, 1), (1, 1))
    assert conv in loaded.notes[0].text
    check_forward(loaded.module, (2, 3, 32, 32), 10)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "before", "after"), [("resnet18", (1, 1), (4, 4)), ("mobilenet_v2", (1, 1), (2, 2))])
def test_the_last_map_keeps_more_places(name: str, before: tuple[int, int], after: tuple[int, int]) -> None:
    maps = []
    for stem in ("as_is", "cifar"):
        loaded = load_model(ModelSpec(source=f"torchvision:{name}", stem=stem), Path(), 10)
        field = trace_model(loaded.module, torch.zeros(1, 3, 32, 32), name).receptive_field
        assert field is not None
        maps.append(field.feature_map)
    assert maps == [before, after]


def test_the_pool_after_the_stem_goes() -> None:
    loaded = load_model(ModelSpec(source="torchvision:resnet18", stem="cifar"), Path(), 10)
    assert isinstance(loaded.module.get_submodule("maxpool"), nn.Identity)
    assert "maxpool" in loaded.notes[1].text


@pytest.mark.slow
@pytest.mark.parametrize("source", ["torchvision:vgg11", "builtin:cifar_resnet20"])
def test_stride_1_has_nothing_to_adapt_and_says_so(source: str) -> None:
    loaded = load_model(ModelSpec(source=source, stem="cifar"), Path(), 10)
    assert tuple(map(str, loaded.notes)) == (
        "`stem: cifar` changed nothing: the first convolution already has stride 1.",
    )


@pytest.mark.slow
def test_windowed_patches_become_2x2() -> None:
    loaded = load_model(ModelSpec(source="torchvision:swin_t", stem="cifar"), Path(), 10)
    assert loaded.module.get_submodule("features.0.0").stride == (2, 2)
    check_forward(loaded.module, (2, 3, 32, 32), 10)


@pytest.mark.slow
def test_a_fixed_number_of_patches_is_an_error_with_a_way_out() -> None:
    with pytest.raises(ModelError, match="pos_embedding fixes their number") as caught:
        load_model(ModelSpec(source="torchvision:vit_b_32", stem="cifar"), Path(), 10)
    assert "image_size: 32" in caught.value.hint


def test_a_model_without_convolutions_is_an_error() -> None:
    with pytest.raises(ModelError, match="found no convolution"):
        load_model(ModelSpec(source="builtin:linear", stem="cifar"), Path(), 10)


def test_the_new_weights_give_responses_of_the_old_size() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 512, 7, stride=2, bias=False))
    nn.init.kaiming_normal_(model[0].weight, mode="fan_in", nonlinearity="linear")
    images = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        before = model(images).std()
        adapt_stem(model)
        after = model(images)[:, :, 1:-1, 1:-1].std()  # the padding's zeros left out
    assert float(after / before) == pytest.approx(1, abs=0.06)
