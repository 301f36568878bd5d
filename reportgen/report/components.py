"""What several sections are made of: labelled facts, and the figures a section shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reportgen.record.run import DataFacts, RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.wording import join_few
from reportgen.text import numerals
from reportgen.text.i18n import _, join_terms

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


def seed_fact(record: RunRecord) -> Fact:
    """The seed that a report is about, and the others it was trained with."""
    first, *others = record.spec.run.seeds
    if not record.seeds:
        return Fact(_("Seed"), str(first))
    listed = join_few([str(seed) for seed in others], limit=8)
    note = _("the numbers of this report are of this seed; trained with {others} too", others=listed)
    return Fact(_("Seed"), str(first), note)


def name_augmentation(data: DataFacts) -> str:
    """What is done to training images, mixing included."""
    mixing = [_("mixup (α {alpha})", alpha=numerals.general(data.mixup))] if data.mixup is not None else []
    return join_terms([*data.augment, *mixing]) or _("none")
