"""Cards: an image of the test split and what is made of it. On paper a row of them is one drawing, made here.

As elements of the page the cards would take a third of the time of the whole PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

from reportgen.record.images import enlarge_png
from reportgen.report.canvas import Anchor, Canvas, open_canvas
from reportgen.report.style import HAIRLINE, MUTED, RIGHT, WRONG
from reportgen.text.i18n import _, join_sentences
from reportgen.text.shorten import Width, columns, one_line, shorten, shorten_family, shorten_middle
from reportgen.text.widths import advance

ENLARGED = 3
"""Pixels of the PDF for one of an image."""
IMAGE, FRAME = 72, 1.5
"""Side of an image and width of the line around it, CSS pixels."""
LETTERS, FILE_SIZE = 11, 9.5
"""Sizes of type, CSS pixels; the second of the name of a file."""
BOLD = "600"
IN_A_ROW = 5
ROW_WIDTH = 658
"""CSS pixels, the width of the text."""
STEP = 134
"""From one card to the next."""
CARD_WIDTH = 122
HEAD_BASE, LABEL_BASE = 89, 104
"""Base lines of the verdict and of the label below the image."""
GUESS_STEP = 19
FIRST_GUESS = 16
"""Below the line before it."""
FILE_STEP = 13
"""From the line before it to the name of the image's file."""
GAP = 5
"""Between two texts on one line at least."""
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
class CardRow:
    """A row of cards as one drawing of the text's width."""

    svg: str
    alt: str


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
    guesses = tuple(
        replace(one, short=shorten_apart(one.name, room_of(one), width_of(one.is_label), classes))
        for one in card.guesses
    )
    return replace(card, guesses=guesses, short_label=shorten_apart(card.label, room_of_label(), bold_width, classes))


def shorten_apart(name: str, room: float, width: Width, classes: tuple[str, ...]) -> str:
    """The name no wider than `room`, different from those of other classes; empty where `fit` makes it so."""
    plain = fit(name, room, width)
    short = shorten_family(classes, room, None, width).get(one_line(name), plain)
    return short if short != plain else ""


def room_of(guess: Guess) -> float:
    """CSS pixels that the name of a guess has room for, between whose it is and its percentage."""
    return CARD_WIDTH - plain_width(guess.percent) - GAP - (plain_width(f"{guess.who} ") if guess.who else 0.0)


def room_of_label() -> float:
    """CSS pixels that the name of the label has room for."""
    return CARD_WIDTH - plain_width(_("label")) - plain_width(" ")


def width_of(bold: bool) -> Width:
    """What measures a text of a card."""
    return bold_width if bold else plain_width


def plain_width(text: str) -> float:
    """CSS pixels of a text of a card."""
    return advance(text.replace("\u00a0", " ")) / 1000 * LETTERS


def bold_width(text: str) -> float:
    """CSS pixels of a text of a card in bold."""
    return advance(text.replace("\u00a0", " "), bold=True) / 1000 * LETTERS


def draw_row(cards: tuple[ImageCard, ...]) -> CardRow:
    """One row."""
    height = max(head_of(card) for card in cards) + GUESS_STEP * max(len(card.guesses) for card in cards)
    canvas = open_canvas(height, ROW_WIDTH, images=True, size=LETTERS)
    for place, card in enumerate(cards):
        draw_card(canvas.group(place * STEP, 0), card)
    return CardRow(canvas.svg, join_sentences([card.alt for card in cards]))


def head_of(card: ImageCard) -> int:
    """Base line of what stands last above the guesses of a card."""
    return (LABEL_BASE if card.shows_label else HEAD_BASE) + (FILE_STEP if card.file else 0)


def draw_card(canvas: Canvas, card: ImageCard) -> None:
    """One card: its image in a frame, what it is, and what was made of it."""
    colour = RIGHT if card.right else WRONG
    canvas.image(card.large, FRAME, FRAME, IMAGE, IMAGE)
    canvas.add(
        "rect",
        x=str(FRAME / 2),
        y=str(FRAME / 2),
        width=IMAGE + FRAME,
        height=IMAGE + FRAME,
        fill="none",
        stroke=colour,
        stroke_width=FRAME,
        stroke_dasharray=None if card.right else "4 2.5",
    )
    number = _("no. {index}", index=card.index)
    room = CARD_WIDTH - plain_width(number) - GAP
    write(canvas, ((fit(card.verdict, room, bold_width), colour, True),), 0, HEAD_BASE)
    write(canvas, ((number, MUTED, False),), CARD_WIDTH, HEAD_BASE, "end")
    if card.shows_label:
        name = card.short_label or fit(card.label, room_of_label(), bold_width)
        write(canvas, ((_("label"), None, False), (name, None, True)), 0, LABEL_BASE)
    if card.file:
        canvas.note(card.short_file, 0, head_of(card), size=FILE_SIZE)
    start = head_of(card) + FIRST_GUESS
    for place, one in enumerate(card.judged):
        draw_guess(canvas, one, start + GUESS_STEP * place)


def draw_guess(canvas: Canvas, judged: JudgedGuess, base: int) -> None:
    """One guess on its base line, its bar on the line below it."""
    guess = judged.guess
    canvas.add("path", d=f"M0 {base + 4.5}H{CARD_WIDTH}", fill="none", stroke=HAIRLINE, stroke_width="0.75")
    width = round(CARD_WIDTH * guess.width / 100, 2)
    if width:
        colour = {"label": RIGHT, "missed": WRONG, "": MUTED}[judged.kind]
        canvas.add("rect", x=0, y=base + 3.5, width=f"{width:g}", height=2, fill=colour)
    owner = ((guess.who, MUTED, False),) if guess.who else ()
    name = guess.short or fit(guess.name, room_of(guess), width_of(guess.is_label))
    write(canvas, (*owner, (name, None, guess.is_label)), 0, base)
    canvas.text(guess.percent, CARD_WIDTH, base, "end")


def write(
    canvas: Canvas, parts: Sequence[tuple[str, str | None, bool]], x: float, y: float, anchor: Anchor = "start"
) -> None:
    """A line of one or more texts, each with its colour (None: that of text) and whether it is bold."""
    line = canvas.add("text", x=x, y=y, text_anchor=anchor if anchor != "start" else None)
    for place, (words, colour, bold) in enumerate(parts):
        part = line.add("tspan", fill=colour, font_weight=BOLD if bold else None)
        part.element.text, part.element.tail = words, " " if place < len(parts) - 1 else None


def judge(guess: Guess, place: int) -> str:
    """What the bar of the guess at a place says: the first is the model's answer, and one with a name is somebody's."""
    if guess.is_label:
        return "label"
    return "missed" if place == 0 or guess.who else ""


def fit(text: str, room: float, width: Width = columns) -> str:
    """The text in one line no wider than `room`, its end left out for "…" where it is wider; unless `width` measures
    otherwise in letters, of which a character of East Asian width counts as two (Unicode annex 11)."""
    return shorten(one_line(text), room, width)
