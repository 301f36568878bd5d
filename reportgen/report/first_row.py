"""The row of small figures on the first page: which ones this report has, and where each leads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped

PLOTS = 2
"""Beside the images."""
IMAGES = "first_images"
SECTION_OF = {
    "first_change": "baseline",
    "first_class_flips": "baseline",
    "first_accuracy": "training",
    "first_loss": "training",
    "first_reliability": "evaluation",
    "first_confusions": "evaluation",
    "first_classes": "evaluation",
    IMAGES: "predictions",
}
"""Figure -> the section that shows the same at length."""
SHOWN_BY_BRIEF = frozenset({"first_change", "first_accuracy", "first_loss", "first_reliability", "first_confusions"})
"""What a brief report shows larger on its few pages."""
FEW_GATES = 4
"""That leave room for the row on the first of a brief report's four pages."""


@dataclass(frozen=True)
class Cell:
    """One figure of the row."""

    figure: FigureFile | Skipped
    anchor: str = ""
    """Of its section; empty where the report has not got it."""
    source: str = ""
    """The title of that section."""


def choose_first_row(subject: Subject) -> tuple[str, ...]:
    """Two figures chosen for this report, then the images.

    Against a baseline the change on its margin and the flips by class; after a training its curves; of a model that was
    only evaluated how far its confidence can be believed and its largest confusions. What the record does not hold
    gives its place to the next. A brief report has the figures that its sections do not show, and none beside many
    gates.
    """
    found = [*of_comparison(subject), *of_training(subject.record), *of_evaluation(subject.record)]
    if subject.presentation.report.is_brief:
        if len(subject.presentation.gates) > FEW_GATES:
            return ()
        found = [name for name in found if name not in SHOWN_BY_BRIEF]
    return (*found[:PLOTS], *([IMAGES] if subject.record.measured is not None else []))


def of_comparison(subject: Subject) -> list[str]:
    """What became of the accuracy and of the classes."""
    compared = subject.judgement.compared
    if compared is None or compared.identical:
        return []
    change = compared.value("accuracy.change")
    known = change is not None and change.low is not None and change.high is not None
    flipped = any(one.lost or one.gained for one in compared.classes)
    return [*(["first_change"] if known else []), *(["first_class_flips"] if flipped else [])]


def of_training(record: RunRecord) -> list[str]:
    """The curves that have a point."""
    epochs = record.training.epochs if record.training is not None else ()

    def known(*values: float | None) -> bool:
        return any(value is not None and math.isfinite(value) for value in values)

    accuracy = any(known(epoch.train_accuracy, epoch.test_accuracy) for epoch in epochs)
    loss = any(known(epoch.train_loss, epoch.test_loss) for epoch in epochs)
    return [*(["first_accuracy"] if accuracy else []), *(["first_loss"] if loss else [])]


def of_evaluation(record: RunRecord) -> list[str]:
    """Confidence, confusions and classes, as far as they were measured."""
    measured = record.measured
    if measured is None:
        return []
    sure = any(one.n for one in measured.calibration.bins)
    several = sum(one.recall.value is not None for one in measured.classes) > 1
    return [
        *(["first_reliability"] if sure else []),
        *(["first_confusions"] if measured.confusions else []),
        *(["first_classes"] if several else []),
    ]


def fill_row(subject: Subject, figures: Mapping[str, FigureFile | Skipped]) -> tuple[Cell, ...]:
    """The cells in their order, each without its link; figures that could not be drawn are left out, but for the
    images, whose reason stands in their place."""
    names = choose_first_row(subject)
    drawn = [figures[name] for name in names if name in figures]
    return tuple(Cell(figure) for figure in drawn if isinstance(figure, FigureFile) or figure.name == IMAGES)


def link_row(row: tuple[Cell, ...], titles: Mapping[str, str]) -> tuple[Cell, ...]:
    """The cells with links to the sections of the report, by name with their titles."""
    linked = []
    for cell in row:
        section = SECTION_OF[cell.figure.name]
        title = titles.get(section, "")
        linked.append(Cell(cell.figure, f"section-{section}" if title else "", title))
    return tuple(linked)
