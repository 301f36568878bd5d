"""Rows as filters: those that are near zero, and those that are there twice."""

from __future__ import annotations

import torch

from reportgen.probes.weights import DEAD, LEAST_COLUMNS, TWIN

SIEVE = 64
"""Random directions onto which longer rows are projected to find each one's nearest."""
MOST_ROWS = 4096
"""Rows up to which twins are looked for: the comparison of all pairs is as large as their square."""


def near_zero(sizes: torch.Tensor) -> torch.Tensor:
    """Which of the magnitudes (n,) are at most DEAD of the 90th percentile, (n,) bool."""
    return sizes <= DEAD * torch.quantile(sizes.double(), 0.9)


def count_dead(matrix: torch.Tensor) -> int:
    """Rows of (rows, columns) whose norm is near zero against that of the others."""
    return int(near_zero(torch.linalg.vector_norm(matrix, dim=1)).sum())


def count_twins(matrix: torch.Tensor, groups: int = 1) -> int | None:
    """Rows of (rows, columns) that have another one, of their group and not near zero either, at |cosine| > TWIN.

    The nearest of each row is found among all pairs, in rows of more than SIEVE columns after a random projection
    (Johnson and Lindenstrauss 1984), and its cosine is then computed from the rows themselves. None where rows are too
    short to mean anything or too many to compare.
    """
    rows, columns = matrix.shape
    if columns < LEAST_COLUMNS or rows > MOST_ROWS or rows // groups < 2:
        return None
    norms = torch.linalg.vector_norm(matrix, dim=1, keepdim=True)
    alive = ~near_zero(norms[:, 0])
    unit = matrix / norms.clamp_min(torch.finfo(matrix.dtype).tiny)
    seen = unit
    if columns > SIEVE:
        generator = torch.Generator().manual_seed(0)
        seen = unit @ torch.randn(columns, SIEVE, generator=generator, dtype=matrix.dtype)
        seen = seen / torch.linalg.vector_norm(seen, dim=1, keepdim=True).clamp_min(torch.finfo(matrix.dtype).tiny)
    alike = (seen @ seen.T).abs()
    group = torch.arange(rows) * groups // rows
    apart = (group[:, None] != group) | ~alive | torch.eye(rows, dtype=torch.bool)
    nearest = alike.masked_fill_(apart, -1.0).argmax(1)
    cosine = (unit * unit[nearest]).sum(1).abs()
    paired = (group[nearest] == group) & alive & alive[nearest] & (nearest != torch.arange(rows))
    return int(((cosine > TWIN) & paired).sum())
