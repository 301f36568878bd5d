"""How sure the model is when it is right and when it is wrong."""

from __future__ import annotations

import numpy as np

from reportgen.figures._marks import draw_histogram
from reportgen.figures._style import chart, grid, measured, ticks
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import HALF, MUTED, RIGHT, WRONG
from reportgen.text import numerals
from reportgen.text.i18n import _, join_parts, join_sentences

SURE = 0.9
"""From here on a prediction is called sure in the caption."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """Confidence of right predictions upwards and of wrong ones downwards, each as shares of its own."""
    record = subject.record
    name, title = "confidence", _("Confidence of right and wrong predictions")
    found = record.measured
    if found is None or not sum(found.calibration.right) + sum(found.calibration.wrong):
        return Skipped(name, title, _("The record holds no confidences."))
    groups = (
        (np.asarray(found.calibration.right), RIGHT, _("right"), 1),
        (np.asarray(found.calibration.wrong), WRONG, _("wrong"), -1),
    )
    bins = len(groups[0][0])
    edges = [place / bins for place in range(bins + 1)]
    with chart(name, 250, HALF) as paper:
        axes = paper.figure.add_subplot()
        axes.set_title(_("% of the right and of the wrong predictions"))
        for counts, colour, label, side in groups:
            total = int(counts.sum())
            heights = side * 100 * counts / max(total, 1)
            draw_histogram(axes, heights, edges, colour, edgecolor="white", linewidth=0.5)
            text = join_parts([label, f"n = {numerals.count(total)}"])
            axes.text(
                0.01,
                0.99 if side > 0 else 0.01,
                text,
                transform=axes.transAxes,
                color=colour,
                va="top" if side > 0 else "bottom",
            )
        axes.axhline(0, color=MUTED, linewidth=0.75)
        axes.set_xlim(0, 1)
        high = max(abs(end) for end in axes.get_ylim())
        axes.set_ylim(-1.35 * high, 1.35 * high)
        marks = [mark for mark in ticks(4).tick_values(-high, high) if abs(mark) <= high]
        axes.set_yticks(marks)
        axes.yaxis.set_major_formatter(lambda value, _unused: numerals.general(abs(value), 6))
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        axes.set_xlabel(_("confidence"))
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="x", length=0)
        grid(axes)
        told = sentence(groups[0][0], groups[1][0])
        caption = join_sentences([told, _("Shares of each group in {bins} bins.", bins=bins)])
        data = tabulate(groups[0][0], groups[1][0])
        return paper.svg(title, caption, join_sentences([_("Mirrored histogram."), told]), data)


def tabulate(right: np.ndarray, wrong: np.ndarray) -> str:
    """Predictions in every bin, and their share of their own group."""
    heads = ("confidence from", "confidence to", "right (images)", "wrong (images)")
    shares = ("share of the right (%)", "share of the wrong (%)")
    bins = len(right)
    rows = zip(
        right.tolist(), wrong.tolist(), *(100 * side / max(side.sum(), 1) for side in (right, wrong)), strict=True
    )
    return write_csv((*heads, *shares), [(at / bins, (at + 1) / bins, *row) for at, row in enumerate(rows)])


def sentence(right: np.ndarray, wrong: np.ndarray) -> str:
    """How many of the wrong predictions, and of the right ones, are sure."""
    start = round(SURE * len(right))
    if not wrong.sum():
        return _("No prediction is wrong.")
    if not right.sum():
        return _("No prediction is right.")
    return _(
        "Made with a confidence of {sure} or more: {wrong} of the wrong predictions, {right} of the right ones.",
        wrong=measured(int(wrong[start:].sum()), int(wrong.sum())),
        right=measured(int(right[start:].sum()), int(right.sum())),
        sure=SURE,
    )


FIGURE = FigureKind("confidence", draw, by_seaborn=True)
