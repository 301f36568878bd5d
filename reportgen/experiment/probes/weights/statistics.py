"""Every number of a matrix, at each moment that there is."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.probes.context import Allowance
from reportgen.experiment.probes.weights.filters import count_dead, count_twins, near_zero
from reportgen.experiment.probes.weights.matrices import Matrix
from reportgen.experiment.probes.weights.spectra import effective_rank, fit_tail, seconds_guess, singular_values
from reportgen.experiment.probes.weights.threads import threads_for
from reportgen.experiment.probes.weights.values import (
    CHUNK,
    Moments,
    describe_values,
    histogram,
    histogram_end,
    sum_values,
    thin,
)
from reportgen.record.probes.weights import VALUES_COUNTED, MatrixNumbers, WeightMatrix

State = Mapping[str, torch.Tensor]
MANY_VALUES = 2**21
"""Of a matrix, worth several threads."""
MANY_PRODUCTS = 1e9
"""By the guess for its spectrum, likewise."""


@dataclass(frozen=True)
class Measured:
    """A matrix with its facts and what figures draw of it."""

    facts: WeightMatrix
    spreads: tuple[float, ...] = ()
    """At each moment, the initial one first."""
    histograms: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    end: float = 1.0


def read_moments(matrix: Matrix, initial: State | None) -> list[torch.Tensor]:
    """The matrix at each moment, the final one last; the initial one only where it is known."""
    final = matrix.read(matrix.parameter)
    before = initial.get(matrix.name) if initial is not None else None
    known = before is not None and before.shape == matrix.parameter.shape
    return [matrix.read(before), final] if known and before is not None else [final]


def measure_matrix(matrix: Matrix, initial: State | None, full: bool) -> Measured:
    """Everything but spectrum and gradient."""
    with threads_for(matrix.rows * matrix.columns, MANY_VALUES):
        return measure_values(matrix, initial, full)


def measure_values(matrix: Matrix, initial: State | None, full: bool) -> Measured:
    """Its values at each moment, the way between, and its rows."""
    tensors = read_moments(matrix, initial)
    facts = WeightMatrix(
        name=matrix.name,
        also=matrix.also,
        kind=matrix.kind,
        module=matrix.module,
        shape=tuple(matrix.parameter.shape),
        rows=matrix.rows,
        columns=matrix.columns,
        groups=matrix.groups,
        trainable=matrix.parameter.requires_grad,
    )
    moments = [sum_values(tensor) for tensor in tensors]
    if not all(moment.finite for moment in moments):
        return Measured(facts.model_copy(update={"finite": False}))
    counted = [thin(tensor, tensor.numel() if full else VALUES_COUNTED) for tensor in tensors]
    numbers = [describe_values(*item) for item in zip(moments, counted, strict=True)]
    end = histogram_end(*moments)
    update = {
        "final": numbers[-1],
        "initial": numbers[0] if len(numbers) > 1 else None,
        "counted": counted[-1].numel(),
        **describe_filters(matrix, tensors[-1]),
        **(describe_way(tensors[0], tensors[1], moments[0]) if len(tensors) > 1 else {}),
    }
    bins = np.stack([histogram(values, end) for values in counted])
    return Measured(facts.model_copy(update=update), tuple(moment.spread for moment in moments), bins, end)


def describe_filters(matrix: Matrix, final: torch.Tensor) -> dict[str, int | None]:
    """Dead, muted and doubled rows, where a row is what one output sums with."""
    if not matrix.is_filters:
        return {}
    muted = None if matrix.scale is None else int(near_zero(matrix.scale.detach().abs().cpu()).sum())
    norms = torch.linalg.vector_norm(final, dim=1)
    return {"dead": count_dead(norms), "muted": muted, "twins": count_twins(final, norms, matrix.groups)}


def describe_way(first: torch.Tensor, final: torch.Tensor, before: Moments) -> dict[str, float | bool | None]:
    """How far training moved the matrix, and whether it did at all."""
    pairs = zip(torch.split(first.reshape(-1), CHUNK), torch.split(final.reshape(-1), CHUNK), strict=True)
    way = sum(float(torch.linalg.vector_norm(after - start)) ** 2 for start, after in pairs)
    size = float(np.sqrt(before.squares))
    return {"moved": float(np.sqrt(way)) / size if size else None, "still": way == 0}


def measure_spectra(
    matrices: Sequence[Matrix], measured: list[Measured], initial: State | None, allowance: Allowance
) -> list[int]:
    """Fill in the spectra, cheap ones first, of equal ones spread over the depth, until the time is over.

    Returns the positions left out.
    """
    able = [place for place, one in enumerate(measured) if one.facts.finite]
    guesses = {place: seconds_guess(matrices[place].rows, matrices[place].columns) for place in able}
    waiting = sorted(able, key=lambda place: (guesses[place], reverse_bits(place)))
    pace = float("inf")  # of the quickest so far: the first waits for libraries, and small ones cost their call
    for position, place in enumerate(waiting):
        if position and pace * guesses[place] > allowance.left:
            return sorted(waiting[position:])
        begun = time.perf_counter()
        with threads_for(guesses[place], MANY_PRODUCTS):
            measured[place] = replace(
                measured[place], facts=add_spectra(matrices[place], measured[place].facts, initial)
            )
        pace = min(pace, (time.perf_counter() - begun) / guesses[place])
    return []


def add_spectra(matrix: Matrix, facts: WeightMatrix, initial: State | None) -> WeightMatrix:
    """The facts with the numbers of the singular values at each moment."""
    tensors = read_moments(matrix, initial)
    update = {"final": with_spectrum(facts.final, tensors[-1])}
    if facts.initial is not None:
        update["initial"] = with_spectrum(facts.initial, tensors[0])
    return facts.model_copy(update=update)


def reverse_bits(number: int) -> int:
    """0, 8, 4, 12, …: neighbours far apart, so that any beginning of the order covers the whole range."""
    return int(f"{number:016b}"[::-1], 2)


def with_spectrum(numbers: MatrixNumbers | None, matrix: torch.Tensor) -> MatrixNumbers | None:
    """The numbers with those of the singular values."""
    if numbers is None:
        return None
    values = singular_values(matrix)
    spectrum = {"spectral": float(values[0]), "effective_rank": effective_rank(values), "tail": fit_tail(values)}
    return numbers.model_copy(update=spectrum)
