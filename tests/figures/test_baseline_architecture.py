"""The drawing of a change: one picture of both models, in which every part is there, marked and legible."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from reportgen.comparison.architecture import compare_architectures
from reportgen.figures._change_parts import SIGNS, STYLES
from reportgen.figures.baseline_architecture import draw_change
from reportgen.record.architecture import WeightMove, WeightMoves
from reportgen.record.run import RunRecord
from reportgen.record.trace import ModelTrace
from reportgen.report.model import FigureFile, Skipped
from tests.comparison.architectures import mobile_net, residual_net
from tests.comparison.cases import judged
from tests.comparison.test_connections import flat
from tests.figures.drawing import draw, drawn, texts

SVG = "{http://www.w3.org/2000/svg}"
PAIRS: dict[str, tuple[ModelTrace, ModelTrace]] = {
    "added": (residual_net(), residual_net((16,) * 6)),
    "wider": (residual_net(), residual_net((16, 16, 24, 24))),
    "families": (residual_net(), mobile_net()),
    "renamed": (residual_net(), residual_net(stem="a_rather_long_name_of_a_stem", body="trunk")),
    "inside": (residual_net(), residual_net(squeeze=True, act="GELU")),
    "many": (residual_net((8,) * 2), residual_net(tuple(range(8, 72, 2)))),
    "replaced": (residual_net(tuple(range(8, 72, 2))), mobile_net(tuple(range(8, 72, 2)))),
}


def drawing(name: str) -> FigureFile:
    return draw_change(compare_architectures(*PAIRS[name]))


def cards(figure: FigureFile) -> list[tuple[float, float, float, float]]:
    """(x, y, width, height) of every card."""
    found = []
    for group in ET.fromstring(figure.data).iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        if rect is not None and group.get("transform"):
            x, y = (float(text) for text in re.findall(r"[-\d.]+", group.get("transform", "")))
            found.append((x, y, float(rect.get("width", "0")), float(rect.get("height", "0"))))
    return found


@pytest.mark.parametrize("steps", [6, 7, 10, 18])
def test_the_line_from_a_longer_first_column_to_the_second_is_on_the_drawing(steps: int) -> None:
    widths = [8 + at for at in range(steps)]
    figure = draw_change(compare_architectures(flat(widths), flat([3 * width for width in widths])))
    assert figure.width == 680
    turns = re.findall(r'd="M[-\d.]+ ([\d.]+)v8H', figure.data.decode())
    assert len(turns) == 1
    assert float(turns[0]) + 8 + 1 <= figure.height


@pytest.mark.parametrize("name", PAIRS)
def test_cards_stand_on_the_page_and_do_not_overlap(name: str) -> None:
    figure = drawing(name)
    assert figure.width in (328, 680)
    assert figure.height <= 880
    boxes = cards(figure)
    for x, y, width, height in boxes:
        assert x >= 0
        assert x + width <= figure.width
        assert y + height <= figure.height
    for number, (x, y, width, height) in enumerate(boxes):
        for a, b, wide, high in boxes[:number]:
            assert x >= a + wide or a >= x + width or y >= b + high or b >= y + height


def test_what_changed_is_told_in_the_drawing_and_in_words() -> None:
    figure = drawing("wider")
    shown = texts(figure)
    assert {"body.2", "body.3", "16 → 24 channels", "ResNet"} <= set(shown)
    assert any("parameters" in text and "+" in text for text in shown)
    assert "2 unchanged blocks, 1 unchanged layer" in shown
    assert "body.2: changed; Block, 16 → 24 channels" in figure.alt
    assert figure.caption.startswith("Blocks and layers: 3 changed, 4 unchanged.")


def test_the_old_stands_left_of_the_new_where_one_took_the_place_of_the_other() -> None:
    figure = drawing("families")
    middle = [one for one in cards(figure) if one[2] < 170]
    lefts = sorted({round(x) for x, *_rest in middle})
    assert len(lefts) == 2
    assert lefts[1] - lefts[0] == 168
    assert "the added ones replaced them" in figure.caption


def test_every_status_has_a_sign_and_a_colour_of_its_own() -> None:
    assert STYLES.keys() == SIGNS.keys()
    assert len(set(SIGNS.values())) == len(SIGNS)
    strong = [STYLES[status] for status in ("added", "removed", "changed", "same")]
    assert len({look.stroke for look in strong}) == len({look.fill for look in strong}) == 4
    light = [luminance(look.stroke) for look in strong[:3]]
    assert max(light) < 0.25  # dark on paper each: 4.5 : 1 at the least is 0.18 + 0.05


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return float(np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def test_what_has_no_room_is_counted() -> None:
    figure = drawing("many")
    shown, numbers = texts(figure), re.findall(r"(\d+) more parts? (?:is|are) not drawn", figure.caption)
    assert numbers or sum(text.startswith("body.") for text in shown) >= 32


@pytest.mark.slow
def test_the_report_draws_it_and_says_in_a_sentence_that_nothing_changed(record: RunRecord) -> None:
    same = judged(record, record)
    found = draw(same, ["baseline_architecture"])["baseline_architecture"]
    assert isinstance(found, Skipped)
    assert found.reason.startswith("Both have the same architecture")
    other = record.model_copy(update={"trace": residual_net()})
    assert drawn(judged(other, record), "baseline_architecture").width in (328, 680)


def with_weights(record: RunRecord, values: list[float | None]) -> FigureFile | Skipped:
    subject = judged(record, record)
    layers = tuple(
        WeightMove(path=f"layer{number}", before_path=f"layer{number}", values=1000, relative=value)
        for number, value in enumerate(values)
    )
    assert subject.judgement.compared is not None
    compared = subject.judgement.compared.model_copy(update={"weights": WeightMoves(layers=layers, numbers=256)})
    judgement = subject.judgement.model_copy(update={"comparison": compared})
    return draw(type(subject)(record, judgement, subject.presentation), ["baseline_weights"])["baseline_weights"]


@pytest.mark.slow
def test_weights_are_one_line_of_points_with_their_method(record: RunRecord) -> None:
    figure = with_weights(record, [0.001, 0.02, 1.3])
    assert isinstance(figure, FigureFile)
    assert {"layer0", "layer1", "layer2"} <= set(texts(figure))
    assert figure.is_narrow
    assert "furthest in layer2 (1.3) and least in layer0 (0.0010), of 3 layers" in figure.caption
    assert "256 random sums" in figure.caption
    assert "4.4" in figure.caption
    assert "√2" in figure.caption
    assert [line.split(",")[3] for line in figure.csv.splitlines()[1:]] == ["0.001", "0.02", "1.3"]


def test_weights_that_are_equal_or_not_known_are_a_sentence(record: RunRecord) -> None:
    equal, none = with_weights(record, [0.0, 0.0]), with_weights(record, [None])
    assert isinstance(equal, Skipped)
    assert equal.reason == "The weights of all 2 layers are the same in both."
    assert isinstance(none, Skipped)
    assert "same shape" in none.reason


@pytest.mark.parametrize(
    ("name", "status"), [("kept", "unchanged"), ("came", "added"), ("went", "removed"), ("two columns", "unchanged")]
)
def test_connections_that_pass_parts_by_run_beside_the_cards(name: str, status: str) -> None:
    deep = tuple(range(17, 29))
    before, after = {
        "kept": (flat((16, 16)), flat((24, 24))),
        "came": (flat((16, 16), skip=False), flat((16, 16))),
        "went": (flat((16, 16)), flat((16, 16), skip=False)),
        "two columns": (flat(deep), flat([3 * width for width in deep])),
    }[name]
    figure = draw_change(compare_architectures(before, after))
    boxes = cards(figure)
    assert figure.width == (680 if name == "two columns" else 328)
    assert f"connection first → add: {status}" in figure.alt
    (path,) = [
        line.get("d", "")
        for group in ET.fromstring(figure.data).iter(f"{SVG}g")
        if (group.findtext(f"{SVG}title") or "").startswith("connection")
        for line in group.iter(f"{SVG}path")
    ]
    (track,) = (float(x) for x in re.findall(r"Q([\d.]+) [\d.]+ \1 ", path)[:1])
    assert all(not x - 1 < track < x + width + 1 for x, _y, width, _height in boxes)
    assert track < figure.width
    left, right = ([box for box in boxes if (box[0] > 300) == side] for side in (False, True))
    assert bool(right) == (name == "two columns")
    assert all(track > x + width for x, _y, width, _height in left)
    assert all(track < x for x, *_rest in right)


def test_a_range_of_long_names_is_told_in_two_lines() -> None:
    long = {"stem": "a_rather_long_name_of_a_stem", "body": "a_body_with_a_long_name"}
    pair = residual_net((16, 16, 16, 16), **long), residual_net((16, 16, 24, 16), **long)
    shown = texts(draw_change(compare_architectures(*pair)))
    at = shown.index("a_rather_long_name_of_a_stem …")
    assert shown[at + 1] == "a_body_with_a_long_name.1"
