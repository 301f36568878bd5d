"""Which classes are taken for which, small: the largest confusions as bars."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.figures._small import BRIEF, FIRST, LINE, LONGEST_NAME, MAIL, Place, name_rows, place_small
from reportgen.figures.confusion import draw_shares, pair
from reportgen.plugins import FigureKind
from reportgen.record.measurements import Confusion
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, with_note
from reportgen.text.widths import advance

NAME = "confusions"
MOST = 6
ROOM = 2.1
"""Of the longest bar, for the numbers at their ends."""
FIRST_ROOM = 4.5
"""The same in the row of the first page."""
NAMES, FIRST_NAMES = 175, 132
"""CSS pixels of both names in words, and of the same in the row of the first page."""
FEWEST = 4
"""Letters of a name at least."""


def draw(subject: Subject, place: Place) -> FigureFile | Skipped:
    """Bars of the share of the true class's images, the largest first."""
    name, record, title = f"{place.name}_{NAME}", subject.record, _("Largest confusions")
    largest = record.measured.confusions[:MOST] if record.measured is not None else ()
    if not largest:
        return Skipped(name, title, _("No image was predicted as another class."))
    with place.sheet(NAME, 34 + LINE * len(largest), by_seaborn=True) as paper:
        axes = paper.figure.add_subplot()
        shares = draw_shares(axes, largest)
        letters = fit_letters(record, largest, 1000 * (FIRST_NAMES if place.is_first else NAMES) / place.text)
        name_rows(axes, [pair(record, item, letters) for item in largest], most=3 * LONGEST_NAME)
        axes.set_xlim(0, (FIRST_ROOM if place.is_first else ROOM) * max(shares))
        if place.is_first:
            paper.head(title, INK)
        return place.save(paper, title, caption(record, largest), describe(record, largest))


def fit_letters(record: RunRecord, largest: Sequence[Confusion], room: float) -> int:
    """The most letters of a class's name with which every pair fits beside its bar; `room`: thousandths of the size of
    type."""

    def width(letters: int) -> float:
        return max(advance(pair(record, item, letters)) for item in largest)

    return next((letters for letters in range(LONGEST_NAME, FEWEST, -1) if width(letters) <= room), FEWEST)


def caption(record: RunRecord, largest: Sequence[Confusion]) -> str:
    """The largest confusion, then what the numbers are."""
    first = _("Most often {pair}: {share}.", pair=pair(record, largest[0], 40), share=largest[0].share.display_full)
    return join_sentences(
        [first, _("Bars: share of the true class’s images that are predicted as another; then how many.")]
    )


def describe(record: RunRecord, largest: Sequence[Confusion]) -> str:
    """Every bar in words."""
    rows = [with_note(f"{pair(record, item, 40)} {item.share.display}", numerals.count(item.count)) for item in largest]
    return _("Bar chart of the largest confusions. {largest}.", largest=join_rows(rows))


FIGURES: tuple[FigureKind, ...] = place_small(NAME, draw, MAIL, BRIEF, FIRST, by_seaborn=True)
