"""The weights of every layer as matrices: norms, spectra, distributions, images; initial and trained.

A weight tensor (out, in, k, …) is read as the matrix out × (in·k·…): a row is what one output sums with. Grouped
convolutions hold in / groups in the place of in; transposed ones are turned so that rows are outputs here too.
"""

from __future__ import annotations

from typing import Literal

from reportgen.record.message import Note
from reportgen.record.probes.sampling import Sampled
from reportgen.spec.frozen import Frozen

NEAR_ZERO = 0.1
"""A value nearer to zero than this share of its matrix's spread counts as near zero; of a normal distribution 8 %."""
DEAD = 0.01
"""A row whose norm, or whose normalisation's scale, is at most this share of the 90th percentile of all is dead."""
TWIN = 0.999
"""Two rows whose cosine is beyond this, either sign, are one filter twice."""
LEAST_COLUMNS = 8
"""In fewer dimensions rows are alike by chance: twins are not looked for."""
LEAST_TAIL = 50
"""Singular values from which on a power law is fitted."""
SHORTEST_TAIL = 10
"""Eigenvalues that a fitted tail has at least."""
HISTOGRAM_SPREADS = 5.0
"""Histograms reach so many spreads (the larger of initial and trained) to both sides; their end bins hold the rest."""
HISTOGRAM_BINS = 57
"""Odd, so that one bin is centred on zero."""
IMAGE_SPREADS = 8.0
"""Of a matrix's own spread, what ±127 stands for in an image of it; beyond is cut off."""
VALUES_COUNTED = 2**22
"""Of a larger matrix, shares and histogram are counted over every k-th value, so that about so many are."""

MatrixKind = Literal["convolution", "linear", "attention", "embedding", "position", "recurrent", "other"]


class Tail(Frozen):
    """A power law p(λ) ∝ λ^−α fitted to the eigenvalues λ = σ² from `least` on (Clauset, Shalizi and Newman 2009,
    eq. 3.1: α = 1 + n / Σ ln(λ / least); `least` by the smallest Kolmogorov-Smirnov distance).

    It has no interval: their α ± 1.96 (α − 1) / √n (eq. 3.2) takes `least` as known and the eigenvalues as independent.
    Of independent values that follow a power law it held the exponent in 89 to 93 % of samples of 64 to 512, and those
    of one matrix repel one another."""

    exponent: float
    n: int
    """Eigenvalues in the tail."""
    distance: float
    """Kolmogorov-Smirnov distance of the tail from the fit."""


class MatrixNumbers(Frozen):
    """One matrix at one moment."""

    norm: float
    """Frobenius norm ‖W‖."""
    mean: float
    spread: float
    """Standard deviation of the values."""
    largest: float
    """Largest magnitude of a value."""
    near_zero: float
    """Share of the values with |w| < NEAR_ZERO × spread."""
    zeros: float
    """Share of the values that are exactly zero."""
    spectral: float | None = None
    """Largest singular value σ₁; None where the spectrum was not computed."""
    effective_rank: float | None = None
    """exp(−Σ p ln p) with p = σ / Σσ (Roy and Vetterli 2007)."""
    tail: Tail | None = None

    @property
    def stable_rank(self) -> float | None:
        """‖W‖² / σ₁² (Rudelson and Vershynin 2007); None where it is not defined or not known."""
        return (self.norm / self.spectral) ** 2 if self.spectral else None


class WeightMatrix(Frozen):
    """One weight of the model, read as a matrix."""

    name: str
    """The parameter's dotted name."""
    also: tuple[str, ...] = ()
    """The other names of a tied parameter."""
    kind: MatrixKind
    module: str
    """Class name of the module that holds it."""
    shape: tuple[int, ...]
    """Of the tensor."""
    rows: int
    columns: int
    groups: int = 1
    trainable: bool = True
    finite: bool = True
    """False where a value, final or initial, is not finite; then nothing else is measured."""
    final: MatrixNumbers | None = None
    initial: MatrixNumbers | None = None
    """None where nothing was trained."""
    counted: int = 0
    """Values that shares and histogram were counted over."""
    dead: int | None = None
    """Rows of the final weights that are near zero; None where a row is no filter."""
    muted: int | None = None
    """Outputs whose normalisation's scale is near zero; None where no normalisation follows."""
    twins: int | None = None
    """Rows that point as another one does, up to sign; of grouped convolutions within the group."""
    moved: float | None = None
    """‖W − W₀‖ / ‖W₀‖; None without initial weights and where those are zero."""
    still: bool = False
    """True where training left every value as it was."""
    gradient: float | None = None
    """Root mean square of the gradient of the mean loss at the final weights; None where there is none."""
    initial_gradient: float | None = None

    @property
    def parameters(self) -> int:
        """Values in the matrix."""
        return self.rows * self.columns

    @property
    def least_side(self) -> int:
        """The rank it can have."""
        return min(self.rows, self.columns)


class WeightFacts(Frozen):
    """What the probe `weights` found.

    Arrays, of the matrices in `shown` (s of them) and at each moment (m: initial and final, or final alone):
    `weights.matrices` int8 (s, m, H, W), each matrix made small, of every block the value of the largest magnitude,
    127 standing for IMAGE_SPREADS of its own spread; `weights.enlarged` int8 (e, m, H, W), the same of the matrices
    in `enlarged`; `weights.histograms` int64 (s, m, HISTOGRAM_BINS); `weights.ranges` float64 (s,), where the
    histograms end on both sides; `weights.filters` int8 (m, f, k, k, C), the filters of the matrix `filters`, 127
    standing for `filter_scale`.
    """

    sampled: Sampled | None = None
    """The training images of the gradients; None where there are none."""
    why_no_gradient: Note = None
    """Why there are none; None where there are, and in old records."""
    loss: Note = None
    """What the gradients are of."""
    matrices: tuple[WeightMatrix, ...] = ()
    """In order of execution."""
    vectors: int = 0
    """Parameters that stand in no matrix: biases, scales, tokens."""
    trained: bool = False
    """Whether there are initial weights to compare with."""
    shown: tuple[int, ...] = ()
    """Positions in `matrices` of those that figures show, in order."""
    enlarged: tuple[int, ...] = ()
    filters: int | None = None
    """Position of the first convolution, where its filters can be shown as images."""
    filter_rows: tuple[int, ...] = ()
    """Which of its filters are shown."""
    filter_scale: float = 0.0
    unmeasured: tuple[int, ...] = ()
    """Positions of the matrices whose spectrum was not computed for want of time."""

    @property
    def moments(self) -> tuple[Literal["initial", "final"], ...]:
        """What the second axis of the arrays stands for."""
        return ("initial", "final") if self.trained else ("final",)
