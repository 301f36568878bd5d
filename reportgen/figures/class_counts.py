"""How many images of every class there are in each split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from reportgen.figures._marks import draw_bars, draw_histogram
from reportgen.figures._style import bare, chart, grid, shorten, ticks
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.run import Split
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, INK, MUTED, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

MOST_NAMED = 40
"""Up to so many classes have a row of their own."""


def split_title(split: Split) -> str:
    """A split and its size."""
    word = _("Training") if split.name == "train" else _("Test")
    return _("{split}, {n} images", split=word, n=numerals.count(split.n))


def named_bars(axes: Axes, split: Split, names: Sequence[str]) -> None:
    """One bar a class with its count."""
    draw_bars(axes, split.counts, SOFT if split.name == "train" else ACCENT, 0.62)
    for row, count in enumerate(split.counts):
        text = numerals.count(count)
        axes.annotate(text, (count, row), (4, 0), textcoords="offset points", va="center", color=MUTED)
    axes.set_yticks(range(len(names)), [shorten(name, 24, names) for name in names])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_xlim(0, 1.25 * max(*split.counts, 1))
    bare(axes)


def ranked_steps(axes: Axes, split: Split) -> None:
    """Counts from the largest class to the smallest."""
    colour = SOFT if split.name == "train" else ACCENT
    draw_histogram(
        axes, sorted(split.counts, reverse=True), range(len(split.counts) + 1), colour, element="step", linewidth=0
    )
    axes.set_xlabel(_("classes, largest first"))
    axes.set_ylim(0, None)
    axes.yaxis.set_major_locator(ticks(5, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _unused: numerals.count(value))
    grid(axes)


def draw(subject: Subject) -> FigureFile | Skipped:
    """Images by class and split, in class order."""
    record = subject.record
    name, title = "class_counts", _("Images by class")
    splits, names = [split for split in record.data.splits if split.counts], record.data.classes
    if not splits or not names:
        return Skipped(name, title, _("The record holds no counts by class."))
    many = len(names) > MOST_NAMED
    with chart(name, 220 if many else 44 + 21 * len(names)) as paper:
        panels = paper.figure.subplots(1, len(splits), squeeze=False)[0]
        for place, (axes, split) in enumerate(zip(panels, splits, strict=True)):
            axes.set_title(split_title(split))
            if many:
                ranked_steps(axes, split)
            else:
                named_bars(axes, split, names)
                axes.tick_params(labelleft=place == 0)
        told = join_sentences([balance(split, names) for split in splits])
        reading = "" if many else _("Each split has its own scale.")
        rows = [(split.name, *pair) for split in splits for pair in zip(names, split.counts, strict=True)]
        data = write_csv(("split", "class", "images"), rows)
        alt = join_sentences([_("Bars of images by class."), told])
        return paper.svg(title, join_sentences([told, reading]), alt, data)


def balance(split: Split, names: Sequence[str]) -> str:
    """Whether a split's classes are equal, else its smallest and largest."""
    counts = np.asarray(split.counts)
    word = _("Training") if split.name == "train" else _("Test")
    if counts.min() == counts.max():
        return ngettext(
            "{split}: {count} image of every class.",
            "{split}: {count} images of every class.",
            int(counts[0]),
            split=word,
        )
    return _(
        "{split}: from {low} ({smallest}) to {high} ({largest}).",
        split=word,
        low=numerals.count(int(counts.min())),
        smallest=shorten(names[int(counts.argmin())], 40, names),
        high=numerals.count(int(counts.max())),
        largest=shorten(names[int(counts.argmax())], 40, names),
    )


FIGURE = FigureKind("class_counts", draw, by_seaborn=True)
