"""Changes through time: the tests of a comparison, pair by pair, corrected over all of a line."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from reportgen.comparison.history import (
    Answers,
    Earlier,
    compare_answers,
    compare_losses,
    compare_records,
    list_builds,
    mark_changes,
    read_answers,
)
from reportgen.record.history import History, PastRun
from reportgen.record.locate import Source
from reportgen.record.run import RunRecord
from reportgen.record.store import encode_record
from reportgen.record.summary import read_glance
from tests.comparison.cases import compared, improved, with_seeds
from tests.report.sections.cases import change


def answers_of(record: RunRecord) -> Answers:
    from pathlib import Path

    seen = read_glance(Source(Path("here"), "here", encode_record(record)))
    found = read_answers(seen.summary.classes, seen.arrays)
    assert found is not None
    return found


def test_a_step_is_the_one_that_a_comparison_of_the_whole_records_gives(record: RunRecord) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    later = improved(record, 12)
    (step,) = compare_answers([answers_of(record)], [answers_of(later)])
    whole = compare_records(record, later)
    assert whole is not None
    assert step == whole
    assert step.change.value == pytest.approx(12 / 600)
    assert step.p == pytest.approx(float(mcnemar([[0, 0], [12, 0]], exact=True).pvalue))


def test_images_in_another_order_are_the_same_and_another_label_is_not(record: RunRecord) -> None:
    order = np.random.default_rng(3).permutation(600)
    names = ("eval.logits", "eval.labels", "eval.ids", "eval.digests")
    shuffled = change(record, arrays={name: record.arrays[name][order] for name in names})
    mine, theirs = answers_of(record), answers_of(shuffled)
    assert mine.images == theirs.images
    assert np.array_equal(mine.right, theirs.right)
    labels = record.arrays["eval.labels"].copy()
    labels[0] = (labels[0] + 1) % 10
    other = answers_of(change(record, arrays={"eval.labels": labels}))
    assert other.images != mine.images
    with pytest.raises(ValueError, match="other images"):
        compare_answers([mine], [other])


def test_other_classes_are_another_test(record: RunRecord) -> None:
    renamed = record.model_copy(
        update={"data": record.data.model_copy(update={"classes": (*record.data.classes[:-1], "lorry")})}
    )
    assert answers_of(renamed).images != answers_of(record).images


def test_change_points_are_marked_after_holm_alone() -> None:
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(5)
    line = [Answers("same", rng.random(2000) < 0.8)]
    for gained in (0, 9, 2, 40, 7, 0, 8):
        right = line[-1].right.copy()
        right[np.flatnonzero(~right)[:gained]] = True
        line.append(Answers("same", right))
    raw = compare_answers(line[:-1], line[1:])
    steps = mark_changes([None, *raw])
    assert steps[0] is None
    expected = multipletests([step.p for step in raw], method="holm")
    assert [step.p_adjusted for step in steps if step] == pytest.approx(list(expected[1]))
    assert [step is not None and step.holds for step in steps] == [False, False, True, False, True, False, False, True]
    assert raw[4].p < 0.05  # which would be a mark without the correction


def test_a_line_that_never_changes_is_hardly_ever_marked() -> None:
    rng = np.random.default_rng(11)
    marked = 0
    for _line in range(60):
        strength = rng.random(400)
        line = [Answers("same", rng.random(400) < strength) for _record in range(12)]
        steps = mark_changes(list(compare_answers(line[:-1], line[1:])))
        marked += any(step is not None and step.holds for step in steps)
    assert marked <= 6  # 3 expected at most; more than 6 of 60 has a probability of 3 % at 5 %


def test_the_losses_are_those_of_the_score_and_their_change_has_the_p_of_a_paired_t_test(record: RunRecord) -> None:
    from scipy.stats import ttest_rel

    arrays = {"eval.logits": record.arrays["eval.logits"] * np.float32(1.02)}
    mine, later = answers_of(record), answers_of(change(record, arrays=arrays))
    assert mine.losses is not None
    assert later.losses is not None
    stated = record.measured.value("nll") if record.measured else None
    assert stated is not None
    assert mine.losses.mean() == pytest.approx(stated.value, rel=1e-4)
    step = compare_losses(mine, later)
    assert step is not None
    assert step.p == pytest.approx(ttest_rel(later.losses.astype(float), mine.losses.astype(float)).pvalue)
    assert step.change.value == pytest.approx(float(later.losses.mean() - mine.losses.mean()), rel=1e-3)
    whole = compared(change(record, arrays=arrays), record).value("nll.change")
    assert whole is not None
    assert (step.change.low, step.change.high) == pytest.approx((whole.low, whole.high), rel=1e-2)  # by class there


def test_losses_that_are_unknown_few_or_the_same_are_not_tested(record: RunRecord) -> None:
    mine = answers_of(record)
    broken = record.arrays["eval.logits"].copy()
    broken[3, 1] = np.nan
    assert compare_losses(mine, answers_of(change(record, arrays={"eval.logits": broken}))) is None
    assert compare_losses(mine, mine) is None
    names = ("eval.logits", "eval.labels", "eval.ids", "eval.digests")
    few = answers_of(change(record, arrays={name: record.arrays[name][:100] for name in names}))
    assert compare_losses(few, replace(few, losses=few.losses * 2)) is None


def test_a_line_whose_losses_never_change_is_hardly_ever_marked() -> None:
    rng, marked = np.random.default_rng(13), 0
    right = np.ones(600, bool)
    for _line in range(60):
        hard = rng.exponential(1, 600)
        line = [Answers("same", right, (hard * rng.exponential(1, 600)).astype(np.float32)) for _record in range(12)]
        steps = mark_changes([compare_losses(*pair) for pair in pairwise(line)])
        marked += any(step is not None and step.holds for step in steps)
    assert marked <= 6  # as above


def test_several_seeds_are_compared_whole(record: RunRecord) -> None:
    step = compare_records(with_seeds(record, [1, 2]), with_seeds(record, [3, 4]))
    assert step is not None
    assert step.change.method == "seeds"
    fewer = {name: record.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    assert compare_records(record, change(record, arrays=fewer)) is None


def test_the_builds_of_a_baseline_are_its_runs_and_itself(record: RunRecord) -> None:
    runs = tuple(
        PastRun(key=str(day), fingerprint=str(day), title="x", created=f"2026-01-{day:02}T00:00:00Z")
        for day in range(1, 11)
    )
    alone = list_builds(Earlier(record, "x", None))
    assert [(build.created, build.accuracy) for build in alone] == [
        (record.provenance.created, record.measured.value("accuracy") if record.measured else None)
    ]
    builds = list_builds(Earlier(record, "x", History(series="", runs=runs)))
    assert len(builds) == 10
    assert [builds[0].created, builds[-1]] == ["2026-01-02T00:00:00Z", alone[0]]
