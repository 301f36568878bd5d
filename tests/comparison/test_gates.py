"""Gates: the language, the three outcomes, and what is said of a name that does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.comparison.gate_names import check_names
from reportgen.comparison.gates import judge_gates
from reportgen.errors import SpecError
from reportgen.record.comparison import NotCompared
from reportgen.record.message import N_
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes import NotProbed, Probes
from reportgen.record.probes.cost import Energy
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import SectionView, Skipped
from reportgen.report.sections import find_sections
from reportgen.spec import read_spec
from reportgen.spec.gates import Rule, check_classes, parse_rule
from tests.support.commands import TINY, run_here, write_spec
from tests.support.cost_facts import in_processes, latency, with_cost
from tests.support.explanation_facts import explained
from tests.support.layers import with_responses
from tests.support.robustness_facts import probed


def metric(name: str, value: float | None, low: float | None = None, high: float | None = None, **more: object):
    fields: dict[str, object] = {"unit": "share", "n": 100, **more}
    return MetricValue.model_validate({"name": name, "value": value, "low": low, "high": high, **fields})


VALUES = (
    metric("accuracy", 0.91, 0.89, 0.93, method="wilson"),
    metric("parameters", 1000.0, unit="count", method="exact"),
    metric("latency_p50", 0.004, unit="seconds", method="measured"),
    metric("auroc", None),
    metric("class.cat.recall", 0.7, 0.6, 0.8),
    metric("latency_p50.change_ratio", 1.05, 1.0, 1.1, unit="ratio"),
)


def rules(*texts: str) -> tuple[Rule, ...]:
    return tuple(parse_rule(text) for text in texts)


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ("accuracy >= 0.90", "pass"),
        ("accuracy >= 91 %", "pass"),
        ("accuracy > 0.91", "fail"),
        ("accuracy<0.92", "pass"),
        ("accuracy >= 0.90 confidently", "undecided"),
        ("accuracy >= 0.89 confidently", "pass"),
        ("accuracy > 0.93 confidently", "fail"),
        ("accuracy >= 0.95 confidently", "fail"),
        ("accuracy <= 0.95 Confidently", "pass"),
        ("parameters == 1_000 confidently", "pass"),
        ("parameters <= 1e3", "pass"),
        ("parameters != 1000", "fail"),
        ("latency_p50_ms <= 4", "pass"),
        ("latency_p50_ms < 3.9", "fail"),
        ("latency_p50 <= 0.005 confidently", "undecided"),
        ("auroc >= 0.5", "undecided"),
        ("train_accuracy >= 0.5", "undecided"),
        ("class.cat.recall >= .7", "pass"),
        ("latency_p50_ms.change_ratio <= 1.10 confidently", "pass"),
    ],
)
def test_a_rule_is_judged(rule: str, outcome: str) -> None:
    (result,) = judge_gates(rules(rule), VALUES)
    assert result.outcome == outcome
    assert bool(result.reason) == (outcome == "undecided")


def test_a_failure_says_by_how_much() -> None:
    (result,) = judge_gates(rules("accuracy >= 0.95"), VALUES)
    assert result.distance.replace("\u00a0", " ") == "4.00 points"
    (result,) = judge_gates(rules("latency_p50_ms <= 1"), VALUES)
    assert result.distance.replace("\u00a0", " ") == "3.00 ms"
    (result,) = judge_gates(rules("parameters <= 10"), VALUES)
    assert result.distance == "990"


@pytest.mark.parametrize(("done", "distance"), [(4, "71.4 points"), (14, "0.00 points")])
def test_what_is_done_tells_its_n_once_and_no_digits_that_it_does_not_carry(done: int, distance: str) -> None:
    (result,) = judge_gates(rules("card.completeness == 1"), [metric("card.completeness", done / 14, n=14)])
    assert (result.display, result.distance.replace("\u00a0", " ")) == (f"{done} of 14", distance)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accuracy", "no comparison"),
        ("accuracy = 0.9", "write =="),
        ("0.5 <= accuracy <= 0.9", "more than one"),
        (">= 0.5", "no metric"),
        ("accuracy >=", "no number"),
        ("accuracy >= high", "no number"),
        ("accuracy >= 0.9 maybe", "means nothing"),
    ],
)
def test_what_is_no_rule(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_rule(text)


def test_a_rule_that_can_t_be_read_points_at_its_line(tmp_path: Path) -> None:
    path = write_spec(tmp_path, TINY + "gates:\n  - parameters <= 1e6\n  - accuracy at least 0.9\n")
    with pytest.raises(SpecError, match="can't be read") as caught:
        read_spec(path)
    assert str(caught.value.location) == f"{path}:8:5"


def test_names_that_do_not_exist() -> None:
    check_names(rules("accuracy >= 1", "class.cat.recall >= 0.7", "latency_p50_ms <= 3", "size.x > 1"), ["size.x"])
    with pytest.raises(SpecError, match="acuracy") as caught:
        check_names(rules("parameters <= 1", "acuracy >= 0.9"))
    assert caught.value.key == "gates.1"
    assert "Did you mean accuracy?" in caught.value.hint
    with pytest.raises(SpecError, match="recal"):
        check_names(rules("class.cat.recal >= 0.7"))
    with pytest.raises(SpecError, match="needs a baseline"):
        check_names(rules("accuracy.change > -0.005"))
    check_names(rules("accuracy.change > -0.005", "class.cat.recall.change >= 0"), baseline=True)


def test_the_numbers_of_sections_have_names() -> None:
    more = [name for section in find_sections().values() for name in section.metrics]
    gates = [
        "latency.batch_64.p50_ms <= 40",
        "latency.batch_1.p95 <= 1",
        "latency_p95_ms <= 3",
        "throughput.best >= 100",
        "peak_memory.training.batch_128 <= 2e9",
        "train_step.data_share <= 20 %",
        "energy_per_image <= 0.1",
        "explanations.cam.deletion_gain > 0 confidently",
        "explanations.neighbour_accuracy >= 0.5",
        "corruption_accuracy >= 0.5",
        "pgd_accuracy > 0",
        "card.completeness >= 80 %",
        "response.dead_share <= 5 %",
        "data.duplicates_across == 0",
    ]
    check_names(rules(*gates), more)
    changes = ["latency.batch_64.p50_ms.change_ratio <= 1.10", "corruption_accuracy.change >= -0.01"]
    check_names(rules(*changes), more, baseline=True)
    for wrong, hint in (
        ("latency.batch_N.p50 <= 1", "latency.batch_N.p50_ms"),
        ("latency.batch_.p50 <= 1", "latency.batch_N.p50"),
        ("throughput.bst >= 1", "throughput.best"),
        ("corruption_accuracy_ms <= 1", "corruption_accuracy"),
        ("explanations.cam.deletion_gian > 0", "explanations.cam.deletion_gain"),
    ):
        with pytest.raises(SpecError, match="there is no number") as caught:
            check_names(rules(wrong), more)
        assert hint in caught.value.hint


@pytest.mark.parametrize("name", sorted(find_sections()))
def test_a_section_adds_the_numbers_that_it_declares(record: RunRecord, name: str) -> None:
    section = find_sections()[name]
    whole = with_responses(with_cost(probed(explained(record))), 2)
    view = section.build(Subject(whole), {})
    assert not isinstance(view, Skipped) or not section.metrics
    shown = view.metrics if isinstance(view, SectionView) else ()
    assert shown == section.values(Subject(whole))
    assert bool(shown) == bool(section.metrics)
    check_names(rules(*(f"{value.name} > 0" for value in shown)), section.metrics)
    bare = record.model_copy(update={"probes": None})
    before = section.build(Subject(bare), {})
    assert section.values(Subject(bare)) == (before.metrics if isinstance(before, SectionView) else ())


@pytest.mark.parametrize(
    ("rule", "outcome", "distance"),
    [
        ("latency.batch_16.p50_ms <= 11", "pass", "200 µs"),
        ("latency.batch_16.p50 <= 0.010", "fail", "800 µs"),
        ("latency.batch_16.p95_ms <= 13.8 confidently", "pass", "840 µs"),
        ("latency.batch_16.p95_ms <= 13 confidently", "undecided", "40.0 µs"),
        ("throughput.batch_16 >= 1600 confidently", "fail", "119 images/s"),
        ("latency.batch_4.p50_ms <= 500", "undecided", "496 ms"),
        ("latency.batch_4.p95_ms <= 500", "undecided", "495 ms"),
        ("throughput.batch_4 >= 1", "undecided", "951 images/s"),
        ("throughput.best >= 1", "undecided", "1,560 images/s"),
        ("latency.batch_32.p50_ms <= 11", "undecided", ""),
        ("peak_memory.training.batch_128 <= 104936784", "pass", "0 B"),
        ("machine.matrix_rate >= 200e9", "fail", "100 GFLOP/s"),
        ("machine.copy_rate >= 20e9", "fail", "10.0 GB/s"),
        ("energy_per_image < 1", "pass", "0.50 J"),
    ],
)
def test_costs_are_judged_in_their_units(record: RunRecord, rule: str, outcome: str, distance: str) -> None:
    energy = Energy(source="rapl", batch_size=2, n=10, seconds=1.0, joules=10.0)
    times = (latency(4, 0.0042), in_processes(16, 0.0108))
    values = find_sections()["cost"].values(Subject(with_cost(record, energy=energy, latency=times)))
    (result,) = judge_gates(rules(rule), values)
    assert (result.outcome, result.distance.replace("\u00a0", " ")) == (outcome, distance)


def test_what_is_not_compared_says_why() -> None:
    changes = [metric("latency_p50.change_ratio", None, unit="ratio")]
    gaps = [NotCompared(name="latency_p50.change_ratio", reason=N_("Another machine."))]
    results = judge_gates(rules("latency_p50_ms.change_ratio <= 1.1", "macs.change <= 0"), changes, gaps)
    assert [(one.outcome, one.word) for one in results] == [("undecided", "not enough data")] * 2
    assert [str(one.reason) for one in results] == ["Another machine.", "This run has no such number."]


def test_what_a_probe_did_not_find_says_why(record: RunRecord) -> None:
    reason = N_("Not measured: the spec says {key}: none.", key="run.probes.robustness")
    probes = Probes(level="none", budget_seconds=None, missing=(NotProbed(name="robustness", reason=reason),))
    results = judge_gates(rules("corruption_accuracy >= 0.5", "pgd_accuracy.change >= 0"), (), probes=probes)
    assert {str(one.reason) for one in results} == {"Not measured: the spec says run.probes.robustness: none."}
    whole = probed(record).probes
    assert whole is not None
    chance = N_("On the unmodified images the model is no better than chance, so there is nothing to measure.")
    facts = whole.robustness.model_copy(update={"gaps": (chance,)})  # type: ignore[union-attr]
    (result,) = judge_gates(
        rules("corruption_accuracy >= 0.5"), (), probes=whole.model_copy(update={"robustness": facts})
    )
    assert str(result.reason) == str(chance)


def test_classes_that_do_not_exist() -> None:
    check_classes(rules("class.cat.recall >= 0.7", "accuracy >= 0"), ["cat", "dog"])
    with pytest.raises(SpecError, match="no class 'cta'") as caught:
        check_classes(rules("class.cta.recall >= 0.7"), ["cat", "dog"])
    assert caught.value.key == "gates.0"


def test_a_name_with_dots_and_spaces_is_a_class(record: RunRecord) -> None:
    check_classes(rules("class.tabby.cat no. 1.f1 > 0.1"), ["tabby.cat no. 1"])
    assert record.measured is not None
    (result,) = judge_gates(rules("class.cat.recall >= 0"), [score.recall for score in record.measured.classes])
    assert result.outcome == "pass"


@pytest.mark.slow
def test_gates_from_spec_to_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gates = "gates: [accuracy >= 0.99, parameters <= 1e6, class.3.recall >= 0, eval_seconds > 0 confidently]\n"
    spec = write_spec(tmp_path, TINY + gates)
    first = run_here(capsys, "build", spec, "-o", tmp_path / "out")
    assert first.code == 1
    assert "gate failed: accuracy >= 0.99" in first.err
    assert "gate passed: parameters <= 1e6" in first.err + first.out
    assert "gate passed: class.3.recall >= 0" in first.err + first.out
    assert "gate undecided, not enough data: eval_seconds > 0 confidently" in first.err + first.out
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "✗ fail" in page
    assert "? not enough data" in page
    again = run_here(capsys, "build", spec, "-o", tmp_path / "out", "-q")
    assert again.code == 1
    assert "gate failed: accuracy >= 0.99" in again.err
    softer = write_spec(tmp_path, TINY + "gates: [accuracy >= 0.0001]\n")
    eased = run_here(capsys, "build", softer, "-o", tmp_path / "out")
    assert eased.code == 0
    assert "from the earlier record" in eased.err + eased.out


def test_a_gate_on_a_class_is_checked_before_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = write_spec(tmp_path, TINY + "gates: [class.cat.recall >= 0.5]\n")
    said = run_here(capsys, "build", spec, "-o", tmp_path / "out")
    assert said.code == 2
    assert "spec.yaml:6:9" in said.err
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("processes", "said"), [(1, "The spread between processes"), (4, "not known below 5 processes"), (5, "")]
)
@pytest.mark.parametrize("rule", ["latency_p50_ms <= 9", "latency_p50_ms <= 9 confidently", "latency_p50_ms <= 1"])
def test_a_time_of_too_few_processes_is_not_judged_and_says_so(rule: str, processes: int, said: str) -> None:
    ends = {"low": 0.0039, "high": 0.0042} if processes == 5 else {}
    given = {"unit": "seconds", "method": "measured", "conditions": {"processes": processes}, **ends}
    (result,) = judge_gates(rules(rule), (metric("latency_p50", 0.004, **given),))
    if said:
        assert result.outcome == "undecided"
        assert said in str(result.reason)
    else:
        assert (result.outcome, result.reason) == ("pass" if "9" in rule else "fail", None)


def test_a_bound_between_processes_is_not_told_by_more_images() -> None:
    conditions = {"processes": 5}
    value = metric("latency_p50", 0.004, 0.003, 0.005, unit="seconds", method="measured", conditions=conditions)
    (result,) = judge_gates(rules("latency_p50_ms <= 4.5 confidently"), (value,))
    assert (result.outcome, str(result.reason)) == (
        "undecided",
        "The bound lies inside the interval between processes.",
    )
