"""Digital: less contrast, rubber-like warping, coarser pixels, JPEG."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reportgen.experiment.corruptions.operators import Level, Operator, sample, smooth, uniform


def contrast(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """Each channel's distance from its mean over the image, times `level[0]`."""
    del generator
    mean = x.mean((2, 3), keepdim=True)
    return (x - mean) * level[0] + mean


def elastic_transform(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """A random affine map that moves three points by up to `level[2]` of the side, then a warp: uniform noise smoothed
    by `level[1]` of the side, times `level[0]` of it (Simard, Steinkraus & Platt 2003)."""
    batch, _, height, width = x.shape
    side = min(height, width)
    amplitude, sigma, reach = (side * part for part in level)
    columns, rows = affine_places(batch, height, width, reach, generator)
    x = sample(x, columns, rows, mirrored_edge=False)
    if amplitude == 0:
        return x
    moves = uniform(x, (2, batch, height, width), -1, 1, generator)
    moves = amplitude * smooth(moves, sigma, truncate=3.0, mirrored=True)
    line, column = torch.arange(height).to(x)[:, None], torch.arange(width).to(x)
    return sample(x, column + moves[0], line + moves[1], mirrored_edge=True)


def affine_places(
    batch: int, height: int, width: int, reach: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Columns and rows (batch, H, W) that each pixel is taken from under the map that moves three points of the middle
    square, each coordinate by up to `reach` pixels."""
    middle = torch.tensor([width // 2, height // 2], dtype=torch.float64)
    half = min(height, width) // 3
    before = middle + half * torch.tensor([[1, 1], [1, -1], [-1, -1]], dtype=torch.float64)
    moved = before + uniform(before, (batch, 3, 2), -reach, reach, generator)
    matrix = torch.linalg.solve(torch.cat([moved, torch.ones(batch, 3, 1)], 2), before.expand(batch, -1, -1))
    line, column = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    places = torch.stack([column, line, torch.ones_like(line)], -1).double()
    found = places.view(1, -1, 3) @ matrix
    return found[..., 0].view(batch, height, width), found[..., 1].view(batch, height, width)


def pixelate(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """Shrunk to `level[0]` of the side and enlarged again, by Pillow's box filter, in 8 bits."""
    del generator
    height, width = x.shape[2:]
    small = int(height * level[0]), int(width * level[0])
    for rows, columns in (small, (height, width)):
        across = box_matrix(x.shape[3], columns).to(x)
        down = box_matrix(x.shape[2], rows).to(x)
        x = round_to_byte(down @ round_to_byte(x @ across.T))
    return x


def box_matrix(size: int, new: int) -> Tensor:
    """(new, size): resampling a line by the mean of the pixels whose centres lie in each new pixel's stretch."""
    scale = size / new
    reach = max(scale, 1.0)
    centres = (np.arange(new) + 0.5) * scale
    away = (np.arange(size)[None] + 0.5 - centres[:, None]) / reach
    inside = ((away > -0.5) & (away <= 0.5)).astype(float)
    return torch.from_numpy(inside / inside.sum(1, keepdims=True))


def round_to_byte(x: Tensor) -> Tensor:
    """Values of 0 to 1, of any shape, to the nearest of the 256 that a byte has, halves up."""
    return (x * 255 + 0.5 + 1e-4).floor() / 255


def jpeg_compression(x: Tensor, level: Level, generator: torch.Generator) -> Tensor:
    """Written and read again as JPEG of quality `level[0]`, colours at half the resolution, one image at a time."""
    del generator
    pixels = (x * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    read = np.stack([compress(image, round(level[0])) for image in pixels])
    return torch.from_numpy(read).permute(0, 3, 1, 2).to(x) / 255


def compress(image: np.ndarray, quality: int) -> np.ndarray:
    """One image (H, W, C) uint8 through JPEG and back."""
    flat = image[:, :, 0] if image.shape[2] == 1 else image
    buffer = io.BytesIO()
    Image.fromarray(flat).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer), dtype=np.uint8).reshape(image.shape)


MEANT, DONE = 244, 224
"""Side that the published constants of ImageNet-C's warp are multiples of, and that of its images."""
LARGE_WARPS = (
    (2 * MEANT / DONE, 0.7 * MEANT / DONE, 0.1 * MEANT / DONE),
    (2 * MEANT / DONE, 0.08 * MEANT / DONE, 0.2 * MEANT / DONE),
    (0.05 * MEANT / DONE, 0.01 * MEANT / DONE, 0.02 * MEANT / DONE),
    (0.07 * MEANT / DONE, 0.01 * MEANT / DONE, 0.02 * MEANT / DONE),
    (0.12 * MEANT / DONE, 0.01 * MEANT / DONE, 0.02 * MEANT / DONE),
)
OPERATORS = {
    "contrast": Operator(
        ((0.75,), (0.5,), (0.4,), (0.3,), (0.15,)), ((0.4,), (0.3,), (0.2,), (0.1,), (0.05,)), contrast
    ),
    "elastic_transform": Operator(
        ((0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)),
        LARGE_WARPS,
        elastic_transform,
    ),
    "pixelate": Operator(
        ((0.95,), (0.9,), (0.85,), (0.75,), (0.65,)), ((0.6,), (0.5,), (0.4,), (0.3,), (0.25,)), pixelate
    ),
    "jpeg_compression": Operator(
        ((80,), (65,), (58,), (50,), (40,)), ((25,), (18,), (15,), (10,), (7,)), jpeg_compression
    ),
}
