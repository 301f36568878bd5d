"""The figures of the section Why: structure, numbers read back, sizes, names that are hard to draw, what is missing."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from reportgen.figures.embedding import pull_in
from reportgen.record.images import thumbnail
from reportgen.record.run import RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import CLASSES
from tests.figures.drawing import SVG, draw, drawn, texts, with_classes
from tests.support.explanation_facts import explained, make_facts

NAMES = ("explanation_maps", "explanation_checks", "feature_maps", "embedding", "nearest_images")
HREF = "{http://www.w3.org/1999/xlink}href"


def pictures(figure: FigureFile) -> list[np.ndarray]:
    """The images of an album, (H, W, 3), in the order of drawing."""
    found = []
    for node in ElementTree.fromstring(figure.data).iter(f"{SVG}image"):
        data = base64.b64decode(node.attrib[HREF].partition(",")[2])
        found.append(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_without_the_probe_the_reason_stands_there(record: RunRecord, name: str) -> None:
    skipped = draw(record, [name])[name]
    assert isinstance(skipped, Skipped)
    assert skipped.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_same_record_gives_the_same_bytes(record: RunRecord, name: str) -> None:
    found = explained(record)
    first, second = drawn(found, name), drawn(found, name)
    assert first.data == second.data
    assert first.caption
    assert first.alt


def test_together_they_are_small(record: RunRecord) -> None:
    """A report of many sections has room for so much; noise, as here, is the worst case for images."""
    assert sum(len(drawn(explained(record), name).data) for name in NAMES) < 160_000


def test_maps_stand_in_a_column_an_image(record: RunRecord) -> None:
    found = explained(record)
    figure = drawn(found, "explanation_maps")
    shown = pictures(figure)
    assert len(shown) == 8 * 5 + 4
    first = thumbnail(found.arrays["images"][int(found.arrays["explanations.rows"][0])])
    assert np.abs(shown[0].astype(int) - first).mean() < 8
    words = texts(figure)
    assert {"Right", "Wrong", "Grad-CAM", "8×8 cells", "of the label’s class", "predicted", "label"} <= set(words)
    assert words.count("random weights") == 2
    frames = list(ElementTree.fromstring(figure.data).iter(f"{SVG}rect"))
    assert ["stroke-dasharray" in frame.attrib for frame in frames] == [False] * 4 + [True] * 4


def test_a_model_without_places_shows_its_gradients(record: RunRecord) -> None:
    facts = make_facts(layer=None, stages=())
    found = explained(record, facts, cam=None, cam_random=None, cam_label=None)
    assert len(pictures(drawn(found, "explanation_maps"))) == 8 * 3
    assert "Grad-CAM" not in texts(drawn(found, "explanation_maps"))
    assert isinstance(draw(found, ["feature_maps"])["feature_maps"], Skipped)


def test_only_wrong_images_and_only_right_ones(record: RunRecord) -> None:
    both = explained(record)
    for part in (slice(0, 4), slice(4, 8)):
        keys = ("rows", "cam", "cam_random", "cam_label", "ig", "ig_random")
        few = {f"explanations.{key}": both.arrays[f"explanations.{key}"][part] for key in keys}
        words = texts(drawn(both.model_copy(update={"arrays": both.arrays.merged(few)}), "explanation_maps"))
        assert ("Wrong" in words) == (part.start == 4)
        assert ("Right" in words) == (part.start == 0)


def of_maps(record: RunRecord, **arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The map of each of the eight images, (8, H, W, 3): Grad-CAM over the image, and integrated gradients."""
    shown = [picture.astype(int) for picture in pictures(drawn(explained(record, **arrays), "explanation_maps"))]
    return np.stack(shown[8:16]), np.stack(shown[28:36])


def test_the_tint_is_where_the_map_is_high(record: RunRecord) -> None:
    values = np.full((8, 8, 8), -1.0, np.float32)
    values[:, 6, 2] = 3.0
    over, _shades = of_maps(record, cam=values)
    tint = over.max(3) - over.min(3)
    assert tint[:, 24:28, 8:12].max() == tint.max() > 50
    assert tint[:, :16].max() == tint[:, :, 20:].max() == 0


def test_a_map_without_evidence_leaves_the_image_grey(record: RunRecord) -> None:
    none = np.full((8, 8, 8), -1.0, np.float32)
    none[0, 3, 4] = np.nan
    over, shades = of_maps(record, cam=none, ig=-np.ones((8, 32, 32), np.float32))
    assert (over.max(3) == over.min(3)).all()
    assert (shades == 255).all()


def test_shades_follow_the_positive_part(record: RunRecord) -> None:
    rising = np.linspace(-1, 1, 32 * 32, dtype=np.float32).reshape(32, 32)
    _over, shades = of_maps(record, ig=np.stack([rising] * 8))
    grey = shades[0].mean(2).ravel()
    assert (grey[:512] == 255).all()
    assert (np.diff(grey) <= 0).all()
    assert grey[-1] < 40


def test_checks_are_told_in_words(record: RunRecord) -> None:
    figure = drawn(explained(record), "explanation_checks")
    assert "Grad-CAM (n\u00a0=\u00a040)" in texts(figure)
    assert "Grad-CAM gives other maps with random weights." in figure.caption
    assert (
        "first lowers the probability of the class faster, by 0.01 or more, than a random order does." in figure.caption
    )
    assert "rank correlation 0.0" in figure.alt
    only = explained(record, deletion__ig=None)
    assert "Integrated gradients" not in texts(drawn(only, "explanation_checks"))
    neither = explained(record, deletion__ig=None, deletion__cam=None)
    assert isinstance(draw(neither, ["explanation_checks"])["explanation_checks"], Skipped)


def test_feature_maps_stand_in_a_row_a_stage(record: RunRecord) -> None:
    figure = drawn(explained(record), "feature_maps")
    shown = pictures(figure)
    assert [picture.shape[:2] for picture in shown] == [(32, 32)] * 4 + [(8, 8)] * 3
    assert "8×8, 16 ch." in texts(figure)
    values = explained(record).arrays["explanations.stage.1"][0]
    assert shown[4][..., 0][np.unravel_index(values.argmax(), values.shape)] < 60


def test_long_names_of_layers_keep_their_end(record: RunRecord) -> None:
    facts = make_facts()
    stage = facts.stages[1].model_copy(update={"path": "backbone." + "x" * 300 + ".last"})
    figure = drawn(explained(record, facts.model_copy(update={"stages": (facts.stages[0], stage)})), "feature_maps")
    assert any(text.startswith("…") and text.endswith(".last") and len(text) < 25 for text in texts(figure))


def test_a_mark_an_image_and_a_colour_a_class(record: RunRecord) -> None:
    found = explained(record)
    figure = drawn(found, "embedding")
    wrong = int((found.arrays["eval.logits"][:200].argmax(1) != found.arrays["eval.labels"][:200]).sum())
    strokes = re.findall(rb'<path d="([^"]*)"[^>]*stroke: (#[0-9a-f]{6})[^>]*stroke-linecap: round', figure.data)
    dots = sum(path.count(b"h.1") for path, _ in strokes)
    crosses = sum(path.count(b"M") - path.count(b"h.1") for path, _ in strokes)
    assert dots == 200 - wrong
    assert crosses == 2 * wrong
    assert {colour.decode() for _, colour in strokes} == set(CLASSES)
    assert set(record.data.classes) <= set(texts(figure))
    assert "31.0" in " ".join(texts(figure))
    assert f"misclassified ({wrong})" in figure.caption


def test_more_classes_than_colours_leave_the_others_grey(record: RunRecord) -> None:
    many = with_classes(record, [f"class {index}" for index in range(30)], 300)
    figure = drawn(explained(many), "embedding")
    named = [text for text in texts(figure) if text.startswith("class ")]
    assert len(named) == len(CLASSES)
    assert "grey the others" in figure.caption


def test_another_embedding_stands_beside_the_components(record: RunRecord) -> None:
    facts = make_facts()
    assert facts.embedding is not None
    tsne = facts.model_copy(update={"embedding": facts.embedding.model_copy(update={"method": "tsne"})})
    words = texts(drawn(explained(record, tsne), "embedding"))
    assert {"t-SNE", "Principal components"} <= set(words)
    assert words.count(record.data.classes[0]) == 2


def test_a_few_far_points_do_not_press_the_others_together() -> None:
    points = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    points[7] = 900.0
    inside = pull_in(points)
    low, high = np.percentile(points, [2, 98], axis=0)
    kept = ((points >= low - 0.5 * (high - low)) & (points <= high + 0.5 * (high - low))).all(1)
    assert kept.sum() == 499
    assert np.array_equal(inside[kept], points[kept])
    assert inside[7].max() < 5


def test_points_all_in_one_place_are_drawn(record: RunRecord) -> None:
    flat = np.zeros((200, 2), np.float32)
    assert drawn(explained(record, embedding__xy=flat, embedding__pca=flat), "embedding").data


def test_neighbours_stand_beside_their_mistake(record: RunRecord) -> None:
    found = explained(record)
    figure = drawn(found, "nearest_images")
    assert len(pictures(figure)) == 4 * (1 + 4)
    assert "16 are labelled with the predicted class and 0 with the error’s own label" in figure.caption
    row = int(found.arrays["explanations.neighbours.rows"][0])
    called = record.data.classes[int(found.arrays["eval.logits"][row].argmax())]
    assert f"predicted as {called}" in texts(figure)
    assert f"{called} 0.95" in texts(figure)
    own = explained(
        record,
        neighbours__labels=np.repeat(
            record.arrays["eval.labels"][found.arrays["explanations.neighbours.rows"]][:, None], 5, 1
        ),
    )
    assert "0 are labelled with the predicted class and 16" in drawn(own, "nearest_images").caption


@pytest.mark.slow
def test_hard_names_come_out_whole_and_escaped(record: RunRecord) -> None:
    hard = [
        "<script>alert(1)</script>",
        "猫" * 40,
        "🐈\u200d⬛",
        "a" * 300,
        "\x00\n\t",
        "قطة",
        "&amp;",
        "'\"",
        "x",
        "y",
    ]
    found = explained(with_classes(record, hard, 300))
    for name in NAMES:
        figure = drawn(found, name)
        ElementTree.fromstring(figure.data)
        assert b"<script" not in figure.data
        assert max(map(len, texts(figure)), default=0) < 120
