"""Which cells of the PDF's tables may break inside a word.

Where a word may be broken anywhere, WeasyPrint tries each of its characters to know how narrow a column can be; asked
of every cell of a report that takes a sixth of its time.
"""

from __future__ import annotations

import html
import re
from itertools import zip_longest

TABLE = re.compile(r"<(table)\b.*?</\1>", re.DOTALL)
ROW = re.compile(r"<(tr)\b.*?</\1>", re.DOTALL)
CELL = re.compile(
    r'<(?P<tag>t[dh])(?P<attributes>(?: (?!class=)[a-z-]+="[^"]*")*)(?: class="(?P<kind>[^"]*)")?(?P<rest>[^>]*)>'
    r"(?P<contents>.*?)(?=</t[dh]>)",
    re.DOTALL,
)
TAG = re.compile(r"<[^>]*>")
PIECES = re.compile(r"(<[^>]*>)")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
"""Where a name such as ConvNeXtBlock is broken rather than elsewhere."""
BREAK = "\u200b"
"""A place to break a line at that is not seen."""
LONGEST_WORD = 8
"""Characters that a cell keeps together in a table that may be too wide."""
LETTER = 5.0
"""Points that a letter of a table takes, on the safe side."""
PADDING = 14.0
"""Points between two columns."""
ROOM = 480.0
"""Points of a page's width, A4 or Letter, less something for what this does not know of."""


def mark_long_cells(page: str) -> str:
    """The page, cells with long words of class `long` in every table whose longest words may not fit side by side."""
    return TABLE.sub(lambda table: table[0] if fits(table[0]) else CELL.sub(mark_long, table[0]), page)


def fits(table: str) -> bool:
    """Whether a page is wide enough for the longest word of each column."""
    rows = [[narrowest(cell) for cell in CELL.finditer(row[0])] for row in ROW.finditer(table)]
    columns = [max(words) for words in zip_longest(*rows, fillvalue=0)]
    return sum(columns) * LETTER + len(columns) * PADDING <= ROOM


def narrowest(cell: re.Match[str]) -> int:
    """Characters of the longest piece of a cell: numbers stay on one line."""
    if "numeric" in (cell["kind"] or ""):
        return len(html.unescape(TAG.sub("", cell["contents"])))
    return longest_word(cell["contents"])


def longest_word(contents: str) -> int:
    """Characters of the longest word of a cell."""
    return max(map(len, html.unescape(TAG.sub("", contents)).split()), default=0)


def mark_long(cell: re.Match[str]) -> str:
    """The opening tag and the contents of one cell, marked where it is long."""
    tag, attributes, kind, rest, contents = cell.group("tag", "attributes", "kind", "rest", "contents")
    if longest_word(contents) <= LONGEST_WORD:
        return cell[0]
    kinds = f"{kind} long" if kind else "long"
    parts = (part if TAG.match(part) else HUMP.sub(BREAK, part) for part in PIECES.split(contents))
    return f'<{tag}{attributes} class="{kinds}"{rest}>{"".join(parts)}'
