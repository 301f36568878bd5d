"""Figures as wide as a phone, for a mail as pixels and for a brief report: one column, text that stays as large as the
text around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes

from reportgen.figures._style import INK, Sheet, bare, shorten
from reportgen.report.model import FigureFile

WIDTH = 340
"""CSS pixels."""
LINE = 26
"""CSS pixels of a row that has a name."""
LONGEST_NAME = 24
"""Characters of a class's name."""
Save = Callable[[Sheet, str, str, str], FigureFile]
"""`Sheet.png` or `Sheet.svg`: title, caption and alternative text in."""


def name_rows(axes: Axes, names: Sequence[str], among: Sequence[str] = ()) -> None:
    """Rows from the top downwards, each with its name, short `among` others, and no lines."""
    axes.set_yticks(range(len(names)), [shorten(name, LONGEST_NAME, among) for name in names])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xticks([])
    bare(axes)
