"""Blur: out of focus, behind frosted glass, in motion, in a zoom."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from reportgen.experiment.corruptions.operators import Level, Operator, magnify, smear, smooth, uniform

WIDE = 8
"""Pixels of a disk's radius above which its edge is smoothed more widely."""


def defocus_blur(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """A disk of radius `level[0]`, its edge smoothed by a Gaussian of deviation `level[1]` over 3×3 pixels, 5×5 above a
    radius of 8; borders mirrored."""
    del generator
    kernel = disk(*level).to(x)
    channels, reach = x.shape[1], kernel.shape[0] // 2
    padded = functional.pad(x, (reach, reach, reach, reach), mode="reflect")
    return functional.conv2d(padded, kernel.expand(channels, 1, -1, -1), groups=channels)


def disk(radius: float, sigma: float) -> Tensor:
    """(k, k): the kernel of a lens out of focus, its sum 1."""
    half = 1 if radius <= WIDE else 2
    reach = int(radius) + half
    line = torch.arange(-reach, reach + 1, dtype=torch.float64)
    flat = (line[:, None] ** 2 + line**2 <= radius**2).double()
    edge = torch.exp(-torch.arange(-half, half + 1, dtype=torch.float64).square() / (2 * sigma**2))
    edge = (edge / edge.sum()).outer(edge / edge.sum())
    return functional.conv2d((flat / flat.sum())[None, None], edge[None, None], padding=half)[0, 0]


def glass_blur(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """Smoothed by `level[0]`, each pixel that of a random neighbour up or left, `level[2]` times, smoothed again.

    The published code exchanges two views of one numpy array, which copies the neighbour's colour and loses the
    pixel's own; done from the lower right, with a reach of 1 every copy is of a pixel not yet changed, so that all can
    be done at once. With a longer reach some of the published copies are of pixels that were changed in the same round.
    """
    sigma, reach, times = level[0], round(level[1]), round(level[2])
    batch, _, height, width = x.shape
    blurred = (smooth(x, sigma) * 255 + 1e-3).floor()
    moving = torch.zeros((height, width), dtype=torch.bool, device=x.device)
    moving[reach + 1 : height - reach + 1, reach + 1 : width - reach + 1] = True
    image = torch.arange(batch, device=x.device)[:, None, None]
    rows = torch.arange(height, device=x.device)[:, None]
    columns = torch.arange(width, device=x.device)
    for _ in range(times):
        moves = torch.randint(-reach, reach, (2, batch, height, width), generator=generator).to(x.device) * moving
        shuffled = blurred.permute(0, 2, 3, 1)[image, rows + moves[0], columns + moves[1]]
        blurred = shuffled.permute(0, 3, 1, 2)
    return smooth(blurred / 255, sigma)


def motion_blur(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """Half a Gaussian of deviation `level[1]` along `level[0]` pixels and more, towards −45° to 45°."""
    return smear(x, level[0], level[1], uniform(x, (len(x),), -45, 45, generator))


def zoom_blur(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """The mean of the image and of its enlargements from 1 to `level[0]` times, `level[1]` apart."""
    del generator
    factors = np.arange(1, *level).tolist()
    return (x + torch.stack([magnify(x, factor) for factor in factors]).sum(0)) / (len(factors) + 1)


LARGE_DISKS = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))
LARGE_GLASS = ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
OPERATORS = {
    "defocus_blur": Operator(((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)), LARGE_DISKS, defocus_blur),
    "glass_blur": Operator(
        ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)), LARGE_GLASS, glass_blur
    ),
    "motion_blur": Operator(
        ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)), ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)), motion_blur
    ),
    "zoom_blur": Operator(
        ((1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)),
        ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)),
        zoom_blur,
    ),
}
