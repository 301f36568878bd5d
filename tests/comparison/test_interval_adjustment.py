"""Intervals where few images flip: never narrower than what so few can tell; where many do, the bootstrap's."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.comparison.interval_adjustment import balanced_ends, share_ends
from reportgen.metrics.paired import score_interval
from reportgen.record.run import RunRecord
from tests.comparison.cases import another_seed, compared, improved, with_logits
from tests.report.sections.cases import evaluated

COUNTED = ("accuracy", "top5_accuracy", "balanced_accuracy", "macro_f1")


def test_one_class_alone_has_the_score_interval() -> None:
    before, after = np.arange(50) < 40, np.arange(50) < 43
    ends = balanced_ends(np.zeros(50, np.int64), before, after)
    low, high = (float(end) for end in score_interval(0, 3, 50))
    assert (ends.value, ends.low, ends.high) == pytest.approx((0.06, low, high))
    same = share_ends(before, after)
    assert (same.value, same.low, same.high) == pytest.approx((ends.value, ends.low, ends.high))


def test_classes_without_images_and_without_flips_are_no_trouble() -> None:
    labels = np.array([0, 0, 3, 3])
    ends = balanced_ends(labels, np.ones(4, bool), np.ones(4, bool))
    low, high = score_interval(0, 0, 4)
    assert ends.high == pytest.approx(float(high))
    assert ends.low == pytest.approx(float(low))


@pytest.mark.parametrize("sizes", [(20,) * 10, (40, 30, 3)])
def test_no_change_of_models_that_differ_has_an_interval_without_width(
    record: RunRecord, sizes: tuple[int, ...]
) -> None:
    """Where every image flips, or none, nothing scatters; of other images that says as much as their number."""
    labels, rng = np.repeat(np.arange(len(sizes)), sizes), np.random.default_rng(0)
    logits = 9 * np.eye(len(sizes))[labels] + rng.normal(0, 0.5, (len(labels), len(sizes)))
    wrong = np.roll(logits, 1, 1)
    right, swapped, moved = (evaluated(record, one, labels) for one in (logits, wrong, logits + 0.01))
    for one, other in ((right, swapped), (swapped, right), (right, moved)):
        found = compared(other, one)
        assert not found.identical
        for value in found.scores:
            assert value.low is None or value.high is None or value.high - value.low > 1e-6, value.name
        balanced = found.value("balanced_accuracy.change")
        assert balanced is not None
        assert (balanced.low is not None) == (min(sizes) >= 10)
    ends = balanced_ends(np.repeat(np.arange(10), 20), np.ones(200, bool), np.zeros(200, bool))
    assert (ends.low, ends.high) == pytest.approx(tuple(float(end) for end in score_interval(200, 0, 200)))


def test_classes_of_one_size_have_nearly_the_interval_of_accuracy() -> None:
    labels, rng = np.repeat(np.arange(10), 40), np.random.default_rng(3)
    before, after = rng.random(400) < 0.9, rng.random(400) < 0.8
    balanced, plain = balanced_ends(labels, before, after), share_ends(before, after)
    assert balanced.value == pytest.approx(plain.value)
    assert (balanced.low, balanced.high) == pytest.approx((plain.low, plain.high), abs=0.005)


@pytest.mark.slow
def test_the_interval_of_balanced_accuracy_covers_as_often_as_it_says() -> None:
    rng, labels = np.random.default_rng(0), np.repeat([0, 1, 2], [40, 100, 260])
    gained = np.array([0.10, 0.02, 0.05])
    inside = 0
    for _ in range(400):
        draw = rng.random(400)
        ends = balanced_ends(labels, draw < 0.03, (draw >= 0.03) & (draw < 0.03 + gained[labels]))
        inside += ends.low <= gained.mean() - 0.03 <= ends.high
    assert 0.92 < inside / 400 < 0.98


def test_one_flip_makes_no_score_surely_better(record: RunRecord) -> None:
    found = compared(improved(record, 1), record)
    for value in found.values:
        if value.low is not None and value.high is not None:
            assert value.low <= 0 <= value.high, value.name


def test_no_flip_is_no_certainty(record: RunRecord) -> None:
    found = compared(with_logits(record, record.arrays["eval.logits"] * 1.5), record)
    assert found.mcnemar.lost == found.mcnemar.gained == 0
    for name in COUNTED:
        value = found.value(f"{name}.change")
        assert value is not None
        assert value.high - value.low > 0.005, name  # type: ignore[operator]


def test_many_flips_leave_the_bootstrap_all_but_alone(record: RunRecord) -> None:
    found = compared(with_logits(record, another_seed()), record)
    widths = [found.value(f"{name}.change") for name in ("accuracy", "balanced_accuracy", "macro_f1")]
    lengths = [value.high - value.low for value in widths if value is not None]  # type: ignore[operator]
    assert max(lengths) < 1.1 * min(lengths)
