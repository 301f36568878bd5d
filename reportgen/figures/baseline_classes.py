"""What became of each class against the baseline: its recall before and after, and the images that flipped."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from reportgen.comparison.decision import level_of_others
from reportgen.figures._marks import draw_bars, draw_points
from reportgen.figures._style import bare, chart, grid, shorten, ticks
from reportgen.figures._table import heads_of, percent_cells, write_csv
from reportgen.plugins import FigureKind
from reportgen.record.comparison import ClassChange, Comparison
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.sections.baseline import claims
from reportgen.report.style import ACCENT, INK, MUTED, RIGHT, SOFT, WRONG
from reportgen.report.wording import count_images
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

MOST = 24
"""Classes drawn: those with the most flips."""


def chosen(comparison: Comparison, most: int = MOST) -> list[ClassChange]:
    """The classes drawn, the largest loss of recall first; both figures show the same at the same place."""
    present = [one for one in comparison.classes if one.support]
    flipped = sorted(present, key=lambda one: (-(one.lost + one.gained), one.index))[:most]
    return sorted(flipped, key=lambda one: (one.change.value or 0.0, one.index))


def names_of(comparison: Comparison) -> tuple[str, ...]:
    """The names of all classes."""
    return tuple(one.name for one in comparison.classes)


def label(one: ClassChange, classes: Sequence[str], level: float) -> str:
    """The class's name among all of them, marked where its change holds after Holm's correction."""
    holds = one.p_adjusted <= level
    return f"{shorten(one.name, 22, classes)} ∗" if holds else shorten(one.name, 24, classes)


def rows(axes: Axes, shown: Sequence[ClassChange], comparison: Comparison) -> None:
    """One row a class, named at the left."""
    classes, level = names_of(comparison), level_of_others(comparison)
    axes.set_yticks(range(len(shown)), [label(one, classes, level) for one in shown])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(shown) - 0.4, -0.6)


def draw_recall(subject: Subject) -> FigureFile | Skipped:
    """Recall before and after as two dots joined by a line."""
    name, title = "baseline_recall", _("Recall by class, before and after")
    comparison = subject.judgement.compared
    if comparison is None:
        return Skipped(name, title, _("There is no baseline to compare with."))
    shown = chosen(comparison)
    with chart(name, 74 + 22 * len(shown)) as paper:
        axes = paper.figure.add_subplot()
        before = [100 * (one.before.value or 0.0) for one in shown]
        after = [100 * (one.after.value or 0.0) for one in shown]
        colours = [RIGHT if new > old else WRONG if new < old else SOFT for old, new in zip(before, after, strict=True)]
        axes.hlines(range(len(shown)), before, after, color=colours, linewidth=2, alpha=0.55)
        draw_points(axes, before, range(len(shown)), SOFT, 7)
        draw_points(axes, after, range(len(shown)), ACCENT, 7)
        rows(axes, shown, comparison)
        low, high = axes.get_xlim()
        axes.set_xlim(max(-0.8, low), min(100.8, high))
        axes.xaxis.set_major_locator(ticks(7))
        axes.set_xlabel(_("recall, % of the class's images"))
        axes.spines["left"].set_visible(False)
        grid(axes, "x")
        handles = [
            Line2D([], [], marker="o", linewidth=0, color=SOFT, label=_("baseline")),
            Line2D([], [], marker="o", linewidth=0, color=ACCENT, label=_("this model")),
        ]
        axes.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=2,
            borderaxespad=0.2,
            borderpad=0,
            handletextpad=0.2,
            columnspacing=1.2,
        )
        return paper.svg(
            title,
            caption_recall(comparison, shown),
            describe_recall(shown, names_of(comparison)),
            tabulate_recall(shown),
        )


def tabulate_recall(shown: Sequence[ClassChange]) -> str:
    """Recall before and after, in the order of the figure."""
    heads = ("class", *heads_of("recall of the baseline", "%"), *heads_of("recall of this model", "%"), "p after Holm")
    rows = [(one.name, *percent_cells(one.before), *percent_cells(one.after), one.p_adjusted) for one in shown]
    return write_csv(heads, rows)


def tabulate_flips(shown: Sequence[ClassChange]) -> str:
    """Flips both ways."""
    rows = [(one.name, one.lost, one.gained) for one in shown]
    return write_csv(("class", "right to wrong (images)", "wrong to right (images)"), rows)


def caption_recall(comparison: Comparison, shown: Sequence[ClassChange]) -> str:
    """The largest loss and gain, then how to read it."""
    worst, best = shown[0], shown[-1]
    told = []
    if (worst.change.value or 0.0) < 0:
        told.append(
            _(
                "Largest loss: {name}, {change}.",
                name=shorten(worst.name, 40, names_of(comparison)),
                change=worst.change.display_full,
            )
        )
    if (best.change.value or 0.0) > 0:
        told.append(
            _(
                "Largest gain: {name}, {change}.",
                name=shorten(best.name, 40, names_of(comparison)),
                change=best.change.display_full,
            )
        )
    if not told:
        told.append(_("No class’s recall changed."))
    level = level_of_others(comparison)
    shown_level = numerals.whole_percent(level)
    if any(one.p_adjusted <= level for one in shown):
        told.append(
            claims.CLASSES.says(
                _(
                    "∗: the change is significant at {level} after Holm’s correction over all classes.",
                    level=shown_level,
                )
            )
        )
    elif any(one.p_adjusted <= level for one in comparison.classes):
        told.append(
            claims.CLASSES.says(
                _(
                    "None of the classes shown changed significantly at {level} after Holm’s correction over all "
                    "classes.",
                    level=shown_level,
                )
            )
        )
    elif worst.lost or best.gained:
        told.append(
            claims.NO_CLASS.says(
                _(
                    "No class changed significantly at {level} after Holm’s correction over all classes.",
                    level=shown_level,
                )
            )
        )
    return join_sentences([*told, left_out(comparison, shown)])


def left_out(comparison: Comparison, shown: Sequence[ClassChange]) -> str:
    """How many classes are not drawn; empty where all are."""
    every = sum(1 for one in comparison.classes if one.support)
    if len(shown) == every:
        return ""
    return _("The {shown} of {every} classes with the most flips.", shown=len(shown), every=numerals.count(every))


def describe_recall(shown: Sequence[ClassChange], classes: Sequence[str]) -> str:
    """Every class's recall before and after."""
    told = join_rows(
        [
            _(
                "{name} goes from {before} to {after} in recall",
                name=shorten(one.name, 40, classes),
                before=one.before.display,
                after=one.after.display,
            )
            for one in shown
        ]
    )
    return _("Dumbbell plot of recall with the baseline and with this model: {classes}.", classes=told)


def draw_flips(subject: Subject) -> FigureFile | Skipped:
    """Images that turned wrong to the left, images that turned right to the right."""
    name, title = "baseline_flips", _("Flips by class")
    comparison = subject.judgement.compared
    if comparison is None:
        return Skipped(name, title, _("There is no baseline to compare with."))
    table = comparison.mcnemar
    if not table.lost and not table.gained:
        return Skipped(name, title, _("Both models are right and wrong on the same images."))
    shown = chosen(comparison)
    with chart(name, 50 + 22 * len(shown)) as paper:
        axes = paper.figure.add_subplot()
        rows(axes, shown, comparison)
        draw_flip_bars(axes, shown)
        told = format_flips(comparison)
        return paper.svg(
            title,
            join_sentences([told, left_out(comparison, shown)]),
            describe_flips(shown, names_of(comparison)),
            tabulate_flips(shown),
        )


def draw_flip_bars(
    axes: Axes, shown: Sequence[ClassChange], apart: int = 8, reach: float = 1.15, middle: int = 0
) -> None:
    """Bars to both sides of zero with their numbers; the two ways are named above, `apart` points from their middle.

    `reach`: of the longest bar, which the axis reaches to either side; `middle`: points from zero to that of the names.
    """
    draw_bars(axes, [-one.lost for one in shown], WRONG, 0.6)
    draw_bars(axes, [one.gained for one in shown], RIGHT, 0.6)
    for place, one in enumerate(shown):
        for count, side in ((one.lost, -1), (one.gained, 1)):
            axes.annotate(
                numerals.count(count),
                (side * count, place),
                (4 * side, 0),
                va="center",
                textcoords="offset points",
                ha="left" if side > 0 else "right",
                color=MUTED,
            )
    most = max(max(one.lost, one.gained) for one in shown)
    axes.set_xlim(-reach * most, reach * most)
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.set_xticks([])
    bare(axes)
    axes.annotate(
        _("right → wrong"),
        (0, 1),
        (middle - apart, 4),
        xycoords=("data", "axes fraction"),
        ha="right",
        textcoords="offset points",
        color=WRONG,
    )
    axes.annotate(
        _("wrong → right"),
        (0, 1),
        (middle + apart, 4),
        xycoords=("data", "axes fraction"),
        ha="left",
        textcoords="offset points",
        color=RIGHT,
    )


def format_flips(comparison: Comparison) -> str:
    """How many images turned each way."""
    table = comparison.mcnemar
    return _(
        "{lost} turned from right to wrong and {gained} from wrong to right. Numbers: images.",
        lost=count_images(table.lost),
        gained=numerals.count(table.gained),
    )


def describe_flips(shown: Sequence[ClassChange], classes: Sequence[str]) -> str:
    """Every class's flips both ways."""
    told = join_rows(
        [
            _("{name} {lost} and {gained}", name=shorten(one.name, 40, classes), lost=one.lost, gained=one.gained)
            for one in shown
        ]
    )
    return _("Bars of images that turned wrong and that turned right, by class. {classes}.", classes=told)


FIGURES = (
    FigureKind("baseline_recall", draw_recall, by_seaborn=True),
    FigureKind("baseline_flips", draw_flips, by_seaborn=True),
)
