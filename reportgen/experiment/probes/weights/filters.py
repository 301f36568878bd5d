"""Rows as filters: those that are near zero, and those that are there twice."""

from __future__ import annotations

import torch
from torch import nn

from reportgen.record.probes.weights import DEAD, LEAST_COLUMNS, TWIN

SIEVE = 64
"""Random directions onto which longer rows are projected to find each one's nearest."""
LIKELY = 0.9
"""|cosine| after the projection from which on it is worth computing it whole: TWIN ± six of its errors and more."""
MOST_ROWS = 4096
"""Rows up to which twins are looked for: the comparison of all pairs is as large as their square."""


def near_zero(sizes: torch.Tensor) -> torch.Tensor:
    """Which of the magnitudes (n,) are at most DEAD of the 90th percentile, (n,) bool."""
    return sizes <= DEAD * torch.quantile(sizes.double(), 0.9)


def count_dead(norms: torch.Tensor) -> int:
    """Rows whose norm, of (rows,), is near zero against those of the others."""
    return int(near_zero(norms).sum())


def count_twins(matrix: torch.Tensor, norms: torch.Tensor, groups: int = 1) -> int | None:
    """Rows of (rows, columns) that have another one, of their group and not near zero either, at |cosine| > TWIN.

    The nearest of each row is found among all pairs, in rows of more than SIEVE columns after a random projection
    (Johnson and Lindenstrauss 1984); where it is near enough its cosine is computed from the rows themselves. None
    where rows are too short to mean anything or too many to compare.
    """
    rows, columns = matrix.shape
    if columns < LEAST_COLUMNS or rows > MOST_ROWS or rows // groups < 2:
        return None
    seen = matrix
    if columns > SIEVE:
        generator = torch.Generator().manual_seed(0)
        seen = matrix @ torch.randn(columns, SIEVE, generator=generator, dtype=matrix.dtype)
    seen = nn.functional.normalize(seen, dim=1)
    alive = ~near_zero(norms)
    group = torch.arange(rows) * groups // rows
    able = (group[:, None] == group) & alive & alive[:, None]
    alike = (seen @ seen.T).abs_().masked_fill_(~able.fill_diagonal_(False), -1.0)
    likeness, nearest = alike.max(1)
    near = torch.nonzero(likeness > LIKELY)[:, 0]
    other = nearest[near]
    cosine = (matrix[near] * matrix[other]).sum(1) / (norms[near] * norms[other])
    return int((cosine.abs() > TWIN).sum())
