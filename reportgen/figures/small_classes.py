"""The weakest classes, small: recall with its interval.

By matplotlib: intervals that are given, where seaborn's point plot draws those that it estimates itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.figures._small import FIRST, LINE, LONGEST_NAME, MAIL, Place, name_rows, place_small
from reportgen.plugins import FigureKind
from reportgen.record.measurements import ClassScore
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK, MUTED, RIGHT, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, with_label

NAME = "classes"
MOST = 6
END = 1.3
"""Right end of the axis, which has its numbers there."""


def draw(subject: Subject, place: Place) -> FigureFile | Skipped:
    """One row a class from 0 to 100 %, the weakest first, the accuracy over all as a line."""
    name, measured, title = f"{place.name}_{NAME}", subject.record.measured, _("Weakest classes")
    known = [one for one in (measured.classes if measured else ()) if one.recall.value is not None]
    if measured is None or len(known) < 2:
        return Skipped(name, title, _("The record holds no scores by class."))
    weakest = sorted(known, key=lambda one: (one.recall.value, one.index))[:MOST]
    accuracy = measured.value("accuracy")
    with place.sheet(NAME, 46 + LINE * len(weakest)) as paper:
        axes = paper.figure.add_subplot()
        if accuracy is not None and accuracy.value is not None:
            axes.axvline(accuracy.value, color=SOFT, linewidth=1, linestyle=(0, (3, 3)))
        for row, one in enumerate(weakest):
            axes.plot([one.recall.low or 0.0, one.recall.high or 0.0], [row, row], color=RIGHT, linewidth=1.6)
            axes.plot([one.recall.value or 0.0], [row], "o", color=RIGHT, markersize=5)
            axes.annotate(one.recall.display, (END, row), ha="right", va="center", color=INK)
        longest = LONGEST_NAME // 2 if place.is_first else LONGEST_NAME
        name_rows(axes, [one.name for one in weakest], subject.record.data.classes, longest)
        axes.set_xlim(0, END)
        axes.set_xticks([0, 0.5, 1], ["0", "50", "100 %"])
        axes.tick_params(axis="x", labelcolor=MUTED)
        if place.is_first:
            paper.head(title, INK)
        return place.save(paper, title, caption(weakest, len(known)), describe(weakest))


def caption(weakest: Sequence[ClassScore], classes: int) -> str:
    """How many are shown, then how to read it."""
    shown = _(
        "Recall of the {shown} weakest of {classes} classes.",
        shown=numerals.count(len(weakest)),
        classes=numerals.count(classes),
    )
    return join_sentences([shown, _("Lines: 95\u00a0% intervals; dashed: accuracy over all classes.")])


def describe(weakest: Sequence[ClassScore]) -> str:
    """Every row in words."""
    rows = [with_label(one.name, one.recall.display_full) for one in weakest]
    return _("Recall of the weakest classes. {classes}.", classes=join_rows(rows))


FIGURES: tuple[FigureKind, ...] = place_small(NAME, draw, MAIL, FIRST)
