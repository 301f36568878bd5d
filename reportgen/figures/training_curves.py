"""How training went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from reportgen.figures._marks import draw_line
from reportgen.figures._seed_bands import draw_seed_band, format_band, trainings
from reportgen.figures._style import chart, grid, measured, spread, ticks
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.run import RunRecord, Training
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, MUTED
from reportgen.spec.types import LossSpec
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, ngettext

FEW_POINTS = 30
"""Epochs up to which every one is marked."""
OUTLIER = 4.0


@dataclass(frozen=True)
class Line:
    """One line of a panel and what stands at its end."""

    label: str
    points: list[tuple[float, float]]
    test: bool
    others: tuple[list[tuple[float, float]], ...] = ()
    """The same of the further seeds."""


def lines_of(every: Sequence[Training]) -> tuple[list[Line], list[Line]]:
    """Loss and accuracy lines, of training and test, without epochs at which a value is unknown; of the first training,
    the others' beside it."""

    def points(training: Training, field: str, scale: float) -> list[tuple[float, float]]:
        found = [(row.epoch, getattr(row, field)) for row in training.epochs]
        return [(x, scale * y) for x, y in found if y is not None and np.isfinite(y)]

    def line(label: str, field: str, scale: float, test: bool) -> Line:
        first, *others = (points(training, field, scale) for training in every)
        return Line(label, first, test, tuple(others))

    loss = [line(_("training"), "train_loss", 1, False), line(_("test"), "test_loss", 1, True)]
    accuracy = [line(_("training"), "train_accuracy", 100, False), line(_("test"), "test_accuracy", 100, True)]
    return [item for item in loss if item.points], [item for item in accuracy if item.points]


def ceiling_of(lines: Sequence[Line]) -> tuple[float | None, str]:
    """Where an axis of losses ends when one of them would press the others flat, and what the axis is called then.

    Four times the median: a first look in the warm-up, with fresh BatchNorm statistics, can be ten times beyond.
    """
    points, heading = [point for item in lines for point in item.points], _("Loss")
    if not points:
        return None, heading
    ceiling = OUTLIER * float(np.median([y for _unused, y in points]))
    epoch, largest = max(points, key=lambda point: point[1])
    if ceiling <= 0 or largest <= ceiling:
        return None, heading
    return ceiling, _(
        "Loss; {loss} at epoch {epoch} is above",
        loss=numerals.significant(largest, 3),
        epoch=numerals.significant(epoch, 2),
    )


def same_loss(spec: LossSpec) -> bool:
    """Whether training and test losses are the same quantity but for smoothing, so that one axis can carry both."""
    return spec.name in ("cross_entropy", "nll") or (spec.name == "kl_div" and spec.teacher is None)


def draw_panel(axes: Axes, lines: Sequence[Line], title: str, ceiling: float | None = None, apart: float = 0.1) -> None:
    """One panel of lines over epochs with their names at their ends, at least a share `apart` of its height from each
    other; values above `ceiling` leave it."""
    axes.set_title(title)
    for item in lines:
        x, y = zip(*item.points, strict=True)
        few = len(x) <= FEW_POINTS
        colour, dash = (ACCENT, "-") if item.test else (MUTED, (0, (4, 2)))
        marker = ("o" if item.test else "s") if few else ""
        fill = colour if item.test else "white"
        draw_seed_band(axes, [item.points, *filter(None, item.others)], colour)
        draw_line(axes, x, y, colour, linestyle=dash, marker=marker, markerfacecolor=fill, zorder=3 + item.test)
    axes.margins(y=0.12)
    low, high = axes.get_ylim()
    if ceiling is not None and high > ceiling:
        high = 1.12 * max(y for item in lines for _unused, y in item.points if y <= ceiling)
        axes.set_ylim(low := 0.0, high)
    if high - low < 0.1 * high:
        low, high = low - 0.05 * high, high + 0.05 * high
        axes.set_ylim(low, high)
    ends = spread([min(item.points[-1][1], high) for item in lines], apart * (high - low))  # a name stays inside
    last = max((item.points[-1][0] for item in lines), default=0.0)
    for item, end in zip(lines, ends, strict=True):
        axes.annotate(
            item.label,
            (last, end),
            (8, 0),
            textcoords="offset points",
            va="center",
            color=ACCENT if item.test else MUTED,
            annotation_clip=False,
        )
    axes.set_xlim(0, 1.04 * last)
    axes.xaxis.set_major_locator(ticks(6, integer=last >= 1))
    axes.yaxis.set_major_locator(ticks(5))
    axes.set_xlabel(_("epoch"))
    grid(axes)


def draw_curves(subject: Subject) -> FigureFile | Skipped:
    """Loss and accuracy of training and test after every epoch."""
    record = subject.record
    name, title = "training_curves", _("Loss and accuracy by epoch")
    training = record.training
    if training is None:
        return Skipped(name, title, _("The model was evaluated, not trained."))
    loss, accuracy = lines_of(trainings(record))
    if not loss and not accuracy:
        return Skipped(name, title, _("No epoch ended with a finite loss."))
    with chart(name, 240) as paper:
        ceiling, named = ceiling_of(loss)
        panels = [(loss, named, ceiling), (accuracy, _("Accuracy, %"), None)]
        if not same_loss(record.spec.run.loss):
            apart = ((_("Training loss"), False), (_("Test loss"), True))
            panels[:1] = [([line for line in loss if line.test == test], title, None) for title, test in apart]
        shown = [panel for panel in panels if panel[0]]
        for place, (lines, heading, top) in enumerate(shown):
            draw_panel(paper.figure.add_subplot(1, len(shown), place + 1), lines, heading, top)
        alt = curves_alt(training, loss, accuracy)
        return paper.svg(title, curves_caption(record, training), alt, tabulate(record, trainings(record)))


def tabulate(record: RunRecord, every: Sequence[Training]) -> str:
    """Every epoch of every seed; in per cent what the chart shows in per cent."""
    heads = ("seed", "epoch", "training loss", "test loss", "training accuracy (%)", "test accuracy (%)")

    def percent(value: float | None) -> float | None:
        return None if value is None else 100 * value

    rows = [
        (seed, row.epoch, row.train_loss, row.test_loss, percent(row.train_accuracy), percent(row.test_accuracy))
        for seed, training in zip(record.spec.run.seeds, every, strict=False)
        for row in training.epochs
    ]
    return write_csv(heads, rows)


def curves_caption(record: RunRecord, training: Training) -> str:
    """What the curves came to and how they were measured."""
    last, told = training.epochs[-1], []
    over = epochs_text(last.epoch)
    if last.test_accuracy is not None:
        test = measured(round(last.test_accuracy * last.test_n), last.test_n)
        if last.train_accuracy is None:
            told.append(_("After {epochs}, accuracy on the test sample: {test}.", epochs=over, test=test))
        else:
            train = measured(round(last.train_accuracy * last.train_n), last.train_n)
            both = _(
                "After {epochs}, accuracy on the test sample: {test}; on the training sample: {train}.",
                epochs=over,
                test=test,
                train=train,
            )
            told.append(both)
    told.append(
        _(
            "Training loss is the mean over the steps since the point before ({loss}; images augmented where the spec "
            "says so), test loss the mean negative log-likelihood; accuracies are of images without augmentation.",
            loss=training.loss.text,
        )
    )
    return join_sentences([*told, format_band(record)])


def epochs_text(epoch: float) -> str:
    """A number of epochs in words, whole or with one digit."""
    if float(epoch).is_integer():
        return ngettext("{count} epoch", "{count} epochs", int(epoch))
    return _("{number} epochs", number=numerals.significant(epoch, 2))


def curves_alt(training: Training, loss: Sequence[Line], accuracy: Sequence[Line]) -> str:
    """First and last value of every line."""
    told = [
        _(
            "{what}, {who}: from {first} to {last}",
            what=what,
            who=line.label,
            first=numerals.significant(line.points[0][1], 3),
            last=numerals.significant(line.points[-1][1], 3),
        )
        for what, lines in ((_("Loss"), loss), (_("Accuracy in per cent"), accuracy))
        for line in lines
    ]
    over = epochs_text(training.epochs[-1].epoch)
    text = [_("Line charts over {epochs}. {lines}.", epochs=over, lines=join_rows(told))]
    ends = [curve[-1][1] for line in accuracy if line.test for curve in (line.points, *filter(None, line.others))]
    if len(ends) < 2:
        return join_sentences(text)
    low, high = (numerals.significant(value, 3) for value in (min(ends), max(ends)))
    band = _(
        "Over {count} seeds the test accuracy ends between {low} and {high} per cent.",
        count=len(ends),
        low=low,
        high=high,
    )
    return join_sentences([*text, band])


FIGURE = FigureKind("training_curves", draw_curves, by_seaborn=True)
