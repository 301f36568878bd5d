"""How far confidence can be believed, small: the model as it is, one diagram over the counts of its bins.

By matplotlib, as the large one (figures/reliability.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.figures._small import BRIEF, FIRST, MAIL, Place, place_small
from reportgen.figures.reliability import caption, counts, describe, diagram, mark_confidence
from reportgen.plugins import FigureKind
from reportgen.record.measurements import Bin
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import MUTED
from reportgen.text.i18n import _

NAME = "reliability"
HEIGHT, BRIEF_HEIGHT = 330, 270
FULLEST = 4
"""Bins that the alternative text has room for."""


def draw(subject: Subject, place: Place) -> FigureFile | Skipped:
    """One reliability diagram, over the counts of its bins where there is room."""
    name, measured, title = f"{place.name}_{NAME}", subject.record.measured, _("Confidence against accuracy")
    if measured is None or not any(item.n for item in measured.calibration.bins):
        return Skipped(name, title, _("The record holds no confidences."))
    bins = measured.calibration.bins
    with place.sheet(NAME, BRIEF_HEIGHT if place is BRIEF else HEIGHT) as paper:
        if place.is_first:
            axes = paper.figure.add_subplot()
            diagram(axes, bins, _("% correct by confidence"))
            mark_confidence(axes)
            axes.set_xlim(0, 1.03)  # room for a whole mark at the end
            place.title(paper, axes)
        else:
            above, below = paper.figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
            diagram(above, bins, _("Before scaling: % correct"))
            counts(below, bins)
            above.tick_params(axis="x", length=0)
            below.set_title(_("Images"), color=MUTED)
        told = caption(subject.record, measured)
        return place.save(paper, title, told, describe_fullest(bins))


def describe_fullest(bins: Sequence[Bin]) -> str:
    """The bins that hold the most images, in words."""
    fullest = sorted(bins, key=lambda item: -item.n)[:FULLEST]
    return describe([item for item in bins if item in fullest])


FIGURES: tuple[FigureKind, ...] = place_small(NAME, draw, MAIL, BRIEF, FIRST)
