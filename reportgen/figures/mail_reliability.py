"""How far confidence can be believed, for a mail: the model as it is, one diagram over the counts of its bins."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.figures._narrow import WIDTH, Save
from reportgen.figures._style import MUTED, Sheet, sheet
from reportgen.figures.reliability import caption, counts, describe, diagram
from reportgen.plugins import FigureKind
from reportgen.record.measurements import Bin
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.text.i18n import _

NAME = "mail_reliability"
HEIGHT = 330
FULLEST = 4
"""Bins that the alternative text has room for."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """The figure of a mail."""
    return draw_small(subject, NAME, Sheet.png)


def draw_small(subject: Subject, name: str, save: Save) -> FigureFile | Skipped:
    """One reliability diagram."""
    measured, title = subject.record.measured, _("Confidence against accuracy")
    if measured is None or not any(item.n for item in measured.calibration.bins):
        return Skipped(name, title, _("The record holds no confidences."))
    bins = measured.calibration.bins
    with sheet(name, HEIGHT, WIDTH) as paper:
        above, below = paper.figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
        diagram(above, bins, _("As it is: % correct"))
        counts(below, bins)
        above.tick_params(axis="x", length=0)
        below.set_title(_("Images"), color=MUTED)
        told = caption(bins, measured.value("ece"), measured.value("ece_scaled"))
        return save(paper, title, told, describe_fullest(bins))


def describe_fullest(bins: Sequence[Bin]) -> str:
    """The bins that hold the most images, in words."""
    fullest = sorted(bins, key=lambda item: -item.n)[:FULLEST]
    return describe([item for item in bins if item in fullest])


FIGURE = FigureKind(NAME, draw)
