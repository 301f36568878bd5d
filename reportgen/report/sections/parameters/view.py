"""Section 3: every weight as a matrix, before and after training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reportgen.plugins import Section
from reportgen.record.message import draw_note
from reportgen.record.probes import why_missing
from reportgen.record.probes.weights import NEAR_ZERO, MatrixNumbers, WeightFacts, WeightMatrix
from reportgen.record.subject import Subject
from reportgen.report.components import Fact, Figures, choose_figures
from reportgen.report.model import FigureFile, SectionView, Skipped
from reportgen.report.sections.parameters.findings import NAME, find_parameters
from reportgen.report.sections.parameters.methods import list_methods
from reportgen.report.table import Column, numbers
from reportgen.report.wording import shorten
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_sentences, join_terms, ngettext, with_note
from reportgen.text.shorten import shorten_family

LONGEST = 80
"""Characters of a name in the table."""
FIGURES = (
    "weights_matrices",
    "weights_enlarged",
    "weights_filters",
    "weights_layers",
    "weights_share",
    "weights_gradient",
    "weights_histograms",
    "weights_ridge",
)


@dataclass(frozen=True)
class Cell:
    """A number after training and, where there is one, before."""

    value: str
    before: str = ""


@dataclass(frozen=True)
class MatrixRow:
    """One row of the table of matrices."""

    number: str
    name: str
    what: str
    """Kind and sides, and what is particular."""
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ParametersView(SectionView):
    """The values of sections/parameters.html.j2."""

    facts: tuple[Fact, ...] = ()
    matrices: tuple[FigureFile | Skipped, ...] = ()
    lines: tuple[FigureFile | Skipped, ...] = ()
    values: tuple[FigureFile | Skipped, ...] = ()
    shares: tuple[FigureFile | Skipped, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[MatrixRow, ...] = ()
    caption: str = ""


def build(subject: Subject, figures: Figures) -> ParametersView | Skipped:
    """The section from what the probe `weights` found, or why there is nothing."""
    record = subject.record
    facts = record.probes.weights if record.probes is not None else None
    if facts is None:
        return Skipped(NAME, _("Parameters as matrices"), why_missing(record.probes, "weights"))
    columns = list_columns(facts)
    return ParametersView(
        name=NAME,
        title=_("Parameters as matrices"),
        findings=tuple(find_parameters(facts, figures)),
        methods=tuple(list_methods(facts)),
        facts=tuple(list_facts(facts)),
        matrices=choose_figures(figures, *FIGURES[:3]),
        lines=choose_figures(figures, *FIGURES[3:4]),
        shares=choose_figures(figures, *FIGURES[4:6]),
        values=choose_figures(figures, *FIGURES[6:]),
        columns=(*numbers(_("No.")), Column(_("Matrix")), *numbers(*(name for name, _unused in columns))),
        rows=tuple(make_row(facts, place, columns) for place in facts.shown),
        caption=caption_table(facts),
    )


def list_facts(facts: WeightFacts) -> list[Fact]:
    """What was read as matrices, compared with what, and over which images the gradients are."""
    inside = sum(matrix.parameters for matrix in facts.matrices)
    found = [
        Fact(
            _("Matrices"),
            numerals.count(len(facts.matrices)),
            _(
                "outputs × inputs; {inside} parameters, {outside} more are in vectors",
                inside=numerals.count(inside),
                outside=numerals.count(facts.vectors),
            ),
        ),
        Fact(
            _("Compared with"),
            _("the initial weights") if facts.trained else _("nothing"),
            "" if facts.trained else _("this run only evaluated a model; there are no initial weights"),
        ),
    ]
    if facts.sampled is None:
        why = draw_note(facts.why_no_gradient) or _("not computed in the time available, or the model gives none")
        found.append(Fact(_("Gradients"), _("none"), why))
    else:
        some = ngettext("{count} training image", "{count} training images", facts.sampled.images)
        note = _(
            "mean {loss}, not augmented; sample of seed {seed}", loss=draw_note(facts.loss), seed=facts.sampled.seed
        )
        found.append(Fact(_("Gradients"), some, note))
    if facts.unmeasured:
        done = len(facts.matrices) - len(facts.unmeasured)
        note = _("the time budget was used up; run.probes.weights: full measures all")
        spectra = _("{done} of {all} matrices", done=numerals.count(done), all=numerals.count(len(facts.matrices)))
        found.append(Fact(_("Singular values"), spectra, note))
    return found


Value = Callable[[WeightMatrix, MatrixNumbers], str]
Written = tuple[str, Value]
"""The head of a column and how its number is written."""


def list_columns(facts: WeightFacts) -> list[Written]:
    """Heads and how each number is written; those nothing is known of are left out."""
    columns: list[tuple[str, Value, bool]] = [
        (_("Norm"), lambda _unused, numbers: numerals.significant(numbers.norm, 3), True),
        (_("Std. dev."), lambda _unused, numbers: numerals.significant(numbers.spread, 3), True),
        (_("Near zero"), lambda _unused, numbers: numerals.percent(numbers.near_zero), True),
        (_("σ₁"), lambda _unused, numbers: numerals.significant(numbers.spectral, 3), True),
        (_("Stable rank"), lambda _unused, numbers: numerals.significant(numbers.stable_rank, 3), True),
        (_("Effective rank"), lambda _unused, numbers: numerals.significant(numbers.effective_rank, 3), True),
        (_("Tail α (n)"), tail_text, has_tail(facts)),
        (_("Moved"), moved_text, facts.trained),
        (_("Gradient"), gradient_text, facts.sampled is not None),
    ]
    return [(name, value) for name, value, known in columns if known]


def has_tail(facts: WeightFacts) -> bool:
    """Whether an exponent is known of any matrix."""
    return any(matrix.final and matrix.final.tail for matrix in facts.matrices)


def tail_text(_unused: WeightMatrix, numbers: MatrixNumbers) -> str:
    """The exponent, and the eigenvalues it is fitted to."""
    if numbers.tail is None:
        return numerals.DASH
    return with_note(numerals.fixed(numbers.tail.exponent, 1), numerals.count(numbers.tail.n))


def moved_text(matrix: WeightMatrix, numbers: MatrixNumbers) -> str:
    """The way from the initial weights, which has no before of its own."""
    return numerals.percent(matrix.moved) if numbers is matrix.final else ""


def gradient_text(matrix: WeightMatrix, numbers: MatrixNumbers) -> str:
    """Root mean square of the gradient; in powers of ten, because sizes differ by them."""
    return numerals.exponential(matrix.gradient if numbers is matrix.final else matrix.initial_gradient, 2)


def name_matrices(facts: WeightFacts) -> tuple[str, ...]:
    """The names of all matrices, without the last part that nearly all have, each different from the others."""
    names = tuple(matrix.name.removesuffix(".weight") or matrix.name for matrix in facts.matrices)
    short = shorten_family(names, LONGEST)
    return tuple(short[name] for name in names)


def make_row(facts: WeightFacts, place: int, columns: list[Written]) -> MatrixRow:
    """One matrix in the words and numbers of the table."""
    matrix = facts.matrices[place]
    cells = []
    for _unused, write in columns:
        value = write(matrix, matrix.final) if matrix.final is not None else numerals.DASH
        before = write(matrix, matrix.initial) if matrix.initial is not None else ""
        cells.append(Cell(value, before if before != numerals.DASH else ""))
    return MatrixRow(
        numerals.count(place + 1),
        name_matrices(facts)[place],
        describe(matrix),
        tuple(cells),
    )


def describe(matrix: WeightMatrix) -> str:
    """Sides of a matrix, outputs × inputs, and what is particular about it."""
    kinds = {
        "attention": _("attention"),
        "embedding": _("embedding"),
        "position": _("positions"),
        "recurrent": _("recurrent"),
        "other": matrix.module,
    }
    parts = [f"{numerals.count(matrix.rows)} × {numerals.count(matrix.columns)}"]
    if matrix.kind not in ("convolution", "linear"):
        parts.append(shorten(kinds[matrix.kind], 24))
    if matrix.groups > 1:
        parts.append(_("{count} groups", count=numerals.count(matrix.groups)))
    if not matrix.trainable:
        parts.append(_("frozen"))
    if matrix.also:
        parts.append(_("tied with {name}", name=shorten(join_names(matrix.also), LONGEST)))
    if not matrix.finite:
        parts.append(_("not finite"))
    return join_terms(parts)


def caption_table(facts: WeightFacts) -> str:
    """What the columns are and which matrices are listed."""
    told = [_("Small and grey: before training.")] if facts.trained else []
    told.append(
        _(
            "Near zero: share of the values within {share} of a standard deviation from zero (8.0 % for a"
            " normal distribution). Effective rank: at most the smaller dimension. α: with the number of"
            " eigenvalues in the tail, and no interval.",
            share=numerals.general(NEAR_ZERO),
        )
        if has_tail(facts)
        else _(
            "Near zero: share of the values within {share} of a standard deviation from zero (8.0 % for a"
            " normal distribution). Effective rank: at most the smaller dimension.",
            share=numerals.general(NEAR_ZERO),
        )
    )
    told.append(_("Moved: distance from the initial weights, as a share of their norm.") if facts.trained else "")
    told.append(_("Gradient: root mean square.") if facts.sampled is not None else "")
    if len(facts.shown) < len(facts.matrices):
        told.append(
            _(
                "{shown} of {count} matrices: the first, the last, and the largest of every run of "
                "neighbours; the record holds all.",
                shown=numerals.count(len(facts.shown)),
                count=numerals.count(len(facts.matrices)),
            )
        )
    return join_sentences(told)


SECTION = Section(NAME, "Parameters as matrices", 30, FIGURES, build)
