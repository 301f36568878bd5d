"""The parts of a drawing: rows on cards, cards in a scheme, and the room they take."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from reportgen.figures._diagram.text import text_width

TEXT, SMALL = 12.0, 10.5
"""Type sizes, pixels at the figure's full width."""
PAD = 9
ROW, FOLLOW = 19, 13
"""Height of a row's first line and of each small line under it."""
JOIN = 18
"""Diameter of a small operator."""

Kind = Literal["card", "join", "port", "side", "const"]


@dataclass(frozen=True)
class Row:
    """One line of a card and the small lines under it."""

    text: str
    full: str
    """Unshortened, for the tooltip."""
    follow: tuple[str, ...] = ()
    """Small lines: what follows the operator."""
    shape: str = ""
    target: str | None = None
    """Digest of the structure the row stands for."""
    letter: str = ""
    """Tells structures of one class apart."""
    path: str = ""
    """Dotted name of the first module."""
    repeats: int = 1
    """How often the module is called in a row here."""

    @property
    def height(self) -> float:
        """Pixels."""
        return ROW + FOLLOW * len(self.follow)

    def width(self, size: float) -> float:
        """Pixels that text and shape need."""
        first = text_width(self.heading, size, bold=self.target is not None)
        shape = text_width(self.shape, SMALL) + 14 if self.shape else 0.0
        return max(first + shape, *(text_width(line, SMALL) for line in self.follow), 0.0)

    @property
    def heading(self) -> str:
        """Text and letter."""
        return f"{self.text} {self.letter}".rstrip()


@dataclass(frozen=True)
class Card:
    """One node of the drawing."""

    kind: Kind
    rows: tuple[Row, ...]
    times: str = ""
    """Such as "×4"; empty for once."""
    least: float = 0.0
    """At least this wide, so that cards above each other agree."""

    @property
    def badge(self) -> float:
        """Width that `times` takes, pixels."""
        return text_width(self.times, TEXT, bold=True) + 8 if self.times else 0.0

    @property
    def width(self) -> float:
        """Pixels."""
        if self.kind == "join":
            text = text_width(self.rows[0].text, SMALL)
            return JOIN if text < JOIN - 4 else text + 14
        if self.kind != "card":
            return self.rows[0].width(SMALL) + 4
        return max(self.least, max(row.width(TEXT) for row in self.rows) + self.badge + 2 * PAD)

    @property
    def height(self) -> float:
        """Pixels."""
        if self.kind == "join":
            return JOIN
        return sum(row.height for row in self.rows) + (6 if self.kind == "card" else -3)


@dataclass(frozen=True)
class Scheme:
    """Cards and edges of one drawing; edges go from lower to higher index."""

    cards: tuple[Card, ...]
    edges: tuple[tuple[int, int], ...]
    skips: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    """Edges that pass by at least one card which lies on another way between the same two."""

    def in_one_column(self) -> bool:
        """True when the cards stand in one line, whatever passes them or joins them from beside."""
        main = [i for i, card in enumerate(self.cards) if card.kind not in {"side", "const"}]
        steps = set(self.edges) - self.skips
        return set(pairwise(main)) == {(a, b) for a, b in steps if a in set(main)}


@dataclass(frozen=True)
class Style:
    """How much a drawing tells, and how it breaks."""

    detail: int
    """Of the settings: FULL_LISTS, RANGES, CONSTANTS or KIND_ONLY of the labels."""
    shapes: bool
    """Output shapes beside the rows."""
    wrap: bool = False
    """One small line for each following module."""
    elide: bool = False
    """Blocks that follow each other share a card, and the middle of a very long card is left out, as it says."""
    stages: bool = False
    """A convolution or pooling after a pooling begins a new card, as in an overview."""
