"""How far the weights of each layer lie from the baseline's: one line of points, in the order of the model.

Drawn with matplotlib: a point for each layer on a log scale, of which nothing is estimated or grouped, so that seaborn
would add its import and no statistic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from reportgen.figures._style import grid, sheet, squeeze, ticks
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.architecture import WeightMove, WeightMoves
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, HALF, INK, MUTED, PAPER, SOFT, TEXT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, ngettext, with_label
from reportgen.text.widths import advance

NAME = "baseline_weights"
HEIGHT = 170
UNRELATED = 2**0.5
"""‖w − w₀‖ / ‖w₀‖ of two random vectors of one length in many dimensions, which are orthogonal."""
DECADES = 30.0
"""Ratio of the largest to the smallest from which on the axis is logarithmic."""
LONGEST = 40
IN_FIGURE = 20
"""Characters of a layer’s name in the drawing; in the caption there is more room."""
NAME_SHARE = 0.75
"""Of the width below a layer that its name may take, so that no two of them touch."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """The strip, or why there is none."""
    title = _("How far the weights moved")
    compared = subject.judgement.compared
    moves = compared.weights if compared is not None else None
    if moves is None:
        reason = _("A record holds no sketch of its weights. Build both again to see how far each layer moved.")
        return Skipped(NAME, title, reason)
    known = [layer for layer in moves.layers if layer.relative is not None]
    if not known:
        return Skipped(NAME, title, _("No layer with a matrix of weights has the same shape in both."))
    if not any(layer.relative for layer in known):
        same = ngettext(
            "The weights of {count} layer are the same in both.",
            "The weights of all {count} layers are the same in both.",
            len(known),
        )
        return Skipped(NAME, title, join_sentences([same, format_unmatched(moves)]))
    return plot(moves, known, title)


def plot(moves: WeightMoves, known: Sequence[WeightMove], title: str) -> FigureFile:
    """The strip itself."""
    values = np.array([layer.relative for layer in known], dtype=np.float64)
    with sheet(NAME, HEIGHT, HALF) as paper:
        axes = paper.figure.add_subplot()
        floor = set_scale(axes, values)
        shown = np.where(values > 0, values, floor)
        places = np.arange(len(values))
        axes.vlines(places, floor, shown, color=SOFT, linewidth=1)
        moved = values > 0
        axes.plot(places[moved], shown[moved], "o", color=ACCENT, markersize=5)
        axes.plot(places[~moved], shown[~moved], "o", color=PAPER, markeredgecolor=ACCENT, markersize=5, clip_on=False)
        if values.max() > UNRELATED / 2:
            axes.axhline(UNRELATED, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
        largest = int(values.argmax())
        side = "right" if largest > len(values) / 2 else "left"
        axes.annotate(
            with_label(squeeze(known[largest].path or "·", IN_FIGURE), numerals.significant(values[largest], 2)),
            (largest, shown[largest]),
            (-6 if side == "right" else 6, 6),
            textcoords="offset points",
            ha=side,
            va="bottom",
            color=INK,
        )
        axes.set_xlim(-0.7, len(values) - 0.3)
        name_layers(axes, known)
        axes.set_title(_("‖w − w₀‖ / ‖w₀‖ of each layer, w₀ the baseline’s"), color=MUTED)
        grid(axes)
        return paper.svg(title, caption(moves, known), alternative(moves, known), tabulate(moves))


def name_layers(axes: Axes, known: Sequence[WeightMove]) -> None:
    """The names of all layers where they are few and short, otherwise those of the first and the last."""
    names = [squeeze(layer.path or "·", IN_FIGURE) for layer in known]
    if max(map(advance, names)) * TEXT / 1000 <= NAME_SHARE * HALF / len(names):
        axes.set_xticks(range(len(names)), names)
        return
    axes.set_xticks([0, len(names) - 1], [names[0], names[-1]])
    first, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def set_scale(axes: Axes, values: np.ndarray) -> float:
    """The vertical axis; returns where it begins."""
    positive = values[values > 0]
    if positive.max() / positive.min() < DECADES and (values > 0).all():
        axes.set_ylim(0, 1.28 * max(values.max(), UNRELATED if values.max() > UNRELATED / 2 else 0))
        axes.yaxis.set_major_locator(ticks(3))
        return 0.0
    floor = float(positive.min() / 2)
    axes.set_yscale("log")
    axes.set_ylim(floor, max(values.max(), UNRELATED if values.max() > UNRELATED / 2 else 0) * 4)
    axes.yaxis.set_major_locator(LogLocator(10, numticks=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: numerals.brief(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
    return floor


def caption(moves: WeightMoves, known: Sequence[WeightMove]) -> str:
    """Which moved furthest and least, how it was found, and what to compare it with."""
    ordered = sorted(known, key=lambda layer: layer.relative or 0.0)
    least, most = ordered[0], ordered[-1]
    told = []
    if len(ordered) > 1:
        told.append(
            _(
                "The weights moved furthest in {most} ({far}) and least in {least} ({near}), of {n} layers with a "
                "matrix of weights, in the order of the model.",
                most=squeeze(most.path, LONGEST),
                far=numerals.significant(most.relative, 2),
                least=squeeze(least.path, LONGEST),
                near=numerals.significant(least.relative, 2),
                n=numerals.count(len(ordered)),
            )
        )
    else:
        far = numerals.significant(most.relative, 2)
        told.append(_("The weights of {most} moved by {far}.", most=squeeze(most.path, LONGEST), far=far))
    told.append(format_method(moves, known))
    if (most.relative or 0.0) > UNRELATED / 2:
        told.append(_("Dashed: √2, the value for two unrelated layers of equal norm."))
    return join_sentences([text for text in (*told, format_unmatched(moves)) if text])


def format_method(moves: WeightMoves, known: Sequence[WeightMove]) -> str:
    """Whether the values are exact, or from how many numbers they are estimated, and how well."""
    if all(layer.exact for layer in known):
        return _("The values are exact.")
    estimate = _(
        "Estimated from {n} random sums of each layer’s values; relative standard error {error}.",
        n=numerals.count(moves.numbers),
        error=numerals.percent(moves.error),
    )
    if not any(layer.exact for layer in known):
        return estimate
    exact = _("For layers with at most {n} values it is exact.", n=numerals.count(moves.numbers))
    return join_sentences([estimate, exact])


def format_unmatched(moves: WeightMoves) -> str:
    """How many layers could not be compared; empty where all could."""
    if not moves.unmatched:
        return ""
    return ngettext(
        "{count} layer has no counterpart of the same shape.",
        "{count} layers have no counterpart of the same shape.",
        moves.unmatched,
    )


def alternative(moves: WeightMoves, known: Sequence[WeightMove]) -> str:
    """Every layer with its value."""
    rows = [with_label(layer.path or "·", numerals.significant(layer.relative, 2)) for layer in known]
    listed = _("Relative change of the weights by layer: {rows}.", rows=join_rows(rows))
    return join_sentences([listed, format_method(moves, known)])


def tabulate(moves: WeightMoves) -> str:
    """The numbers it is drawn from."""
    rows = [
        (layer.path, layer.before_path, layer.values, layer.relative, "exact" if layer.exact else "estimate")
        for layer in moves.layers
    ]
    return write_csv(("layer", "baseline layer", "values", "relative change", "method"), rows)


FIGURE = FigureKind(NAME, draw)
