"""Section 10: each sentence by a record made for it, and silence by one that is not."""

from __future__ import annotations

import pytest

from reportgen.record.message import N_
from reportgen.record.run import Duplicates, RunRecord, Split
from reportgen.report.sections.data.view import SECTION, DataView
from tests.report.sections.cases import build, change, page


def data(record: RunRecord, **values: object) -> RunRecord:
    return change(record, data=values)


def splits(train: tuple[int, ...], test: tuple[int, ...], available: int | None = None) -> tuple[Split, ...]:
    return (
        Split(name="train", n=sum(train), available=available or sum(train), counts=train),
        Split(name="test", n=sum(test), available=available or sum(test), counts=test),
    )


WHOLE = splits((384,) * 10, (60,) * 10)


def test_whole_verified_data_give_no_warning(record: RunRecord) -> None:
    clean = data(record, splits=WHOLE, duplicates=Duplicates(within_train=0, within_test=0, across=0))
    built = build(SECTION, clean)
    assert built.text == "There are no exact duplicates, within the splits or across."


def test_parts_of_the_splits(record: RunRecord) -> None:
    text = build(SECTION, record).text
    assert "Only 3,840 of the 50,000 training images were used (7.7 %)." in text
    assert "Only 600 of the 10,000 test images were used (6.0 %)." in text


def test_training_images_do_not_matter_to_an_evaluation(record: RunRecord) -> None:
    assert "training images were used" not in build(SECTION, change(record, training=None)).text


def test_imbalance_names_both_ends(record: RunRecord) -> None:
    uneven = data(record, splits=splits((400, 100, *(200,) * 8), (60,) * 10))
    sentence = build(SECTION, uneven).sentence("imbalanced")
    assert sentence == (
        "The classes of the training images are imbalanced: “airplane” has 400, “automobile” has 100, 4.0 times fewer."
    )
    assert "imbalanced" not in build(SECTION, record).text


def test_a_missing_class(record: RunRecord) -> None:
    missing = data(record, splits=splits((384,) * 10, (0, 0, *(60,) * 8)))
    assert "In the test images 2 classes are missing: “airplane” and “automobile”." in build(SECTION, missing).text


@pytest.mark.parametrize("weights", [None, "best.pt"])
def test_a_normalisation_that_is_not_the_datas_own(record: RunRecord, weights: str | None) -> None:
    other = data(record, normalize_name="custom", normalize_mean=(0.6, 0.48, 0.45), normalize_std=(0.25, 0.24, 0.26))
    spec = record.spec.model_copy(update={"model": record.spec.model.model_copy(update={"weights": weights})})
    built = build(SECTION, change(other, spec=spec))
    sentence = built.sentence("“custom” does not match these images")
    assert "0.600, 0.480, 0.450" in sentence
    assert "0.491, 0.482, 0.447" in sentence
    assert ("they were trained with is the right one" in sentence) == (weights is not None)


def test_a_close_normalisation_is_not_mentioned(record: RunRecord) -> None:
    close = data(
        record, normalize_name="imagenet", normalize_mean=(0.485, 0.456, 0.406), normalize_std=(0.229, 0.224, 0.225)
    )
    assert "does not match these images" not in build(SECTION, close).text


def test_no_normalisation(record: RunRecord) -> None:
    bare = data(record, normalize_name="none", normalize_mean=(0.0,) * 3, normalize_std=(1.0,) * 3)
    sentence = build(SECTION, bare).sentence("as they are")
    assert "means 0.491, 0.482, 0.447, standard deviations 0.247, 0.243, 0.262" in sentence


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Duplicates(within_train=2, within_test=0, across=1), "1 test image is pixel for pixel a training image"),
        (Duplicates(within_train=0, within_test=0, across=3), "3 test images are pixel for pixel training images"),
        (Duplicates(within_train=2, within_test=1, across=0), "2 in the training split and 1 in the test split."),
        (Duplicates(within_train=0, within_test=1, across=0), "duplicates within a split: 1 in the test split."),
    ],
)
def test_duplicates(record: RunRecord, found: Duplicates, said: str) -> None:
    assert said in build(SECTION, data(record, duplicates=found)).text


def test_unknown_duplicates_are_not_called_none(record: RunRecord) -> None:
    assert "picture" not in build(SECTION, data(record, duplicates=None, splits=WHOLE)).text


def test_unverified_data(record: RunRecord) -> None:
    built = build(SECTION, data(record, verified=False))
    assert "the data is unverified" in built.text
    assert "nothing vouches" not in build(SECTION, record).text
    assert "No digests" in build(SECTION, data(record, verified=False, digests={})).text


def test_stand_in_data_come_first(record: RunRecord) -> None:
    stand_in = data(record, requested="cifar10", fallback_reason=N_("No network."), title="Digits")
    first = build(SECTION, stand_in).findings[0]
    assert first.text == (
        "These are not the data that the spec asks for: Digits replaces “cifar10”. The reason: No network."
    )
    assert first.tone == "bad"
    assert "These are not the data" not in build(SECTION, record).text


def test_tables_carry_the_records_numbers(record: RunRecord) -> None:
    view = build(SECTION, record).view
    assert isinstance(view, DataView)
    assert view.classes[0] == ("airplane", "384", "60")
    assert view.channels[0] == ("red", "0.491", "0.491", "0.247", "0.247")
    assert view.repeats.rows == (("Training", "5", "Test", "9"),)
    text = page(SECTION, record)
    assert "0" * 64 not in text  # they are listed once, in Reproduce
    assert "Krizhevsky 2009" in text


def test_what_nobody_stated_is_left_out(record: RunRecord) -> None:
    bare = data(record, licence="", citation="", homepage="", digests={}, duplicates=None)
    text = page(SECTION, bare)
    for word in ("Licence", "Reference", "Source", "SHA-256", "the same as"):
        assert word not in text


def test_resizing_is_said_beside_the_shape(record: RunRecord) -> None:
    enlarged = data(record, image_shape=(3, 224, 224), resized_from=(32, 32))
    text = page(SECTION, enlarged)
    assert "3 × 224 × 224" in text.replace("\u00a0", " ")
    assert "resized from 32\u00a0×\u00a032, bilinear" in text
    assert "resized" not in page(SECTION, record)


def test_grey_images_have_one_channel(record: RunRecord) -> None:
    grey = data(
        record,
        image_shape=(1, 8, 8),
        channel_mean=(0.3,),
        channel_std=(0.2,),
        normalize_mean=(0.3,),
        normalize_std=(0.2,),
    )
    view = build(SECTION, grey).view
    assert isinstance(view, DataView)
    assert view.channels.rows == (("0", "0.300", "0.300", "0.200", "0.200"),)


@pytest.mark.parametrize("medium", ["screen", "print"])
@pytest.mark.parametrize("count", [1, 100])
def test_any_number_of_classes_renders(record: RunRecord, medium: str, count: int) -> None:
    names = tuple(f"<b>{{{index}}}" for index in range(count))
    text = page(SECTION, data(record, classes=names, splits=splits((9,) * count, (3,) * count)), medium)
    assert "<b>" not in text
    assert text.count("{0}") >= 1


def test_groups_of_classes_are_counted(record: RunRecord) -> None:
    grouped = change(record, data={"coarse_classes": ("animals", "vehicles")})
    assert "in 2 groups" in page(SECTION, grouped)
    assert "group" not in page(SECTION, record)
