"""Changes are taken between numbers that were measured under the same conditions alone."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.comparison import compare_with
from reportgen.comparison.gates import judge_gates
from reportgen.comparison.numbers import SectionNumbers, compare_numbers
from reportgen.metrics.robustness_overlap import find_overlaps
from reportgen.record.comparison import Comparison
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.sections.robustness.view import read_values
from reportgen.spec.gates import parse_rule
from tests.support.robustness_facts import facts_of, probed


def number(value: float, name: str = "response.dead_share", **conditions: float | str) -> MetricValue:
    return MetricValue(name=name, value=value, unit="share", method="exact", conditions=conditions)


def with_conditions(record: RunRecord, kept: list[tuple[str, float]], images: int) -> RunRecord:
    """The record of a probe that had time for some of the conditions, on fewer images."""
    facts = facts_of(record)
    places = [place for place, one in enumerate(facts.conditions) if (one.kind, one.level) in kept]
    conditions = tuple(facts.conditions[place].model_copy(update={"images": images}) for place in places)
    arrays = record.arrays.merged(
        {
            "robustness.rows": record.arrays["robustness.rows"][:images],
            "robustness.predicted": record.arrays["robustness.predicted"][places][:, :images],
        }
    )
    assert record.probes is not None
    probes = record.probes.model_copy(update={"robustness": facts.model_copy(update={"conditions": conditions})})
    return record.model_copy(update={"probes": probes, "arrays": arrays})


def held_against(after: RunRecord, before: RunRecord) -> Comparison:
    numbers = SectionNumbers(read_values(before), read_values(after), find_overlaps(before, after))
    found = compare_with(after, Subject(before), "d" * 64, numbers).compared
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [({"images": 64}, {"images": 16}), ({"images": 64}, {}), ({"kinds": "fog"}, {"kinds": "fog, snow"})],
)
def test_other_conditions_are_not_subtracted(before: dict[str, float], after: dict[str, float]) -> None:
    numbers = SectionNumbers((number(0.008, **before),), (number(0.012, **after),))
    (change, ratio), gaps = compare_numbers(numbers, None)
    assert (change.value, ratio.value) == (None, None)
    assert "under other conditions" in gaps[0].reason.text
    (judged,) = judge_gates((parse_rule("response.dead_share.change <= 0"),), (change, ratio), gaps)
    assert judged.outcome == "undecided"


def test_equal_conditions_are_and_what_was_found_is_no_condition() -> None:
    before, after = number(0.01, images=64), number(0.03, images=64)
    assert compare_numbers(SectionNumbers((before,), (after,)), None)[0][0].value == pytest.approx(0.02)
    fastest = [number(speed, "throughput.best", batch=batch) for speed, batch in ((10.0, 64), (20.0, 128))]
    assert compare_numbers(SectionNumbers(*((one,) for one in fastest)), None)[0][0].value == 10.0


def test_a_model_that_is_its_baseline_changes_nothing_however_little_there_was_time_for(record: RunRecord) -> None:
    """Eight kinds of condition at one time; one kind at one severity and half of the images at another."""
    before = probed(record)
    levels = [(one.kind, one.level) for one in facts_of(before).conditions]
    kind = next(kind for kind, level in levels if level == 3)
    after = with_conditions(before, [(kind, 3.0)], 30)
    one, other = (next(v for v in read_values(side) if v.name == "corruption_accuracy") for side in (before, after))
    assert one.value != pytest.approx(other.value)
    for mine, theirs in ((after, before), (before, after)):
        found = held_against(mine, theirs)
        assert found.identical
        rules = [parse_rule(f"{name}.change >= 0") for name in ("corruption_accuracy", "fgsm_accuracy", "pgd_accuracy")]
        assert not [one for one in judge_gates(rules, found.values, found.not_compared) if one.outcome == "fail"]


def test_what_both_measured_is_compared_and_said(record: RunRecord) -> None:
    before = probed(record)
    levels = [(one.kind, one.level) for one in facts_of(before).conditions if one.kind != "pgd"]
    after = with_conditions(before, levels, 30)
    found = held_against(after, before)
    value = found.value("corruption_accuracy.change")
    assert value is not None
    assert value.value == 0.0
    assert "n = 30" in found.why_not("corruption_accuracy")
    rows = after.arrays["robustness.predicted"].copy()
    rows[:, -10:] = (after.arrays["eval.labels"][after.arrays["robustness.rows"][-10:]] + 1) % 10
    worse = after.model_copy(update={"arrays": after.arrays.merged({"robustness.predicted": rows})})
    lower = held_against(worse, before).value("corruption_accuracy.change")
    assert lower is not None
    assert lower.value is not None
    assert lower.value < 0
    assert np.isfinite(lower.value)


def timed(value: float, low: float | None = None, high: float | None = None, **more: object) -> MetricValue:
    given = {"name": "latency_p50.change_ratio", "unit": "ratio", "method": "measured", **more}
    return MetricValue.model_validate({"value": value, "low": low, "high": high, **given})


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (timed(1.05), "pass"),
        (timed(1.5), "undecided"),  # of one process; the next may be as fast as the baseline
        (timed(1.5, 1.05, 2.1), "undecided"),
        (timed(1.5, 1.2, 1.9), "fail"),
        (timed(1.05, 0.8, 1.4), "pass"),
    ],
)
def test_a_changed_time_fails_a_gate_by_its_whole_interval_alone(value: MetricValue, outcome: str) -> None:
    (judged,) = judge_gates((parse_rule("latency_p50.change_ratio <= 1.1"),), (value,))
    assert judged.outcome == outcome


def test_memory_is_counted_and_fails_as_it_is() -> None:
    value = timed(1.5, name="peak_memory.training.batch_64.change_ratio")
    (judged,) = judge_gates((parse_rule("peak_memory.training.batch_64.change_ratio <= 1.1"),), (value,))
    assert judged.outcome == "fail"
