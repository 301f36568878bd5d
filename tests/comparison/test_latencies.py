"""The change of the latency: from pairs of processes that timed both models in turn, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from reportgen.comparison.gates import judge_gates
from reportgen.comparison.latencies import paired_ratio
from reportgen.metrics import measure
from reportgen.record.comparison import Comparison
from reportgen.record.message import N_
from reportgen.record.metric_value import MetricValue
from reportgen.record.paired_latency import PairedLatency
from reportgen.record.run import RunRecord
from reportgen.report.sections.baseline.view import SECTION
from reportgen.spec.gates import parse_rule
from tests.comparison.cases import compared, in_turn, judged
from tests.report.sections.cases import change

BEFORE = (0.0100, 0.0110, 0.0098, 0.0104, 0.0101, 0.0099)
SAME = (0.0102, 0.0107, 0.0099, 0.0102, 0.0103, 0.0098)
SLOWER = tuple(2 * seconds for seconds in SAME)


def value(found: Comparison, name: str) -> MetricValue:
    known = found.value(name)
    assert known is not None
    return known


def outcome(found: Comparison, rule: str) -> tuple[str, str]:
    (judged,) = judge_gates((parse_rule(rule),), found.values, found.not_compared)
    return judged.outcome, judged.reason.text if judged.reason else ""


def busy(record: RunRecord) -> RunRecord:
    """A model of other code whose own run took nine times as long."""
    slower = tuple(one.model_copy(update={"p50_seconds": 9 * one.p50_seconds}) for one in record.latency)
    other = change(record, latency=slower, provenance={"model_source_sha256": "1" * 64})
    return other.model_copy(update={"measured": measure(other)})


def test_the_ratio_has_the_t_interval_of_its_logarithms_over_pairs() -> None:
    found = paired_ratio(BEFORE, SLOWER)
    logs = np.log(SLOWER) - np.log(BEFORE)
    ends = ttest_1samp(logs, 0).confidence_interval(0.95)
    assert np.log([found.value, found.low, found.high]) == pytest.approx([logs.mean(), ends.low, ends.high])
    inverse = found.inverse
    assert (inverse.low, inverse.value, inverse.high) == pytest.approx((1 / found.high, 1 / found.value, 1 / found.low))


def test_a_model_twice_as_slow_is_found_and_fails_its_gate(record: RunRecord) -> None:
    found = compared(in_turn(busy(record), BEFORE, SLOWER), record)
    ratio, changed = value(found, "latency_p50.change_ratio"), value(found, "latency_p50.change")
    assert ratio.low is not None
    assert ratio.low > 1.8
    assert ratio.value == pytest.approx(2, rel=0.03)
    assert (ratio.method, ratio.n, ratio.counted) == ("alternated", 6, "pairs of processes")
    assert changed.value == pytest.approx(np.median(BEFORE) * (ratio.value - 1))  # type: ignore[operator]
    assert outcome(found, "latency_p50_ms.change_ratio <= 1.2")[0] == "fail"
    assert next(one for one in found.before if one.name == "latency_p50").value == np.median(BEFORE)


def test_beside_times_in_turn_those_of_the_baselines_own_run_are_left_out(record: RunRecord) -> None:
    known = {one.name: one for one in compared(in_turn(busy(record), BEFORE, SLOWER), record).before}
    own = {one.name: one for one in compared(busy(record), record).before}
    for name in ("latency_p95", "throughput"):
        assert known[name].value is None
        assert known[name].display == "—"
        assert own[name].value is not None
    assert known["accuracy"] == own["accuracy"]


def test_the_same_model_covers_one_whatever_its_runs_took(record: RunRecord) -> None:
    found = compared(in_turn(busy(record), BEFORE, SAME), record)
    ratio = value(found, "latency_p50.change_ratio")
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 1 < ratio.high
    assert outcome(found, "latency_p50_ms.change_ratio <= 1.1")[0] == "pass"
    assert outcome(found, f"latency_p50_ms.change_ratio <= {ratio.value - 1e-4}") == (  # type: ignore[operator]
        "undecided",
        "The bound lies inside the interval between processes.",
    )
    assert outcome(found, "latency_p50_ms.change_ratio <= 1 confidently")[0] == "undecided"


@pytest.mark.parametrize("paired", [None, "another baseline", "refused"])
def test_times_of_two_runs_are_not_compared_and_their_gate_is_undecided(record: RunRecord, paired: str | None) -> None:
    after = busy(record)
    if paired == "another baseline":
        after = in_turn(after, BEFORE, SLOWER, digest="e" * 64)
    elif paired == "refused":
        reason = N_("A model from a plug-in can only be timed in the process that loaded the plug-in.")
        after = change(after, paired_latency=PairedLatency(baseline="d" * 64, reason=reason))
    found = compared(after, record)
    said = "plug-in" if paired == "refused" else "from one run to the next"
    for name in ("latency_p50", "latency_p95", "throughput"):
        assert value(found, f"{name}.change_ratio").value is None
        assert said in found.why_not(f"{name}.change")
    judged_as, why = outcome(found, "latency_p50_ms.change_ratio <= 1.2")
    assert judged_as == "undecided"
    assert said in why
    assert value(found, "train_seconds.change_ratio").value is not None  # of which a gate does not fail


def test_a_time_is_no_score_whatever_its_interval(record: RunRecord) -> None:
    found = compared(in_turn(busy(record), BEFORE, SLOWER), record)
    assert not [value.name for value in found.scores if "latency" in value.name]
    view = SECTION.build(judged(in_turn(busy(record), BEFORE, SLOWER), record), {})
    said = [finding.text for finding in view.findings if "atency" in finding.text]  # type: ignore[union-attr]
    assert len(said) == 1
    assert said[0].startswith("The model is slower than the baseline: latency of one image ×2.0")


def test_the_section_says_how_both_were_timed_or_why_not(record: RunRecord) -> None:
    pairs = {fact.label: fact for fact in SECTION.build(judged(in_turn(record, BEFORE, SLOWER), record), {}).facts}  # type: ignore[union-attr]
    shown = pairs["Latency, one image"]
    assert shown.value.startswith("×2.0")
    assert "6\u00a0pairs of processes" in shown.note
    assert "in turn" in shown.note
    view = SECTION.build(judged(in_turn(busy(record), BEFORE, SLOWER), record), {})
    caption = view.values.caption.replace("\u00a0", " ")  # type: ignore[union-attr]
    without = [row[0] for row in view.values.rows if row[3] == "—"]  # type: ignore[union-attr]
    assert without
    assert f"No change is given for {', '.join(f'“{name}”' for name in without)}: Only median latencies" in caption
    view = SECTION.build(judged(busy(record), record), {})
    (unknown,) = (fact for fact in view.facts if fact.label == "Latency, one image")  # type: ignore[union-attr]
    assert (unknown.value, "from one run to the next" in unknown.note) == ("not compared", True)
