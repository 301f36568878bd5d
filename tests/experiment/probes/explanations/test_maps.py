"""Attribution maps against captum called directly, Grad-CAM by hand, scipy, and loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from reportgen.experiment.probes.explanations.candidates import find_candidates
from reportgen.experiment.probes.explanations.deletion import SHARES, deletion_curves, random_maps
from reportgen.experiment.probes.explanations.layer_choice import choose_layer
from reportgen.experiment.probes.explanations.maps import Mapper, rank_correlations, stretch
from reportgen.experiment.probes.explanations.randomisation import randomised
from reportgen.experiment.trace import trace_model
from tests.experiment.probes.explanations.explained import Awkward, Conv, Last, Patches, make

TARGETS = torch.tensor([1, 7, 3])


def asked(module: nn.Module) -> tuple[Mapper, Tensor]:
    """A mapper with its layer chosen, and three random images."""
    torch.manual_seed(2)
    dtype = next(module.parameters()).dtype
    images = torch.randn(3, 3, 32, 32, dtype=dtype)
    layer = choose_layer(module, find_candidates(trace_model(module, images[:1], "test")), images, TARGETS)
    return Mapper(module, layer, torch.full((1, 3, 1, 1), 0.1, dtype=dtype)), images


def by_hand(scores: Tensor, maps: Tensor, targets: Tensor) -> Tensor:
    """Grad-CAM of Selvaraju et al. 2017, an image at a time, from maps (b, channels, h, w) that scores came from."""
    found = []
    for row, target in enumerate(targets):
        (slope,) = torch.autograd.grad(scores[row, target], maps, retain_graph=True)
        found.append(sum(slope[row, k].mean() * maps[row, k] for k in range(maps.shape[1])))
    return torch.stack(found).detach()  # type: ignore[arg-type]


def test_grad_cam_of_maps_is_captums_and_that_by_hand() -> None:
    from captum.attr import LayerGradCam  # half a second that few tests need

    module = make(Conv)
    mapper, images = asked(module)
    own = mapper.cam(images, TARGETS)
    direct = LayerGradCam(module, module.body).attribute(images, target=TARGETS)
    assert torch.allclose(own, direct[:, 0], atol=1e-6)
    maps = module.body(images)
    assert torch.allclose(own, by_hand(module.head(maps.mean((2, 3))), maps, TARGETS), atol=1e-6)


class OfOtherNumbers(nn.Module):
    """Casts the images to its own type, and gives logits of that type."""

    def __init__(self, inner: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.inner, self.dtype = inner.to(dtype), dtype

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x.to(self.dtype))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_maps_are_of_the_images_type_whatever_the_models_is(dtype: torch.dtype) -> None:
    module = OfOtherNumbers(make(Conv), dtype)
    mapper, images = asked(module)
    mapper, images = Mapper(module, mapper.layer, mapper.baseline.float()), images.float()
    assert mapper.layer is not None
    for found in (
        mapper.cam(images, TARGETS),
        mapper.integrated(images, TARGETS, 2),
        mapper.probabilities(images, TARGETS),
    ):
        assert found.dtype == torch.float32


def test_grad_cam_with_channels_last() -> None:
    module = make(Last)
    mapper, images = asked(module)
    last = module.mix(module.stem(images).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    scores = module.head(nn.functional.gelu(last).mean((2, 3)))
    assert torch.allclose(mapper.cam(images, TARGETS), by_hand(scores, last, TARGETS), atol=1e-6)


def test_grad_cam_of_tokens_leaves_the_class_tokens_out() -> None:
    module = make(Patches, 2)
    mapper, images = asked(module)
    assert mapper.layer is not None
    assert mapper.layer.path == "blocks.0"
    tokens = torch.cat([module.first.expand(3, -1, -1), module.patch(images).flatten(2).transpose(1, 2)], 1)
    tokens = module.blocks[0](tokens)
    maps = tokens[:, 2:].transpose(1, 2).reshape(3, 16, 4, 4)
    again = torch.cat([tokens[:, :2], maps.flatten(2).transpose(1, 2)], 1)
    scores = module.head(module.norm(module.blocks[1](again))[:, 0])
    assert torch.allclose(mapper.cam(images, TARGETS), by_hand(scores, maps, TARGETS), atol=1e-6)


def test_work_in_place_a_dict_and_float64_change_nothing() -> None:
    module = make(Awkward)
    mapper, images = asked(module)
    maps = module.join(nn.functional.relu(module.block(stem := nn.functional.relu(module.stem(images)))) + stem)
    scores = module.head(nn.functional.relu(maps).mean((2, 3)))
    own = mapper.cam(images, TARGETS)
    assert own.dtype == torch.float64
    assert torch.allclose(own, by_hand(scores, maps, TARGETS))


@pytest.mark.parametrize("kind", [Conv, Awkward, Last])
def test_integrated_gradients_are_captums(kind: type[nn.Module]) -> None:
    from captum.attr import IntegratedGradients

    module = make(kind)
    mapper, images = asked(module)
    own = mapper.integrated(images, TARGETS, 20)
    start = torch.full_like(images, 0.1)
    direct, delta = IntegratedGradients(mapper.logits).attribute(
        images, start, target=TARGETS, n_steps=20, return_convergence_delta=True
    )
    assert torch.allclose(own, direct.sum(1), atol=1e-6)
    with torch.no_grad():
        change = mapper.logits(images)[range(3), TARGETS] - mapper.logits(start)[range(3), TARGETS]
    error = float((delta.abs() / change.abs()).median())
    assert mapper.completeness(images, TARGETS, own) == pytest.approx(error, rel=1e-3, abs=1e-6)


def test_frozen_parameters_are_explained_too_and_nothing_is_left_behind() -> None:
    module = make(Conv)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    mapper, images = asked(module)
    assert mapper.cam(images, TARGETS).shape == (3, 8, 8)
    assert mapper.integrated(images, TARGETS, 8).shape == (3, 32, 32)
    assert not images.requires_grad
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not any(layer._forward_hooks for layer in module.modules())


def test_random_weights_come_and_go() -> None:
    module = make(Conv)
    module.body[1].running_mean.uniform_(-1, 1)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    _, images = asked(module)
    with randomised(module, images, 0):
        inside = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        assert not module.training
    changed = {name for name in before if not torch.equal(before[name], inside[name])}
    assert {"body.0.weight", "body.3.weight", "head.weight", "body.1.running_mean"} <= changed
    weight = before["head.weight"]
    assert float(inside["head.weight"].std()) == pytest.approx(float(weight.std()), rel=0.4)
    wanted = nn.functional.conv2d(images, inside["body.0.weight"], inside["body.0.bias"], stride=2, padding=1)
    assert torch.allclose(inside["body.1.running_mean"], wanted.mean((0, 2, 3)), atol=1e-5)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert not module.body[1].training
    assert module.body[1].momentum == 0.1


def test_tied_parameters_stay_tied() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(8, 8), nn.Linear(8, 8))
    module[2].weight = module[1].weight
    before = module[1].weight.detach().clone()
    with randomised(module, torch.randn(4, 8), 0):
        assert module[2].weight is module[1].weight
        assert not torch.equal(module[1].weight, before)
    assert torch.equal(module[1].weight, before)


def test_rank_correlation_is_scipys_of_the_positive_parts() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(5, 4, 4)), rng.normal(size=(5, 4, 4))
    two[3] = -1.0
    found = rank_correlations(one, two)
    for row in (0, 1, 2, 4):
        wanted = spearmanr(np.maximum(one[row], 0).ravel(), np.maximum(two[row], 0).ravel()).statistic
        assert found[row] == pytest.approx(wanted, abs=1e-6)
    assert np.isnan(found[3])


def test_deletion_takes_the_highest_pixels_first() -> None:
    module = make(Conv)
    mapper, images = asked(module)
    maps = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(4))
    (curves,) = deletion_curves(mapper, images, TARGETS, [maps])
    assert curves.shape == (3, len(SHARES))
    for row in range(3):
        for column, share in enumerate(SHARES):
            image = images[row].clone()
            order = np.argsort(-maps[row].numpy().ravel(), kind="stable")[: round(share * 1024)]
            image.view(3, -1)[:, torch.from_numpy(order.copy())] = 0.1
            with torch.no_grad():
                wanted = torch.softmax(module(image[None]), 1)[0, TARGETS[row]]
            assert curves[row, column] == pytest.approx(float(wanted), abs=1e-5)


def test_a_map_of_what_matters_falls_faster_than_one_that_knows_nothing() -> None:
    """Only the left upper quarter of an image decides: its map is the quarter."""

    class Quarter(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            score = x[:, :, :16, :16].mean((1, 2, 3))
            return torch.stack([20 * score, torch.zeros_like(score)], 1)

    mapper = Mapper(Quarter(), None, torch.zeros(1, 3, 1, 1))
    images, targets = torch.ones(6, 3, 32, 32), torch.zeros(6, dtype=torch.int64)
    good = torch.zeros(6, 32, 32)
    good[:, :16, :16] = 1
    own, chance = deletion_curves(mapper, images, targets, [good, random_maps(6, (8, 8), (32, 32), 0)])
    assert own[:, SHARES.index(0.35)].max() <= 0.5
    assert (np.trapezoid(own, SHARES, axis=1) < np.trapezoid(chance, SHARES, axis=1)).all()


def test_random_maps_are_as_coarse_as_asked() -> None:
    coarse, fine = random_maps(2, (4, 4), (32, 32), 0), random_maps(2, (32, 32), (32, 32), 0)
    assert coarse.shape == fine.shape == (2, 32, 32)
    steps: Any = [maps.diff(dim=2).abs().mean() for maps in (coarse, fine)]
    assert steps[0] < 0.25 * steps[1]
    noise = torch.rand(2, 4, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(coarse, stretch(noise, 32, 32))
