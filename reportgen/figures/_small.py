"""Small figures: one drawing each at three sizes, as pixels as wide as a phone for a mail, as a drawing of that width
for a brief report, and as a drawing of a third of the text's width for the first page.

A module `small_<name>` holds a figure `mail_<name>`, `brief_<name>` or `first_<name>` for each place that shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from reportgen.figures._style import POINT, RULES, Sheet, bare, sheet, shorten, theme
from reportgen.plugins import FigureKind
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK, TEXT
from reportgen.text.widths import advance

WIDTH = 340
"""CSS pixels of a phone's line, and of half a line of the text."""
LINE = 26
"""CSS pixels of a row that has a name."""
LONGEST_NAME = 24
"""Characters of a class's name."""
FEWEST = 4
"""Characters of a name that are left where there is no room for more."""
THIRD, THIRD_HEIGHT = 216, 162
"""CSS pixels of each figure of the first page's row."""
THIRD_TEXT = 11
"""CSS pixels; on paper, where the row is a twentieth smaller, 7.8 points."""
SIZED = ("font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize")
Save = Callable[[Sheet, str, str, str], FigureFile]
"""`Sheet.png` or `Sheet.svg`: title, caption and alternative text in."""


@dataclass(frozen=True)
class Place:
    """Where a small figure stands."""

    name: str
    save: Save
    width: int = WIDTH
    text: int = TEXT
    """CSS pixels."""

    @property
    def is_first(self) -> bool:
        """Whether it stands in the row of the first page, where all figures are of one size."""
        return self.width == THIRD

    def sheet(self, figure: str, height: float, by_seaborn: bool = False) -> AbstractContextManager[Sheet]:
        """A sheet of this place's width, called by the figure and the place; in the row as tall as all there."""
        tall = THIRD_HEIGHT if self.is_first else height
        return sheet(f"{self.name}_{figure}", tall, self.width, self.rules(theme() if by_seaborn else RULES))

    def title(self, paper: Sheet, axes: Axes, colour: str = INK) -> None:
        """The title of the only chart, in the row of the first page, as the bold line that every figure there has."""
        if self.is_first:
            paper.head(axes.get_title(loc="left"), colour)
            axes.set_title("")

    def rules(self, rules: Mapping[str, Any]) -> Mapping[str, Any]:
        """The style with text of this place's size."""
        return rules if self.text == TEXT else {**rules, **dict.fromkeys(SIZED, self.text * POINT)}


MAIL = Place("mail", Sheet.png)
BRIEF = Place("brief", Sheet.svg)
FIRST = Place("first", Sheet.svg, THIRD, THIRD_TEXT)
DrawSmall = Callable[[Subject, Place], "FigureFile | Skipped"]


def place_small(figure: str, draw: DrawSmall, *places: Place, by_seaborn: bool = False) -> tuple[FigureKind, ...]:
    """The figure for each place that shows it."""

    def kind(place: Place) -> FigureKind:
        return FigureKind(f"{place.name}_{figure}", lambda subject: draw(subject, place), by_seaborn=by_seaborn)

    return tuple(kind(place) for place in places)


def name_rows(axes: Axes, names: Sequence[str], among: Sequence[str] = (), most: int = LONGEST_NAME) -> None:
    """Rows from the top downwards, each with its name, short `among` others, and no lines."""
    axes.set_yticks(range(len(names)), [shorten(name, most, among) for name in names])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xticks([])
    bare(axes)


def fit_name(name: str, names: Sequence[str], most: int, room: float, size: float) -> str:
    """The name of a class in at most so many characters and `room` CSS pixels, different from the others `names` of its
    length; `size`: of the letters, points."""
    tried = (shorten(name, letters, names) for letters in range(most, FEWEST, -1))
    return next(
        (words for words in tried if advance(words) * size / POINT <= 1000 * room), shorten(name, FEWEST, names)
    )
