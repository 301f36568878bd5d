from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.models import check_forward, load_model, logits_of
from reportgen.spec.types import ModelSpec

RIGHT, OTHER = torch.ones(2, 10), torch.zeros(2, 3)


@dataclass
class Answer:
    right: Tensor
    other: Tensor


@pytest.mark.parametrize(
    "output",
    [
        RIGHT,
        (RIGHT, OTHER),
        [RIGHT],
        {"other": OTHER, "logits": RIGHT},
        {"aux": OTHER, "out": RIGHT},
        {"first": RIGHT, "second": OTHER},
        {"nested": {"first": RIGHT}},
        Answer(RIGHT, OTHER),
        SimpleNamespace(logits=RIGHT),
        (None, RIGHT),
    ],
)
def test_logits_are_found(output: Any) -> None:
    assert logits_of(output) is RIGHT


@pytest.mark.parametrize("output", [None, {}, "text", (1, 2)])
def test_outputs_without_a_tensor(output: Any) -> None:
    with pytest.raises(ModelError, match="holds no tensor"):
        logits_of(output)


class Returns(nn.Module):
    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output

    def forward(self, x: Tensor) -> Tensor:
        return self.output


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (torch.zeros(2, 1000), "1,000 classes and the data set has 10"),
        (torch.zeros(2, 10, 4, 4), r"\(2, 10, 4, 4\) for 2 images"),
        (torch.zeros(10), r"\(10,\) for 2 images"),
        (torch.zeros(2, dtype=torch.int64), "int64"),
    ],
)
def test_outputs_that_are_no_logits(output: Tensor, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        check_forward(Returns(output), (2, 3, 32, 32), 10)


def test_without_a_class_count_any_is_right() -> None:
    check_forward(Returns(torch.zeros(2, 1000)), (2, 3, 32, 32), None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "where"),
    [("inception_v3", r"Mixed_6a.*\(Conv2d\) got \(2, 288, 1, 1\)"), ("alexnet", r"MaxPool2d\) got \(2, 256, 1, 1\)")],
)
def test_the_module_that_fails_and_its_input_are_named(name: str, where: str) -> None:
    loaded = load_model(ModelSpec(source=f"torchvision:{name}"), Path(), 10)
    with pytest.raises(ModelError, match=where) as caught:
        check_forward(loaded.module, (2, 3, 32, 32), 10)
    assert caught.value.message.startswith("the model can't take 3×32×32 images: ")
    assert "stem: cifar" in caught.value.hint


@pytest.mark.slow
def test_the_model_itself_is_named_when_it_fails() -> None:
    loaded = load_model(ModelSpec(source="torchvision:vit_b_32"), Path(), 10)
    with pytest.raises(ModelError, match=r"Wrong image height! Expected 224 but got 32"):
        check_forward(loaded.module, (2, 3, 32, 32), 10)


def test_a_module_that_recovered_is_not_blamed() -> None:
    class Tries(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wrong, self.right = nn.Linear(5, 5), nn.Identity()
            self.inner = nn.Sequential(nn.Identity())

        def forward(self, x: Tensor) -> Tensor:
            try:
                self.wrong(x)
            except RuntimeError:
                x = self.inner(x)
            raise ValueError("at the end")

    with pytest.raises(ModelError, match=r"the model itself \(Tries\) got \(2, 3, 32, 32\) and raised ValueError"):
        check_forward(Tries(), (2, 3, 32, 32), 10)


def test_mode_random_state_and_statistics_are_left_alone() -> None:
    model = nn.Sequential(nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(3, 10))
    model.train()
    model[0].eval()
    state = torch.random.get_rng_state()
    check_forward(model, (2, 3, 32, 32), 10)
    assert [child.training for child in model] == [False, True, True, True, True]
    assert torch.equal(model[0].running_mean, torch.zeros(3))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not any(child._forward_hooks or child._forward_pre_hooks for child in model.modules())


class Raises(nn.Module):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        raise self.error


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (TypeError("forward() missing 1 required positional argument: 'labels'"), "called with the images alone"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "data.image_size"),
        (RuntimeError("expected input[2, 3, 8, 8] to have 1 channels, but got 3 channels"), "{channels: 1}"),
        (RuntimeError("expected input[2, 1, 8, 8] to have 3 channels, but got 1 channels"), "{channels: 3}"),
        (NotImplementedError('Module [Lit] is missing the required "forward" function'), "no forward for images"),
        (IndexError("too many indices for tensor of dimension 4"), "where its forward takes a dict"),
        (KeyError("bias"), "Look at what its forward does there."),
    ],
)
def test_a_hint_points_where_the_error_does(error: Exception, hint: str) -> None:
    with pytest.raises(ModelError) as caught:
        check_forward(nn.Sequential(Raises(error)), (2, 3, 8, 8), 10)
    assert hint in caught.value.hint
