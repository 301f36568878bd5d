"""The figures of the comparison: one row a thing, colours by direction, the same classes at the same places."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.record.comparison import Comparison
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, RIGHT, SOFT, WRONG
from tests.comparison.cases import another_seed, improved, judged, with_logits
from tests.figures.drawing import draw, drawn, filled, marks, texts, with_classes

NAMES = ("baseline_changes", "baseline_recall", "baseline_flips")


@pytest.fixture(scope="module")
def whole(record: RunRecord) -> Subject:
    return judged(with_logits(record, another_seed()), record)


def facts(subject: Subject) -> Comparison:
    assert subject.judgement.compared is not None
    return subject.judgement.compared


def test_without_a_baseline_there_is_nothing_to_draw(record: RunRecord) -> None:
    assert all(isinstance(figure, Skipped) for figure in draw(record, NAMES).values())


def test_every_score_has_a_row_with_its_number(whole: Subject) -> None:
    shown = texts(drawn(whole, "baseline_changes"))
    for value in facts(whole).values:
        if value.low is not None:
            assert {value.display, value.display_interval} <= set(shown)


@pytest.mark.slow
def test_dots_are_filled_by_direction(record: RunRecord) -> None:
    better = drawn(judged(improved(record, 60), record), "baseline_changes")
    assert (marks(better, RIGHT), marks(better, WRONG)) == (6, 1)  # what it gained it says without confidence
    assert "of each score alone" in better.caption  # what holds for all together is the section's to say
    worse = drawn(judged(record, improved(record, 60)), "baseline_changes")
    assert (marks(worse, WRONG), marks(worse, RIGHT)) == (6, 1)
    same = drawn(judged(record, record), "baseline_changes")
    assert marks(same, RIGHT) == marks(same, WRONG) == 0
    assert "accuracy" not in same.caption.partition("margin")[0].lower()


def test_recall_has_a_dot_before_and_after_for_every_class(whole: Subject) -> None:
    figure = drawn(whole, "baseline_recall")
    assert marks(figure, SOFT) == 10 + 1  # and the legend's
    assert marks(figure, ACCENT) == 10 + 1
    worst = min(facts(whole).classes, key=lambda one: one.change.value or 0.0)
    assert figure.caption.startswith(f"Largest loss: {worst.name}, {worst.change.display_full}")


def test_flips_are_bars_with_their_counts(whole: Subject) -> None:
    figure = drawn(whole, "baseline_flips")
    classes = facts(whole).classes
    assert filled(figure, WRONG) >= sum(one.lost > 0 for one in classes)
    shown = texts(figure)
    for one in classes:
        assert {str(one.lost), str(one.gained)} <= set(shown)
    table = facts(whole).mcnemar
    assert figure.caption.startswith(f"{table.lost} images turned from right to wrong and {table.gained}")


def test_both_class_figures_show_the_same_classes_in_the_same_order(whole: Subject) -> None:
    names = {one.name for one in facts(whole).classes}
    orders = [
        [text.removesuffix(" ∗") for text in texts(drawn(whole, name)) if text.removesuffix(" ∗") in names]
        for name in NAMES[1:]
    ]
    assert orders[0] == orders[1]
    assert set(orders[0]) == names


def test_without_a_flip_the_flips_are_skipped_with_a_reason(record: RunRecord) -> None:
    figure = draw(judged(record, record), ["baseline_flips"])["baseline_flips"]
    assert isinstance(figure, Skipped)
    assert "the same images" in figure.reason
    assert drawn(judged(record, record), "baseline_recall").caption.startswith("No class’s recall")


@pytest.mark.slow
def test_many_classes_are_capped_and_the_caption_says_so(record: RunRecord) -> None:
    many = with_classes(record, [f"class {index}" for index in range(100)], 2000)
    rng = np.random.default_rng(4)
    noisy = many.arrays["eval.logits"] + rng.normal(0, 3, many.arrays["eval.logits"].shape)
    whole = judged(with_logits(many, noisy), many)
    for name in NAMES:
        figure = drawn(whole, name)
        assert len(figure.data) < 30_000
    assert "The 24 of 100 classes with the most flips." in drawn(whole, "baseline_recall").caption


@pytest.mark.slow
def test_hostile_names_and_the_same_bytes_twice(record: RunRecord) -> None:
    names = ("<script>", "猫 🐈", "x" * 300, "a & b", "شيء", *"fghij")
    hostile = with_classes(record, names, 600)
    whole = judged(with_logits(hostile, another_seed()), hostile)
    for name in NAMES:
        first, second = drawn(whole, name), drawn(whole, name)
        assert isinstance(first, FigureFile)
        assert first.data == second.data
        assert b"<script" not in first.data
