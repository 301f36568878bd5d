"""The figures of a mail: as wide as a phone, opaque, small, with their numbers in words, and the same bytes again."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reportgen.comparison import compare_with
from reportgen.figures import draw
from reportgen.figures._narrow import WIDTH
from reportgen.figures._style import PIXELS
from reportgen.outputs.mail import choose_images
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from tests.outputs.hostile import hostile_subject
from tests.outputs.test_comment import compared
from tests.support.records import presented

MOST_BYTES = 150_000
"""Of one image; six of them leave a mail far below its limit."""


def drawn(subject: Subject, name: str) -> FigureFile:
    figure = draw(subject, [name])[name]
    assert isinstance(figure, FigureFile), figure
    return figure


@pytest.fixture(scope="module")
def whole() -> Subject:
    from tests.support.records import small_record

    return compared(small_record(), ())


def test_every_one_is_an_opaque_image_as_wide_as_a_phone(whole: Subject) -> None:
    names = choose_images(whole)
    assert len(names) == 6
    for name, figure in draw(whole, names).items():
        assert isinstance(figure, FigureFile), figure
        image = Image.open(io.BytesIO(figure.data))
        assert (figure.media_type, figure.width, image.width) == ("image/png", WIDTH, WIDTH * PIXELS)
        assert abs(image.height - figure.height * PIXELS) <= 1
        assert np.asarray(image.convert("RGBA"))[..., 3].min() == 255
        assert np.asarray(image.convert("L")).std() > 5, name
        assert len(figure.data) <= MOST_BYTES
        assert any(character.isdigit() for character in figure.alt)


def test_alternative_texts_carry_the_numbers(whole: Subject) -> None:
    comparison, measured = whole.judgement.compared, whole.record.measured
    assert comparison is not None
    assert measured is not None
    change = comparison.value("accuracy.change")
    assert change is not None
    told = drawn(whole, "mail_change").alt
    assert change.display in told
    assert change.display_interval in told
    flips = drawn(whole, "mail_flips")
    assert f"Newly wrong: {comparison.mcnemar.lost}" in flips.alt
    assert f"Newly right: {comparison.mcnemar.gained}" in flips.alt
    worst = measured.confusions[0]
    assert worst.share.display in drawn(whole, "mail_confusions").alt
    weakest = min(measured.classes, key=lambda one: one.recall.value or 0.0)
    assert f"{weakest.name}: {weakest.recall.display_full}" in drawn(whole, "mail_classes").alt
    assert len(drawn(whole, "mail_reliability").alt) < 400


def test_the_same_bytes_twice(whole: Subject) -> None:
    for name in ("mail_change", "mail_flips"):
        assert drawn(whole, name).data == drawn(whole, name).data


def test_without_a_baseline_flips_or_training_there_is_a_reason(record: RunRecord) -> None:
    itself = presented(record, compare_with(record, presented(record), "0" * 64))
    evaluated = presented(record.model_copy(update={"training": None, "measured": None}))
    cases = [(presented(record), name) for name in ("mail_change", "mail_flips")]
    cases += [(itself, "mail_flips"), *((evaluated, f"mail_{name}") for name in OF_A_RUN)]
    for subject, name in cases:
        figure = draw(subject, [name])[name]
        assert isinstance(figure, Skipped)
        assert not figure.is_fault, figure.details
        assert figure.reason.endswith(".")


OF_A_RUN = ("curves", "reliability", "confusions", "classes")


def test_hostile_names_are_drawn() -> None:
    for name in ("mail_confusions", "mail_classes"):
        assert drawn(hostile_subject(), name).data


def test_grey_images_that_flipped_are_drawn(whole: Subject) -> None:
    arrays = whole.judgement.arrays
    grey = arrays.merged({"comparison.images": arrays["comparison.images"][..., :1]})
    subject = Subject(whole.record, whole.judgement.model_copy(update={"arrays": grey}), whole.presentation)
    assert drawn(subject, "mail_flips").data
