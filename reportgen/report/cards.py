"""Cards: an image of the test split and what is made of it. On paper a row of them is one drawing, laid out here.

As elements of the page the cards would take a third of the time of the whole PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

from reportgen.record.images import enlarge_png
from reportgen.text.i18n import _, join_sentences
from reportgen.text.shorten import columns, one_line, shorten, shorten_family, shorten_middle

ENLARGED = 3
"""Pixels of the PDF for one of an image."""
IN_A_ROW = 5
ROW_WIDTH = 658
"""CSS pixels, the width of the text."""
STEP = 133
"""From one card to the next."""
CARD_WIDTH = 117
HEAD_BASE, LABEL_BASE = 89, 104
"""Base lines of the verdict and of the label below the image."""
GUESS_STEP = 19
FIRST_GUESS = 16
"""Below the line before it."""
FILE_STEP = 13
"""From the line before it to the name of the image's file."""
VERDICT_LETTERS, LABEL_LETTERS, GUESS_LETTERS, OWNED_GUESS_LETTERS = 12, 14, 13, 10
"""Letters that a card of the PDF has room for; the last where somebody's name stands before the guess."""
FILE_LETTERS = 22
"""Of a file's name, on screen and on paper."""


@dataclass(frozen=True)
class Guess:
    """What was made of an image."""

    name: str
    percent: str
    width: int
    """Of its bar, per cent of the whole."""
    is_label: bool
    who: str = ""
    """Whose answer it is, where a card holds those of several models."""
    short: str = ""
    """The name cut where the names of other classes do not end as it does; empty where it is cut at its end."""


@dataclass(frozen=True)
class ImageCard:
    """One image of the test split and what is made of it."""

    png: bytes
    alt: str
    index: str
    """In the data set's test split."""
    label: str
    right: bool
    verdict: str
    """With the mark that says the same."""
    guesses: tuple[Guess, ...]
    shows_label: bool = True
    """Whether the label has a line of its own."""
    file: str = ""
    """Name of its file in the data's folder; empty where it is none."""
    short_label: str = ""
    """The label cut as `Guess.short`; empty likewise."""

    @property
    def short_file(self) -> str:
        """The file's name as a card has room for it, its middle left out."""
        return shorten_middle(one_line(self.file), FILE_LETTERS, width=columns)

    @property
    def large(self) -> bytes:
        """The image with each pixel enlarged, for the PDF: its viewers smooth a small one."""
        return enlarge_png(self.png, ENLARGED)

    @property
    def tone(self) -> str:
        """ "right" or "wrong"."""
        return "right" if self.right else "wrong"

    @property
    def judged(self) -> tuple[JudgedGuess, ...]:
        """The guesses, each with what its bar says."""
        return tuple(JudgedGuess(guess, judge(guess, place)) for place, guess in enumerate(self.guesses))


@dataclass(frozen=True)
class JudgedGuess:
    """A guess and what its bar says: "label" for the right class, "missed" for an answer that is wrong, or ""."""

    guess: Guess
    kind: str


@dataclass(frozen=True)
class DrawnGuess:
    """One guess in a drawing, CSS pixels from the upper left corner of its card."""

    base: int
    """Of its text."""
    line: float
    """Of the line under it."""
    bar_top: float
    bar_width: float
    """0 for no bar."""
    colour: str
    """Of its bar: the name of a colour of the style sheet."""
    who: str
    name: str
    percent: str
    is_label: bool


@dataclass(frozen=True)
class DrawnCard:
    """One card in a drawing."""

    x: int
    """Of its left edge, CSS pixels."""
    image: bytes
    colour: str
    """ "right" or "wrong"."""
    verdict: str
    index: str
    label: str
    """Empty where it has no line of its own."""
    guesses: tuple[DrawnGuess, ...]
    file: str = ""
    file_base: int = 0
    """Base line of the file's name."""


@dataclass(frozen=True)
class CardRow:
    """A row of cards as one drawing, `width` × `height` CSS pixels."""

    cards: tuple[DrawnCard, ...]
    alt: str
    height: int
    width: int = ROW_WIDTH


@dataclass(frozen=True)
class CardSet(Sequence[ImageCard]):
    """Cards that stand together: a list on screen, rows on paper. Templates draw them with `ui.cards`."""

    cards: tuple[ImageCard, ...]

    @overload
    def __getitem__(self, place: int) -> ImageCard: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[ImageCard, ...]: ...

    def __getitem__(self, place: int | slice) -> ImageCard | tuple[ImageCard, ...]:
        return self.cards[place]

    def __len__(self) -> int:
        return len(self.cards)

    @property
    def rows(self) -> tuple[CardRow, ...]:
        """The cards as drawings, at most IN_A_ROW each."""
        return tuple(draw_row(self.cards[start : start + IN_A_ROW]) for start in range(0, len(self.cards), IN_A_ROW))


def make_card_set(cards: Sequence[ImageCard], classes: Sequence[str]) -> CardSet:
    """Cards whose names stay different where they are cut, among all of the classes."""
    lines = tuple(one_line(name) for name in classes)
    return CardSet(tuple(shorten_names(card, lines) for card in cards))


def shorten_names(card: ImageCard, classes: tuple[str, ...]) -> ImageCard:
    """The card with short names where the end of one is what tells it from another."""
    guesses = tuple(replace(one, short=tell_apart(one.name, room_of(one), classes)) for one in card.guesses)
    return replace(card, guesses=guesses, short_label=tell_apart(card.label, LABEL_LETTERS, classes))


def tell_apart(name: str, most: int, classes: tuple[str, ...]) -> str:
    """The name in at most so many letters, different from those of other classes; empty where `fit` makes it so."""
    plain = fit(name, most)
    short = shorten_family(classes, most, None, columns).get(one_line(name), plain)
    return short if short != plain else ""


def room_of(guess: Guess) -> int:
    """Letters that the name of a guess has room for."""
    return OWNED_GUESS_LETTERS if guess.who else GUESS_LETTERS


def draw_row(cards: tuple[ImageCard, ...]) -> CardRow:
    """Lay out one row."""
    height = max(head_of(card) for card in cards) + GUESS_STEP * max(len(card.guesses) for card in cards)
    drawn = tuple(draw_card(card, place * STEP) for place, card in enumerate(cards))
    return CardRow(drawn, join_sentences([card.alt for card in cards]), height)


def head_of(card: ImageCard) -> int:
    """Base line of what stands last above the guesses of a card."""
    return (LABEL_BASE if card.shows_label else HEAD_BASE) + (FILE_STEP if card.file else 0)


def draw_card(card: ImageCard, x: int) -> DrawnCard:
    """Lay out one card."""
    start = head_of(card) + FIRST_GUESS
    return DrawnCard(
        x=x,
        image=card.large,
        colour=card.tone,
        verdict=fit(card.verdict, VERDICT_LETTERS),
        index=_("no. {index}", index=card.index),
        label=(card.short_label or fit(card.label, LABEL_LETTERS)) if card.shows_label else "",
        guesses=tuple(draw_guess(one, start + GUESS_STEP * place) for place, one in enumerate(card.judged)),
        file=card.short_file,
        file_base=head_of(card),
    )


def draw_guess(judged: JudgedGuess, base: int) -> DrawnGuess:
    """Lay out one guess."""
    guess = judged.guess
    return DrawnGuess(
        base=base,
        line=base + 4.5,
        bar_top=base + 3.5,
        bar_width=round(CARD_WIDTH * guess.width / 100, 2),
        colour={"label": "right", "missed": "wrong", "": "muted"}[judged.kind],
        who=guess.who,
        name=guess.short or fit(guess.name, room_of(guess)),
        percent=guess.percent,
        is_label=guess.is_label,
    )


def judge(guess: Guess, place: int) -> str:
    """What the bar of the guess at a place says: the first is the model's answer, and one with a name is somebody's."""
    if guess.is_label:
        return "label"
    return "missed" if place == 0 or guess.who else ""


def fit(text: str, most: int) -> str:
    """The text in one line as wide as `most` letters at most, its end left out for "…" where it is wider.

    A character of East Asian width counts as two (Unicode annex 11).
    """
    return shorten(one_line(text), most, columns)
