"""How accuracy changed against the baseline, small: the change with its interval on the margin.

By matplotlib: one interval that is given on one band, of which seaborn would draw the dot alone.
"""

from __future__ import annotations

from reportgen.comparison.decision import direction
from reportgen.figures._small import BRIEF, FIRST, MAIL, Place, place_small
from reportgen.figures._style import Sheet, grid, ticks
from reportgen.plugins import FigureKind
from reportgen.record.metric_value import MetricValue
from reportgen.record.subject import Subject
from reportgen.report.comparison_claims import claim_of
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import HAIRLINE, INK, MUTED, PAPER, RIGHT, SOFT, WRONG
from reportgen.report.verdict import format_change, format_verdict
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, with_note

NAME = "change"
HEIGHT = 120
CHANGE = "accuracy.change"
REACH = 1.25
"""Of the longest end, which the axis reaches to either side of zero."""


def draw(subject: Subject, place: Place) -> FigureFile | Skipped:
    """The change on an axis with zero in its middle, and the margin as a band around it."""
    name, title, compared = f"{place.name}_{NAME}", _("Change in accuracy"), subject.judgement.compared
    if compared is None:
        return Skipped(name, title, _("There is no baseline to compare with."))
    value = compared.value(CHANGE)
    if value is None or value.value is None or value.low is None or value.high is None:
        return Skipped(name, title, _("The change in accuracy has no interval."))
    with place.sheet(NAME, HEIGHT) as paper:
        draw_change(paper, value, compared.equivalence.margin, few=place.is_first)
        if place.is_first:
            colour = {1: RIGHT, 0: INK, -1: WRONG}[direction(value)]
            verdict = format_verdict(compared)
            paper.head(_("Against the baseline: {verdict}", verdict=verdict), colour)
        bound = numerals.points_apart(compared.equivalence.margin)
        reading = _("Grey: the margin of {margin}; line: the paired 95\u00a0% interval.", margin=bound)
        told = claim_of(compared).says(format_change(compared))
        alt = _(
            "Top-1 accuracy changed by {change}, 95\u00a0% interval {interval}, against a margin of {margin}.",
            change=value.display,
            interval=value.display_interval,
            margin=bound,
        )
        return place.save(paper, title, join_sentences([told, reading]), alt)


def draw_change(paper: Sheet, value: MetricValue, bound: float, few: bool) -> None:
    """The axis with band, interval and change; `few` ticks where there is little room."""
    assert value.value is not None
    assert value.low is not None
    assert value.high is not None
    axes, margin, sure = paper.figure.add_subplot(), 100 * bound, direction(value)
    low, middle, high = 100 * value.low, 100 * value.value, 100 * value.high
    reach, colour = REACH * max(abs(low), abs(high), margin), {1: RIGHT, 0: INK, -1: WRONG}[sure]
    axes.axvspan(-margin, margin, color=HAIRLINE, linewidth=0)
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.plot([low, high], [0, 0], color=colour, linewidth=2)
    axes.plot([middle], [0], "o", color=colour, markerfacecolor=colour if sure else PAPER, markersize=7)
    axes.set_title(with_note(value.display, value.display_interval))
    axes.annotate(_("worse"), (-reach, -0.8), ha="left", color=MUTED)
    axes.annotate(_("better"), (reach, -0.8), ha="right", color=MUTED)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(ticks(4 if few else 5))
    axes.set_xlabel(_("points of top-1 accuracy"))
    grid(axes, "x")
    axes.spines["left"].set_visible(False)


FIGURES: tuple[FigureKind, ...] = place_small(NAME, draw, MAIL, BRIEF, FIRST)
