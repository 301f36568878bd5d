"""How the numbers of section 3 are computed, and who described them."""

from __future__ import annotations

from reportgen.record.message import draw_note
from reportgen.record.probes.weights import (
    DEAD,
    LEAST_COLUMNS,
    LEAST_TAIL,
    NEAR_ZERO,
    SHORTEST_TAIL,
    TWIN,
    VALUES_COUNTED,
    WeightFacts,
)
from reportgen.report.model import MethodNote
from reportgen.text import numerals
from reportgen.text.i18n import _


def list_methods(facts: WeightFacts) -> list[MethodNote]:
    """Of every number that the section shows."""
    return [
        *list_matrix_methods(),
        *list_filter_methods(),
        *([gradient_method(facts.sampled.images, draw_note(facts.loss))] if facts.sampled is not None else []),
    ]


def list_matrix_methods() -> list[MethodNote]:
    """Of weights as matrices and of their ranks."""
    return [
        MethodNote(
            _("Weights as matrices"),
            _(
                "Every parameter of at least two rows and two columns, read as outputs × inputs (out × "
                "in·k·k; for grouped convolutions, in is divided by the number of groups); tied parameters "
                "count once. Near zero: magnitude below {near} of the standard deviation. For matrices of "
                "more than {most} values, this share, the exact zeros and the histograms are counted over "
                "every k-th value unless the spec asks for all.",
                near=numerals.general(NEAR_ZERO),
                most=numerals.count(VALUES_COUNTED),
            ),
        ),
        MethodNote(
            _("Spectral norm, stable and effective rank"),
            _(
                "Singular values from the eigenvalues of the smaller Gram matrix in double precision. Stable rank: "
                "squared Frobenius over squared spectral norm. Effective rank: exponential of the entropy of the "
                "singular values as shares of their sum."
            ),
            "Roy and Vetterli 2007, The effective rank: a measure of effective dimensionality. EUSIPCO. "
            "Rudelson and Vershynin 2007, Sampling from large matrices. Journal of the ACM 54.",
        ),
    ]


def list_filter_methods() -> list[MethodNote]:
    """Of the tail of the spectrum and of filters that do nothing or the same."""
    return [
        MethodNote(
            _("Tail exponent"),
            _(
                "Eigenvalues λ of WᵀW, of {least} or more: p(λ) ∝ λ^−α from λ₀ on, α = 1 + n / Σ ln(λ / λ₀), with "
                "the λ₀ of the smallest Kolmogorov-Smirnov distance among up to a hundred that leave at least "
                "{shortest} eigenvalues in the tail. Whether it is a power law is not tested. α has no interval: the "
                "usual α ± 1.96 (α − 1) / √n takes λ₀ as known and the eigenvalues as independent; of independent "
                "values that do follow a power law it held the exponent in 89 to 93\u00a0% of samples instead of 95.",
                least=LEAST_TAIL,
                shortest=SHORTEST_TAIL,
            ),
            "Clauset, Shalizi and Newman 2009, Power-law distributions in empirical data. SIAM Review 51, 661–703. "
            "Martin and Mahoney 2021, Implicit self-regularization in deep neural networks. JMLR 22.",
        ),
        MethodNote(
            _("Dead and duplicate filters"),
            _(
                "A row of a layer counts as near zero when its norm is at most {dead} of the 90th percentile "
                "of its matrix’s rows; an output counts as switched off when the same holds for its scale in "
                "the normalisation that follows. Duplicate: |cosine| above {twin} with another row of the "
                "same group; only rows of {columns} inputs or more are compared.",
                dead=numerals.percent(DEAD),
                twin=numerals.general(TWIN),
                columns=LEAST_COLUMNS,
            ),
        ),
    ]


def gradient_method(images: int, loss: str) -> MethodNote:
    """Of which loss, on what, and in which mode."""
    return MethodNote(
        _("Gradients of the weights"),
        _(
            "Gradients of the mean loss ({loss}) over {n} training images, not augmented; they are exact for "
            "this sample and have no interval. The model is in evaluation mode, except that batch "
            "normalisation uses each batch’s own statistics, as in training.",
            loss=loss,
            n=numerals.count(images),
        ),
    )
