"""Which classes are taken for which, for a mail: the largest confusions as bars."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.figures._narrow import LINE, LONGEST_NAME, WIDTH, Save, name_rows
from reportgen.figures._style import Sheet, chart
from reportgen.figures.confusion import draw_shares, pair
from reportgen.plugins import FigureKind
from reportgen.record.measurements import Confusion
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, with_note

NAME = "mail_confusions"
MOST = 6
ROOM = 1.7
"""Of the longest bar, for the numbers at their ends."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """The figure of a mail."""
    return draw_small(subject, NAME, Sheet.png)


def draw_small(subject: Subject, name: str, save: Save) -> FigureFile | Skipped:
    """Bars of the share of the true class's images, the largest first."""
    record, title = subject.record, _("Largest confusions")
    largest = record.measured.confusions[:MOST] if record.measured is not None else ()
    if not largest:
        return Skipped(name, title, _("No image was predicted as another class."))
    with chart(name, 34 + LINE * len(largest), WIDTH) as paper:
        axes = paper.figure.add_subplot()
        shares = draw_shares(axes, largest)
        name_rows(axes, [pair(record, item, LONGEST_NAME // 3) for item in largest])
        axes.set_xlim(0, ROOM * max(shares))
        return save(paper, title, caption(record, largest), describe(record, largest))


def caption(record: RunRecord, largest: Sequence[Confusion]) -> str:
    """The largest confusion, then what the numbers are."""
    first = _("Most often {pair}: {share}.", pair=pair(record, largest[0], 40), share=largest[0].share.display_full)
    return join_sentences([first, _("Bars: share of the true class’s images that are called another; then how many.")])


def describe(record: RunRecord, largest: Sequence[Confusion]) -> str:
    """Every bar in words."""
    rows = [with_note(f"{pair(record, item, 40)} {item.share.display}", numerals.count(item.count)) for item in largest]
    return _("Bar chart of the largest confusions. {largest}.", largest=join_rows(rows))


FIGURE = FigureKind(NAME, draw, by_seaborn=True)
