"""Text as the drawing sees it: how wide it is, and how it is cut to fit."""

from __future__ import annotations

from functools import partial

from reportgen.text import shorten as cut
from reportgen.text.widths import text_width

clean = cut.one_line
FONT = 'Arial, "Helvetica Neue", "Liberation Sans", "DejaVu Sans", sans-serif'
"""Faces of nearly one width first, so that boxes measured here fit wherever the drawing is opened."""


def shorten(text: str, width: float, size: float, bold: bool = False) -> str:
    """The text, cut with "…" in the middle so that it fits `width` pixels."""
    return cut.shorten_middle(clean(text), width, width=partial(text_width, size=size, bold=bold))


def cut_beginning(text: str, width: float, size: float) -> str:
    """The text, cut with "…" at its beginning so that it fits `width` pixels."""
    return cut.shorten_start(clean(text), width, width=partial(text_width, size=size))
