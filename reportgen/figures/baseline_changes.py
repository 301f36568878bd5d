"""How every score changed against the baseline, with its interval.

By matplotlib: every row has a scale of its own, and seaborn's charts have one for all rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from reportgen.comparison.decision import direction
from reportgen.figures._style import bare, sheet
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.comparison import Comparison
from reportgen.record.meaning import find_meaning
from reportgen.record.metric_value import MetricValue
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import HAIRLINE, INK, MUTED, PAPER, RIGHT, SOFT, WRONG
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows

NAME = "baseline_changes"
REACH = 0.94
"""Of the half axis that the longest end of a row takes."""


def estimated(comparison: Comparison) -> list[MetricValue]:
    """The changes that have an interval, accuracy first."""
    return list(comparison.scores)


def draw_row(axes: Axes, place: int, value: MetricValue, margin: float | None, colour: str, sure: bool) -> None:
    """One change on its own scale, to the right where it is better; `margin` shades what does not matter."""
    assert value.value is not None
    assert value.low is not None
    assert value.high is not None
    side = 1 if value.higher_is_better is not False else -1
    ends = (side * value.low, side * value.high)
    widest = max(abs(ends[0]), abs(ends[1]), abs(margin or 0.0)) or 1.0
    scale = REACH / widest
    if margin is not None:
        axes.barh([place], [2 * margin * scale], left=-margin * scale, height=0.7, color=HAIRLINE, zorder=0)
    axes.plot([end * scale for end in ends], [place, place], color=colour, linewidth=1.6, solid_capstyle="butt")
    axes.plot(
        [side * value.value * scale],
        [place],
        "o",
        color=colour,
        markerfacecolor=colour if sure else PAPER,
        markersize=6,
    )
    axes.annotate(value.display, (1.04, place), va="center", color=INK)
    axes.annotate(value.display_interval, (1.6, place), va="center", color=MUTED)


def draw(subject: Subject) -> FigureFile | Skipped:
    """A forest plot: one row a score, each on its own scale, zero in the middle."""
    title = _("Change in every score")
    comparison = subject.judgement.compared
    if comparison is None:
        return Skipped(NAME, title, _("There is no baseline to compare with."))
    values = estimated(comparison)
    if not values:
        return Skipped(NAME, title, _("With so few images no change has an interval."))
    colours = {1: RIGHT, 0: MUTED, -1: WRONG}
    with sheet(NAME, 58 + 26 * len(values)) as paper:
        axes = paper.figure.add_subplot()
        axes.axvline(0, color=SOFT, linewidth=1)
        for place, value in enumerate(values):
            sure = direction(value)
            margin = comparison.equivalence.margin if value.name == "accuracy.change" else None
            draw_row(axes, place, value, margin, colours[sure], bool(sure))
        axes.set_yticks(range(len(values)), [name_of(value) for value in values])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(values) - 0.4, -1.1)
        axes.set_xlim(-1.02, 2.25)
        axes.set_xticks([])
        axes.annotate(_("worse"), (-0.06, -0.85), ha="right", va="center", color=WRONG)
        axes.annotate(_("better"), (0.06, -0.85), ha="left", va="center", color=RIGHT)
        axes.annotate(_("change"), (1.04, -0.85), va="center", color=MUTED)
        axes.annotate(_("95 % interval"), (1.6, -0.85), va="center", color=MUTED)
        bare(axes)
        return paper.svg(title, caption(comparison), describe(values), tabulate(values))


def tabulate(values: Sequence[MetricValue]) -> str:
    """Every change in the unit of its score, candidate less baseline, as metrics.json has it."""
    rows = [(one.name, one.unit, one.value, one.low, one.high) for one in values]
    return write_csv(("score", "unit", "change", "95 % interval low", "95 % interval high"), rows)


def name_of(value: MetricValue) -> str:
    """What people call the score that changed."""
    return find_meaning(value.meaning.name).label({})


def caption(comparison: Comparison) -> str:
    """How to read it; what holds for all scores together is a finding of the section, and no claim of the figure."""
    margin = numerals.points_apart(comparison.equivalence.margin)
    return _(
        "Each row has its own scale; right is better. Lines: 95 % intervals of each score alone. "
        "Filled dots: the interval excludes zero, which among many scores some do by chance. Grey "
        "band: the margin of {margin} within which a change in accuracy does not matter.",
        margin=margin,
    )


def describe(values: Sequence[MetricValue]) -> str:
    """Every change in words."""
    told = join_rows(
        [
            _(
                "{metric} changes by {change}, with an interval of {interval}",
                metric=name_of(value),
                change=value.display,
                interval=value.display_interval,
            )
            for value in values
        ]
    )
    return _("Forest plot of {count} changes against the baseline. {changes}.", count=len(values), changes=told)


FIGURE = FigureKind(NAME, draw)
