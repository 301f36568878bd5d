"""The values of a matrix, wherever they stand: norm, spread, shares near zero, histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.record.probes.weights import HISTOGRAM_BINS, HISTOGRAM_SPREADS, NEAR_ZERO, VALUES_COUNTED, MatrixNumbers

CHUNK = 2**20
"""Values summed at a time in their own type; the chunks' sums are added in float64."""


@dataclass(frozen=True)
class Moments:
    """What one pass over all values gives."""

    n: int
    total: float
    squares: float
    largest: float

    @property
    def mean(self) -> float:
        """Of the values."""
        return self.total / self.n

    @property
    def finite(self) -> bool:
        """Whether every value is a number: the largest magnitude is none when one of them is none."""
        return bool(np.isfinite(self.largest))

    @property
    def spread(self) -> float:
        """Standard deviation, of the population."""
        return float(np.sqrt(max(0.0, self.squares / self.n - self.mean**2)))


def sum_values(matrix: torch.Tensor) -> Moments:
    """Sum, sum of squares and largest magnitude of all values; not finite where a value is not."""
    total = squares = 0.0
    largest = 0.0
    for chunk in torch.split(matrix.reshape(-1), CHUNK):
        total += float(chunk.sum())
        squares += float(torch.linalg.vector_norm(chunk)) ** 2
        largest = float(np.maximum(largest, float(torch.linalg.vector_norm(chunk, ord=float("inf")))))  # keeps NaN
    return Moments(matrix.numel(), total, squares, largest)


def thin(matrix: torch.Tensor, most: int = VALUES_COUNTED) -> torch.Tensor:
    """Every k-th value, (values,), with the smallest k that leaves at most `most` of them; k has no factor in common
    with the row length, so that no column is left out."""
    flat, columns = matrix.reshape(-1), matrix.shape[1]
    step = -(-flat.numel() // most)
    while step > 1 and np.gcd(step, columns) > 1:
        step += 1
    return flat[::step]


def describe_values(moments: Moments, counted: torch.Tensor) -> MatrixNumbers:
    """The numbers of a matrix except those of its spectrum; shares are over the values in `counted`."""
    size = counted.numel()
    near = int(torch.count_nonzero(counted.abs() < NEAR_ZERO * moments.spread)) if moments.spread else size
    zeros = size - int(torch.count_nonzero(counted))
    return MatrixNumbers(
        norm=float(np.sqrt(moments.squares)),
        mean=moments.mean,
        spread=moments.spread,
        largest=moments.largest,
        near_zero=near / size if moments.spread or not moments.largest else 0.0,
        zeros=zeros / size,
    )


def histogram(counted: torch.Tensor, end: float) -> NDArray[np.int64]:
    """Counts (HISTOGRAM_BINS,) of the values in equal bins from −end to end; what lies beyond is in the end bins."""
    clamped = counted.float().clamp(-end, end)
    counts: NDArray[np.int64] = torch.histc(clamped, HISTOGRAM_BINS, -end, end).numpy().astype(np.int64)
    return counts


def histogram_end(*moments: Moments) -> float:
    """Where the histograms of one matrix end on both sides: the same for all its moments."""
    return HISTOGRAM_SPREADS * max(moment.spread for moment in moments) or 1.0
