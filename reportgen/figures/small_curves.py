"""How training went, small: accuracy above loss for a mail, each alone for the first page."""

from __future__ import annotations

from reportgen.figures._seed_bands import trainings
from reportgen.figures._small import FIRST, MAIL, Place, place_small
from reportgen.figures.training_curves import (
    Line,
    ceiling_of,
    curves_alt,
    curves_caption,
    draw_panel,
    lines_of,
    same_loss,
)
from reportgen.plugins import FigureKind
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.spec.types import LossSpec
from reportgen.text.i18n import _

PANEL = 170
"""CSS pixels."""
TICKS = 4
"""Epochs named below a panel, at most."""
APART, MAIL_APART = 0.15, 0.13
"""Of a small panel's height, between the names of its lines: on the first page, and in a mail, where a line of
Chinese needs more than one of English."""
Panel = tuple[list[Line], str, float | None]


def draw_curves(subject: Subject, place: Place) -> FigureFile | Skipped:
    """Accuracy and loss of training and test after every epoch, one below the other."""
    return draw(subject, place, "curves", _("Loss and accuracy by epoch"))


def draw_accuracy(subject: Subject, place: Place) -> FigureFile | Skipped:
    """Accuracy alone."""
    return draw(subject, place, "accuracy", _("Accuracy by epoch"), losses=False)


def draw_loss(subject: Subject, place: Place) -> FigureFile | Skipped:
    """Loss alone; where training and test have losses of two kinds, the one that training lowers."""
    return draw(subject, place, "loss", _("Loss by epoch"), accuracies=False)


def draw(
    subject: Subject, place: Place, figure: str, title: str, losses: bool = True, accuracies: bool = True
) -> FigureFile | Skipped:
    """The panels that are asked for, one below the other; in the row of the first page one alone."""
    record, name = subject.record, f"{place.name}_{figure}"
    training = record.training
    if training is None:
        return Skipped(name, title, _("The model was evaluated, not trained."))
    loss, accuracy = lines_of(trainings(record))
    loss, accuracy = loss if losses else [], accuracy if accuracies else []
    panels = list_panels(loss, accuracy, record.spec.run.loss)[: 1 if place.is_first else None]
    if not panels:
        return Skipped(name, title, _("No epoch ended with a finite loss."))
    with place.sheet(figure, PANEL * len(panels), by_seaborn=True) as paper:
        for row, (lines, heading, top) in enumerate(panels):
            axes = paper.figure.add_subplot(len(panels), 1, row + 1)
            draw_panel(axes, lines, heading, top, APART if place.is_first else MAIL_APART)
            axes.locator_params(axis="x", nbins=TICKS)
            place.title(paper, axes)
            if row < len(panels) - 1:
                axes.set_xlabel("")
        return place.save(paper, title, curves_caption(record, training), curves_alt(training, loss, accuracy))


def list_panels(loss: list[Line], accuracy: list[Line], spec: LossSpec) -> list[Panel]:
    """Lines, heading and ceiling of every panel that has a line; losses of two kinds stand apart."""
    ceiling, named = ceiling_of(loss)
    losses: list[Panel] = [(loss, named, ceiling)]
    if not same_loss(spec):
        apart = ((_("Training loss"), False), (_("Test loss"), True))
        losses = [([line for line in loss if line.test == test], heading, None) for heading, test in apart]
    return [panel for panel in [(accuracy, _("Accuracy, %"), None), *losses] if panel[0]]


FIGURES: tuple[FigureKind, ...] = (
    *place_small("curves", draw_curves, MAIL, by_seaborn=True),
    *place_small("accuracy", draw_accuracy, FIRST, by_seaborn=True),
    *place_small("loss", draw_loss, FIRST, by_seaborn=True),
)
