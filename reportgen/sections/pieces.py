"""What several sections are made of: labelled facts, and the figures a section shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reportgen.report import FigureFile, Skipped

Figures = Mapping[str, FigureFile | Skipped]
"""The figures of a report by name."""


@dataclass(frozen=True)
class Fact:
    """One line of a list of facts."""

    label: str
    value: str
    note: str = ""
    """A remark set small beside the value."""


def choose_figures(figures: Figures, *names: str) -> tuple[FigureFile | Skipped, ...]:
    """The figures of these names that were asked for, in this order."""
    return tuple(figures[name] for name in names if name in figures)
