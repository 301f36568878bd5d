"""Small models that can be asked why, each with one awkward property, and the context a probe is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.probes import ProbeContext
from reportgen.experiment.trace import trace_model
from reportgen.spec.types import ModelSpec, ReportSpec, RunSpec
from tests.experiment.cases import noise, plain_cpu


class Conv(nn.Module):
    """Two convolutions with ReLU in place, batch statistics and one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(inplace=True),
            nn.Conv2d(6, 8, 3, stride=2, padding=1),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean((2, 3)))


class Awkward(nn.Module):
    """The same ReLU after every convolution, a shortcut, logits in a dict, float64."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, stride=4)
        self.block = nn.Conv2d(8, 8, 3, padding=1)
        self.join = nn.Conv2d(8, 8, 1)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(8, 10)
        self.double()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = self.relu(self.stem(x))
        x = self.relu(self.join(self.relu(self.block(x)) + x))
        return {"pooled": x.mean((2, 3)), "logits": self.head(x.mean((2, 3)))}


class Last(nn.Module):
    """Maps with channels last in shape, as in Swin."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 4, stride=4)
        self.mix = nn.Linear(12, 12)
        self.head = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.gelu(self.mix(self.stem(x).permute(0, 2, 3, 1)))
        return self.head(x.mean((1, 2)))


class Patches(nn.Module):
    """Tokens of 8×8 pixels without a mixing between them; with `prefix`, tokens before them that attend to all."""

    def __init__(self, prefix: int = 0) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, stride=8)
        self.blocks = nn.Sequential(Mixer(), Mixer())
        self.norm = nn.LayerNorm(16)
        self.first = nn.Parameter(torch.randn(1, prefix, 16)) if prefix else None
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        if self.first is not None:
            tokens = torch.cat([self.first.expand(len(x), -1, -1), tokens], 1)
        tokens = self.norm(self.blocks(tokens))
        return self.head(tokens[:, 0] if self.first is not None else tokens.mean(1))


class Mixer(nn.Module):
    """Attention of one head and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.qkv, self.out = nn.Linear(16, 48), nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm(x)).chunk(3, -1)
        return x + self.out(functional.scaled_dot_product_attention(q, k, v))


def make(kind: type[nn.Module], *arguments: Any, seed: int = 0) -> nn.Module:
    """A model with fresh weights, in evaluation mode."""
    torch.manual_seed(seed)
    return kind(*arguments).eval()


def context_of(module: nn.Module, probes: object = "fast", train: int = 80, test: int = 60) -> ProbeContext:
    """A finished run on images of noise."""
    data = noise(train, test)
    place = next(module.parameters())
    device = plain_cpu("float64" if place.dtype == torch.float64 else "float32")
    image = data.normalization.apply(data.test_images[:1], place.dtype)
    logits = evaluate(module, data.test_images, data.normalization, device)
    run = RunSpec.model_validate({"probes": probes})
    spec = ReportSpec(model=ModelSpec(source="builtin:linear"), run=run)
    trace = trace_model(module, image, "test")
    return ProbeContext(module, None, data, device, spec, trace, logits, np.arange(test))
