"""Noise: the sensor's, the light's, and broken pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from reportgen.experiment.corruptions.operators import Level, Operator, normal, uniform


def gaussian_noise(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """Normal noise of deviation `level[0]` on every value."""
    return x + level[0] * normal(x, tuple(x.shape), generator)


def shot_noise(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """The Poisson noise of `level[0]` photons at full brightness."""
    return (torch.poisson(x.cpu() * level[0], generator) / level[0]).to(x)


def impulse_noise(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """A share `level[0]` of the values black or full, each as often."""
    drawn = uniform(x, (2, *x.shape), 0.0, 1.0, generator)
    return torch.where(drawn[0] < level[0], (drawn[1] < 0.5).to(x), x)


OPERATORS = {
    "gaussian_noise": Operator(
        ((0.04,), (0.06,), (0.08,), (0.09,), (0.10,)), ((0.08,), (0.12,), (0.18,), (0.26,), (0.38,)), gaussian_noise
    ),
    "shot_noise": Operator(((500,), (250,), (100,), (75,), (50,)), ((60,), (25,), (12,), (5,), (3,)), shot_noise),
    "impulse_noise": Operator(
        ((0.01,), (0.02,), (0.03,), (0.05,), (0.07,)), ((0.03,), (0.06,), (0.09,), (0.17,), (0.27,)), impulse_noise
    ),
}
