"""Input fit as it is measured: counts by hand, the adapted stem traced for itself, nothing touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torchvision.models import VisionTransformer

from reportgen.experiment.models import load_model
from reportgen.experiment.trace import trace_model, with_fit
from reportgen.record.trace import InputFit
from reportgen.spec.types import ModelSpec


def fit_of(module: nn.Module, side: int = 32, adapts: bool = True) -> InputFit:
    example = torch.zeros(1, 3, side, side)
    fit = with_fit(trace_model(module, example, "mine.py:net"), module, example, adapts).fit
    assert fit is not None
    return fit


def library(source: str, side: int = 32, stem: Any = "as_is", **args: object) -> InputFit:
    module = load_model(ModelSpec(source=source, args=args, stem=stem), Path(), 10).module
    return fit_of(module, side, adapts=stem == "as_is")


def pooled() -> nn.Sequential:
    """Four convolutions; the last two on a 1×1 map, of which one is 1×1 itself."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=1),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3, padding=1),
        nn.MaxPool2d(8),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.Conv2d(16, 5, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(5, 10),
    )


def test_idle_weights_are_all_but_the_middle_of_a_window_on_one_place() -> None:
    assert fit_of(pooled()).idle == 16 * 8 * (9 - 1)
    assert fit_of(pooled()[:3]).idle == 0


def test_a_convolution_that_also_sees_a_larger_map_is_not_idle() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(3, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.conv(nn.functional.max_pool2d(self.conv(x), 32))
            return self.head(x.flatten(1))  # type: ignore[no-any-return]

    assert fit_of(Twice()).idle == 0


@pytest.mark.slow
def test_resnet18_as_it_is_against_the_adapted_stem_traced_for_itself() -> None:
    fit = library("torchvision:resnet18")
    assert (fit.stem, fit.kernel, fit.shrinks, fit.last_map, fit.attends) == ("conv1", (7, 7), 4, (1, 1), False)
    assert fit.idle == 3 * 512 * 512 * 8  # layer4: all 3×3 convolutions but the one that shrinks 2×2 to 1×1
    adapted = load_model(ModelSpec(source="torchvision:resnet18", stem="cifar"), Path(), 10).module
    trace = trace_model(adapted, torch.zeros(1, 3, 32, 32), "")
    assert fit.adapted is not None
    assert (fit.adapted.macs, fit.adapted.last_map, fit.adapted.idle) == (trace.macs, (4, 4), 0)


@pytest.mark.parametrize(
    ("source", "side", "stem", "last"),
    [
        ("builtin:two_conv", 32, "as_is", (8, 8)),
        ("builtin:cifar_resnet20", 32, "as_is", (8, 8)),
        ("torchvision:resnet18", 32, "cifar", (4, 4)),
        ("torchvision:resnet18", 224, "as_is", (7, 7)),
    ],
)
def test_models_that_fit_have_no_idle_weights_and_no_trial(
    source: str, side: int, stem: str, last: tuple[int, int]
) -> None:
    fit = library(source, side, stem)
    assert (fit.last_map, fit.idle, fit.adapted) == (last, 0, None)


def test_patches_are_told_from_stems() -> None:
    fit = fit_of(VisionTransformer(32, 16, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=8, num_classes=10))
    assert (fit.attends, fit.shrinks, fit.last_map, fit.adapted) == (True, 16, (2, 2), None)


def test_the_model_and_its_notes_are_left_alone() -> None:
    module = pooled().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.random.get_rng_state()
    assert fit_of(module).adapted is not None
    assert module[0].stride == (2, 2)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_no_trial_where_the_spec_adapts_already_or_the_adapted_model_does_not_run() -> None:
    assert fit_of(pooled(), adapts=False).adapted is None
    fixed = nn.Sequential(nn.Conv2d(3, 4, 16, stride=16), nn.Flatten(), nn.Linear(16, 10))
    assert fit_of(fixed).adapted is None
