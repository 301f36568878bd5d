"""Which matrices hold the parameters.

By matplotlib: seaborn draws no ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reportgen.figures._style import sheet, shorten
from reportgen.figures._table import write_csv
from reportgen.figures._weights import find_weights, plain_name
from reportgen.figures.cost_share import Stage, colours, ring
from reportgen.plugins import FigureKind
from reportgen.record.probes.weights import WeightFacts
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import HALF
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, ngettext

SLICES = 6
"""Matrices, or shapes of them, with a part of their own."""
HALF_OF_ALL = 0.5
"""Of the parameters; where the largest matrices hold less, a ring of them says little."""
MUCH_MORE = 1.5
"""Times the share of the parameters that has to be gained by putting equal shapes together."""
HEIGHT = 260
"""CSS pixels, as of the figure beside it."""
LETTERS, ROOM = 14, 3.1
"""Of a name beside the ring, and the radii to the figure's edge that they take."""


@dataclass(frozen=True)
class Slices:
    """The parts of the ring: single matrices, or where those are small, all matrices of the same sides together."""

    rows: tuple[Stage, ...]
    together: bool

    @property
    def named(self) -> float:
        """Share of the parameters in the parts that have a name."""
        return sum(row.costs[0] for row in self.rows if not row.other) / self.total

    @property
    def total(self) -> float:
        """All parameters."""
        return sum(row.costs[0] for row in self.rows)


def choose_slices(facts: WeightFacts) -> Slices:
    """The largest matrices in their order; those of equal sides together where that names far more of the whole."""
    single = Slices(slices(facts, single_label(facts)), False)
    if single.named >= HALF_OF_ALL:
        return single
    together = Slices(slices(facts, [f"{matrix.rows}×{matrix.columns}" for matrix in facts.matrices]), True)
    return together if together.named >= MUCH_MORE * single.named else single


def single_label(facts: WeightFacts) -> list[str]:
    """Number and name of every matrix."""
    return [f"{place} {plain_name(matrix)}" for place, matrix in enumerate(facts.matrices, start=1)]


def slices(facts: WeightFacts, labels: Sequence[str]) -> tuple[Stage, ...]:
    """Parameters by label, the largest in order of their first matrix, then all others together with the vectors."""
    sizes: dict[str, float] = {}
    for matrix, label in zip(facts.matrices, labels, strict=True):
        sizes[label] = sizes.get(label, 0.0) + matrix.parameters
    largest = sorted(sizes, key=lambda label: -sizes[label])[:SLICES]
    rows = [Stage(label, (size, 0, 0, 0)) for label, size in sizes.items() if label in largest]
    rest = sum(sizes.values()) - sum(row.costs[0] for row in rows) + facts.vectors
    return (*rows, Stage(_("all others"), (rest, 0, 0, 0), other=True)) if rest else tuple(rows)


def draw_share(subject: Subject) -> FigureFile | Skipped:
    """A ring of the largest matrices."""
    record = subject.record
    name, title = "weights_share", _("Which matrices hold the parameters")
    facts = find_weights(record, name, title)
    if isinstance(facts, Skipped):
        return facts
    parts = choose_slices(facts)
    if len(parts.rows) < 2:
        return Skipped(name, title, _("All parameters of the model are in one matrix."))
    with sheet(name, HEIGHT, HALF) as paper:
        ring(paper.figure.add_subplot(), name_briefly(parts), colours(parts.rows), LETTERS, ROOM)
        data = write_csv(("matrix", "parameters"), [(row.label, round(row.costs[0])) for row in parts.rows])
        return paper.svg(title, share_caption(facts, parts), share_alt(parts.rows), data)


def name_briefly(parts: Slices) -> tuple[Stage, ...]:
    """The parts for the ring; without the numbers of the matrices where these would cost letters of a name."""
    if parts.together or all(len(row.label) <= LETTERS for row in parts.rows):
        return parts.rows
    return tuple(row if row.other else replace(row, label=row.label.partition(" ")[2]) for row in parts.rows)


def share_caption(facts: WeightFacts, parts: Slices) -> str:
    """How much the largest hold, and what else there is."""
    count = sum(not row.other for row in parts.rows)
    if parts.together:
        first = ngettext(
            "Matrices of {count} shape, the same outputs × inputs, hold {some} of the parameters.",
            "Matrices of {count} shapes hold {some} of the parameters; a segment is all matrices with the same "
            "outputs × inputs.",
            count,
            some=numerals.percent(parts.named),
        )
    else:
        first = ngettext(
            "The {count} largest matrix holds {some} of the parameters.",
            "The {count} largest matrices hold {some} of the parameters.",
            count,
            some=numerals.percent(parts.named),
        )
        if count == 1:
            first = _("The largest matrix holds {some} of the parameters.", some=numerals.percent(parts.named))
    rest = _(
        "{vectors} of all ({share}) are not in a matrix: biases, scales and tokens.",
        vectors=numerals.count(facts.vectors),
        share=numerals.percent(facts.vectors / parts.total),
    )
    return join_sentences([first, rest])


def share_alt(rows: Sequence[Stage]) -> str:
    """Every slice with its share."""
    total = sum(row.costs[0] for row in rows)
    told = [
        _(
            "{share} of them are in {matrix}",
            matrix=shorten(row.label, 48),
            share=numerals.percent(row.costs[0] / total),
        )
        for row in rows
    ]
    return _("Ring of the parameters by matrix. {shares}.", shares=join_rows(told))


FIGURE = FigureKind("weights_share", draw_share)
