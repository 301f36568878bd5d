"""The bootstrap over images, stratified by class: how often each image is drawn, and metrics of all draws at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.predictions import FloatArray, IntArray

Weights = NDArray[np.float32]
BLOCK = 250
"""Resamples summed at once: bounds the float64 copy of the weights."""
LEAST_IMAGES = 5
"""Of a class: m images drawn from themselves vary by (m − 1)/m of what m new ones would, one image not at all."""


@dataclass(frozen=True)
class Bootstrap:
    """Draws with replacement inside each class (Efron 1979); images in rows so that a sorted gather is contiguous."""

    weights: Weights
    """(n, resamples): how often each image is drawn."""
    fewest: int = LEAST_IMAGES
    """Images of the smallest class that has any."""
    per_class: float = LEAST_IMAGES
    """Images of a class, averaged over those that have any."""

    @property
    def resamples(self) -> int:
        """Number of draws."""
        return int(self.weights.shape[1])

    def means(self, values: FloatArray) -> FloatArray:
        """Mean of `values` (n,) over each draw, (resamples,)."""
        means: FloatArray = self.sums(values[:, None])[:, 0] / len(values)
        return means

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums of the columns of `values` (n, k) over each draw, (resamples, k); the same bits for any thread count.

        The values are rounded to a binary grid on which every partial sum is exact, so that its order can't matter.
        """
        on_grid = round_to_grid(values, len(values))
        parts = [self.weights[:, start : start + BLOCK].T @ on_grid for start in range(0, self.resamples, BLOCK)]
        return np.concatenate(parts)

    def counts(self, indicators: FloatArray) -> FloatArray:
        """Sums of columns of zeros and ones (n, k), (resamples, k): exact in float32 up to 2²⁴ images, and faster."""
        return (self.weights.T @ indicators.astype(np.float32)).astype(np.float64)


def draw_bootstrap(labels: IntArray, resamples: int, seed: int) -> Bootstrap:
    """Draw `resamples` stratified samples of the images with these labels."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((len(labels), resamples), np.float32)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        draws = rng.integers(0, len(rows), (resamples, len(rows)))
        draws += np.arange(resamples)[:, None] * len(rows)
        counts = np.bincount(draws.ravel(), minlength=resamples * len(rows)).reshape(resamples, len(rows))
        weights[rows] = counts.T
    support = np.bincount(labels)[np.unique(labels)] if len(labels) else np.zeros(1)
    return Bootstrap(weights, int(support.min()), float(support.mean()))


def round_to_grid(values: FloatArray, n: int) -> FloatArray:
    """The values, of any shape, each rounded to a power of two so small that a sum of n of them still fits 53 bits."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return values.astype(np.float64)
    grid = 2.0 ** (math.ceil(math.log2(largest)) + math.ceil(math.log2(n)) - 52)
    rounded: FloatArray = np.round(values / grid) * grid
    return rounded


def tie_ends(ordered: FloatArray) -> tuple[IntArray, IntArray]:
    """For each place of a sorted array (n,), the first and the last place with the same value, (n,) each."""
    new = np.r_[True, ordered[1:] != ordered[:-1]]
    starts = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    ends = np.r_[starts[1:], len(ordered)] - 1
    return starts[group], ends[group]
