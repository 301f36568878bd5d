"""The largest confusions, for a brief report: the figure of a mail as a drawing, half a line wide."""

from __future__ import annotations

from reportgen.figures._style import Sheet
from reportgen.figures.mail_confusions import draw_small
from reportgen.plugins import FigureKind
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped

NAME = "brief_confusions"


def draw(subject: Subject) -> FigureFile | Skipped:
    """The small figure as a drawing."""
    return draw_small(subject, NAME, Sheet.svg)


FIGURE = FigureKind(NAME, draw, by_seaborn=True)
