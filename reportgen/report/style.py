"""The style of every drawing: colours by meaning, sizes and type."""

from __future__ import annotations

from reportgen.system.fonts import with_chinese
from reportgen.text.i18n import current_language

INK = "#1b1e23"
MUTED = "#5a626e"
HAIRLINE = "#d9dde3"
SOFT = "#b4bac3"
"""Bars and marks that only count, and baselines."""
PAPER = "#ffffff"
ACCENT = "#0b6b66"
RIGHT = "#0060a0"
WRONG = "#b34a00"
RIGHT_SOFT = "#a9cbe6"
WRONG_SOFT = "#f3c096"
CLASSES = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
"""Of classes, in their order; told apart by the colour-blind too (Petroff 2021, arXiv:2107.02270)."""

FULL = 680
"""CSS pixels: the width of the text."""
HALF = 330
TEXT = 12
"""CSS pixels, the size of a caption on paper."""
FONTS = "Helvetica Neue,Segoe UI,Arial,Liberation Sans,Noto Sans,sans-serif"
"""What a drawing in English asks for. Measured with DejaVu Sans, which comes with matplotlib and is wider than all of
these."""


def families(latin: str = FONTS) -> str:
    """The fonts that a drawing in this language asks for."""
    return with_chinese(latin) if current_language() == "zh" else latin
