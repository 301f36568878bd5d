"""Matrices made small enough to look at, and first filters as images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from reportgen.record.probes.weights import IMAGE_SPREADS

SMALL = (16, 32)
"""Height and width of a thumbnail, in blocks of rows and columns."""
LARGE = (48, 112)
"""Of the enlarged ones."""
MOST_SHOWN = 36
"""Matrices that figures show."""
MOST_ENLARGED = 2
MOST_FILTERS = 64
FILTER_VALUES = 8192
"""About so many values of filters are kept, so that large ones are fewer."""
FILTERS_INSIDE = 0.99

MatrixImage = NDArray[np.int8]


def shrink(matrix: torch.Tensor, spread: float, size: tuple[int, int]) -> MatrixImage:
    """(rows, columns) in `size` blocks, each as its value of the largest magnitude, as int8 (H, W) of `size`.

    127 stands for IMAGE_SPREADS × spread. Blocks of a matrix smaller than the image overlap: it is enlarged.
    """
    if not spread:
        return np.zeros(size, np.int8)
    values = matrix.float()[None]
    _, where = F.adaptive_max_pool2d(values.abs(), size, return_indices=True)
    kept = values.reshape(-1)[where.reshape(-1)].reshape(size)
    return quantise(kept, IMAGE_SPREADS * spread)


def quantise(values: torch.Tensor, scale: float) -> MatrixImage:
    """The values as int8, 127 for `scale`, cut off beyond."""
    found: MatrixImage = (values / scale * 127).clamp(-127, 127).round().to(torch.int8).numpy()
    return found


def choose_shown(sizes: Sequence[int], most: int = MOST_SHOWN) -> tuple[int, ...]:
    """At most `most` positions, in order: of equal runs of neighbours the largest, the first and last always."""
    if len(sizes) <= most:
        return tuple(range(len(sizes)))
    runs = np.array_split(np.arange(1, len(sizes) - 1), most - 2)
    inside = [max(run.tolist(), key=lambda place: sizes[place]) for run in runs]
    return (0, *inside, len(sizes) - 1)


def choose_enlarged(sizes: Sequence[int], most: int = MOST_ENLARGED) -> tuple[int, ...]:
    """The positions of the largest, in order; of equal ones the first."""
    return tuple(sorted(sorted(range(len(sizes)), key=lambda place: (-sizes[place], place))[:most]))


def choose_filters(count: int, side: int, channels: int) -> NDArray[np.intp]:
    """Rows (shown,) of the filters shown: at most MOST_FILTERS, fewer of large ones, evenly from first to last."""
    most = max(8, min(MOST_FILTERS, FILTER_VALUES // (side * side * channels)))
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


def filter_images(tensors: Sequence[torch.Tensor], rows: NDArray[np.intp]) -> tuple[MatrixImage, float]:
    """Filters (out, C, k, k) at each moment as int8 (m, f, k, k, C) and the magnitude that 127 stands for: one that
    FILTERS_INSIDE of all their values lie within, so that all have one scale and no single value rules it."""
    kept = torch.stack([tensor.detach().cpu().float()[torch.from_numpy(rows)] for tensor in tensors])
    scale = float(torch.quantile(kept.abs().reshape(-1), FILTERS_INSIDE)) or float(kept.abs().max()) or 1.0
    return quantise(kept.permute(0, 1, 3, 4, 2).contiguous(), scale), scale
