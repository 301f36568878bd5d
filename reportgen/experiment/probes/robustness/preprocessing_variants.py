"""The usual ways to make numbers of images: normalisations, value ranges, channel orders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.datasets.loaded import Normalizer
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.probes.context import ProbeContext
from reportgen.spec.normalization import CIFAR10, IMAGENET
from reportgen.spec.types import ReportSpec

Name = Literal["cifar10", "imagenet", "none", "half", "bytes", "own", "spec"]
SAME, NEIGHBOUR = 0.01, 0.2
"""Normalisations nearer than this, in means and in the ratio of deviations, are one, or hardly told apart."""


@dataclass(frozen=True)
class Way:
    """One way to make numbers of images."""

    name: Name
    order: Literal["rgb", "bgr"]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def turned(self) -> Way:
        """The same with its channels in the order blue, green, red; each colour keeps its own statistics."""
        return replace(self, order="bgr")

    def logits(self, context: ProbeContext, images: torch.Tensor) -> NDArray[Any]:
        """(n, classes) that the model gives for images (n, H, W, C) uint8 prepared so."""
        turned = self.order == "bgr"
        mean, std = (self.mean[::-1], self.std[::-1]) if turned else (self.mean, self.std)
        normalizer = Normalizer(mean, std, context.data.normalization.size)
        return evaluate(context.module, images.flip(-1) if turned else images, normalizer, context.device)

    def distance(self, other: Way) -> float:
        """How different the numbers are that both make: the largest difference of means, or of deviations by ratio."""
        means = np.abs(np.subtract(self.mean, other.mean)).max()
        return float(max(means, np.abs(np.divide(self.std, other.std) - 1).max()))


def spec_way(context: ProbeContext) -> Way:
    """The spec's own."""
    normal = context.data.normalization
    return Way("spec", "rgb", normal.mean, normal.std)


def other_ways(spec: Way, context: ProbeContext) -> list[Way]:
    """The usual normalisations that are not the spec's, each once, those that differ hardly from it last."""
    channels, facts = len(spec.mean), context.data.facts
    usual: list[Way] = [
        Way("none", "rgb", (0.0,) * channels, (1.0,) * channels),
        Way("half", "rgb", (0.5,) * channels, (0.5,) * channels),
        Way("bytes", "rgb", (0.0,) * channels, (1 / 255,) * channels),
        Way("own", "rgb", facts.channel_mean, tuple(max(value, 1e-3) for value in facts.channel_std)),
    ]
    if channels == 3:
        usual = [Way("imagenet", "rgb", *IMAGENET), *usual[:2], Way("cifar10", "rgb", *CIFAR10), *usual[2:]]
    found: list[Way] = []
    for way in usual:
        if all(way.distance(other) >= SAME for other in (spec, *found)):
            found.append(way)
    return sorted(found, key=lambda way: way.distance(spec) < NEIGHBOUR)


def learned_here(spec: ReportSpec) -> bool:
    """Whether the weights come from this run alone, as far as the spec tells."""
    given = spec.model.weights is not None or any(spec.model.args.get(key) for key in ("pretrained", "weights"))
    return spec.run.mode == "train" and not given
