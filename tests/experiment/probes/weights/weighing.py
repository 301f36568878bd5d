"""Small models looked into by the probe `weights`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from reportgen.experiment.probes import ProbeContext, ProbeResult
from reportgen.experiment.probes.context import Allowance
from reportgen.experiment.probes.weights.measure import PROBE
from reportgen.experiment.trace import trace_model
from reportgen.record.probes.weights import WeightFacts, WeightMatrix
from reportgen.spec.types import ModelSpec, ReportSpec, RunSpec
from tests.experiment.cases import noise, plain_cpu

State = Mapping[str, torch.Tensor]


def convolutions(width: int = 24, depth: int = 3, seed: int = 0) -> nn.Sequential:
    """Normalised convolutions and a classifier."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = [
        nn.Conv2d(3, width, 3, stride=4, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    for _ in range(depth - 1):
        layers += [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


def chain(depth: int, gain: float, activation: type[nn.Module], seed: int = 0) -> nn.Sequential:
    """Linear layers of 32 with weights of that gain, and a classifier: gradients grow or fade by the gain."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 32)]
    for _ in range(depth):
        hidden = nn.Linear(32, 32)
        nn.init.normal_(hidden.weight, std=gain / 32**0.5)
        layers += [activation(), hidden]
    return nn.Sequential(*layers, nn.Linear(32, 10))


def state(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state dict, copied."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


@torch.no_grad()
def shaken(module: nn.Module, size: float = 0.1, seed: int = 1) -> dict[str, torch.Tensor]:
    """An initial state `size` of its norm away from the module's weights, as training would have left it."""
    torch.manual_seed(seed)
    found = state(module)
    for name, parameter in module.named_parameters():
        step = torch.randn_like(parameter)
        found[name] = parameter.detach() + size * parameter.norm() / step.norm() * step
    return found


def context(module: nn.Module, initial: State | None = None, images: int = 40) -> ProbeContext:
    """The module as a finished run on noise; without an initial state it was evaluated only."""
    data = noise(images, 4)
    trace = trace_model(module.eval(), data.normalization.apply(data.test_images[:1]), "test")
    run = RunSpec(mode="train" if initial is not None else "evaluate")
    spec = ReportSpec(model=ModelSpec(source="test"), run=run)
    nothing = np.zeros(0)
    return ProbeContext(module, initial, data, plain_cpu(), spec, trace, nothing, nothing)


def probe(module: nn.Module, initial: State | None = None, seconds: float = 1e9) -> ProbeResult:
    """What the probe finds."""
    return PROBE.run(context(module, initial), Allowance(seconds))


def look(module: nn.Module, initial: State | None = None) -> WeightFacts:
    """The facts alone."""
    facts = probe(module, initial).facts
    assert isinstance(facts, WeightFacts)
    return facts


def matrix(facts: WeightFacts, name: str) -> WeightMatrix:
    """The matrix of that name."""
    return next(one for one in facts.matrices if one.name == name)
