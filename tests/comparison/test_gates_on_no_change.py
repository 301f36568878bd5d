"""A model that is its baseline to the bit fails no gate on a change, whatever the gate asks for."""

from __future__ import annotations

import pytest

from reportgen.comparison.gates import judge_gates
from reportgen.metrics import measure
from reportgen.record.gate_result import GateResult
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.assemble import assemble
from reportgen.spec.gates import parse_rule
from tests.comparison.cases import compared, in_turn, judged, with_seeds
from tests.comparison.test_latencies import BEFORE, SLOWER
from tests.comparison.test_seeds_by_chance import by_chance, noisy
from tests.report.sections.cases import change

NULLS = {".change": 0, ".change_ratio": 1}
ASKED = {"> {}": 0, "< {}": 0, "!= {}": 0, ">= {}": 0.01, "<= {}": -0.01, "== {}": 0.5}
FULFILLED = ("> {}", -0.005), (">= {}", 0), ("<= {}", 0), ("== {}", 0), ("< {}", 0.01)


def named(subject: Subject) -> list[str]:
    """Every change of a comparison, and one of a class."""
    found = subject.judgement.compared
    assert found is not None
    return [value.name for value in found.values if value.value is not None] + [found.classes[0].change.name]


def results(subject: Subject, rules: list[str]) -> tuple[GateResult, ...]:
    found = subject.judgement.compared
    assert found is not None
    values = (*found.values, *(one.change for one in found.classes))
    return judge_gates([parse_rule(rule) for rule in rules], values, found.not_compared, True, found.unchanged)


def written(name: str, form: str, asked: float) -> list[str]:
    kind = next(kind for kind in (".change_ratio", ".change") if name.endswith(kind))
    rule = f"{name} {form.format(NULLS[kind] + asked)}"
    return [rule, f"{rule} confidently"]


def twice(record: RunRecord) -> Subject:
    return judged(record, record)


def seeds_twice(record: RunRecord) -> Subject:
    return judged(with_seeds(record, [400, 410]), with_seeds(record, [400, 410]))


def chance_twice(record: RunRecord) -> Subject:
    drawn = by_chance(record, noisy(record, 1.5))
    return judged(drawn, drawn)


@pytest.mark.parametrize("model", [twice, seeds_twice, chance_twice])
def test_no_gate_on_a_change_fails(record: RunRecord, model: object) -> None:
    subject = model(record)  # type: ignore[operator]
    names = named(subject)
    assert {"accuracy.change", "nll.change", "parameters.change_ratio", "macs.change"} <= set(names)
    rules = [rule for name in names for form, asked in ASKED.items() for rule in written(name, form, asked)]
    found = results(subject, rules)
    assert {one.outcome for one in found} == {"undecided"}
    points = [
        one for one in found if not one.confidently and one.judged is not None and one.judged.method != "measured"
    ]
    assert {str(one.reason) for one in points} == {
        "The outputs are the same as the baseline’s to the bit, so there is no change to judge."
    }
    fine = [rule for name in names for form, asked in FULFILLED for rule in written(name, form, asked)[:1]]
    assert {one.outcome for one in results(subject, fine)} == {"pass"}


def test_a_gate_on_the_number_itself_still_fails(record: RunRecord) -> None:
    rules = ["accuracy > 2", "accuracy.change > 0"]
    values = (*record.measured.values, *twice(record).judgement.compared.values)  # type: ignore[union-attr]
    judged_too = judge_gates([parse_rule(rule) for rule in rules], values, (), True, True)
    assert [one.outcome for one in judged_too] == ["fail", "undecided"]


def test_other_outputs_with_as_many_right_do_fail(record: RunRecord) -> None:
    """Without a change of accuracy, but not without a change."""
    subject = judged(change(record, arrays={"eval.logits": record.arrays["eval.logits"] * 2}), record)
    assert {one.outcome for one in results(subject, ["accuracy.change > 0", "parameters.change < 0"])} == {"fail"}


def test_the_report_judges_so(record: RunRecord) -> None:
    subject = judged(record, record)
    gates = tuple(parse_rule(rule) for rule in ("accuracy.change > 0", "macs.change_ratio < 1", "ece.change <= 0"))
    shown = subject.presentation.model_copy(update={"gates": gates})
    report = assemble(Subject(record, subject.judgement, shown), {}, {})
    assert [one.outcome for one in report.subject.judgement.gates] == ["undecided", "undecided", "pass"]


@pytest.mark.parametrize("mode", ["train", "evaluate"])
def test_times_in_turn_of_one_model_fail_nothing_even_where_their_interval_excludes_no_change(
    record: RunRecord, mode: str
) -> None:
    """One comparison in twenty of a model with itself is of that kind."""
    spec = record.spec.model_copy(update={"run": record.spec.run.model_copy(update={"mode": mode})})
    again = in_turn(record.model_copy(update={"spec": spec}), BEFORE, SLOWER)
    found = judged(again, record)
    rules = ["latency_p50.change <= 0", "latency_p50.change_ratio <= 1.1", "latency_p50.change_ratio < 1 confidently"]
    judged_so = results(found, rules)
    assert {one.outcome for one in judged_so} == {"undecided"}
    assert all("what else the machine did" in str(one.reason) for one in judged_so)
    slower = in_turn(change(record, provenance={"model_source_sha256": "1" * 64}), BEFORE, SLOWER)
    slower = slower.model_copy(update={"measured": measure(slower)})
    assert compared(slower, record).identical
    assert {one.outcome for one in results(judged(slower, record), rules)} == {"fail"}
