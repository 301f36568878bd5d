"""Small figures: in a mail as wide as a phone, opaque and light, on the first page a third of the text's width; with
their numbers in words, and the same bytes again."""

from __future__ import annotations

import html
import io
import re
from collections import defaultdict
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from reportgen.comparison import compare_with
from reportgen.figures import draw
from reportgen.figures.small_images import fit_below
from reportgen.outputs.mail import choose_images
from reportgen.record.arrays import Arrays
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.text.widths import advance
from tests.outputs.hostile import hostile_subject
from tests.outputs.test_comment import compared
from tests.report.sections.cases import evaluated, outputs
from tests.support.records import presented

FIRST_PAGE = [
    f"first_{name}"
    for name in ("change", "class_flips", "accuracy", "loss", "reliability", "confusions", "classes", "images")
]
WIDTH, PIXELS = 340, 2.5
"""Of an image of a mail: pixels of the page, and of the image for each of them."""
THIRD, THIRD_HEIGHT = 216, 162
"""Of a drawing of the first page."""
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_largest_confusions_are_named_whole_where_they_fit(record: RunRecord) -> None:
    def names(subject: Subject) -> list[str]:
        root = ET.fromstring(drawn(subject, "first_confusions").data)
        said = ("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
        return [words for words in said if " predicted as " in words]

    short = names(presented(evaluated(record, *confusing(), ("bird", "airplane"))))
    assert short == ["bird predicted as airplane", "airplane predicted as bird"]
    long = names(presented(evaluated(record, *confusing(), ("a" * 30, "b" * 30))))
    assert len(set(long)) == 2
    assert all("…" in words for words in long)


def test_hostile_names_are_drawn() -> None:
    for name in ("mail_confusions", "mail_classes"):
        assert drawn(hostile_subject(), name).data


def test_grey_images_that_flipped_are_drawn(whole: Subject) -> None:
    arrays = whole.judgement.arrays
    grey = arrays.merged({"comparison.images": arrays["comparison.images"][..., :1]})
    subject = Subject(whole.record, whole.judgement.model_copy(update={"arrays": grey}), whole.presentation)
    assert drawn(subject, "mail_flips").data


SMALLEST = 6.5
"""Points of text on paper."""
ON_PAPER = 54 / 25.4 * 96 / THIRD
"""How much smaller a figure of the first page is on paper."""


def words(figure: FigureFile) -> list[str]:
    return [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]+)</text>", figure.data.decode())]


@pytest.mark.slow
def test_those_of_the_first_page_are_drawings_of_one_size_with_text_that_can_be_read_on_paper(whole: Subject) -> None:
    drawings = draw(whole, FIRST_PAGE)
    for name, figure in drawings.items():
        assert isinstance(figure, FigureFile), figure
        assert (figure.media_type, figure.width, figure.height) == ("image/svg+xml", THIRD, THIRD_HEIGHT), name
        sizes = [float(size) for size in re.findall(r"font-size[:=]\s*\"?([\d.]+)px", figure.data.decode())]
        used = [size for size in sizes[1:] if size] or sizes  # the first is that of the root
        assert min(used) * ON_PAPER >= SMALLEST, (name, used)
        assert any(character.isdigit() for character in figure.alt), name
        assert len(figure.data) <= MOST_BYTES


def test_images_are_four_surely_right_and_four_surely_wrong(record: RunRecord) -> None:
    labels = np.repeat(np.arange(2), 20)
    called = np.where(np.arange(40) % 5 == 0, 1 - labels, labels)
    sure = with_images(record, outputs(called, 2, np.linspace(0.91, 0.99, 40)), labels)
    figure = drawn(sure, "first_images")
    said = words(figure)
    assert [text for text in said if text[0] in "✓✗"] == ["✓ Confidently right", "✗ Confidently wrong, label below"]
    assert figure.data.count(b"<image ") == 8
    assert figure.alt.count("predicted as") == 4
    assert ">99.9" not in figure.alt


def headings(figure: FigureFile) -> list[str]:
    return [text.replace("\u00a0", " ") for text in words(figure) if text[0] in "✓✗" or text.startswith("The most")]


def first_images(record: RunRecord, right: int, sure: float | np.ndarray, n: int = 40) -> FigureFile:
    """The strip of a model that is right on the first so many of n images of two classes, by turns."""
    labels = np.arange(n) % 2
    called = np.where(np.arange(n) < right, labels, 1 - labels)
    return drawn(with_images(record, outputs(called, 2, sure), labels), "first_images")


@pytest.mark.parametrize(
    ("right", "high", "said"),
    [
        (20, 0.6, ["The most confident; none reaches 90 %", "✓ Right", "✗ Wrong, label below"]),
        (20, 0.91, ["The most confident; 1 of 8 reaches 90 %", "✓ Right", "✗ Wrong, label below"]),
        (38, 0.6, ["The most confident; none reaches 90 %", "✓ Right", "✗ Only 2 wrong, label below; ✓ right"]),
        (
            1,
            0.6,
            ["The most confident; none reaches 90 %", "✓ Only 1 right; ✗ wrong, label below", "✗ Wrong, label below"],
        ),
        (40, 0.6, ["The most confident; none reaches 90 %", "✓ No prediction is wrong"]),
        (0, 0.6, ["The most confident; none reaches 90 %", "✗ No prediction is right; label below"]),
    ],
)
def test_where_too_few_are_sure_the_most_confident_are_shown(
    record: RunRecord, right: int, high: float, said: list[str]
) -> None:
    sure = np.linspace(0.52, 0.58, 40)
    sure[[0, 39]] = high  # the first is right where any is, the last wrong where any is
    if 0 < right < 40 and high >= 0.9:
        sure[39] = 0.6
    figure = first_images(record, right, sure)
    assert headings(figure) == said
    assert figure.data.count(b"<image ") == 8
    wrong = {40: 0, 38: 2, 20: 4, 1: 7, 0: 8}[right]
    assert figure.alt.count("predicted as") == wrong
    reached = "1 of these 8 reaches 90\u00a0%." if high >= 0.9 else "None reaches 90\u00a0%."
    assert reached in figure.alt
    assert "60.0\u00a0%" in figure.alt
    baselines = [float(y) for y in re.findall(r'<text[^>]* y="([\d.]+)"', figure.data.decode())]
    assert len(baselines) >= 8
    assert max(baselines) <= THIRD_HEIGHT - 2, "letters that reach below the line"


def test_sure_ones_stand_first_and_are_counted(record: RunRecord) -> None:
    sure = np.full(40, 0.7)
    sure[:20], sure[[25, 31]] = 0.95, (0.93, 0.98)
    figure = first_images(record, 20, sure)
    assert headings(figure) == ["The most confident; 6 of 8 reach 90 %", "✓ Confidently right", "✗ Wrong, label below"]
    shown = re.findall(r"predicted as \w+ with ([\d.]+)", figure.alt)
    assert shown == ["98.0", "93.0", "70.0", "70.0"]
    every = first_images(record, 40, 0.95)
    assert headings(every) == ["The most confident; all reach 90 %", "✓ No prediction is wrong"]
    assert every.data.count(b"<image ") == 8


def test_of_fewer_images_than_eight_all_are_shown(record: RunRecord) -> None:
    figure = first_images(record, 3, 0.6, n=5)
    assert headings(figure)[1:] == ["✓ Only 3 right", "✗ Only 2 wrong, label below"]
    assert figure.data.count(b"<image ") == 5


def older(subject: Subject, kept: list[int]) -> Subject:
    """Of a record that keeps only these images."""
    arrays = subject.record.arrays
    held = arrays.merged({"images": arrays["images"][kept], "images.ids": np.array(kept, np.int64)})
    return presented(subject.record.model_copy(update={"arrays": held}))


def test_a_record_that_lacks_some_of_the_most_confident_shows_those_of_the_threshold_or_the_reason(
    record: RunRecord,
) -> None:
    labels = np.repeat(np.arange(2), 20)
    called, sure = labels.copy(), np.full(40, 0.95)
    called[:6], sure[2:6] = 1, 0.6
    whole = with_images(record, outputs(called, 2, sure), labels)
    assert drawn(whole, "first_images").data.count(b"<image ") == 8
    figure = drawn(older(whole, [0, 1, *range(6, 40)]), "first_images")
    assert headings(figure) == ["✓ Confidently right", "✗ Confidently wrong: only 2, label below"]
    assert figure.data.count(b"<image ") == 6
    unsure = older(with_images(record, outputs(called, 2, 0.6), labels), [*range(10)])
    reason = draw(unsure, ["first_images"])["first_images"]
    assert isinstance(reason, Skipped)
    assert reason.reason.replace("\u00a0", " ") == "No prediction is made with a confidence of 90 % or more."


def test_where_none_is_kept_the_reason_is_told(record: RunRecord) -> None:
    kept = {name: array for name, array in record.arrays.items() if not name.startswith("images")}
    bare = record.model_copy(update={"arrays": Arrays(kept)})
    nothing = draw(presented(bare), ["first_images"])["first_images"]
    assert isinstance(nothing, Skipped)
    assert nothing.reason == "The record keeps no test images."


def confusing() -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels of two classes: of 60 images of the first 20 are taken for the second, of 60 of it 10."""
    labels = np.repeat([0, 1], 60)
    taken = np.where(np.arange(120) % 60 < np.where(labels == 0, 20, 10), 1 - labels, labels)
    return np.eye(2, dtype=np.float32)[taken] * 2, labels


def with_images(record: RunRecord, logits: np.ndarray, labels: np.ndarray) -> Subject:
    return presented(evaluated(record, logits, labels, ("cat", "dog")))


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["first_images", "brief_flips"])
def test_names_that_begin_alike_stay_apart_and_do_not_touch(figure: str) -> None:
    """Places and widths from the drawing itself, in the face that it is measured with."""
    from tests.support.records import small_record

    names = tuple(f"class_with_a_rather_long_name_{number:04d}" for number in range(10))
    subject = compared(small_record(classes=names), ())
    root = ET.fromstring(drawn(subject, figure).data)
    lines: dict[float, list[tuple[float, float, str]]] = defaultdict(list)
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        words = "".join(text.itertext())
        if "…" in words or "_" in words:
            width = advance(words) / 1000 * float(re.findall(r"font-size: ([\d.]+)px", text.get("style", ""))[0])
            lines[float(text.get("y", ""))].append((float(text.get("x", "")), width, words))
    assert max(map(len, lines.values())) == 4
    for line in lines.values():
        for (x, width, words), (following, _wide, _words) in pairwise(sorted(line)):
            assert x + width + 2 < following, words
            assert re.search(r"\d{1,4}$", words), words


@pytest.mark.parametrize("side", [34.0, 42.0, 46.0])
@pytest.mark.parametrize("name", ["automobile", "deer", "WWWWWWWWWW", "a_name_of_many_letters"])
def test_a_name_below_an_image_is_no_wider_than_the_image(name: str, side: float) -> None:
    words, size = fit_below(name, (name, "cat"), side)
    assert size >= 6.4
    assert advance(words) / 1000 * size / 0.75 <= side + 2.01 or (size == 6.4 and len(words) <= 5)
    if name == "automobile" and side >= 42:
        assert words == name
