"""The row of small figures on page 1: chosen by what the report is about, linked to what the report has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.first_row import IMAGES, SECTION_OF, choose_first_row, fill_row, link_row
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.sections import find_sections
from tests.comparison.cases import improved, judged
from tests.outputs.reports import plain_figure
from tests.report.sections.cases import change
from tests.support.records import presented

DRAWN: dict[str, FigureFile | Skipped] = {name: plain_figure(name) for name in SECTION_OF}


def brief(subject: Subject) -> Subject:
    options = subject.presentation.report.model_copy(update={"sections": ("brief",)})
    return replace(subject, presentation=subject.presentation.model_copy(update={"report": options}))


def without_epochs(record: RunRecord) -> RunRecord:
    return change(record, training={"epochs": ()})


def lost_losses(record: RunRecord) -> RunRecord:
    assert record.training is not None
    rows = tuple(
        epoch.model_copy(update={"train_loss": float("nan"), "test_loss": None}) for epoch in record.training.epochs
    )
    return change(record, training={"epochs": rows})


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (presented, ["first_accuracy", "first_loss"]),
        (lambda record: presented(change(record, training=None)), ["first_reliability", "first_confusions"]),
        (lambda record: judged(improved(record, 40), record), ["first_change", "first_class_flips"]),
        (lambda record: judged(record, record), ["first_accuracy", "first_loss"]),
        (lambda record: presented(without_epochs(record)), ["first_reliability", "first_confusions"]),
        (lambda record: presented(lost_losses(record)), ["first_accuracy", "first_reliability"]),
        (lambda record: brief(presented(record)), ["first_classes"]),
        (lambda record: brief(judged(improved(record, 40), record)), ["first_class_flips", "first_classes"]),
    ],
)
def test_two_figures_are_chosen_for_the_report_and_the_images_are_always_there(
    record: RunRecord, make: object, expected: list[str]
) -> None:
    assert list(choose_first_row(make(record))) == [*expected, IMAGES]  # type: ignore[operator]


def test_without_measurements_there_are_curves_alone(record: RunRecord) -> None:
    unmeasured = presented(record.model_copy(update={"measured": None}))
    assert choose_first_row(unmeasured) == ("first_accuracy", "first_loss")
    assert choose_first_row(presented(record.model_copy(update={"measured": None, "training": None}))) == ()


def test_every_figure_leads_to_its_section_where_the_report_has_it(record: RunRecord) -> None:
    titles = {name: section.title for name, section in find_sections().items()}
    assert set(SECTION_OF.values()) <= set(titles)
    row = fill_row(presented(record), DRAWN)
    assert {cell.anchor for cell in row} == {""}
    linked = link_row(row, {"training": "Training"})
    assert [(cell.anchor, cell.source) for cell in linked] == [("section-training", "Training")] * 2 + [("", "")]


def test_of_what_could_not_be_drawn_the_images_alone_say_why(record: RunRecord) -> None:
    gaps = DRAWN | {name: Skipped(name, name, "There is none.") for name in ("first_loss", IMAGES)}
    assert [cell.figure.name for cell in fill_row(presented(record), gaps)] == ["first_accuracy", IMAGES]
    assert fill_row(presented(record), {}) == ()
