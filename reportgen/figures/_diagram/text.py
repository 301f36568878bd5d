"""Text as the drawing sees it: how wide it is, and how it is cut to fit."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from reportgen.text import shorten as cut

clean = cut.one_line
FONT = 'Arial, "Helvetica Neue", "Liberation Sans", "DejaVu Sans", sans-serif'
"""Faces of nearly one width first, so that boxes measured here fit wherever the drawing is opened."""

# Advance widths of Helvetica, thousandths of an em (Adobe Font Metrics), for 0x20 to 0x7E.
_ADVANCES = (
    278,
    278,
    355,
    556,
    556,
    889,
    667,
    191,
    333,
    333,
    389,
    584,
    278,
    333,
    278,
    278,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    556,
    278,
    278,
    584,
    584,
    584,
    556,
    1015,
    667,
    667,
    722,
    722,
    667,
    611,
    778,
    722,
    278,
    500,
    667,
    556,
    833,
    722,
    778,
    667,
    778,
    722,
    667,
    611,
    722,
    667,
    944,
    667,
    667,
    611,
    278,
    278,
    278,
    469,
    556,
    333,
    556,
    556,
    500,
    556,
    556,
    278,
    556,
    556,
    222,
    222,
    500,
    222,
    833,
    556,
    556,
    556,
    556,
    333,
    500,
    278,
    556,
    500,
    722,
    500,
    500,
    500,
    334,
    260,
    334,
    584,
)
_OTHERS = MappingProxyType({"·": 278, "…": 1000, "×": 584, "→": 1000, "–": 556, "−": 584, "›": 333, "—": 1000})


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width in pixels, 5 % on the safe side; characters outside Latin count as one em."""
    total = 0
    for char in text:
        code = ord(char)
        total += int(_ADVANCES[code - 32]) if 32 <= code < 127 else _OTHERS.get(char, 600 if code < 0x250 else 1000)
    return total / 1000 * size * (1.12 if bold else 1.05)


def shorten(text: str, width: float, size: float, bold: bool = False) -> str:
    """The text, cut with "…" in the middle so that it fits `width` pixels."""
    return cut.shorten_middle(clean(text), width, width=partial(text_width, size=size, bold=bold))


def cut_beginning(text: str, width: float, size: float) -> str:
    """The text, cut with "…" at its beginning so that it fits `width` pixels."""
    return cut.shorten_start(clean(text), width, width=partial(text_width, size=size))
