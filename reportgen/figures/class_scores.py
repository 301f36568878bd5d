"""Recall and precision of every class."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from reportgen.figures._marks import draw_points
from reportgen.figures._style import chart, grid, shorten
from reportgen.figures._table import heads_of, percent_cells, write_csv
from reportgen.plugins import FigureKind
from reportgen.record.measurements import ClassScore
from reportgen.record.metric_value import MetricValue
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, INK, MUTED, PAPER, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

MOST = 30
APART = 0.17
"""Rows between the marks of recall and precision."""


def by_recall(classes: Sequence[ClassScore]) -> list[ClassScore]:
    """The classes that have a recall, weakest first."""
    known = [item for item in classes if item.recall.value is not None]
    return sorted(known, key=lambda item: (item.recall.value, item.index))


def draw_values(axes: Axes, metrics: Sequence[MetricValue], recall: bool) -> None:
    """One value a row with its interval, the rows of recall a little above those of precision."""
    colour, shift = (ACCENT, -APART) if recall else (MUTED, APART)
    known = [(row + shift, metric) for row, metric in enumerate(metrics) if metric.value is not None]
    sure = [(row, 100 * one.low, 100 * one.high) for row, one in known if one.low is not None and one.high is not None]
    if sure:
        axes.hlines(*zip(*sure, strict=True), color=colour, linewidth=1.5 if recall else 0.9)
    draw_points(
        axes,
        [100 * (metric.value or 0.0) for _unused, metric in known],
        [row for row, _unused in known],
        colour if recall else PAPER,
        5.5 if recall else 4.5,
        marker="o" if recall else "D",
        edgecolor=colour,
        linewidth=1,
    )


def draw(subject: Subject) -> FigureFile | Skipped:
    """A dot for recall and one for precision with their intervals, one row a class, the weakest first."""
    record = subject.record
    name, title = "class_scores", _("Recall and precision by class")
    if record.measured is None or not by_recall(record.measured.classes):
        return Skipped(name, title, _("The record holds no scores by class."))
    ranked = by_recall(record.measured.classes)
    shown = ranked[:MOST]
    overall = record.measured.value("accuracy")
    with chart(name, 74 + 22 * len(shown)) as paper:
        axes = paper.figure.add_subplot()
        if overall is not None and overall.value is not None:
            axes.axvline(100 * overall.value, color=SOFT, linewidth=1, linestyle=(0, (2, 2)))
        draw_values(axes, [item.precision for item in shown], recall=False)
        draw_values(axes, [item.recall for item in shown], recall=True)
        axes.set_yticks(range(len(shown)), [shorten(item.name, 24, record.data.classes) for item in shown])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        low = min(axes.get_xlim()[0], 99.0)
        axes.set_xlim(max(0.0, 10 * (low // 10)), 100.8)
        axes.set_xlabel(_("recall: % of the class's images; precision: % of the images predicted as it"))
        axes.spines["left"].set_visible(False)
        grid(axes, "x")
        handles = [
            Line2D([], [], marker="o", color=ACCENT, label=_("recall")),
            Line2D([], [], marker="D", color=MUTED, markerfacecolor=PAPER, linewidth=0.9, label=_("precision")),
            Line2D([], [], color=SOFT, linewidth=1, linestyle=(0, (2, 2)), label=_("accuracy of all images")),
        ]
        axes.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=3,
            borderaxespad=0.2,
            handlelength=1.8,
            columnspacing=1.6,
            borderpad=0,
        )
        return paper.svg(title, caption(ranked), describe(shown, len(ranked)), tabulate(shown))


def tabulate(shown: Sequence[ClassScore]) -> str:
    """Both values of every class shown, with their intervals."""
    heads = ("class", *heads_of("recall", "%"), *heads_of("precision", "%"))
    return write_csv(heads, [(one.name, *percent_cells(one.recall), *percent_cells(one.precision)) for one in shown])


def caption(ranked: Sequence[ClassScore]) -> str:
    """The weakest and the strongest class, then how to read the marks."""
    weak, strong = ranked[0], ranked[-1]
    names = [item.name for item in ranked]
    told = []
    if weak.recall.value == strong.recall.value:
        told.append(_("Recall is {value} for every class.", value=weak.recall.display))
    else:
        told.append(
            _(
                "Recall is lowest for {weak}, {low}, and highest for {strong}, {high}.",
                weak=shorten(weak.name, 40, names),
                strong=shorten(strong.name, 40, names),
                low=weak.recall.display_full,
                high=strong.recall.display_full,
            )
        )
    if len(ranked) > MOST:
        left_out = numerals.count(len(ranked))
        told.append(_("The weakest {shown} of {count} classes.", shown=MOST, count=left_out))
    told.append(_("Weakest first; lines are 95 % Wilson intervals."))
    return join_sentences(told)


def describe(shown: Sequence[ClassScore], count: int) -> str:
    """Both values of every class shown."""
    names = [item.name for item in shown]
    told = [
        _(
            "{name}: recall {recall}, precision {precision}",
            name=shorten(item.name, 40, names),
            recall=item.recall.display,
            precision=item.precision.display,
        )
        for item in shown
    ]
    return _(
        "Dot plot of {shown} of {count} classes. {classes}.", shown=len(shown), count=count, classes=join_rows(told)
    )


FIGURE = FigureKind("class_scores", draw, by_seaborn=True)
