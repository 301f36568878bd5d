from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from reportgen.experiment.models.unregistered import note_unregistered

IMAGES = torch.ones(2, 3, 8, 8)


class InAList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Conv2d(3, 4, 3), nn.ReLU()]
        self.fc = nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.fc(x.mean((2, 3)))


class PlainTensor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.randn(192, 10, requires_grad=True)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight


class MadeOnTheWay(nn.Module):
    """Weights that a network makes of its own parameters, and layers without any, are no others'."""

    def __init__(self) -> None:
        super().__init__()
        self.seed, self.inner = nn.Parameter(torch.ones(4)), nn.Linear(192, 10)

    def forward(self, x: Tensor) -> Tensor:
        weights = {"weight": self.seed.sum() * self.inner.weight, "bias": self.inner.bias}
        return nn.Softmax(1)(torch.func.functional_call(self.inner, weights, (x.flatten(1),)))


@pytest.mark.parametrize(("kind", "values", "shape"), [(InAList, 112, "4×3×3×3"), (PlainTensor, 1920, "192×10")])
def test_weights_that_are_no_parameters_are_told(kind: type[nn.Module], values: int, shape: str) -> None:
    (note,) = note_unregistered(kind(), IMAGES)
    assert note.values["values"] == values
    assert shape in note.text


@pytest.mark.parametrize(
    "model",
    [
        MadeOnTheWay(),
        nn.Sequential(nn.Flatten(), nn.LSTM(192, 4)),
        nn.Sequential(nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(192, 10))),
        nn.Sequential(nn.Flatten(2), nn.TransformerEncoderLayer(64, 2, 8, batch_first=True)),
    ],
)
def test_a_models_own_weights_are_not(model: nn.Module) -> None:
    assert note_unregistered(model.eval(), IMAGES) == ()
