"""One file of a report compared with the same file drawn again from the record: what was altered, and where.

Numbers and words are compared as they are printed. What is drawn and not written (shapes, images, fonts) depends on the
libraries and fonts of the machine: where most of it is the same to the byte, the machines agree, and the rest counts;
where most of it differs it says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from reportgen.pipeline.verification.printed import Piece, Printed
from reportgen.text.shorten import one_line, shorten, shorten_middle
from reportgen.text.terminal import plural

NUMBER = re.compile(r"(?:(?<![\d\w])[-+−])?\d(?:[\d,]*\d)?(?:\.\d+)?(?:[eE][-+−]?\d+)?")
TOKEN = re.compile(rf"{NUMBER.pattern}|[^\W\d]+|[^\w\s]|_")
UNIT = re.compile(r"[ \u00a0\u202f\u2009]?(?:%|[^\W\d]{1,6})(?!\w)")
PAGE_NUMBER = re.compile(r"^\d+ / \d+$|\bp\. \d+|(?:\. ?){4,}\s*\d+$")
"""Where a document says on which page something stands, which depends on the fonts."""
EXACT = re.compile(r"^attachment |, layout(?: \(\d+\))?$|the whole file$")
"""Places of what no font and no library for drawing has a part in."""
LONGEST = 90
"""Characters of a line that are repeated."""
MOST = 20
"""Differences of one file that are told one by one."""
IDENTIFIERS = ("header Message-ID", "header Content-Type")
"""Places where digits are no numbers."""
MOST_APART = 5
"""Numbers among words of somebody's own that are told one by one."""
SAME = 0.5
"""Share of equal drawings from which on a machine draws as the other did."""
REFLOWED = 0.9
"""Share of equal lines below which a document that this machine draws otherwise was set with other fonts."""


@dataclass(frozen=True)
class Alteration:
    """Something that is not as the record gives it."""

    file: str
    message: str
    place: str = ""
    printed: str = ""
    """The number or the words that stand there; empty where it is no text."""
    given: str = ""
    """The same as the record gives it."""

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class Compared:
    """What came of comparing one file with the record."""

    alterations: tuple[Alteration, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be compared, one sentence each."""
    numbers: int = 0
    """Printed numbers that were compared."""
    foreign: bool = False
    """Whether this machine draws otherwise than the one that drew the file."""

    def beside(self, other: Compared) -> Compared:
        """This and what came of something inside the file."""
        return Compared(
            (*self.alterations, *other.alterations),
            (*self.notes, *other.notes),
            self.numbers + other.numbers,
            self.foreign or other.foreign,
        )


def count_numbers(printed: Printed) -> int:
    """How many numbers a file prints."""
    return sum(len(NUMBER.findall(piece.text)) for piece in printed.pieces)


def compare_strictly(name: str, printed: Printed, expected: Printed) -> Compared:
    """Every word and number is to be the same; what is drawn, where the machines agree."""
    drawn, notes = compare_parts(name, printed, expected)
    if notes and name.endswith(".pdf") and share_of_lines(printed, expected) < REFLOWED:
        found = list(compare_reflowed(name, printed.pieces, expected.pieces))
        notes.append(f"{name}: its lines end elsewhere here; its numbers were compared, its words were not.")
    else:
        found = list(compare_pieces(name, printed.pieces, expected.pieces))
    if not found and not drawn and not notes and printed.documents == expected.documents:
        drawn = [Alteration(name, "its bytes are not those that the record gives; nothing that is printed differs")]
    return Compared((*limit(name, found), *limit(name, drawn)), tuple(notes), count_numbers(printed), bool(notes))


def limit(name: str, found: Sequence[Alteration]) -> list[Alteration]:
    """The first of many, and how many more there are."""
    more = len(found) - MOST
    return [*found[:MOST], *([Alteration(name, plural(more, "more difference"))] if more > 0 else [])]


def compare_pieces(name: str, printed: Sequence[Piece], expected: Sequence[Piece]) -> Iterator[Alteration]:
    """Where the text differs."""
    for left, right in blocks([piece.text for piece in printed], [piece.text for piece in expected]):
        old, new = printed[left], expected[right]
        if len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                if one.text != other.text:
                    yield from compare_texts(name, one.place, one.text, other.text)
        elif not new:
            yield from (added(name, piece) for piece in old)
        elif not old:
            yield from (missing(name, piece) for piece in new)
        else:
            yield from compare_texts(name, old[0].place, joined(old), joined(new))


def added(name: str, piece: Piece) -> Alteration:
    """Text that the record does not give."""
    return Alteration(name, f"printed {quote(piece.text)}, the record gives nothing there", piece.place, piece.text)


def missing(name: str, piece: Piece) -> Alteration:
    """Text that is not there."""
    return Alteration(name, f"the record gives {quote(piece.text)}, which is missing", piece.place, "", piece.text)


def joined(pieces: Sequence[Piece]) -> str:
    """Pieces as one text."""
    return " ".join(piece.text for piece in pieces)


def blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[slice, slice]]:
    """The places in which two sequences differ."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    first, second = old[start : len(old) - end], new[start : len(new) - end]
    if len(first) == len(second) and sum(a != b for a, b in zip(first, second, strict=True)) <= 50:
        for at, (a, b) in enumerate(zip(first, second, strict=True), start):
            if a != b:
                yield slice(at, at + 1), slice(at, at + 1)
        return
    matcher = SequenceMatcher(None, first, second, autojunk=len(first) > 5_000)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield slice(start + i1, start + i2), slice(start + j1, start + j2)


def compare_texts(name: str, place: str, old: str, new: str) -> Iterator[Alteration]:
    """Where two texts of one place differ, numbers with their units, else words."""
    first, second = list(TOKEN.finditer(old)), list(TOKEN.finditer(new))
    for left, right in blocks([match[0] for match in first], [match[0] for match in second]):
        before, after = first[left], second[right]
        printed, given = shown(old, before), shown(new, after)
        if not printed or not given or printed == given:
            printed, given = quote(old), quote(new)
        yield Alteration(
            name, f"printed {printed}, the record gives {given}{within(old, printed)}", place, printed, given
        )


def within(line: str, printed: str) -> str:
    """The line that a number stands in, where it says more than the number."""
    text = shorten_middle(one_line(line), LONGEST)
    return f" (in “{text}”)" if printed.strip("“”") != text else ""


def shown(text: str, tokens: Sequence[re.Match[str]]) -> str:
    """Some tokens of a text as a message repeats them: a number with its unit, words in quotation marks."""
    if not tokens:
        return ""
    start, end = tokens[0].start(), tokens[-1].end()
    if NUMBER.fullmatch(tokens[0][0]) and len(tokens) == 1:
        unit = UNIT.match(text, end)
        return one_line(text[start : unit.end() if unit else end])
    return quote(text[start:end])


def quote(text: str) -> str:
    """A text in quotation marks, shortened."""
    return f"“{shorten(one_line(text), LONGEST)}”"


def compare_parts(name: str, printed: Printed, expected: Printed) -> tuple[list[Alteration], list[str]]:
    """Where what is drawn differs, or the sentence that says that the machines draw differently."""
    old, new = printed.parts, expected.parts  # by content: whoever saves a document again may put it in another order
    lacking = [place for place in new if new[place] not in old.values()]
    differing = [place for place in old if old[place] not in new.values()] or lacking
    places = {*old, *new}
    exact = {place for place in places if EXACT.search(place)}
    found = [Alteration(name, "is not as the record gives it", place) for place in differing if place in exact]
    seen = [place for place in differing if place not in exact]
    drawings = len(places) - len(exact)
    if not seen:
        return found, []
    if drawings - len(seen) >= SAME * drawings:
        return found + [Alteration(name, "is drawn otherwise than the record gives it", place) for place in seen], []
    note = (
        f"{name}: {len(seen)} of {drawings} drawings are set otherwise here, as with other fonts or versions of "
        "libraries; their shapes were not compared."
    )
    return found, [note]


def share_of_lines(printed: Printed, expected: Printed) -> float:
    """How much of a document's lines the other has too."""
    old, new = (Counter(piece.text for piece in one.pieces) for one in (printed, expected))
    return (old & new).total() / max(1, old.total(), new.total())


def compare_reflowed(name: str, printed: Sequence[Piece], expected: Sequence[Piece]) -> Iterator[Alteration]:
    """Where the text of a document differs that was set with other fonts, so that lines and pages end elsewhere."""
    old, new = list(words_of(printed)), list(words_of(expected))
    surplus = Counter(text for text, _place in old)
    surplus.subtract(text for text, _place in new)
    for left, right in blocks([text for text, _place in old], [text for text, _place in new]):
        here, there = old[left], new[right]
        for text, place in here:
            if surplus[text] > 0 and NUMBER.fullmatch(text):
                surplus[text] -= 1
                given = next((one for one, _place in there if NUMBER.fullmatch(one) and surplus[one] < 0), "")
                surplus[given] += 1
                said = f"the record gives {given}" if given else "which the record does not give there"
                yield Alteration(name, f"printed {text}, {said}", place, text, given)


def words_of(pieces: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    """The words and numbers of a document with their places, without those that say a page."""
    for piece in pieces:
        for word in TOKEN.findall(PAGE_NUMBER.sub("", piece.text)):
            yield word, piece.place


def compare_loosely(name: str, printed: Printed, expected: Printed, why: str) -> Compared:
    """Numbers alone are compared, where the words around them are the same, of files that this code drew in a look of
    somebody's own: a line of the same words has the same numbers, and stands beside the same line."""
    old, new = list(printed.pieces), list(expected.pieces)
    known = numbers_of(new)
    given = Given.of([piece.text for piece in new])
    found: list[Alteration] = []
    matched: set[int] = set()
    first, second = ([NUMBER.sub("#", piece.text) for piece in pieces] for pieces in (old, new))
    for i, j, size in SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks():
        matched.update(range(i, i + size))
        for at in range(size):
            one, other = old[i + at], new[j + at]
            if not given.has(old, i + at, at in (0, size - 1)) and one.text != other.text:
                found += compare_texts(name, one.place, one.text, other.text)
    compared = sum(len(NUMBER.findall(old[at].text)) for at in matched)
    apart = [piece for at, piece in enumerate(old) if at not in matched and piece.place not in IDENTIFIERS]
    numbers = f"{plural(compared, 'number')} {'was' if compared == 1 else 'were'}"
    note = f"{name}: {why}; {numbers} compared by value, words and layout were not"
    note += describe_others(apart, known)
    return Compared(tuple(limit(name, found)), (note,), compared)


@dataclass(frozen=True)
class Given:
    """The lines that a record gives for a file."""

    texts: frozenset[str]
    neighbours: frozenset[tuple[str, str]]
    near: frozenset[tuple[str, str]]
    """Lines with at most two between them."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> Given:
        """Those of a file, in their order."""
        near = [pair for apart in (1, 2, 3) for pair in zip(texts, texts[apart:], strict=False)]
        return cls(frozenset(texts), frozenset(pairwise(texts)), frozenset(near))

    def has(self, printed: Sequence[Piece], at: int, edge: bool) -> bool:
        """Whether a line is among them, beside one of its neighbours, since a template of one's own may leave out what
        stood on one side.

        `edge`: words of somebody's own are beside it, or something is left out there; then it only has to be near one
        of the neighbours that the record gives, and where it gives none of them nothing can be said.
        """
        text = printed[at].text
        before, after = (printed[place].text if 0 <= place < len(printed) else "" for place in (at - 1, at + 1))
        pairs = [pair for other, pair in ((before, (before, text)), (after, (text, after))) if other in self.texts]
        beside = not pairs if edge else False
        return text in self.texts and (
            beside or any(pair in (self.near if edge else self.neighbours) for pair in pairs)
        )


def find_others(text: str, known: Set[float]) -> list[str]:
    """The numbers of a line that are none of these."""
    return [number for number in NUMBER.findall(text) if value_of(number) not in known]


def describe_others(pieces: Sequence[Piece], known: Set[float]) -> str:
    """The end of a sentence about numbers among words that the record does not give: which of them it gives nowhere."""
    left = sum(len(NUMBER.findall(piece.text)) for piece in pieces)
    if not left:
        return "."
    others = [(number, piece) for piece in pieces for number in find_others(piece.text, known)]
    shown = "; ".join(f"{number} in {piece.place}, {quote(piece.text)}" for number, piece in others[:MOST_APART])
    more = f" and {len(others) - MOST_APART:,} more" if len(others) > MOST_APART else ""
    which = (
        f", of which the record gives these nowhere: {shown}{more}" if others else ", all of which it gives elsewhere"
    )
    return f", nor {plural(left, 'number')} among other words{which}."


def numbers_of(pieces: Sequence[Piece]) -> set[float]:
    """The values of every number of a file."""
    return {value_of(number) for piece in pieces for number in NUMBER.findall(piece.text)}


def value_of(number: str) -> float:
    """A printed number as a value."""
    return float(number.replace(",", "").replace("−", "-"))
