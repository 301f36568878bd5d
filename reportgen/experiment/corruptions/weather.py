"""Weather: snow, fog, bright light. Frost is left out: its ice comes from images that no package may carry."""

from __future__ import annotations

import torch
from torch import Tensor

from reportgen.experiment.corruptions.operators import Level, Operator, magnify, normal, smear, uniform

LUMA = (0.299, 0.587, 0.114)
"""ITU-R BT.601: how bright red, green and blue look."""
WIBBLE = 100.0
"""Roughness of the plasma at its largest scale; its values are scaled to 0 to 1 at the end."""


def snow(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """Flakes: normal noise (mean and deviation `level[:2]`), enlarged, what is below `level[3]` removed, blown from
    one side and from the other over the image, which is whitened."""
    mean, deviation, factor, least, radius, sigma, kept = level
    batch, _, height, width = x.shape
    flakes = magnify(mean + deviation * normal(x, (batch, 1, height, width), generator), factor)
    flakes = (torch.where(flakes < least, 0.0, flakes).clamp(0, 1) * 255).floor() / 255
    flakes = (smear(flakes, radius, sigma, uniform(x, (batch,), -135, -45, generator)) * 255).round() / 255
    white = torch.maximum(x, grey(x) * 1.5 + 0.5)
    fallen: Tensor = kept * x + (1 - kept) * white + flakes + flakes.rot90(2, (2, 3))
    return fallen


def grey(x: Tensor) -> Tensor:
    """(b, 1, H, W): brightness as eyes see it; of images that are not in three colours, the mean."""
    if x.shape[1] != 3:
        return x.mean(1, keepdim=True)
    weights = torch.tensor(LUMA).to(x)[:, None, None]
    return (weights * x).sum(1, keepdim=True)


def fog(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """A cloud of plasma, `level[0]` thick and smoother for a larger `level[1]`, added; then as bright as before."""
    batch, _, height, width = x.shape
    size = 1 << (max(height, width) - 1).bit_length()
    clouds = plasma(batch, size, level[1], generator)[:, None, :height, :width].to(x)
    brightest = x.amax((1, 2, 3), keepdim=True)
    return (x + level[0] * clouds) * brightest / (brightest + level[0])


def plasma(batch: int, size: int, decay: float, generator: torch.Generator) -> Tensor:
    """Heights (batch, size, size) from 0 to 1 by the diamond-square algorithm (Fournier, Fussell & Carpenter 1982) on a
    torus; `size` is a power of two."""
    heights = torch.zeros((batch, size, size), dtype=torch.float64)
    step, wibble = size, WIBBLE

    def jitter(total: Tensor) -> Tensor:
        return total / 4 + wibble * uniform(total, tuple(total.shape), -wibble, wibble, generator)

    while step >= 2:
        half = step // 2
        corners = heights[:, ::step, ::step]
        pairs = corners + corners.roll(-1, 1)
        heights[:, half::step, half::step] = jitter(pairs + pairs.roll(-1, 2))
        centres, corners = heights[:, half::step, half::step], heights[:, ::step, ::step]
        heights[:, ::step, half::step] = jitter(centres + centres.roll(1, 1) + corners + corners.roll(-1, 2))
        heights[:, half::step, ::step] = jitter(centres + centres.roll(1, 2) + corners + corners.roll(-1, 1))
        step, wibble = half, wibble / decay
    heights -= heights.amin((1, 2), keepdim=True)
    return heights / heights.amax((1, 2), keepdim=True)


def brightness(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """`level[0]` more of the value V of HSV, at most 1; hue and saturation stay.

    That is every colour times the ratio of the new value to the old one, and black turned grey.
    """
    del generator
    value = x.amax(1, keepdim=True)
    brighter = (value + level[0]).clamp(max=1)
    return torch.where(value > 0, x * brighter / value.clamp(min=1e-12), brighter)


OPERATORS = {
    "snow": Operator(
        (
            (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
            (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
            (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
            (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
            (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
        ),
        (
            (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
            (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
            (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
        ),
        snow,
    ),
    "fog": Operator(
        ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)),
        ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)),
        fog,
    ),
    "brightness": Operator(
        ((0.05,), (0.1,), (0.15,), (0.2,), (0.3,)), ((0.1,), (0.2,), (0.3,), (0.4,), (0.5,)), brightness
    ),
}
