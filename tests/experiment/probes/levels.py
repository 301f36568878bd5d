"""Images whose class is their brightness or colour, and models that know it by hand, prepared in one way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.datasets.loading import prepare
from reportgen.experiment.datasets.raw import RawData, RawSplit
from reportgen.spec.types import DataSpec, Normalization

CLASSES = 5
LEVELS = np.linspace(30, 225, CLASSES)
"""Of the value that tells the class."""


def levels(
    normalize: object = "none", test: int = 60, train: int = 40, grey: bool = False, channels: int = 3, side: int = 16
) -> LoadedData:
    """Noisy images whose red channel, or every one of them (`grey`), has the level of their class."""
    rng = np.random.default_rng(0)

    def split(number: int) -> RawSplit:
        labels = np.arange(number) % CLASSES
        noise = rng.normal(0, 4, (number, side, side, 1 if grey else channels))
        images = np.broadcast_to(np.clip(128 + noise, 0, 255), (number, side, side, channels)).copy()
        told = np.clip(LEVELS[labels][:, None, None, None] + noise[..., :1], 0, 255)
        images[..., : channels if grey else 1] = told
        return RawSplit(images.astype(np.uint8), labels)

    raw = RawData("levels", "levels", "", "", "", "", tuple("abcde"), split(train), split(test))
    spec = DataSpec.model_validate({"name": "levels", "normalize": normalize, "augment": ()})
    return prepare(raw, spec, 0, "")


class Knows(nn.Module):
    """Tells the class by the mean of one channel; right where that channel was prepared by `mean` and `std`."""

    def __init__(self, mean: float, std: float, channel: int = 0, sharp: float = 40.0) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.from_numpy((LEVELS / 255 - mean) / std).float())
        self.channel, self.sharp = channel, sharp

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = x[:, self.channel].mean((1, 2))[:, None]
        return -self.sharp * (seen - self.centres).square()


class Steps(Knows):
    """The same, but no gradient leads through it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.detach()).detach()


def statistics(mean: Sequence[float], std: Sequence[float]) -> Normalization:
    return Normalization(mean=tuple(mean), std=tuple(std))
