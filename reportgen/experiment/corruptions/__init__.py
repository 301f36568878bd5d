"""Common corruptions in five severities: Hendrycks & Dietterich 2019, "Benchmarking Neural Network Robustness to Common
Corruptions and Perturbations", with the constants that the authors gave CIFAR-10-C and, for large images, ImageNet-C
(github.com/hendrycks/robustness).
"""

from __future__ import annotations

import zlib
from types import MappingProxyType

import torch

from reportgen.experiment.corruptions import blur, digital, noise, weather
from reportgen.experiment.corruptions.operators import LARGE, SMALL, Operator

OPERATORS: MappingProxyType[str, Operator] = MappingProxyType(
    noise.OPERATORS | blur.OPERATORS | weather.OPERATORS | digital.OPERATORS
)
"""By name, in the paper's order; all but frost."""
BATCH = 100
"""Images corrupted at once."""
GRAIN = 1e-3
"""Of a step of 1/255: more than float32 loses, so that rounding down never takes an untouched value down."""


def constants_side(images: torch.Tensor) -> int:
    """Side in pixels of the images that the constants are for, from SMALL to LARGE, of images (n, H, W, C)."""
    return min(LARGE, max(SMALL, min(images.shape[1:3])))


def corrupt(images: torch.Tensor, name: str, severity: int, seed: int) -> torch.Tensor:
    """Images (n, H, W, C) uint8 under a corruption of severity 1 to 5, of the same shape and type, on their device.

    By the constants for images of that size. Rounded down, as the published files are. Random numbers come from `seed`
    and the name alone: they are the same at every severity and on every device, and whole batches of 100 come out the
    same whatever follows. Raises KeyError for an unknown name.
    """
    operator = OPERATORS[name]
    generator = torch.Generator().manual_seed(seed + zlib.crc32(name.encode()))
    side = constants_side(images)
    parts = []
    for start in range(0, len(images), BATCH):
        pixels = images[start : start + BATCH].permute(0, 3, 1, 2).float() / 255
        changed = operator.apply(pixels, operator.level(severity, side), generator).clamp(0, 1)
        parts.append((changed * 255 + GRAIN).floor().to(torch.uint8).permute(0, 2, 3, 1))
    return torch.cat(parts).contiguous()
