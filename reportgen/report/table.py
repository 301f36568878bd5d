"""Tables as a reader sees them: a caption, columns of a kind each, rows of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, overload

from reportgen.text import numerals
from reportgen.text.i18n import _
from reportgen.text.shorten import shorten

Row = tuple[str, ...]
Kind = Literal["", "numeric", "code", "short"]
"""How a column is set: words; figures of one width at the right; mono; words that stay on one line."""
MOST_ON_PAPER = 40
KEPT_ROWS = 12
"""Of a table that no page ends in."""
LONGEST_LABEL = 120
"""Characters of a caption that a screen reader is told."""


@dataclass(frozen=True)
class Column:
    """One column: its head, and how its cells are set."""

    head: str
    kind: Kind = ""


@dataclass(frozen=True)
class Cell:
    """One cell, ready to be set."""

    text: str
    kind: Kind
    is_head: bool


@dataclass(frozen=True)
class Table(Sequence[Row]):
    """A table is the sequence of its rows, so that one without rows is false. Templates draw it with `ui.datatable`."""

    caption: str = ""
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    """As many texts as columns in each."""
    row_head: bool = True
    """Whether the first column is the head of its row."""
    dense: bool = False
    """Whether columns stand closer, because there are many."""
    most: int = MOST_ON_PAPER
    """Rows that the PDF shows."""
    called: str = ""
    """What a screen reader is told; empty for the beginning of the caption."""

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[place]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def label(self) -> str:
        """What a screen reader is told before it reaches the table."""
        return self.called or shorten(self.caption, LONGEST_LABEL)

    @property
    def is_short(self) -> bool:
        """Whether it stands on one page."""
        return len(self.rows) <= KEPT_ROWS

    @property
    def cells(self) -> tuple[tuple[Cell, ...], ...]:
        """Every row."""
        return self.set_rows(self.rows)

    @property
    def cells_on_paper(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that the PDF shows."""
        return self.set_rows(self.rows[: self.most])

    @property
    def cut(self) -> str:
        """What the PDF leaves out, one sentence; empty where it shows all."""
        if len(self.rows) <= self.most:
            return ""
        return _(
            "The first {most} of {count} rows; the HTML report shows all of them.",
            most=self.most,
            count=numerals.count(len(self.rows)),
        )

    def set_rows(self, rows: Sequence[Row]) -> tuple[tuple[Cell, ...], ...]:
        """These rows as cells. Raises ValueError for one that has not as many texts as there are columns."""
        kinds = [column.kind for column in self.columns]
        return tuple(
            tuple(
                Cell(text, kind, place == 0 and self.row_head)
                for place, (text, kind) in enumerate(zip(row, kinds, strict=True))
            )
            for row in rows
        )

    def without(self, *places: int) -> Table:
        """The table with some columns left out."""
        kept = [place for place in range(len(self.columns)) if place not in places]
        rows = tuple(tuple(row[place] for place in kept) for row in self.rows)
        return replace(self, columns=tuple(self.columns[place] for place in kept), rows=rows)


NO_TABLE = Table()


def numbers(*heads: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(head, "numeric") for head in heads)


def words(*heads: str) -> tuple[Column, ...]:
    """Columns of words."""
    return tuple(Column(head) for head in heads)
