"""What every data figure holds."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reportgen.record.arrays import Arrays
from reportgen.record.run import RunRecord, Stage
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, RIGHT, SOFT, WRONG, WRONG_SOFT
from reportgen.text import numerals
from tests.figures.drawing import DATA_FIGURES, draw, drawn, filled, marks, texts, with_classes


@pytest.mark.parametrize("name", DATA_FIGURES)
def test_figure_is_whole(record: RunRecord, name: str) -> None:
    figure = drawn(record, name)
    assert figure.name == name
    assert figure.width in (680, 330, 676)
    assert len(figure.data) < 60_000
    assert figure.title
    assert len(figure.caption) > 30
    assert len(figure.alt) > 30
    assert "{" not in figure.caption + figure.alt
    if figure.media_type == "image/svg+xml":
        assert figure.data.startswith(b"<svg ")
        assert f'width="{figure.width * 0.75:g}pt" height="{figure.height * 0.75:g}pt"'.encode() in figure.data
        assert b"DejaVu" not in figure.data
        assert b"<!--" not in figure.data


@pytest.mark.slow
def test_record_without_measurements_or_training_skips(record: RunRecord) -> None:
    bare = record.model_copy(update={"training": None, "measured": None, "arrays": Arrays(), "stages": ()})
    found = draw(bare, DATA_FIGURES)
    skipped = {name: figure for name, figure in found.items() if isinstance(figure, Skipped)}
    assert set(skipped) == set(DATA_FIGURES) - {"class_counts", "cost_share"}
    assert skipped["training_curves"].reason == "The model was evaluated, not trained."
    assert all(figure.name == name and figure.title and figure.reason for name, figure in skipped.items())


def test_class_scores_stand_weakest_first_with_their_numbers(record: RunRecord) -> None:
    assert record.measured is not None
    figure = drawn(record, "class_scores")
    ranked = [item.name for item in sorted(record.measured.classes, key=lambda item: (item.recall.value, item.index))]
    assert [text for text in texts(figure) if text in ranked] == ranked
    assert marks(figure, ACCENT) == len(ranked) + 1  # one more in the legend
    weakest = min(record.measured.classes, key=lambda item: item.recall.value)
    assert weakest.recall.display_full in figure.caption


def test_confusion_holds_every_count(record: RunRecord) -> None:
    assert record.measured is not None
    counts = [value for row in record.measured.confusion for value in row if value]
    shown = [text for text in texts(drawn(record, "confusion")) if text.replace(",", "").isdigit()]
    assert sorted(int(text.replace(",", "")) for text in shown) == sorted(counts)


def test_columns_of_the_confusions_are_named_unturned_or_numbered(record: RunRecord) -> None:
    figure = drawn(record, "confusion")
    assert b"rotate(" not in figure.data
    assert [text for text in texts(figure) if text in record.data.classes] == [*record.data.classes] * 2
    assert "numbered" not in figure.caption
    long = drawn(with_classes(record, [f"a long name of class {place}" for place in range(8)], 400), "confusion")
    assert b"rotate(" not in long.data
    assert [text for text in texts(long) if text.startswith("a long name")] == [
        f"a long name of class {place}  {place + 1}" for place in range(8)
    ]
    assert "Columns are numbered as the rows are." in long.caption


@pytest.mark.slow
def test_confusion_of_many_classes_shows_the_largest_alone(record: RunRecord) -> None:
    many = with_classes(record, [f"class {index}" for index in range(100)], 2000)
    assert many.measured is not None
    figure = drawn(many, "confusion")
    assert filled(figure, WRONG) == len(many.measured.confusions) == 20
    first = many.measured.confusions[0]
    assert f"class {first.true} predicted as class {first.predicted}" in texts(figure)


def test_reliability_has_a_dot_for_every_bin_and_tells_over_confidence(record: RunRecord) -> None:
    sure = with_classes(record, record.data.classes, 3000)
    assert sure.measured is not None
    calibration = sure.measured.calibration
    figure = drawn(sure, "reliability")
    assert "Significantly over-confident" in figure.caption
    over = sum(b.n > 0 and b.confidence > b.accuracy for b in (*calibration.bins, *calibration.scaled_bins))
    assert filled(figure, WRONG_SOFT) == over > 0
    assert marks(figure, WRONG) > 5
    used = [b for b in calibration.bins if b.n]
    assert figure.alt.count(" images") == len(used)


def test_confidence_has_a_bar_a_bin_on_both_sides(record: RunRecord) -> None:
    assert record.measured is not None
    figure = drawn(record, "confidence")
    assert filled(figure, RIGHT) == len(record.measured.calibration.right) == 20
    assert filled(figure, WRONG) == 20
    assert f"right, n = {sum(record.measured.calibration.right)}" in texts(figure)


def test_risk_at_full_coverage_is_the_error(record: RunRecord) -> None:
    assert record.measured is not None
    accuracy = record.measured.value("accuracy")
    assert accuracy is not None
    assert accuracy.value is not None
    assert numerals.percent(1 - accuracy.value) in texts(drawn(record, "risk_coverage"))


@pytest.mark.slow
def test_precision_recall_shows_the_twelve_weakest_in_class_order(record: RunRecord) -> None:
    many = with_classes(record, [f"k{index}" for index in range(30)], 900)
    assert many.measured is not None
    weakest = sorted(many.measured.classes, key=lambda item: (item.average_precision, item.index))[:12]
    shown = [text for text in texts(drawn(many, "precision_recall")) if text.startswith("k")]
    assert shown == [item.name for item in sorted(weakest, key=lambda item: item.index)]


def test_class_counts_are_written_at_their_bars(record: RunRecord) -> None:
    uneven = with_classes(record, record.data.classes, 100)
    figure = drawn(uneven, "class_counts")
    train, test = uneven.data.splits
    assert [t for t in texts(figure) if t.replace(",", "").isdigit()] == [f"{c:,}" for c in train.counts + test.counts]
    assert (filled(figure, SOFT), filled(figure, ACCENT)) == (10, 10)
    assert f"{min(train.counts):,} ({train_name(uneven, train.counts)})" in figure.caption


def train_name(record: RunRecord, counts: tuple[int, ...]) -> str:
    return record.data.classes[counts.index(min(counts))]


def test_stages_beyond_twelve_are_put_together(record: RunRecord) -> None:
    many = record.model_copy(
        update={"stages": tuple(Stage(name=f"stage {i}", seconds=2.0 ** (i % 15)) for i in range(15))}
    )
    figure = drawn(many, "time_spent")
    assert filled(figure, SOFT) == 12
    assert "other" in texts(figure)
    assert numerals.seconds_text(sum(stage.seconds for stage in many.stages)) in figure.caption


def test_mosaic_holds_the_images_pixel_by_pixel(record: RunRecord) -> None:
    figure = drawn(record, "sample_raw")
    image = np.asarray(Image.open(io.BytesIO(figure.data)))
    assert image.shape == (2 * figure.height, 2 * figure.width, 3)
    labels = record.arrays["sample.labels"]
    for place, index in enumerate(np.argsort(labels, kind="stable")):
        top, left = place // 10 * 136, place % 10 * 136
        np.testing.assert_array_equal(
            image[top : top + 128 : 4, left : left + 128 : 4], record.arrays["sample.raw"][index]
        )


@pytest.mark.slow
def test_one_class_two_classes_and_few_images(record: RunRecord) -> None:
    one = draw(with_classes(record, ["only"], 3), DATA_FIGURES)
    assert isinstance(one["confusion"], Skipped)
    assert isinstance(one["class_scores"], FigureFile)
    two = draw(with_classes(record, ["yes", "no"], 4), DATA_FIGURES)
    assert all(isinstance(figure, FigureFile) for figure in two.values())
