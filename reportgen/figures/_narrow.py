"""Figures as wide as a phone, as pixels, for a mail: one column, text that stays as large as the text around it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from reportgen.figures._style import INK, bare, shorten

WIDTH = 340
"""CSS pixels."""
LINE = 26
"""CSS pixels of a row that has a name."""
LONGEST_NAME = 24
"""Characters of a class's name."""


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Rows from the top downwards, each with its name, and no lines."""
    axes.set_yticks(range(len(names)), [shorten(name, LONGEST_NAME) for name in names])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xticks([])
    bare(axes)
