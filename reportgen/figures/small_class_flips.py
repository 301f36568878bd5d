"""Which classes the flips against the baseline are of, small: those with the most flips."""

from __future__ import annotations

from reportgen.figures._small import FIRST, LONGEST_NAME, Place, name_rows, place_small
from reportgen.figures.baseline_classes import chosen, describe_flips, draw_flip_bars, format_flips, names_of
from reportgen.plugins import FigureKind
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK
from reportgen.text.i18n import _

NAME = "class_flips"
MOST = 6
"""Classes."""
REACH = 1.6
"""Of the longest bar, with room for the numbers at the ends."""
LONG, ASIDE = 10, -17
"""Letters of a name from which on the bars have too little room for what stands above them, and how many points that
goes to the left then."""


def draw(subject: Subject, place: Place) -> FigureFile | Skipped:
    """Images that turned wrong to the left, images that turned right to the right, the largest loss of recall first."""
    name, title, comparison = f"{place.name}_{NAME}", _("Flips by class"), subject.judgement.compared
    if comparison is None:
        return Skipped(name, title, _("There is no baseline to compare with."))
    shown = chosen(comparison, MOST)
    if not any(one.lost or one.gained for one in shown):
        return Skipped(name, title, _("Both models are right and wrong on the same images."))
    with place.sheet(NAME, 50 + 22 * len(shown), by_seaborn=True) as paper:
        axes = paper.figure.add_subplot()
        name_rows(axes, [one.name for one in shown], names_of(comparison), LONGEST_NAME // 2)
        long = max(len(one.name) for one in shown) > LONG
        draw_flip_bars(axes, shown, apart=3, reach=REACH, middle=ASIDE if long else 0)
        paper.head(title, INK)
        return place.save(paper, title, format_flips(comparison), describe_flips(shown, names_of(comparison)))


FIGURES: tuple[FigureKind, ...] = place_small(NAME, draw, FIRST, by_seaborn=True)
