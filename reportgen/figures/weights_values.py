"""How the values of the matrices are distributed: histograms of a few, and all of them in their order.

The ridges are by matplotlib: in seaborn each would need axes of its own, a tenth of a second for each of 18.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from reportgen.figures._marks import draw_histogram as draw_bins
from reportgen.figures._style import bare, chart, grid, sheet, shorten, ticks
from reportgen.figures._table import write_csv
from reportgen.figures._weights import (
    AFTER,
    Grid,
    count_matrices,
    find_finite,
    label,
    moments_text,
    place_panels,
    plain_name,
    thinned_text,
)
from reportgen.plugins import FigureKind
from reportgen.record.probes.weights import HISTOGRAM_BINS, HISTOGRAM_SPREADS, WeightFacts
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK, TEXT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences
from reportgen.text.widths import text_width as measure_width

PANELS = 6
COLUMNS = 3
LEAST = 1e-5
"""Share at the foot of a histogram."""
OUTLINE = "#7d8591"
"""The initial distribution, where it is a line over a filled one."""
COARSE = 3
"""Bins of the record in one of a histogram."""
RIDGES = 18
ROW = 18
"""CSS pixels from one ridge to the next."""
VISIBLE = 0.004
"""Of the highest bin; what is lower is left out of a ridge."""
FILL = "#cfe6e3"
"""The trained distribution; its outline is the accent."""
FINE = 0.02
"""Of the height of a row; half a pixel."""
OVERLAP = 1.7
"""Height of the highest ridge in rows."""


def shares(record: RunRecord, row: int, coarse: int = 1) -> Grid:
    """Share of the values in each bin, (m, bins); zero where a matrix was not counted."""
    counts = np.asarray(record.arrays["weights.histograms"][row], dtype=np.float64)
    counts = counts.reshape(len(counts), -1, coarse).sum(axis=2)
    found: Grid = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return found


def choose_panels(facts: WeightFacts) -> list[int]:
    """Rows of the shown matrices whose histograms are drawn: first and last, the largest, and some between."""
    last = len(facts.shown) - 1
    wanted = {0, last, *(facts.shown.index(place) for place in facts.enlarged if place in facts.shown)}
    for row in np.linspace(0, last, PANELS).round().astype(int).tolist():
        if len(wanted) < PANELS:
            wanted.add(row)
    return sorted(wanted)[:PANELS]


def draw_histograms(subject: Subject) -> FigureFile | Skipped:
    """Histograms with a logarithmic count, so that the tails are seen."""
    record = subject.record
    name, title = "weights_histograms", _("Distribution of the weights")
    facts = find_finite(record, name, title)
    if isinstance(facts, Skipped):
        return facts
    rows = choose_panels(facts)
    lines = -(-len(rows) // COLUMNS)
    with chart(name, 136 * lines) as paper:
        cells = place_panels(paper, len(rows), COLUMNS, left=54, below=24)
        for index, (axes, row) in enumerate(zip(cells, rows, strict=True)):
            draw_histogram(axes, shares(record, row, COARSE), float(record.arrays["weights.ranges"][row]))
            axes.set_title(label(facts, facts.shown[row], 22), y=1.0)
            axes.tick_params(labelleft=index % COLUMNS == 0)
        data = tabulate(record, facts, rows, COARSE)
        return paper.svg(title, histogram_caption(facts, rows), describe(record, facts, rows), data)


def tabulate(record: RunRecord, facts: WeightFacts, rows: Sequence[int], coarse: int = 1) -> str:
    """Share of the values in each bin of each matrix; the end bins hold what lies beyond."""
    heads = ("matrix", "weights", "weight from", "weight to", "share of the values (%)")
    found = []
    for row in rows:
        end, share = float(record.arrays["weights.ranges"][row]), 100 * shares(record, row, coarse)
        edges = np.linspace(-end, end, share.shape[1] + 1)
        for moment, heights in zip(facts.moments, share, strict=True):
            name = facts.matrices[facts.shown[row]].name
            found += [(name, moment, *one) for one in zip(edges[:-1], edges[1:], heights, strict=True)]
    return write_csv(heads, found)


def draw_histogram(axes: Axes, share: Grid, end: float) -> None:
    """The final values filled, the initial ones as an outline before them."""
    edges = np.linspace(-end, end, share.shape[1] + 1)
    tall = np.log10(np.maximum(share, LEAST)) - np.log10(LEAST)  # a logarithmic axis of matplotlib's takes far longer
    draw_bins(axes, tall[-1], edges, FILL, element="step", edgecolor=AFTER, linewidth=1)
    if len(share) > 1:
        draw_bins(axes, tall[0], edges, OUTLINE, element="step", fill=False, linewidth=1)
    decades = -np.log10(LEAST)
    axes.set_ylim(0, decades)
    marks = [decades - 4, decades - 2, decades]
    axes.set_yticks(marks, [numerals.in_percent(numerals.general(100 * 10 ** (mark - decades), 4)) for mark in marks])
    axes.set_xlim(-(end or 1.0), end or 1.0)
    axes.xaxis.set_major_locator(ticks(3))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _unused: numerals.general(value, 3)))
    grid(axes)


def histogram_caption(facts: WeightFacts, rows: Sequence[int]) -> str:
    """What is drawn and on which scale."""
    told = [
        _(
            "Share of the values in each of {bins} bins, on a logarithmic scale, so that the tails are seen.",
            bins=HISTOGRAM_BINS // COARSE,
        ),
        _("Grey line: initial weights; colour: after training.") if facts.trained else moments_text(facts),
        _(
            "The axis ends at {many} standard deviations; the outermost bins hold all values beyond.",
            many=numerals.general(HISTOGRAM_SPREADS),
        ),
    ]
    if any(facts.matrices[facts.shown[row]].counted < facts.matrices[facts.shown[row]].parameters for row in rows):
        told.append(_("For the largest matrices every k-th value is counted, at most four million."))
    return join_sentences(told)


def describe(record: RunRecord, facts: WeightFacts, rows: Sequence[int]) -> str:
    """Spread before and after of every matrix drawn, and what lies at the ends."""
    told = []
    for row in rows:
        matrix = facts.matrices[facts.shown[row]]
        spreads = [numbers.spread for numbers in (matrix.initial, matrix.final) if numbers is not None]
        way = " → ".join(numerals.significant(spread, 2) for spread in spreads)
        ends = float(shares(record, row)[-1][[0, -1]].sum())
        told.append(
            _(
                "{name} has a standard deviation of {way}, and {ends} of its values lie in the end bins",
                name=shorten(plain_name(matrix), 40),
                way=way,
                ends=numerals.percent(ends),
            )
        )
    return _("Histograms of {matrices}. {each}.", matrices=count_matrices(len(rows)), each=join_rows(told))


def draw_ridge(subject: Subject) -> FigureFile | Skipped:
    """The distributions above each other in the order in which the matrices run."""
    record = subject.record
    name, title = "weights_ridge", _("The distributions by depth")
    facts = find_finite(record, name, title)
    if isinstance(facts, Skipped):
        return facts
    rows = ridge_rows(facts)
    if len(rows) < 2:
        return Skipped(name, title, _("The model has a single matrix, whose histogram is shown above."))
    reach = ridge_reach(facts, rows)
    with sheet(name, 44 + ROW * (len(rows) + 1)) as paper:
        names = [label(facts, facts.shown[row], 26) for row in rows]
        left = round(max(measure_width(name, TEXT) for name in names)) + 16
        axes = place_panels(paper, 1, 1, left=left, below=40)[0]
        for line, row in enumerate(rows):
            draw_one(axes, record, facts, row, float(len(rows) - line), reach)
        axes.set_xlim(-reach, reach)
        axes.set_ylim(0.8, len(rows) + OVERLAP)
        axes.set_yticks(range(len(rows), 0, -1), names)
        axes.tick_params(axis="y", labelcolor=INK)
        axes.xaxis.set_major_locator(ticks(7))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _unused: numerals.general(value)))
        axes.set_xlabel(_("weight × √(inputs summed over)"))
        bare(axes)
        return paper.svg(title, ridge_caption(facts, rows), ridge_alt(facts, rows), tabulate(record, facts, rows))


def ridge_rows(facts: WeightFacts) -> list[int]:
    """Rows of the shown matrices that are drawn: those with a spread, thinned evenly to RIDGES."""
    able = [row for row, place in enumerate(facts.shown) if unit_spreads(facts, place)]
    chosen = np.linspace(0, len(able) - 1, min(RIDGES, len(able))).round().astype(int).tolist()
    return [able[index] for index in chosen]


def unit_spreads(facts: WeightFacts, place: int) -> list[float]:
    """Spread × √columns at each moment, of a matrix that has one: about 1.4 after He's initialisation."""
    matrix = facts.matrices[place]
    numbers = [one for one in (matrix.initial, matrix.final) if one is not None]
    found = [one.spread * matrix.columns**0.5 for one in numbers]
    return found if any(found) else []


def ridge_reach(facts: WeightFacts, rows: Sequence[int]) -> float:
    """Where the axis ends: three spreads of nearly the widest, so that one that is far wider does not rule."""
    widest = [max(unit_spreads(facts, facts.shown[row])) for row in rows]
    return float(3 * min(max(widest), 4 * float(np.median(widest))))


def draw_one(axes: Axes, record: RunRecord, facts: WeightFacts, row: int, foot: float, reach: float) -> None:
    """One ridge: final filled, initial as a line; both on the scale of the higher of them."""
    matrix = facts.matrices[facts.shown[row]]
    end = float(record.arrays["weights.ranges"][row]) * matrix.columns**0.5
    share = shares(record, row)
    share[:, [0, -1]] = 0.0  # what lies beyond has no height of its own
    step = 2 * end / HISTOGRAM_BINS
    middles = (np.arange(HISTOGRAM_BINS) - HISTOGRAM_BINS // 2) * step
    inside = (np.abs(middles) <= reach + step) & (share.max(axis=0) > VISIBLE * share.max())
    height = share[:, inside] / (share.max() or 1.0) * OVERLAP
    x = middles[inside]
    along, up = corners(x, height[-1])
    outline = np.concatenate([[0.0], up, [0.0]]) + foot
    axes.fill(np.r_[x[0], along, x[-1]], outline, facecolor=FILL, edgecolor=AFTER, linewidth=1, zorder=-foot)
    if len(share) > 1:
        along, up = corners(x, height[0])
        axes.plot(along, foot + up, color=OUTLINE, linewidth=1, zorder=-foot)


def corners(x: Grid, y: Grid) -> tuple[Grid, Grid]:
    """The points of a line without those that a straight piece passes within FINE of."""
    kept, start = [0], 0
    for end in range(2, len(x)):
        between = slice(start + 1, end)
        straight = np.interp(x[between], x[[start, end]], y[[start, end]])
        if np.abs(straight - y[between]).max() > FINE:
            start = end - 1
            kept.append(start)
    kept.append(len(x) - 1)
    return x[kept], y[kept]


def ridge_caption(facts: WeightFacts, rows: Sequence[int]) -> str:
    """How far the widths differ, then how to read it."""
    told = [width_text(facts, rows)]
    told.append(_("Grey line: initial weights; filled: after training.") if facts.trained else moments_text(facts))
    told.append(
        _(
            "Weights are multiplied by the root of the number of inputs they are summed over, so that layers of any "
            "width can be compared; each ridge is as high as its higher distribution."
        )
    )
    if len(rows) < len(facts.shown):
        told.append(
            _(
                "{drawn} of {count} matrices are drawn, evenly chosen.",
                drawn=numerals.count(len(rows)),
                count=numerals.count(len(facts.matrices)),
            )
        )
    else:
        told.append(thinned_text(facts))
    return join_sentences(told)


def width_text(facts: WeightFacts, rows: Sequence[int]) -> str:
    """The widest and the narrowest of the final distributions."""
    finals = [(unit_spreads(facts, facts.shown[row])[-1], facts.matrices[facts.shown[row]]) for row in rows]
    widest, narrowest = max(finals, key=lambda item: item[0]), min(finals, key=lambda item: item[0])
    return _(
        "Widest is {one} (standard deviation {much}), narrowest {other} ({little}).",
        one=shorten(plain_name(widest[1]), 40),
        much=numerals.significant(widest[0], 2),
        other=shorten(plain_name(narrowest[1]), 40),
        little=numerals.significant(narrowest[0], 2),
    )


def ridge_alt(facts: WeightFacts, rows: Sequence[int]) -> str:
    """The spread of each in units of one over the root of its inputs."""
    told = []
    for row in rows:
        values = " → ".join(numerals.significant(value, 2) for value in unit_spreads(facts, facts.shown[row]))
        told.append(
            _(
                "{name} has one of {values}",
                name=shorten(plain_name(facts.matrices[facts.shown[row]]), 40),
                values=values,
            )
        )
    return _(
        "Ridge plot of the distributions of the weights. Standard deviation times the square root of "
        "the number of inputs: {each}.",
        each=join_rows(told),
    )


FIGURES = (FigureKind("weights_histograms", draw_histograms, by_seaborn=True), FigureKind("weights_ridge", draw_ridge))
