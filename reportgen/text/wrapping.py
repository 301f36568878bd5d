"""Lines of plain text: broken between words, and in Chinese between characters, by their width in columns."""

from __future__ import annotations

import re
import textwrap

from reportgen.text.shorten import columns

HAN = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
OPENING, CLOSING = "（“‘《【「", "，。；：！？、）”’》】」"
"""No line ends with the ones or begins with the others."""
LONGEST_NOTE = 24
"""Characters in brackets that stay in one piece on a phone."""
PIECES = re.compile(rf"\s+|[{OPENING}]*(?:[{HAN}]|[^\s{HAN}{OPENING}{CLOSING}]+)[{CLOSING}]*|[{OPENING}{CLOSING}]+")


def split_note(text: str) -> tuple[str, str, str]:
    """A value, what stands before the brackets behind it, and those brackets, which a line is not to end in; the last
    two empty where there are none, or more in them than a phone has room for."""
    bracket = "（" if "（" in text else " ("
    value, found, note = text.rpartition(bracket)
    if not value or len(note) > LONGEST_NOTE:
        return text, "", ""
    return value, " " * found.startswith(" "), found.strip() + note


def wrap_columns(line: str, width: int) -> list[str]:
    """A line in lines of at most `width` columns, those after the first as far to the right; a word that is longer
    stays whole."""
    if columns(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    if columns(line) == len(line):
        return textwrap.wrap(
            line.strip(),
            width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    lines, now = [], indent
    for piece in PIECES.findall(line.strip()):
        if columns(now + piece.rstrip()) > width and now.strip():
            lines.append(now.rstrip())
            now = indent
        now += piece if now.strip() else piece.lstrip()
    return [*lines, now.rstrip()]
