"""Singular values of a matrix and what is said of them: norms, ranks, the tail."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.record.probes.weights import LEAST_TAIL, SHORTEST_TAIL, Tail

MOST_CUTS = 100
"""Beginnings of the tail that are tried, evenly spread over the eigenvalues."""

Values = NDArray[np.float64]


def singular_values(matrix: torch.Tensor) -> Values:
    """The singular values of (rows, columns) in descending order, float64, (min(rows, columns),).

    Square roots of the eigenvalues of the smaller Gram matrix in float64: five to ten times faster than a singular
    value decomposition. Squaring leaves an error of about √(n·ε)·σ₁ ≈ 3·10⁻⁷ σ₁ in the smallest ones; those below it
    are set to zero. Norms, entropy rank and the tail of the large ones don't feel that.
    """
    wide = matrix.double()
    gram = wide @ wide.T if wide.shape[0] <= wide.shape[1] else wide.T @ wide
    eigenvalues = torch.linalg.eigvalsh(gram).flip(0).numpy()
    floor = len(eigenvalues) * np.finfo(np.float64).eps * max(float(eigenvalues[0]), 0.0)
    values: Values = np.sqrt(np.where(eigenvalues > floor, eigenvalues, 0.0))
    return values


def seconds_guess(rows: int, columns: int) -> float:
    """Cost of `singular_values`, in no unit: Gram matrix, and eigenvalues at ten times the cost of each product."""
    less, more = sorted((rows, columns))
    return float(less * less * (more + 10 * less))


def effective_rank(values: Values) -> float:
    """exp of the entropy of the singular values as shares of their sum; 0 of a zero matrix.

    Roy and Vetterli 2007, The effective rank: a measure of effective dimensionality, EUSIPCO, definition 1.
    """
    total = values.sum()
    if not total > 0:
        return 0.0
    share = values[values > 0] / total
    return float(np.exp(-(share * np.log(share)).sum()))


def fit_tail(values: Values) -> Tail | None:
    """The power law of the eigenvalues σ² of WᵀW in their tail; None of fewer than LEAST_TAIL positive ones.

    Martin and Mahoney 2021, Implicit self-regularization in deep neural networks, JMLR 22, §3: p(λ) ∝ λ^−α. Fitted by
    Clauset, Shalizi and Newman 2009, Power-law distributions in empirical data, SIAM Review 51: for every beginning of
    the tail that is tried the maximum-likelihood exponent (eq. 3.1), of all of them the one whose Kolmogorov-Smirnov
    distance (eq. 3.9) is smallest.
    """
    eigenvalues = np.square(values[values > 0])[::-1]
    n = len(eigenvalues)
    if n < LEAST_TAIL:
        return None
    logs = np.log(eigenvalues)
    cuts = np.unique(np.linspace(0, n - SHORTEST_TAIL, min(MOST_CUTS, n)).astype(int))
    best: Tail | None = None
    for cut in cuts:
        size = n - int(cut)
        excess = logs[cut:] - logs[cut]
        if not excess.sum() > 0:
            continue
        rate = size / excess.sum()
        model = -np.expm1(-rate * excess)
        steps = np.arange(size + 1) / size
        distance = float(max(np.abs(model - steps[:-1]).max(), np.abs(model - steps[1:]).max()))
        if best is None or distance < best.distance:
            best = Tail(exponent=float(1 + rate), n=size, distance=distance)
    return best
