"""The usual ways to make numbers of images: normalisations, value ranges, channel orders, layouts, turns, a crop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.probes.context import ProbeContext
from reportgen.spec.normalization import CIFAR10, IMAGENET
from reportgen.spec.types import ReportSpec

Name = Literal["cifar10", "imagenet", "none", "half", "centred", "bytes", "centred_bytes", "own", "spec"]
Layout = Literal[
    "same", "grey", "transposed", "mirrored", "cropped", "upside_down", "half_turn", "left_turn", "right_turn"
]
LUMINANCE = (0.299, 0.587, 0.114)
"""Of red, green and blue (ITU-R BT.601), as Pillow and OpenCV make grey of colours."""
CROP = 7 / 8
"""Of a side: what is left of images scaled to 256 pixels of which the middle 224 are taken, as torchvision's evaluation
transforms do."""
FEWEST_PIXELS = 16
"""Of a side: of smaller images less than a pixel is cut off at each edge."""
AT_ONCE = 64
"""Images enlarged in one go."""
SAME, NEIGHBOUR = 0.01, 0.2
"""Normalisations nearer than this, in means and in the ratio of deviations, are one, or hardly told apart."""


TURNS: dict[Layout, Callable[[torch.Tensor], torch.Tensor]] = {
    "mirrored": lambda images: images.flip(2),
    "upside_down": lambda images: images.flip(1),
    "half_turn": lambda images: images.flip(1, 2),
    "left_turn": lambda images: images.rot90(1, (1, 2)),
    "right_turn": lambda images: images.rot90(-1, (1, 2)),
}
"""Images (n, H, W, C) as a file that starts with its last row, or whose orientation was not read, stores them."""


@dataclass(frozen=True)
class Way:
    """One way to make numbers of images."""

    name: Name
    order: Literal["rgb", "bgr"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: Layout = "same"

    def laid_out(self, layout: Layout) -> Way:
        """The same with another layout of the image."""
        return replace(self, layout=layout)

    def turned(self) -> Way:
        """The same with its channels in the order blue, green, red; each colour keeps its own statistics."""
        return replace(self, order="bgr")

    def logits(self, context: ProbeContext, images: torch.Tensor) -> NDArray[Any]:
        """(n, classes) that the model gives for images (n, H, W, C) uint8 prepared so."""
        turned = self.order == "bgr"
        mean, std = (self.mean[::-1], self.std[::-1]) if turned else (self.mean, self.std)
        normalizer = replace(context.data.normalization, mean=mean, std=std)
        images = lay_out(images, self.layout)
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
        Way("centred", "rgb", (0.5,) * channels, (1.0,) * channels),
        Way("bytes", "rgb", (0.0,) * channels, (1 / 255,) * channels),
        Way("centred_bytes", "rgb", IMAGENET[0] if channels == 3 else (0.5,) * channels, (1 / 255,) * channels),
        Way("own", "rgb", facts.channel_mean, tuple(max(value, 1e-3) for value in facts.channel_std)),
    ]
    if channels == 3:
        usual = [Way("imagenet", "rgb", *IMAGENET), *usual[:2], Way("cifar10", "rgb", *CIFAR10), *usual[2:]]
    found: list[Way] = []
    for way in usual:
        if all(way.distance(other) >= SAME for other in (spec, *found)):
            found.append(way)
    return sorted(found, key=lambda way: way.distance(spec) < NEIGHBOUR)


def lay_out(images: torch.Tensor, layout: Layout) -> torch.Tensor:
    """Images (n, H, W, C) uint8 in another layout, of the same shape and type."""
    if layout == "grey":
        weights = torch.tensor(LUMINANCE, dtype=torch.float32)
        grey = (images.float() @ weights).round().clamp(0, 255).to(torch.uint8)
        return grey[..., None].expand_as(images).contiguous()
    if layout == "transposed":
        return images.transpose(1, 2).contiguous()
    if layout == "cropped":
        return torch.cat([enlarge_middle(some) for some in torch.split(images, AT_ONCE)])
    return TURNS[layout](images).contiguous() if layout in TURNS else images


def enlarge_middle(images: torch.Tensor) -> torch.Tensor:
    """The middle of images (n, H, W, C) uint8, CROP of each side, enlarged to the whole by bilinear interpolation."""
    height, width = images.shape[1:3]
    top, left = (round(side * (1 - CROP) / 2) for side in (height, width))
    middle = images[:, top : height - top, left : width - left].permute(0, 3, 1, 2).float()
    large = functional.interpolate(middle, (height, width), mode="bilinear", antialias=False)
    return large.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def layouts(images: torch.Tensor) -> list[Layout]:
    """The layouts that make other images of these: grey of colours only, transposed and turned by 90° of squares only,
    cropped where a pixel is cut off.
    """
    found: list[Layout] = []
    if images.shape[-1] == 3 and not torch.equal(images, images.flip(-1)):
        found.append("grey")
    square = images.shape[1] == images.shape[2]
    found += ["transposed"] if square else []
    found += ["mirrored", "upside_down"]
    found += ["cropped"] if min(images.shape[1:3]) >= FEWEST_PIXELS else []
    return [*found, "half_turn", *(("left_turn", "right_turn") if square else ())]


def learned_here(spec: ReportSpec) -> bool:
    """Whether the weights come from this run alone, as far as the spec tells."""
    given = spec.model.weights is not None or any(spec.model.args.get(key) for key in ("pretrained", "weights"))
    return spec.run.mode == "train" and not given
