"""How training went, for a mail: accuracy above loss."""

from __future__ import annotations

from reportgen.figures._narrow import WIDTH
from reportgen.figures._seed_bands import trainings
from reportgen.figures._style import chart
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

NAME = "mail_curves"
PANEL = 170
"""CSS pixels."""
TICKS = 4
"""Epochs named below a panel, at most."""
Panel = tuple[list[Line], str, float | None]


def draw(subject: Subject) -> FigureFile | Skipped:
    """Accuracy and loss of training and test after every epoch, one below the other."""
    record, title = subject.record, _("Loss and accuracy by epoch")
    training = record.training
    if training is None:
        return Skipped(NAME, title, _("The model was evaluated, not trained."))
    loss, accuracy = lines_of(trainings(record))
    panels = list_panels(loss, accuracy, record.spec.run.loss)
    if not panels:
        return Skipped(NAME, title, _("No epoch left a finite loss."))
    with chart(NAME, PANEL * len(panels), WIDTH) as paper:
        for place, (lines, heading, top) in enumerate(panels):
            axes = paper.figure.add_subplot(len(panels), 1, place + 1)
            draw_panel(axes, lines, heading, top)
            axes.locator_params(axis="x", nbins=TICKS)
            if place < len(panels) - 1:
                axes.set_xlabel("")
        return paper.png(title, curves_caption(record, training), curves_alt(training, loss, accuracy))


def list_panels(loss: list[Line], accuracy: list[Line], spec: LossSpec) -> list[Panel]:
    """Lines, heading and ceiling of every panel that has a line; losses of two kinds stand apart."""
    ceiling, named = ceiling_of(loss)
    losses: list[Panel] = [(loss, named, ceiling)]
    if not same_loss(spec):
        apart = ((_("Training loss"), False), (_("Test loss"), True))
        losses = [([line for line in loss if line.test == test], heading, None) for heading, test in apart]
    return [panel for panel in [(accuracy, _("Accuracy, %"), None), *losses] if panel[0]]


FIGURE = FigureKind(NAME, draw, by_seaborn=True)
