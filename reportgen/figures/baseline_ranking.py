"""Where every candidate stands: top-1 accuracy with its interval, the best first.

By matplotlib: `reportgen compare` draws it alone, and should not wait for seaborn's import for one dot a row.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from reportgen.figures._style import POINT, grid, sheet, shorten, ticks
from reportgen.figures._table import heads_of, percent_cells, write_csv
from reportgen.plugins import FigureKind
from reportgen.record.ranking import Entry, Ranking, abridge
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.sections.baseline import claims
from reportgen.report.style import ACCENT, INK, MUTED, PAPER, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

NAME = "baseline_ranking"
MOST_ROWS = 30
"""So that it stands on one page; the baseline and this model are shown wherever they are."""
LONGEST_NAME = 32
COLUMNS = (14, 72, 158)
"""Of accuracy, interval and ranks, CSS pixels from the drawing."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """The ranking that the model was judged in, its own row marked."""
    ranking = subject.judgement.ranking
    if ranking is None:
        return Skipped(NAME, _("Ranking"), _("There are no other candidates to rank it with."))
    return plot(ranking)


def plot(ranking: Ranking) -> FigureFile | Skipped:
    """A forest plot: one row a model on one scale, in the order of the ranks."""
    title = _("Ranking")
    measured = [entry for entry in ranking.entries if entry.accuracy is not None and entry.accuracy.value is not None]
    if not measured:
        return Skipped(NAME, title, _("No model has a known accuracy."))
    shown = [
        entry for at, entry in enumerate(measured) if at < MOST_ROWS or entry.is_baseline or entry.name == ranking.own
    ]
    with sheet(NAME, 76 + 26 * len(shown)) as paper:
        axes = paper.figure.add_subplot()
        for row, entry in enumerate(shown):
            draw_row(axes, row, entry, colour_of(ranking, entry))
        axes.set_yticks(range(len(shown)), [name_of(entry) for entry in shown])
        for label, entry in zip(axes.get_yticklabels(), shown, strict=True):
            label.set_color(ACCENT if entry.name == ranking.own else MUTED if entry.is_baseline else INK)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.xaxis.set_major_locator(ticks(6))
        axes.margins(x=0.04)
        axes.set_xlabel(_("top-1 accuracy, %"))
        axes.spines["left"].set_visible(False)
        grid(axes, "x")
        for column, head in zip(COLUMNS, (_("top-1"), _("95 % interval"), _("ranks")), strict=True):
            beside(axes, column, -0.95, head, MUTED)
        return paper.svg(title, caption(ranking, len(measured) - len(shown)), describe(measured), tabulate(shown))


def tabulate(shown: Sequence[Entry]) -> str:
    """The models of the figure in its order."""
    rows = [
        (one.name, "yes" if one.is_baseline else "no", *percent_cells(one.accuracy), one.best, one.worst)
        for one in shown
    ]
    heads = ("model", "baseline", *heads_of("top-1 accuracy", "%"), "best possible rank", "worst possible rank")
    return write_csv(heads, rows)


def draw_row(axes: Axes, row: int, entry: Entry, colour: str) -> None:
    """One model: interval, dot, and the numbers beside it; an open dot has no rank."""
    accuracy = entry.accuracy
    assert accuracy is not None
    assert accuracy.value is not None
    if entry.is_baseline:
        axes.axvline(100 * accuracy.value, color=SOFT, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    if accuracy.low is not None and accuracy.high is not None:
        ends = [100 * accuracy.low, 100 * accuracy.high]
        axes.plot(ends, [row, row], color=colour, linewidth=1.6, solid_capstyle="butt")
    axes.plot(
        [100 * accuracy.value],
        [row],
        "o",
        color=colour,
        markersize=6,
        markerfacecolor=colour if entry.rank is not None else PAPER,
    )
    texts = (accuracy.display, accuracy.display_interval or numerals.DASH, entry.ranks)
    for column, text, ink in zip(COLUMNS, texts, (INK, MUTED, MUTED), strict=True):
        beside(axes, column, row, text, ink)


def beside(axes: Axes, column: int, row: float, text: str, colour: str) -> None:
    """A text at the right of the drawing."""
    axes.annotate(
        text,
        (1, row),
        (column * POINT, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        color=colour,
        annotation_clip=False,
    )


def colour_of(ranking: Ranking, entry: Entry) -> str:
    """Grey for the baseline, accent for the report's own model, muted for the others; without an own one all accent."""
    if entry.is_baseline:
        return SOFT
    return ACCENT if ranking.own in (None, entry.name) else MUTED


def name_of(entry: Entry) -> str:
    """The name at the axis."""
    name = shorten(abridge(entry.name, LONGEST_NAME), LONGEST_NAME)
    return _("{name}, baseline", name=name) if entry.is_baseline else name


def caption(ranking: Ranking, left_out: int) -> str:
    """Who is first and how sure that is, then how to read it."""
    first = [entry for entry in ranking.entries if entry.rank == 1]
    rivals = sum(entry.best == 1 for entry in ranking.entries)
    told = []
    if len(first) == 1 and first[0].worst == 1:
        told.append(
            claims.RANKING.says(
                _(
                    "{name} is first: every difference from it is significant.",
                    name=shorten(abridge(first[0].name, 40), 40),
                )
            )
        )
    elif rivals > 1:
        told.append(claims.RANKING_OPEN.says(_("{count} models may be first.", count=numerals.count(rivals))))
    told.append(
        _(
            "Dots: top-1 accuracy; lines: 95 % intervals of each model alone; dashed: the baseline. Ranks: those "
            "compatible with the differences between pairs, after Holm’s correction."
        )
    )
    if left_out:
        told.append(_("{count} more are in the table.", count=numerals.count(left_out)))
    return join_sentences(told)


def describe(entries: Sequence[Entry]) -> str:
    """Every accuracy in words."""
    told = join_rows(
        [
            _(
                "{model} classifies {accuracy} of the images correctly, with an interval of {interval}",
                model=shorten(abridge(entry.name, 40), 40),
                accuracy=entry.accuracy.display,
                interval=entry.accuracy.display_interval,
            )
            for entry in entries[:MOST_ROWS]
            if entry.accuracy is not None
        ]
    )
    return _("Forest plot of the accuracy of {count} models. {models}.", count=len(entries), models=told)


FIGURE = FigureKind(NAME, draw)
