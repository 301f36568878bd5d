"""Norms, spread, ranks, tail, way and gradient of every matrix, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from reportgen.figures._marks import draw_line
from reportgen.figures._style import chart, grid, shorten, ticks
from reportgen.figures._table import write_csv
from reportgen.figures._weights import (
    Grid,
    colour_of,
    count_matrices,
    find_weights,
    moments_text,
    place_panels,
    plain_name,
    series,
    thinned_text,
)
from reportgen.plugins import FigureKind
from reportgen.record.probes.weights import MatrixNumbers, WeightFacts, WeightMatrix
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

NORMAL_NEAR_ZERO = 0.0797
"""Share of a normal distribution within a tenth of its spread of zero."""
FEW = 12
"""Matrices up to which every one is marked."""
COLUMNS = 3
WIDE = 100.0
"""From this ratio of largest to smallest on, an axis is logarithmic where it may be."""
Value = Callable[[MatrixNumbers, WeightMatrix], float | None]


@dataclass(frozen=True)
class Panel:
    """One small chart: what it shows, and how its axis runs."""

    title: str
    key: str
    """The head of its column in the CSV."""
    value: Value
    write: Callable[[float], str]
    share: bool = False
    """True where 1 is the highest there can be."""
    may_be_log: bool = False
    reference: float | None = None


def list_panels() -> list[Panel]:
    """The charts, row by row."""
    return [
        Panel(_("Norm ‖W‖"), "norm", lambda numbers, _unused: numbers.norm, plain),
        Panel(
            _("Standard deviation"),
            "standard deviation",
            lambda numbers, _unused: numbers.spread,
            plain,
            may_be_log=True,
        ),
        Panel(
            _("Share near zero"),
            "share near zero",
            lambda numbers, _unused: numbers.near_zero,
            percent,
            reference=NORMAL_NEAR_ZERO,
        ),
        Panel(
            _("Spectral norm σ₁"), "spectral norm", lambda numbers, _unused: numbers.spectral, plain, may_be_log=True
        ),
        Panel(_("Stable rank"), "stable rank", lambda numbers, _unused: numbers.stable_rank, plain, may_be_log=True),
        Panel(
            _("Effective rank, share"),
            "effective rank (share of the smaller side)",
            effective_share,
            percent,
            share=True,
        ),
        Panel(
            _("Tail exponent α"),
            "tail exponent",
            lambda numbers, _unused: numbers.tail.exponent if numbers.tail else None,
            plain,
        ),
        Panel(_("Moved ‖W − W₀‖/‖W₀‖"), "moved (share of the initial norm)", moved, plain, may_be_log=True),
        Panel(_("Gradient / weight"), "gradient / weight", gradient_ratio, plain, may_be_log=True),
    ]


def effective_share(numbers: MatrixNumbers, matrix: WeightMatrix) -> float | None:
    """Effective rank over the rank the matrix can have."""
    return None if numbers.effective_rank is None else numbers.effective_rank / matrix.least_side


def moved(numbers: MatrixNumbers, matrix: WeightMatrix) -> float | None:
    """The relative distance from the initial weights, at the final ones."""
    return matrix.moved if numbers is matrix.final else None


def gradient_ratio(numbers: MatrixNumbers, matrix: WeightMatrix) -> float | None:
    """Root mean square of the gradient over that of the weights."""
    gradient = matrix.gradient if numbers is matrix.final else matrix.initial_gradient
    return gradient * matrix.parameters**0.5 / numbers.norm if gradient is not None and numbers.norm else None


def plain(value: float) -> str:
    """A tick's number; as a power of ten below a thousandth."""
    return numerals.count(value) if abs(value) >= 1000 else numerals.general(value, 4)


def percent(value: float) -> str:
    """A share as a tick."""
    return numerals.in_percent(numerals.general(100 * value, 3))


def draw_panel(axes: Axes, panel: Panel, numbers: Grid, lines: dict[str, Grid]) -> None:
    """The lines of one number, over the numbers of the matrices."""
    known = np.concatenate([values[np.isfinite(values)] for values in lines.values()])
    log = panel.may_be_log and known.size and known.min() > 0 and known.max() > WIDE * known.min()
    if log:
        axes.set_yscale("log")
    for moment, values in lines.items():
        there = np.isfinite(values)
        draw_line(
            axes,
            numbers[there],
            values[there],
            colour_of(moment),
            linewidth=1.25,
            clip_on=False,
            marker="o" if there.sum() <= FEW else "",
            markersize=3,
        )
    if panel.reference is not None:
        axes.axhline(panel.reference, color=SOFT, linewidth=0.75, linestyle=(0, (2, 2)))
    if log:
        axes.yaxis.set_minor_locator(ticks(1))
        axes.minorticks_off()
    else:
        axes.set_ylim(0, 1 if panel.share else 1.06 * float(known.max()) or 1.0)
        axes.yaxis.set_major_locator(ticks(3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _unused: panel.write(value)))
    axes.set_title(panel.title, y=1.0)  # a title that looks for its own place measures every tick
    grid(axes)


def draw(subject: Subject) -> FigureFile | Skipped:
    """Small charts that share the axis of the matrices."""
    record = subject.record
    name, title = "weights_layers", _("The matrices in numbers")
    facts = find_weights(record, name, title)
    if isinstance(facts, Skipped):
        return facts
    places = facts.shown
    numbers = np.array(places, dtype=np.float64) + 1
    panels = [(panel, series(facts, places, panel.value)) for panel in list_panels()]
    filled = [(panel, lines) for panel, lines in panels if any(np.isfinite(line).any() for line in lines.values())]
    if not filled:
        return Skipped(name, title, _("No matrix of the model could be measured."))
    rows = -(-len(filled) // COLUMNS)
    with chart(name, 24 + 128 * rows) as paper:
        cells = place_panels(paper, len(filled), COLUMNS, left=46, below=24, foot=24)
        for axes, (panel, lines) in zip(cells, filled, strict=True):
            draw_panel(axes, panel, numbers, lines)
            axes.set_xlim(0.5, len(facts.matrices) + 0.5)
            axes.xaxis.set_major_locator(ticks(4, integer=True))
        for axes in cells[-COLUMNS:]:
            axes.set_xlabel(_("matrix, in order of execution"))
        return paper.svg(title, caption(facts), describe(facts, filled), tabulate(facts, filled))


def tabulate(facts: WeightFacts, filled: Sequence[tuple[Panel, dict[str, Grid]]]) -> str:
    """Every number of every matrix at each moment, a column a panel; shares are of one."""
    rows = [
        (place + 1, facts.matrices[place].name, moment, *(lines[moment][at] for _unused, lines in filled))
        for at, place in enumerate(facts.shown)
        for moment in facts.moments
    ]
    return write_csv(("number", "matrix", "weights", *(panel.key for panel, _unused in filled)), rows)


def caption(facts: WeightFacts) -> str:
    """Where the numbers end, then how to read them."""
    told = [find_ends(facts), moments_text(facts)]
    told.append(_("Near zero is within a tenth of the standard deviation; dotted: a normal distribution’s share."))
    if facts.unmeasured:
        told.append(
            _(
                "Within the time budget, singular values were computed for {done} of {count} matrices; lines "
                "join those.",
                done=numerals.count(len(facts.matrices) - len(facts.unmeasured)),
                count=numerals.count(len(facts.matrices)),
            )
        )
    if facts.sampled is not None:
        told.append(_("Gradients: of the mean loss of {n} training images.", n=numerals.count(facts.sampled.images)))
    told.append(thinned_text(facts))
    return join_sentences(told)


def find_ends(facts: WeightFacts) -> str:
    """Where the spectral norm is largest and where the effective rank is lowest against the possible."""
    able = [matrix for matrix in facts.matrices if matrix.final is not None and matrix.final.spectral is not None]
    if len(able) < 2:
        return ""
    largest = max(able, key=lambda matrix: spectral_norm(matrix))
    lowest = min(able, key=lambda matrix: rank_share(matrix))
    return _(
        "The spectral norm is largest in {one} ({much}), the effective rank lowest in {other} ({share} of the "
        "possible).",
        one=shorten(plain_name(largest), 40),
        much=numerals.significant(spectral_norm(largest), 3),
        other=shorten(plain_name(lowest), 40),
        share=numerals.percent(rank_share(lowest)),
    )


def spectral_norm(matrix: WeightMatrix) -> float:
    """Of the final weights; 0 where it is not known."""
    return (matrix.final.spectral or 0.0) if matrix.final is not None else 0.0


def rank_share(matrix: WeightMatrix) -> float:
    """Effective rank of the final weights over the possible."""
    return (effective_share(matrix.final, matrix) or 0.0) if matrix.final is not None else 0.0


def describe(facts: WeightFacts, filled: list[tuple[Panel, dict[str, Grid]]]) -> str:
    """Lowest, median and highest of every chart, before and after."""
    told = []
    for panel, lines in filled:
        parts = []
        for moment, values in lines.items():
            known = values[np.isfinite(values)]
            if known.size:
                low, middle, high = (panel.write(float(f"{value:.3g}")) for value in np.quantile(known, [0, 0.5, 1]))
                if moment == "initial":
                    parts.append(
                        _("initially from {low} to {high} with a median of {middle}", low=low, high=high, middle=middle)
                    )
                else:
                    parts.append(
                        _("finally from {low} to {high} with a median of {middle}", low=low, high=high, middle=middle)
                    )
        told.append(_("{chart}: {values}.", chart=panel.title, values=join_rows(parts)))
    return join_sentences([_("Small charts over {matrices}.", matrices=count_matrices(len(facts.shown))), *told])


FIGURE = FigureKind("weights_layers", draw, by_seaborn=True)
