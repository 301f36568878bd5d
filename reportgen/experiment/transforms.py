"""Transforms of whole batches: shifts, mirrorings, rotations."""

from __future__ import annotations

import torch

from reportgen.experiment.corruptions.operators import sample


def shift(images: torch.Tensor, pixels: int, seed: int) -> torch.Tensor:
    """Images (n, H, W, C) moved up, down, left or right by whole pixels, the way drawn for each; edges go on."""
    height, width = images.shape[1:3]
    way = torch.randint(0, 4, (len(images),), generator=torch.Generator().manual_seed(seed)).to(images.device)
    down, across = torch.tensor([(0, 1), (0, -1), (1, 0), (-1, 0)], device=images.device)[way].unbind(1)
    rows = torch.arange(height, device=images.device) + pixels * down[:, None]
    columns = torch.arange(width, device=images.device) + pixels * across[:, None]
    image = torch.arange(len(images), device=images.device)[:, None, None]
    return images[image, rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None, :]]


def mirror(images: torch.Tensor, upside_down: bool = False) -> torch.Tensor:
    """Images (n, H, W, C) mirrored left to right, or top to bottom."""
    return images.flip(1 if upside_down else 2)


def rotate(images: torch.Tensor, degrees: float, seed: int) -> torch.Tensor:
    """Images (n, H, W, C) uint8 turned about their middle, clockwise or not as drawn for each; bilinear, mirrored
    beyond the border."""
    count, height, width = images.shape[:3]
    ways = 2 * torch.randint(0, 2, (count,), generator=torch.Generator().manual_seed(seed)) - 1
    angle = torch.deg2rad(degrees * ways.double()).to(images.device, torch.float32)[:, None, None]
    down = torch.arange(height, device=images.device, dtype=torch.float32)[:, None] - (height - 1) / 2
    across = torch.arange(width, device=images.device, dtype=torch.float32) - (width - 1) / 2
    columns = across * angle.cos() + down * angle.sin() + (width - 1) / 2
    rows = down * angle.cos() - across * angle.sin() + (height - 1) / 2
    turned = sample(images.permute(0, 3, 1, 2).float(), columns, rows, mirrored_edge=True)
    return turned.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()
