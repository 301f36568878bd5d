"""Which layer explains: grids read from shapes, layers that everything passes, 1×1 and constant maps refused."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor, nn

from reportgen.experiment.probes.explanations.candidates import find_candidates
from reportgen.experiment.probes.explanations.grids import Grid, as_maps, read_grid
from reportgen.experiment.probes.explanations.layer_choice import choose_layer
from reportgen.experiment.trace import trace_model
from reportgen.record.probes.explanations import MapLayer
from tests.experiment.probes.explanations.explained import Awkward, Conv, Last, Patches, make

SQUARE, WIDE = (32, 32), (32, 64)


@pytest.mark.parametrize(
    ("shape", "image", "before", "grid"),
    [
        ((1, 64, 8, 8), SQUARE, None, Grid(8, 8, "channels_first")),
        ((1, 512, 1, 1), SQUARE, None, Grid(1, 1, "channels_first")),
        ((1, 8, 8, 96), SQUARE, None, Grid(8, 8, "channels_last")),
        ((1, 4, 8, 96), WIDE, None, Grid(4, 8, "channels_last")),
        ((1, 16, 4, 8), WIDE, None, Grid(4, 8, "channels_first")),
        ((1, 197, 768), (224, 224), None, Grid(14, 14, "tokens", 1)),
        ((1, 198, 192), (224, 224), None, Grid(14, 14, "tokens", 2)),
        ((1, 201, 192), (224, 224), Grid(14, 14, "channels_first"), Grid(14, 14, "tokens", 5)),
        ((1, 16, 128), SQUARE, None, Grid(4, 4, "tokens", 0)),
        ((1, 32, 128), WIDE, None, Grid(4, 8, "tokens", 0)),
        ((1, 12, 197, 64), (224, 224), None, None),
        ((4, 64, 8, 8), SQUARE, None, None),
        ((1, 10), SQUARE, None, None),
        ((1, 64, 64, 64), SQUARE, None, None),
        ((1, 7, 128), SQUARE, None, None),
    ],
)
def test_the_grid_of_a_shape(
    shape: tuple[int, ...], image: tuple[int, int], before: Grid | None, grid: Grid | None
) -> None:
    assert read_grid(shape, image, before) == grid


@pytest.mark.parametrize("form", ["channels_first", "channels_last", "tokens"])
def test_maps_are_put_back_where_they_came_from(form: str) -> None:
    grid = Grid(2, 3, form, 2 if form == "tokens" else 0)  # type: ignore[arg-type]
    shape = {"channels_first": (4, 5, 2, 3), "channels_last": (4, 2, 3, 5), "tokens": (4, 8, 5)}[form]
    output = torch.randn(shape)
    maps = grid.spread(output)
    assert maps.shape == (4, 5, 2, 3)
    assert torch.equal(grid.gather(maps, output), output)


def test_one_patch_with_energy_appears_at_its_place() -> None:
    """Token 1 + 2·4 + 3 of a 4×4 grid behind one class token is the cell of row 2 and column 3."""
    layer, grid = nn.Identity(), Grid(4, 4, "tokens", 1)
    tokens = torch.zeros(1, 17, 6)
    tokens[0, 0] = 9.0
    tokens[0, 1 + 2 * 4 + 3] = 5.0
    with as_maps(layer, grid) as middle:
        seen: list[Tensor] = []
        middle.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
        assert torch.equal(layer(tokens), tokens)
    assert seen[0].shape == (1, 6, 4, 4)
    assert torch.equal(seen[0][0].nonzero()[:, 1:].unique(dim=0), torch.tensor([[2, 3]]))
    assert not layer._forward_hooks


def chosen(module: nn.Module, size: int = 32) -> MapLayer | None:
    """The layer chosen for random images."""
    torch.manual_seed(1)
    images = torch.randn(4, 3, size, size, dtype=next(module.parameters()).dtype)
    trace = trace_model(module, images[:1], "test")
    return choose_layer(module, find_candidates(trace), images, torch.tensor([1, 2, 3, 4]))


def named(layer: MapLayer | None) -> tuple[str, int, str, int]:
    assert layer is not None
    assert layer.height == layer.width
    return layer.path, layer.height, layer.form, layer.prefix


def test_the_last_map_of_every_form() -> None:
    assert named(chosen(make(Conv))) == ("body", 8, "channels_first", 0)
    assert named(chosen(make(Last))) == ("mix", 8, "channels_last", 0)
    assert named(chosen(make(Patches))) == ("norm", 4, "tokens", 0)
    assert named(chosen(make(Awkward))) == ("join", 8, "channels_first", 0)


def test_behind_the_last_mixing_a_class_token_leaves_no_gradient() -> None:
    layer = chosen(make(Patches, 2))
    assert named(layer) == ("blocks.0", 4, "tokens", 2)
    assert layer is not None
    assert [(refused.path, refused.reason) for refused in layer.refused] == [
        ("norm", "no_gradient"),
        ("blocks", "no_gradient"),
    ]


def test_a_single_cell_is_refused_and_the_nearest_image_is_taken() -> None:
    """ResNet-18 with its ImageNet stem ends in one cell for 32×32 pixels."""
    torch.manual_seed(0)
    layer = chosen(torchvision.models.resnet18(num_classes=10).eval())
    assert named(layer) == ("layer2", 4, "channels_first", 0)
    assert layer is not None
    assert [(refused.path, refused.height, refused.reason) for refused in layer.refused] == [
        ("layer4", 1, "one_cell"),
        ("layer3", 2, "few_cells"),
    ]


def test_two_cells_a_side_serve_where_there_is_nothing_better() -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 8, 16, stride=16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)
    )
    assert named(chosen(net.eval())) == ("1", 2, "channels_first", 0)


def test_a_map_that_is_the_same_everywhere_is_refused() -> None:
    class Even(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean((2, 3), keepdim=True).expand_as(x)

    torch.manual_seed(0)
    parts = (nn.Conv2d(3, 8, 4, stride=4), nn.Tanh(), Even(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
    layer = chosen(nn.Sequential(*parts).eval())
    assert named(layer) == ("1", 8, "channels_first", 0)
    assert layer is not None
    assert [(refused.path, refused.reason) for refused in layer.refused] == [("2", "constant")]


def test_a_model_without_places_has_no_layer() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(3072, 16), nn.ReLU(), nn.Linear(16, 10)).eval()
    assert find_candidates(trace_model(net, torch.randn(1, 3, 32, 32), "test")) == []


@pytest.mark.parametrize(
    ("make_net", "path"),
    [
        (lambda: torchvision.models.mobilenet_v3_small(num_classes=10), "features.3"),
        (lambda: torchvision.models.densenet.DenseNet(8, (2, 2, 2, 2), 16, num_classes=10), "features.denseblock2"),
        (
            lambda: torchvision.models.SwinTransformer([4, 4], 12, [2, 2], [2, 4], [4, 4], num_classes=10),
            "permute",
        ),
        (
            lambda: torchvision.models.VisionTransformer(32, 8, 2, 2, 24, 48, num_classes=10),
            "encoder.layers.encoder_layer_0",
        ),
    ],
)
def test_the_layers_of_published_architectures(make_net: object, path: str) -> None:
    """At 32×32: a block before the map falls below 4×4, the end of a stage, behind the norm, before the last block."""
    torch.manual_seed(0)
    module = make_net().eval()  # type: ignore[operator]
    heads = [parameter for name, parameter in module.named_parameters() if "head" in name and parameter.ndim == 2]
    for parameter in heads:
        nn.init.normal_(parameter, std=0.1)  # some begin with zeros, from which no gradient comes
    layer = chosen(module)
    assert layer is not None
    assert layer.path == path
    assert layer.height == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("levit_128s", 224, ("stages.1", 7, "tokens", 0)),
        ("mixer_s32_224", 224, ("norm", 7, "tokens", 0)),
        ("deit_tiny_patch16_224", 224, ("blocks.10", 14, "tokens", 1)),
        ("vit_wee_patch16_reg1_gap_256", 256, ("blocks", 16, "tokens", 1)),
        ("pvt_v2_b0", 64, ("stages.2", 4, "channels_first", 0)),
        ("mobilenetv3_small_050", 64, ("blocks.3", 4, "channels_first", 0)),
    ],
)
def test_the_layers_of_timms_architectures(name: str, size: int, expected: tuple[str, int, str, int]) -> None:
    import timm  # half a second that few tests need

    """Tokens without a class token, mixing over tokens, a register, a pyramid of tokens: each has its last image."""
    torch.manual_seed(0)
    module = timm.create_model(name, num_classes=10).eval()
    for parameter in (parameter for parameter in module.parameters() if parameter.shape[:1] == (10,)):
        nn.init.normal_(parameter, std=0.1)
    assert named(chosen(module, size)) == expected
