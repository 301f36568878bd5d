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
NO_BREAK = "\u00a0"
RANGE = re.compile(
    r"[−+×]?\d[\d,.]*(?:[\u00a0\u202f]?(?:%|[^\W\d_]{1,6}))?[–～][−+×]?\d[\d,.]*(?<=\d)(?:[\u00a0\u202f]%)?"
    r"|\b[^\W\d_]{1,8}/s\b|\b(?:[A-Z]{2,8}|[Tt]op)-\d+\b"
)
"""An interval with a dash, a rate with a slash, a name such as CIFAR-10: browsers and mail clients end a line behind
these signs."""
BETWEEN = re.compile(r"(?:(?<=\d)|(?<=[\u00a0\u202f]%)) (to|至) (?=[−+×]?\d)")
UNITS_BETWEEN = re.compile(r"(\d[\u00a0\u202f][^\W\d_]{1,6}) (to|至) (?=[−+×]?\d)")
EQUATION = re.compile(r"\b([np]) ([=<]) (?=\d)")
UNIT = re.compile(
    r"(?<![\w.,])([−+×±]?\d[\d,.]*) "
    r"(?=(?:px|pixels?|threads?|cores?|seeds?|steps?|epochs?|ms|µs|s|min|h|[KMGT]i?B|MACs)\b)"
)
"""A number and the space before its unit."""
NAMED = re.compile(r"\b(seed|epoch|step|level|fold|section|figure|page) (?=\d)", re.IGNORECASE)
"""A word and the space before the number that tells which."""
TIED = re.compile(
    r"(?<=\d) (?=%)|(?<=±) (?=[\d{])|(?<=\d) (?=× \d)|(?<=\d[\u00a0 ]×) (?=\d)"
    r"|(?<=\d) (?=of \d)|(?<=\d[\u00a0 ]of) (?=\d)|(?<=\d[\u00a0\u202f](?:min)) (?=\d)|(?<=\d[\u00a0\u202f]h) (?=\d)"
)
"""Spaces before the sign of per cent, behind that of plus or minus, on both sides of that of a product or of the "of"
of a share in numbers, and between the two parts of a duration."""
RULE = re.compile(
    r"(?<=[\w\"][._])(?=[^\W\d]|\")|(?<=\w)(?=[<>=!]=?)|(?<=\w[<>=!]=)(?=[\d.+−-])|(?<=\w[<>])(?=[\d.+−-])"
)
"""Where a line may end inside a word of a gate's rule: behind a point or an underline, and around a sign."""
PIECES = re.compile(rf"[ \t]+|[{OPENING}]*(?:[{HAN}]|[^ \t{HAN}{OPENING}{CLOSING}]+)[{CLOSING}]*|[{OPENING}{CLOSING}]+")


def split_note(text: str) -> tuple[str, str, str]:
    """A value, what stands before the brackets behind it, and those brackets, which a line is not to end in; the last
    two empty where there are none, or more in them than a phone has room for."""
    bracket = "（" if "（" in text else " ("
    value, found, note = text.rpartition(bracket)
    if not value or len(note) > LONGEST_NOTE:
        return text, "", ""
    return value, " " * found.startswith(" "), found.strip() + note


def split_ranges(text: str) -> list[tuple[str, bool]]:
    """A sentence in pieces, and of each whether it is to stay on one line, as an interval with a dash is."""
    found, end = [], 0
    for match in RANGE.finditer(text):
        found += [(text[end : match.start()], False), (match[0], True)]
        end = match.end()
    return [*found, (text[end:], False)]


def keep_whole(text: str) -> str:
    """A sentence in which no line ends inside an interval, `−1.67 to −0.37`, an equation, `n = 600`, `95 %`, `4 px`, or
    `seed 0`.
    """
    text = NAMED.sub(rf"\1{NO_BREAK}", UNIT.sub(rf"\1{NO_BREAK}", text))
    text = TIED.sub(NO_BREAK, text)
    text = BETWEEN.sub(rf"{NO_BREAK}\1{NO_BREAK}", text)
    text = UNITS_BETWEEN.sub(rf"\1{NO_BREAK}\2{NO_BREAK}", text)
    return EQUATION.sub(rf"\1{NO_BREAK}\2{NO_BREAK}", text)


def split_rule(rule: str) -> list[str]:
    """A gate's rule in the pieces between which a line may end: `class.cat.`, `recall >=`, ` 0.5`."""
    return RULE.split(rule)


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
