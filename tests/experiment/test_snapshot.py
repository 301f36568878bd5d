"""A model is to the bit as it was, whatever was done with it."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.experiment.snapshot import kept_buffers, preserved


class Restless(nn.Module):
    """Everything that a forward pass can change."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 10)
        self.register_buffer("seen", torch.zeros(()))
        self.register_buffer("hidden", torch.full((3,), float("nan")), persistent=False)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = self.seen + 1
        self.calls += 1
        return self.head(self.norm(self.conv(x)).mean((2, 3)))  # type: ignore[no-any-return]


def everything(module: Restless) -> list[object]:
    tensors = [*module.named_parameters(), *module.named_buffers()]
    return [
        [(name, id(tensor), tensor.detach().numpy().tobytes(), tensor.requires_grad) for name, tensor in tensors],
        [(name, child.training, len(child._forward_hooks), id(child)) for name, child in module.named_modules()],
        module.calls,
        hasattr(module, "added"),
        [None if parameter.grad is None else parameter.grad.clone().tolist() for parameter in module.parameters()],
        torch.random.get_rng_state().tolist(),
        random.getstate(),
        np.random.get_state()[1].tolist(),
    ]


def disturb(module: Restless) -> None:
    module.train()
    module(torch.randn(4, 3, 8, 8)).sum().backward()
    module.conv.weight.requires_grad_(False)
    module.added = 3
    module.conv.register_forward_hook(lambda *_: None)
    module.hidden[1] = 7
    with torch.no_grad():
        module.head.weight.fill_(float("nan"))
        module.conv.bias.data = torch.ones(5)
    module.head = nn.Linear(2, 2)
    random.random(), np.random.rand()


def test_all_comes_back() -> None:
    module = Restless().eval()
    module.head.weight.grad = torch.ones(10, 4)
    with torch.no_grad():
        module.conv.bias[0] = -0.0
    before = everything(module)
    with preserved(module):
        disturb(module)
    assert everything(module) == before


def test_all_comes_back_when_it_raises() -> None:
    module = Restless().train()
    before = everything(module)

    def fail() -> None:
        with preserved(module):
            disturb(module)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert everything(module) == before
    module(torch.randn(4, 3, 8, 8))


def test_buffers_that_share_memory_or_were_computed_come_back() -> None:
    module = nn.Linear(2, 2)
    module.register_buffer("wide", torch.zeros(1).expand(3))
    module.register_buffer("made", module.weight * 2)
    with preserved(module):
        module(torch.ones(1, 2))
    assert module.wide.shape == (3,)
    assert module.made.grad_fn is not None


def test_buffers_that_grow_come_back() -> None:
    module = nn.Linear(2, 2)
    module.register_buffer("log", torch.ones(2))
    kept = module.log
    with kept_buffers(module):
        module.log = torch.cat([module.log, torch.zeros(1)])
        kept.fill_(7)
    assert module.log is kept
    assert kept.tolist() == [1, 1]


def test_buffers_that_are_resized_in_place_come_back() -> None:
    module = nn.Linear(2, 2)
    module.register_buffer("scale", torch.ones(1))
    with preserved(module):
        module.scale.resize_(5).fill_(3)
    assert module.scale.tolist() == [1]
