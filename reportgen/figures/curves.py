"""Risk against coverage, and precision against recall."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from reportgen.figures._marks import draw_line, draw_points
from reportgen.figures._style import chart, grid, measured, shorten, ticks
from reportgen.figures._table import write_csv
from reportgen.metrics.curves import errors_among_surest
from reportgen.metrics.predictions import read_predictions
from reportgen.plugins import FigureKind
from reportgen.record.measurements import ClassScore, Curve
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, FULL, HALF, INK, MUTED
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

MOST_CLASSES = 12
COLUMNS = 4
KEPT = 0.8
"""Coverage that the caption speaks of."""


def at(curve: Curve, x: float) -> float:
    """The curve's value at x, between its points on a straight line."""
    return float(np.interp(x, curve.x, curve.y))


def wrong_among(record: RunRecord, coverage: float) -> tuple[int, int]:
    """Wrong predictions at one coverage, and how many are kept: the numbers that the text gives."""
    predictions = read_predictions(record.arrays["eval.logits"], record.arrays["eval.labels"])
    return errors_among_surest(predictions.confidence, predictions.correct, coverage)


def draw_risk(subject: Subject) -> FigureFile | Skipped:
    """Error among the most confident predictions, by the share that is kept."""
    record = subject.record
    name, title = "risk_coverage", _("Risk–coverage curve")
    if record.measured is None or not record.measured.risk_coverage.x:
        return Skipped(name, title, _("The record holds no risk by coverage."))
    curve = record.measured.risk_coverage
    with chart(name, 250, HALF) as paper:
        axes = paper.figure.add_subplot()
        axes.set_title(_("% wrong of the predictions kept"))
        x, y = 100 * np.asarray(curve.x), 100 * np.asarray(curve.y)
        draw_line(axes, x, y, ACCENT)
        axes.set_xlim(0, 101)
        axes.set_ylim(0, max(1.12 * float(y.max()), 1))
        mark_shares(axes, record, curve)
        axes.xaxis.set_major_locator(ticks(5))
        axes.yaxis.set_major_locator(ticks(5))
        axes.set_xlabel(_("% of the predictions kept, most confident first"))
        grid(axes)
        told = _(
            "Wrong: {all} of all predictions, {risk} of the most confident {kept}.",
            all=measured(*wrong_among(record, 1.0)),
            risk=measured(*wrong_among(record, KEPT)),
            kept=numerals.whole_percent(KEPT),
        )
        reading = _("The later the curve rises, the better confidence separates errors from right predictions.")
        return paper.svg(
            title,
            join_sentences([told, reading]),
            join_sentences(
                [_("Line chart of the share of wrong predictions over the share of predictions that are kept."), told]
            ),
            write_csv(("predictions kept (%)", "wrong among the kept (%)"), zip(x.tolist(), y.tolist(), strict=True)),
        )


def mark_shares(axes: Axes, record: RunRecord, curve: Curve) -> None:
    """The error among the surest and among all, as points with their numbers."""
    marked = (KEPT, 1.0)
    heights = [100 * at(curve, share) for share in marked]
    draw_points(axes, [100 * share for share in marked], heights, ACCENT, 5.5, clip_on=False)
    for share, height in zip(marked, heights, strict=True):
        wrong, kept = wrong_among(record, share)
        axes.annotate(
            numerals.percent(wrong / kept, kept),
            (100 * share, height),
            (-5, 5),
            textcoords="offset points",
            ha="right",
            color=INK,
        )


def chosen(classes: tuple[ClassScore, ...], curves: tuple[Curve, ...]) -> list[tuple[ClassScore, Curve]]:
    """The classes with a curve; of more than MOST_CLASSES, those with the lowest average precision; in class order."""
    have = [pair for pair in zip(classes, curves, strict=False) if pair[0].average_precision is not None and pair[1].x]
    have.sort(key=lambda pair: (pair[0].average_precision, pair[0].index))
    return sorted(have[:MOST_CLASSES], key=lambda pair: pair[0].index)


def draw_precision_recall(subject: Subject) -> FigureFile | Skipped:
    """One small chart a class, all on the same axes."""
    record = subject.record
    name, title = "precision_recall", _("Precision–recall curves")
    shown = chosen(record.measured.classes, record.measured.precision_recall) if record.measured else []
    if not shown:
        return Skipped(name, title, _("The record holds no precision by recall."))
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    with chart(name, 46 + 128 * rows, FULL if columns > 2 else HALF) as paper:
        cells = paper.figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, (item, curve) in zip(cells, shown, strict=False):
            axes.set_title(shorten(item.name, 12, record.data.classes))
            axes.set_title(numerals.score(item.average_precision), loc="right", color=MUTED)
            draw_line(axes, 100 * np.asarray(curve.x), 100 * np.asarray(curve.y), ACCENT, linewidth=1.25)
            axes.set_xticks([0, 50, 100])
            axes.set_yticks([0, 50, 100])
            grid(axes)
        cells[0].set_xlim(0, 102)
        cells[0].set_ylim(0, 103)
        for place, axes in enumerate(cells):
            if place >= len(shown):
                axes.set_axis_off()
            elif place + columns >= len(shown):
                axes.tick_params(labelbottom=True)
        paper.name_axes(_("recall, %"), _("precision, %"))
        return paper.svg(title, *describe(record, shown), tabulate(shown))


def tabulate(shown: list[tuple[ClassScore, Curve]]) -> str:
    """Every point of every curve."""
    points = ((item.name, 100 * x, 100 * y) for item, curve in shown for x, y in zip(curve.x, curve.y, strict=True))
    return write_csv(("class", "recall (%)", "precision (%)"), points)


def describe(record: RunRecord, shown: list[tuple[ClassScore, Curve]]) -> tuple[str, str]:
    """Caption and alternative text."""
    weak = min(shown, key=lambda pair: pair[0].average_precision or 0.0)[0]
    said = [
        _(
            "Average precision is lowest for {name}, {value}.",
            name=shorten(weak.name, 40, record.data.classes),
            value=numerals.score(weak.average_precision),
        )
    ]
    if len(shown) < len(record.data.classes):
        classes = len(record.data.classes)
        said.append(_("The {shown} weakest of {count} classes.", shown=len(shown), count=numerals.count(classes)))
    said.append(
        _(
            "One chart per class, with its average precision at the right; the closer to the upper right "
            "corner, the better."
        )
    )
    named = [(shorten(item.name, 40, record.data.classes), item.average_precision) for item, _unused in shown]
    told = join_rows([f"{name} {numerals.score(value)}" for name, value in named])
    return join_sentences(said), _("Small precision–recall charts. Average precision: {classes}.", classes=told)


FIGURES = (
    FigureKind("risk_coverage", draw_risk, by_seaborn=True),
    FigureKind("precision_recall", draw_precision_recall, by_seaborn=True),
)
