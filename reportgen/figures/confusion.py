"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from numpy.typing import NDArray

from reportgen.figures._marks import draw_bars, draw_heat_map
from reportgen.figures._style import ERRORS, bare, chart, ink_on, shorten, ticks
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.measurements import Confusion
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import FULL, INK, MUTED, PAPER, TEXT, WRONG
from reportgen.text import numerals
from reportgen.text.i18n import _, join_parts, join_rows, join_sentences
from reportgen.text.widths import text_width

MOST_CLASSES = 20
"""Up to so many the whole matrix is drawn; beyond, the largest confusions."""
DIAGONAL = "#eef0f2"
KEY_WIDTH, KEY_HEIGHT, KEY_BELOW = 0.3, 8.0, 16.0
"""Of the key of the colours: its share of the matrix's width, and its height and place below, CSS pixels."""
BESIDE, BETWEEN = 20.0, 6.0
"""CSS pixels beside the matrix that are no name of a class, and between two names above it."""

Counts = NDArray[np.int64]


def row_shares(counts: Counts) -> NDArray[np.float64]:
    """Share of each row's sum, (classes, classes); 0 in rows without images."""
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), dtype=np.float64)


def matrix(axes: Axes, counts: Counts, names: Sequence[str]) -> Collection:
    """The matrix with the errors coloured by their share of the row and every count written in."""
    size, right = len(counts), np.eye(len(counts), dtype=bool)
    errors = np.where(right, 0, row_shares(counts))
    scale = Normalize(0, max(float(errors.max()), 0.01))
    colours = ERRORS.with_extremes(bad=DIAGONAL)
    draw_heat_map(axes, errors, mask=right, cmap=colours, norm=scale, linewidths=1, linecolor=PAPER, cbar=False)
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = MUTED if row == column else ink_on(to_hex(colours(scale(errors[row, column]))))
        axes.text(column + 0.5, row + 0.5, numerals.count(counts[row, column]), ha="center", va="center", color=colour)
    rows, columns = name_sides(names)
    axes.set_xticks(np.arange(size) + 0.5, columns)
    axes.set_yticks(np.arange(size) + 0.5, rows)
    axes.xaxis.tick_top()
    axes.tick_params(labelcolor=INK)
    bare(axes)
    return axes.collections[-1]


def name_sides(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names of the rows and of the columns; where names have no room above the columns, both are numbered."""
    labels = [shorten(name, 16, names) for name in names]
    widths = np.array([text_width(label, TEXT) for label in labels])
    room = (FULL - BESIDE - widths.max()) / len(names)
    if (widths[1:] + widths[:-1]).max() / 2 + BETWEEN <= room:
        return labels, labels
    numbers = [numerals.count(place) for place in range(1, len(names) + 1)]
    labels = [shorten(name, 24, names) for name in names]
    return [f"{label}  {number}" for label, number in zip(labels, numbers, strict=True)], numbers


def draw_matrix(record: RunRecord, counts: Counts, title: str) -> FigureFile:
    """The whole matrix."""
    size, names = len(counts), record.data.classes
    tall = max(24, min(44, 460 // size)) * size
    with chart("confusion", 92 + tall) as paper:
        axes = paper.figure.add_subplot()
        mesh = matrix(axes, counts, names)
        axes.set_title(_("predicted"), color=MUTED, loc="center")
        name = label_left(axes, _("true class"), (0, 1), (-3.5, 3.5), "bottom")
        name.set_annotation_clip(False)
        draw_key(paper.figure, axes, mesh, tall)
        return paper.svg(title, caption(record, counts), describe(record, counts), tabulate(names, counts))


def draw_key(figure: Figure, axes: Axes, mesh: Collection, tall: float) -> None:
    """The colours and their shares below a matrix that is `tall` CSS pixels high, at its right end."""
    inside = (1 - KEY_WIDTH, -(KEY_BELOW + KEY_HEIGHT) / tall, KEY_WIDTH, KEY_HEIGHT / tall)
    bar = figure.colorbar(mesh, cax=axes.inset_axes(inside), orientation="horizontal")
    bar.outline.set_visible(False)
    bar.ax.xaxis.set_major_locator(ticks(4))
    bar.ax.xaxis.set_major_formatter(lambda value, _unused: numerals.in_percent(numerals.general(100 * value, 3)))
    label_left(bar.ax, _("share of row"), (0, 0.5), (-6, 0), "center")


def label_left(axes: Axes, text: str, corner: tuple[float, float], offset: tuple[float, float], va: str) -> Annotation:
    """A grey label that ends `offset` points from a place of the axes, which is given in shares of them."""
    return axes.annotate(
        text, corner, offset, xycoords="axes fraction", textcoords="offset points", ha="right", va=va, color=MUTED
    )


def tabulate(names: Sequence[str], counts: Counts, pairs: Sequence[tuple[int, int]] | None = None) -> str:
    """Images and share of each pair of classes, or of these pairs alone."""
    shares = 100 * row_shares(counts)
    shown = pairs if pairs is not None else np.ndindex(counts.shape)
    heads = ("true class", "called", "images", "share of the true class's images (%)")
    return write_csv(
        heads, [(names[row], names[column], counts[row, column], shares[row, column]) for row, column in shown]
    )


def draw_shares(axes: Axes, largest: Sequence[Confusion]) -> list[float]:
    """A bar for each confusion with its share of the true class's images and their number; the shares."""
    shares = [item.share.value or 0.0 for item in largest]
    draw_bars(axes, shares, WRONG, 0.6)
    for row, item in enumerate(largest):
        text = join_parts([item.share.display, numerals.count(item.count)])
        axes.annotate(text, (shares[row], row), (4, 0), textcoords="offset points", va="center", color=MUTED)
    return shares


def draw_largest(record: RunRecord, largest: Sequence[Confusion], counts: Counts, title: str) -> FigureFile:
    """The largest confusions as bars of their share of the true class's images."""
    with chart("confusion", 48 + 22 * len(largest)) as paper:
        axes = paper.figure.add_subplot()
        shares = draw_shares(axes, largest)
        axes.set_yticks(range(len(largest)), [pair(record, item, 22) for item in largest])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(largest) - 0.4, -0.6)
        axes.set_xlim(0, 1.02 * max(shares))
        axes.set_xticks([])
        axes.set_title(_("share of the class's images, images"), color=MUTED)
        bare(axes)
        pairs = [(item.true, item.predicted) for item in largest]
        data = tabulate(record.data.classes, counts, pairs)
        return paper.svg(title, caption(record, counts), describe(record, counts), data)


def draw(subject: Subject) -> FigureFile | Skipped:
    """The confusion matrix, or the largest confusions where there are many classes."""
    record = subject.record
    name, title = "confusion", _("Confusions")
    if record.measured is None:
        return Skipped(name, title, _("The record holds no measurements."))
    counts = np.asarray(record.measured.confusion, dtype=np.int64)
    if len(counts) < 2:
        return Skipped(name, title, _("With a single class there is nothing to confuse."))
    if len(counts) <= MOST_CLASSES:
        return draw_matrix(record, counts, title)
    if not record.measured.confusions:
        return Skipped(name, title, _("No image was predicted as another class."))
    return draw_largest(record, record.measured.confusions, counts, title)


def pair(record: RunRecord, item: Confusion, most: int) -> str:
    """A confusion in words."""
    names = record.data.classes
    true, predicted = (shorten(names[place], most, names) for place in (item.true, item.predicted))
    return _("{true} predicted as {predicted}", true=true, predicted=predicted)


def caption(record: RunRecord, counts: Counts) -> str:
    """The largest confusion, then what colour and numbers are."""
    measured = record.measured
    worst = measured.confusions[0] if measured is not None and measured.confusions else None
    if worst is None:
        first = _("No image was predicted as another class.")
    else:
        first = _("Most often {pair}: {share}.", pair=pair(record, worst, 40), share=worst.share.display_full)
    if len(counts) > MOST_CLASSES:
        reading = _("The largest confusions of {count} classes.", count=numerals.count(len(counts)))
    else:
        reading = _("Numbers: images. Colour: share of the row, errors only; grey: correct.")
    numbered = len(counts) <= MOST_CLASSES and name_sides(record.data.classes)[1][0] == "1" != record.data.classes[0]
    return join_sentences([first, reading, *([_("Columns are numbered as the rows are.")] if numbered else [])])


def describe(record: RunRecord, counts: Counts) -> str:
    """How many are right and the five largest confusions."""
    measured = record.measured
    largest = measured.confusions[:5] if measured is not None else ()
    told = join_rows([f"{pair(record, item, 40)} {numerals.count(item.count)}" for item in largest])
    whole = _(
        "Confusion matrix of {classes} classes: {right} of {n} images on the diagonal.",
        classes=len(counts),
        right=numerals.count(int(np.trace(counts))),
        n=numerals.count(int(counts.sum())),
    )
    return join_sentences(
        [whole, _("Largest confusions: {largest}.", largest=told) if told else _("Largest confusions: none.")]
    )


FIGURE = FigureKind("confusion", draw, by_seaborn=True)
