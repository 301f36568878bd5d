"""How the pages of a PDF are filled, read from the PDF itself: where its texts and figures stand, and what parts them.

Texts are found by the marks of the document's structure in the pages' content, figures by the boxes that the structure
gives them. Lengths are in points, heights are measured from the upper edge of a page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import pikepdf

from tests.support.pdf_rules import Element, Seen

LEAST_FILLED = 1 / 3
"""Of the height of every page but the last."""
BRIDGED = 30.0
"""Of white between two things one below the other: no more than stands above a section's title."""
LEAST_ROWS = 3
"""Of a table, on each of the pages that it stands on."""
OPERATORS = "q Q cm BDC BMC EMC Tm Tf"
BLOCKS = frozenset({"P", "Figure", "LBody", "Lbl", "TH", "TD", "Caption"})
"""Structure types of what is set as a whole, headings aside."""
ASCENT, DESCENT = 0.8, 0.25
"""Of a line of text, in its size."""


class Box(NamedTuple):
    """A line of text or a figure on a page, which is counted from 1."""

    page: int
    left: float
    top: float
    bottom: float
    is_bold: bool = False


class Pages:
    """A document with what stands on its pages."""

    def __init__(self, data: bytes) -> None:
        self.seen = Seen(data)
        self.lines: dict[tuple[int, int], list[Box]] = defaultdict(list)
        for number, page in enumerate(self.seen.pdf.pages):
            for mark, box in read_lines(number, page):
                self.lines[number, mark].append(box)
        self.leaves = [box for element in self.seen.structure for box in self.own(element)]

    @property
    def count(self) -> int:
        """Of its pages."""
        return len(self.seen.pdf.pages)

    def own(self, element: Element) -> list[Box]:
        """What stands in an element itself, not in those below it."""
        if element.role == "Figure":
            number = self.seen.page_numbers[element.node.Pg.objgen]
            left, low, _right, high = (float(side) for side in element.node.A.BBox)
            height = float(self.seen.pdf.pages[number].mediabox[3])
            return [Box(number + 1, left, height - high, height - low)]
        return [box for mark in element.marks for box in self.lines[mark]]

    def boxes(self, element: Element) -> list[Box]:
        """What stands in an element and below it, in reading order."""
        return [box for one in element.below() for box in self.own(one)]

    def faults(self) -> list[str]:
        """What the layout does wrong, each with the number of its page."""
        return [
            *self.empty_pages(),
            *self.last_headings(),
            *self.parted_openings(),
            *self.torn_tables(),
            *self.parted_captions(),
        ]

    def filled(self) -> dict[int, float]:
        """Page -> the share of its height that something stands on; 0 to 1."""
        top, bottom = min(box.top for box in self.leaves), max(box.bottom for box in self.leaves)
        return {
            page: covered([(box.top, box.bottom) for box in self.leaves if box.page == page]) / (bottom - top)
            for page in range(1, self.count + 1)
        }

    def empty_pages(self) -> Iterator[str]:
        """Pages but the last that are less than a third full."""
        for page, share in self.filled().items():
            if share < LEAST_FILLED and page < self.count:
                yield f"page {page} is {share:.0%} full"

    def last_headings(self) -> Iterator[str]:
        """Headings, and bold lines that stand for one, below which nothing follows on their page."""
        blocks = [(element, boxes) for element in self.seen.structure if (boxes := self.block(element))]
        for (heading, boxes), (_next, following) in pairwise(blocks):
            last, first = boxes[-1], following[0]
            if is_heading(heading, boxes) and (first.page != last.page or first.bottom < last.bottom):
                yield f"page {last.page} ends in a heading"

    def parted_openings(self) -> Iterator[str]:
        """Titles of sections whose first finding, or first fact beside it, ends on another page."""
        for title in (one for one in self.seen.structure if one.role == "H2" and one.parent is not None):
            page = next((box.page for box in self.boxes(title)), None)
            for items in self.opening(title):
                ends = self.boxes(items.kids[0])
                if page is not None and ends and ends[-1].page != page:
                    yield f"page {page} has the title of a section without its first finding"

    def opening(self, title: Element) -> Iterator[Element]:
        """The lists that a section begins with, findings and facts, up to what is titled or drawn."""
        assert title.parent is not None
        kids = title.parent.kids
        for one in kids[kids.index(title) + 1 :]:
            if one.role not in ("L", "P", "Div", "NonStruct") or is_heading(one, self.boxes(one)):
                return
            if one.role == "L" and one.kids:
                yield one

    def block(self, element: Element) -> list[Box]:
        """What stands in an element that is a paragraph, a heading, a figure or an item, not a part of one."""
        if element.role not in BLOCKS and not is_titled(element):
            return []
        return [] if any(one.role == element.role for one in above(element)) else self.boxes(element)

    def torn_tables(self) -> Iterator[str]:
        """Tables of which fewer than three rows, or none below their head, stand on one of their pages."""
        for table in (one for one in self.seen.structure if one.role == "Table"):
            rows: dict[int, int] = defaultdict(int)
            heads = set[int]()
            for row in (one for one in table.below() if one.role == "TR"):
                boxes = self.boxes(row)
                if row.parent is not None and row.parent.role == "THead":
                    heads |= {box.page for box in boxes}
                elif boxes:
                    rows[boxes[0].page] += 1
            heads |= {box.page for one in table.below() if one.role == "Caption" for box in self.boxes(one)}
            for page in sorted(heads - set(rows)):
                yield f"page {page} has the head of a table without its rows"
            for page, count in sorted(rows.items()):
                if len(rows) > 1 and count < LEAST_ROWS:
                    yield f"page {page} has {count} rows of a table"

    def parted_captions(self) -> Iterator[str]:
        """Figures whose caption stands, in part at least, on another page."""
        for caption in (one for one in self.seen.structure if one.role == "Caption" and one.parent is not None):
            figures = [one for one in caption.parent.kids if one.role == "Figure"]
            pages = {box.page for one in (caption, *figures) for box in self.boxes(one)}
            if figures and len(pages) > 1:
                yield f"page {min(pages)} has a figure whose caption is on another"


def above(element: Element) -> Iterator[Element]:
    """The elements that an element stands in."""
    while element.parent is not None:
        element = element.parent
        yield element


def is_titled(element: Element) -> bool:
    """Whether an element is a heading in the document's structure."""
    return element.role[0] == "H" and element.role[1:].isdigit()


def is_heading(element: Element, boxes: Iterable[Box]) -> bool:
    """Whether an element is a heading or a bold paragraph."""
    return is_titled(element) or (element.role == "P" and all(box.is_bold for box in boxes))


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """How much of a line these stretches cover, what is white for less than `BRIDGED` between them included."""
    total, end = 0.0, float("-inf")
    for low, high in sorted(spans):
        start = low if low > end + BRIDGED else max(min(low, end), end)
        total += max(0.0, high - start)
        end = max(end, high)
    return total


def read_lines(number: int, page: Any) -> Iterator[tuple[int, Box]]:
    """The lines of text of a page, each with the mark it stands in."""
    height = float(page.mediabox[3])
    bold = {
        name for name, font in page.resources.get("/Font", {}).items() if "bold" in str(font.get("/BaseFont")).lower()
    }
    matrix, kept = pikepdf.Matrix(), list[pikepdf.Matrix]()
    marks, line = list[int | None](), pikepdf.Matrix()
    for step in pikepdf.parse_content_stream(page, OPERATORS):
        name, values = str(step.operator), list(step.operands)
        if name == "q":
            kept.append(matrix)
        elif name == "Q":
            matrix = kept.pop()
        elif name == "cm":
            matrix = pikepdf.Matrix(*map(float, values)) @ matrix
        elif name in ("BDC", "BMC"):
            properties = values[1] if name == "BDC" else {}
            marks.append(int(properties["/MCID"]) if "/MCID" in properties else None)
        elif name == "EMC":
            marks.pop()
        elif name == "Tm":
            line = pikepdf.Matrix(*map(float, values)) @ matrix
        elif marks and marks[-1] is not None:
            size = float(values[1]) * abs(line.d)
            base = height - line.f
            box = Box(number + 1, line.e, base - ASCENT * size, base + DESCENT * size, str(values[0]) in bold)
            yield marks[-1], box
