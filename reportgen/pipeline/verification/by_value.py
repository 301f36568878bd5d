"""A file that other code drew compared with the record's: its numbers, by value, wherever the words around them are the
same. Other code may set, word and round otherwise, so that only a number which the record gives nowhere is an
alteration; one that stands where this code prints another is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher

from reportgen.pipeline.verification.differences import (
    IDENTIFIERS,
    MOST_APART,
    NUMBER,
    PAGE_NUMBER,
    TOKEN,
    Alteration,
    Compared,
    compare_texts,
    limit,
    numbers_of,
    quote,
    value_of,
)
from reportgen.pipeline.verification.printed import Piece, Printed
from reportgen.text.terminal import plural

CONTEXT = 4
"""Words and numbers in a row that are the same before the numbers among them are compared with each other."""
DIGEST = re.compile(r"\b[0-9a-f]{32,}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?=[\\\x22',;])")
"""As a drawing in a comment sets it; an issue such as #123 has no quotes behind it."""
LETTER = re.compile(r"[^\W\d_]")
MASKED = "\0"
"""In the place of a number among words; no word of a text, as `#` can be."""


@dataclass(frozen=True)
class Apart:
    """A number among other words."""

    number: str
    line: Piece


@dataclass(frozen=True)
class Pair:
    """Two numbers that stand among the same words, or two lines of the same words."""

    place: str
    printed: str
    given: str
    sure: bool
    """Whether there are words beside them, so that they say the same thing."""


def compare_by_value(name: str, printed: Printed, expected: Printed, why: str) -> Compared:
    """Compare a file with the same one drawn by this code; `why` tells which code drew it."""
    old, new = (
        [plain(piece, name) for piece in one.pieces if piece.place not in IDENTIFIERS] for one in (printed, expected)
    )
    known = numbers_of(new)
    pairs, apart = pair_pieces(old, new, name.endswith(".json"))
    found: list[Alteration] = []
    others: list[str] = []
    compared = 0
    for pair in pairs:
        numbers = list(zip(NUMBER.findall(pair.printed), NUMBER.findall(pair.given), strict=True))
        compared += len(numbers)
        apart_here = [(one, other) for one, other in numbers if not agree(one, other)]
        if any(value_of(one) not in known for one, _other in apart_here):
            found += compare_texts(name, pair.place, pair.printed, pair.given)
        elif pair.sure:
            others += [f"{one} where this code gives {other}, {pair.place}" for one, other in apart_here]
    note = f"{name}: {why}: layout and words were not compared; {plural(compared, 'number')} compared, "
    note += format_outcome(len(found), others)
    return Compared(tuple(limit(name, found)), (note + format_apart(apart, known),), compared)


def format_outcome(altered: int, others: Sequence[str]) -> str:
    """What came of the numbers that were compared."""
    if altered:
        return "those named above are not as the record gives them"
    if not others:
        return "all as the record gives them"
    more = f" and {len(others) - MOST_APART:,} more" if len(others) > MOST_APART else ""
    return f"all of them given by the record, these elsewhere: {'; '.join(others[:MOST_APART])}{more}"


def format_apart(numbers: Sequence[Apart], known: Set[float]) -> str:
    """The end of a sentence about numbers among words that this code does not write: which of them it gives nowhere."""
    if not numbers:
        return "."
    others = [one for one in numbers if value_of(one.number) not in known]
    shown = "; ".join(f"{one.number} in {one.line.place}, {quote(one.line.text)}" for one in others[:MOST_APART])
    more = f" and {len(others) - MOST_APART:,} more" if len(others) > MOST_APART else ""
    which = (
        f", of which the record gives these nowhere: {shown}{more}" if others else ", all of which it gives elsewhere"
    )
    return f"; {len(numbers):,} more among other words {'was' if len(numbers) == 1 else 'were'} not{which}."


def plain(piece: Piece, name: str) -> Piece:
    """A line without digests and colours, whose digits are no numbers, and in a document without what says a page,
    which other words and fonts change."""
    text = COLOUR.sub("#…", DIGEST.sub("…", piece.text))
    return Piece(piece.place, PAGE_NUMBER.sub("", text) if name.endswith(".pdf") else text)


def pair_pieces(old: Sequence[Piece], new: Sequence[Piece], by_place: bool) -> tuple[list[Pair], list[Apart]]:
    """The lines of the same words and the numbers among the same words, and what is among others.

    `by_place`: every line has a place of its own, as in JSON.
    """
    first, second = ([mask(piece, by_place) for piece in pieces] for pieces in (old, new))
    pairs: list[Pair] = []
    apart: list[Apart] = []
    i = j = 0  # below, what is everywhere, such as a bare number, begins no match, else thousands take minutes
    for at, other, size in SequenceMatcher(None, first, second).get_matching_blocks():
        among, left = pair_words(old[i:at], new[j:other])
        pairs += among
        apart += left
        here = old[at : at + size]
        sure = by_place or (size >= CONTEXT and any(LETTER.search(one.text) for one in here))
        pairs += [
            Pair(one.place, one.text, two.text, sure or bool(LETTER.search(one.text)))
            for one, two in zip(here, new[other : other + size], strict=True)
        ]
        i, j = at + size, other + size
    return pairs, apart


def mask(piece: Piece, by_place: bool) -> str:
    """A line without its numbers."""
    text = NUMBER.sub("#", piece.text)
    return f"{piece.place}\0{text}" if by_place else text


def pair_words(old: Sequence[Piece], new: Sequence[Piece]) -> tuple[list[Pair], list[Apart]]:
    """The numbers of some lines that stand among the same words as in others, whose lines may end elsewhere; and the
    numbers that do not."""
    first, second = list(words_of(old)), list(words_of(new))
    masks = [[MASKED if NUMBER.fullmatch(word) else word for word, _piece in words] for words in (first, second)]
    pairs: list[Pair] = []
    paired: set[int] = set()
    for i, j, size in SequenceMatcher(None, masks[0], masks[1]).get_matching_blocks():
        if size < CONTEXT or not any(LETTER.search(word) for word in masks[0][i : i + size]):
            continue
        numbers = [at for at in range(size) if masks[0][i + at] == MASKED]
        paired.update(i + at for at in numbers)
        pairs += [Pair(first[i + at][1].place, first[i + at][0], second[j + at][0], sure=True) for at in numbers]
    left = [at for at in range(len(first)) if masks[0][at] == MASKED and at not in paired]
    return pairs, [Apart(*first[at]) for at in left]


def words_of(pieces: Sequence[Piece]) -> Iterator[tuple[str, Piece]]:
    """The words and numbers of some lines."""
    for piece in pieces:
        for word in TOKEN.findall(piece.text):
            yield word, piece


def agree(one: str, other: str) -> bool:
    """Whether two numbers can be one that is rounded to more or fewer digits."""
    first, second = (Decimal(number.replace(",", "").replace("−", "-")) for number in (one, other))
    if first == second:
        return True
    places = [int(number.as_tuple().exponent) for number in (first, second)]
    units = [Decimal(1).scaleb(place) for place in places]
    return places[0] != places[1] and abs(first - second) <= sum(units, Decimal(0)) / 2
