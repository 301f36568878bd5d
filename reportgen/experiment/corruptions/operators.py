"""What every corruption is, and the random numbers and resamplings that several of them share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Level = tuple[float, ...]
"""The constants of one severity."""


Levels = tuple[Level, Level, Level, Level, Level]
SMALL, LARGE = 32, 224
"""Pixels a side of the images that the two sets of published constants are for."""


@dataclass(frozen=True)
class Operator:
    """One corruption of images (b, C, H, W), 0 to 1, in the order of the 2019 paper."""

    levels: Levels
    """Of severity 1 to 5, for images of 32×32: those of the authors' make_cifar_c.py."""
    large: Levels
    """The same for images of 224×224: those of the authors' ImageNet-C."""
    apply: Callable[[Tensor, Level, torch.Generator], Tensor]
    """(images, constants, random numbers on the CPU) -> images, which may leave 0 to 1."""

    def level(self, severity: int, side: int) -> Level:
        """The constants of a severity, 1 to 5, for images of so many pixels a side: the published ones up to SMALL and
        from LARGE on, between them by the logarithm of the side, each in equal ratios where neither of its ends is 0.
        """
        ends, share = (self.levels[severity - 1], self.large[severity - 1]), share_of_large(side)
        if share in (0.0, 1.0):
            return ends[round(share)]
        return tuple(between(small, large, share) for small, large in zip(*ends, strict=True))


def share_of_large(side: int) -> float:
    """How far a side lies from SMALL (0) to LARGE (1), by its logarithm."""
    return min(1.0, max(0.0, math.log(side / SMALL) / math.log(LARGE / SMALL)))


def between(small: float, large: float, share: float) -> float:
    """A constant between two."""
    if small > 0 and large > 0:
        return float(small ** (1 - share) * large**share)
    return small + share * (large - small)


def normal(like: Tensor, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Standard normal numbers of a shape, drawn on the CPU so that every device sees the same."""
    return torch.randn(shape, generator=generator).to(like)


def uniform(like: Tensor, shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Uniform numbers of a shape between two ends, drawn on the CPU, on the device and in the type of `like`."""
    return (low + (high - low) * torch.rand(shape, generator=generator)).to(like)


def gaussian_matrix(size: int, sigma: float, truncate: float, mirrored: bool) -> Tensor:
    """(size, size): what smoothing a line of pixels by a Gaussian cut at `truncate` deviations is as a matrix.

    Beyond the ends the line is mirrored, its outer pixel repeated, or else that pixel goes on for ever.
    """
    radius = int(truncate * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2) if radius else np.ones(1)
    places = np.arange(size)[:, None] + offsets
    folded = np.abs((places + size) % (2 * size) - size + 0.5) - 0.5
    inside = folded if mirrored else np.clip(places, 0, size - 1)
    matrix = np.zeros((size, size))
    np.add.at(matrix, (np.arange(size)[:, None], inside.astype(int)), weights / weights.sum())
    return torch.from_numpy(matrix)


def smooth(x: Tensor, sigma: float, truncate: float = 4.0, mirrored: bool = False) -> Tensor:
    """Gaussian smoothing of the last two axes of (…, H, W), as scikit-image's `filters.gaussian`; `sigma` in pixels."""
    down = gaussian_matrix(x.shape[-2], sigma, truncate, mirrored).to(x)
    across = gaussian_matrix(x.shape[-1], sigma, truncate, mirrored).to(x)
    return down @ x @ across.T


def magnify(x: Tensor, factor: float) -> Tensor:
    """The middle of the images (n, C, H, W) enlarged `factor` times, bilinearly, corner on corner, to the same size."""
    height, width = x.shape[-2:]
    rows, columns = math.ceil(height / factor), math.ceil(width / factor)
    top, left = (height - rows) // 2, (width - columns) // 2
    size = (round(rows * factor), round(columns * factor))
    part = x[..., top : top + rows, left : left + columns]
    big = functional.interpolate(part, size=size, mode="bilinear", align_corners=True)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    return big[..., top : top + height, left : left + width]


def smear(x: Tensor, radius: float, sigma: float, degrees: Tensor) -> Tensor:
    """Motion blur of each image towards its own angle (b,), as ImageMagick's MotionBlurImage: half a Gaussian along
    2·radius + 1 whole-pixel steps; the edge goes on for ever."""
    batch, _, height, width = x.shape
    steps = torch.arange(2 * math.ceil(radius) + 1, dtype=torch.float64)
    weights = torch.exp(-steps.square() / (2 * sigma**2))
    turned = torch.deg2rad(degrees.cpu().double())[:, None]
    down = torch.ceil(steps * turned.sin() - 0.5).long().to(x.device)
    across = torch.ceil(steps * turned.cos() - 0.5).long().to(x.device)
    image = torch.arange(batch, device=x.device)[:, None, None]
    rows, columns = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    channels_last, blurred = x.permute(0, 2, 3, 1).contiguous(), torch.zeros_like(x.permute(0, 2, 3, 1))
    for step, weight in enumerate((weights / weights.sum()).tolist()):
        at_row = (rows + down[:, step, None]).clamp(0, height - 1)
        at_column = (columns + across[:, step, None]).clamp(0, width - 1)
        blurred += weight * channels_last[image, at_row[:, :, None], at_column[:, None, :]]
    return blurred.permute(0, 3, 1, 2)


def sample(x: Tensor, columns: Tensor, rows: Tensor, mirrored_edge: bool) -> Tensor:
    """The images at places (b, H, W) between their pixels, bilinearly; beyond the border they are mirrored, with the
    outer pixels repeated (`mirrored_edge`) or not."""
    height, width = x.shape[-2:]
    if mirrored_edge:
        places = ((2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1)
    else:
        places = (2 * columns / (width - 1) - 1, 2 * rows / (height - 1) - 1)
    grid = torch.stack(places, -1).to(x)
    return functional.grid_sample(x, grid, "bilinear", "reflection", align_corners=not mirrored_edge)
