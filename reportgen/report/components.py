"""What several sections are made of: labelled facts, cards with a picture, and the figures a section shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reportgen.record.images import enlarge_png
from reportgen.record.run import DataFacts, RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.wording import join_few
from reportgen.text.i18n import _, join_terms

ENLARGED = 3
"""Pixels of the PDF for one of a picture."""
Figures = Mapping[str, FigureFile | Skipped]
"""The figures of a report by name."""


@dataclass(frozen=True)
class Fact:
    """One line of a list of facts."""

    label: str
    value: str
    note: str = ""
    """A remark set small beside the value."""


@dataclass(frozen=True)
class Guess:
    """What was made of a picture."""

    name: str
    percent: str
    width: int
    """Of its bar, per cent of the whole."""
    is_label: bool
    who: str = ""
    """Whose answer it is, where a card holds those of several models."""


@dataclass(frozen=True)
class PictureCard:
    """One picture of the test split and what is made of it."""

    png: bytes
    alt: str
    index: str
    """In the data set's test split."""
    label: str
    right: bool
    verdict: str
    """With the mark that says the same."""
    guesses: tuple[Guess, ...]
    shows_label: bool = True
    """Whether the label has a line of its own."""

    @property
    def large(self) -> bytes:
        """The picture with each pixel enlarged, for the PDF: its viewers smooth a small one."""
        return enlarge_png(self.png, ENLARGED)


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
    mixing = [_("mixup (α {alpha})", alpha=f"{data.mixup:g}")] if data.mixup is not None else []
    return join_terms([*data.augment, *mixing]) or _("none")
