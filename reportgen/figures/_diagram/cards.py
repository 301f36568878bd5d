"""The parts of a drawing: rows on cards, cards in a scheme, and the room they take."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from reportgen.text.widths import text_width

TEXT, SMALL = 12.0, 10.5
"""Type sizes, pixels at the figure's full width."""
PAD = 9
ROW, FOLLOW = 19, 13
"""Height of a row's first line and of each small line under it."""
JOIN = 18
"""Diameter of a small operator."""
HEAD = 14
"""Height of the small line at the top of a card, where it has one."""
PILL = 10
"""What a leaf is wider than its text."""
LEAVES_APART, LEAVES_LEFT = 3, 12
"""Between two leaves, and between a row's text and its first leaf."""
LEAVES_WIDE = 232
"""Leaves that are wider together stand below each other."""

Kind = Literal["card", "join", "port", "side", "const"]


@dataclass(frozen=True)
class Leaf:
    """A parameter that an operator reads."""

    name: str
    shape: str
    full: str
    """Every name it has, unshortened."""
    frozen: bool = False

    @property
    def text(self) -> str:
        """Name and shape."""
        return f"{self.name} {self.shape}".rstrip()

    @property
    def width(self) -> float:
        """Pixels."""
        return text_width(self.text, SMALL) + PILL


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
    leaves: tuple[Leaf, ...] = ()

    @property
    def height(self) -> float:
        """Pixels."""
        return max(ROW + FOLLOW * len(self.follow), (ROW - 1) * len(self.lines) + 1)

    @property
    def lines(self) -> tuple[tuple[Leaf, ...], ...]:
        """The leaves as they stand beside and below each other."""
        lines: list[tuple[Leaf, ...]] = []
        for leaf in self.leaves:
            if lines and beside((*lines[-1], leaf)) <= LEAVES_WIDE:
                lines[-1] += (leaf,)
            else:
                lines.append((leaf,))
        return tuple(lines)

    def width(self, size: float) -> float:
        """Pixels that text and shape need."""
        first = text_width(self.heading, size, bold=self.target is not None)
        shape = text_width(self.shape, SMALL) + 14 if self.shape else 0.0
        return max(first + shape, *(text_width(line, SMALL) for line in self.follow), 0.0)

    @property
    def heading(self) -> str:
        """Text and letter."""
        return f"{self.text} {self.letter}".rstrip()


def beside(leaves: tuple[Leaf, ...]) -> float:
    """Width of leaves in one line, pixels."""
    return sum(leaf.width for leaf in leaves) + LEAVES_APART * (len(leaves) - 1)


@dataclass(frozen=True)
class Card:
    """One node of the drawing."""

    kind: Kind
    rows: tuple[Row, ...]
    times: str = ""
    """Such as "×4"; empty for once."""
    least: float = 0.0
    """At least this wide, so that cards above each other agree."""
    heading: str = ""
    """Small line at the top: what the names of all leaves begin with."""

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
        inner = [row.width(TEXT) for row in self.rows] + [text_width(self.heading, SMALL)]
        inner += [self.leaves_left + beside(line) for row in self.rows for line in row.lines]
        return max(self.least, max(inner) + self.badge + 2 * PAD)

    @property
    def leaves_left(self) -> float:
        """Where leaves begin, pixels from the left of the rows' text."""
        return max((row.width(TEXT) for row in self.rows if row.leaves), default=0.0) + LEAVES_LEFT

    @property
    def height(self) -> float:
        """Pixels."""
        if self.kind == "join":
            return JOIN
        return sum(row.height for row in self.rows) + (6 if self.kind == "card" else -3) + self.head

    @property
    def head(self) -> float:
        """Height of the small line at the top, pixels."""
        return HEAD if self.heading else 0.0


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
    stacked: bool = False
    """Every card has a layer of its own: narrow and high."""
    apart: bool = False
    """Every row has a card of its own."""
