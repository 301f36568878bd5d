"""What is measured is the same however slow the clock says that the machine is: time only leaves out whole parts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.experiment.dynamics import watched
from reportgen.experiment.nominal import OVERHEAD, RATE, halved, nominal_seconds, repeats
from reportgen.experiment.probes import Allowance, ProbeContext, ProbeRefused, ProbeResult
from reportgen.experiment.probes.cost import machine_limits, measure
from reportgen.experiment.probes.run import allow, find_probes
from reportgen.experiment.snapshot import preserved
from reportgen.record.probes.cost import CostFacts
from reportgen.spec.probes import ProbesSpec
from tests.experiment.cases import noise
from tests.experiment.probes.cases import finished
from tests.experiment.probes.test_dynamics import history

PLANNED = 1.5
PROBES = {probe.name: probe for probe in find_probes()}
COUNTED = ("weights", "response", "explanations", "robustness", "dynamics")
EACH = [pytest.param(name, marks=pytest.mark.slow) if name == "robustness" else name for name in COUNTED]
LEFT_OUT = {
    "weights": ("sampled", "why_no_gradient", "unmeasured", "loss"),
    "response": ("why_alone", "sampled"),
    "explanations": ("gaps", "sampled", "steps", "completeness", "embedding"),
    "robustness": (
        "conditions",
        "attack",
        "left_out",
        "conditions_left_out",
        "kinds_left_out",
        "gaps",
        "preparation",
        "sampled",
    ),
    "dynamics": ("sampled", "sites", "left_out", "why_alone"),
}
"""Fields that say what there was no time for, or are of a part that can be left out."""


class Small(nn.Module):
    """A convolution with normalisation and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(3, 6, 3, stride=2), nn.BatchNorm2d(6), nn.ReLU()
        self.head = nn.Linear(6, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.act(self.norm(self.conv(x))).mean((2, 3)))


@pytest.fixture(scope="module")
def context() -> ProbeContext:
    torch.manual_seed(0)
    net = Small()
    initial = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    with torch.no_grad():
        net.conv.weight.mul_(1.5)
    data = noise(test=60)
    found = finished(net, data, initial, history(len(list(watched(net)))))
    logits = (
        9.0 * np.eye(10, dtype=np.float32)[data.test_labels.numpy()]
    )  # no better than chance, robustness is nothing
    return ProbeContext(**{**vars(found), "logits": logits})


def slow_clock(patch: pytest.MonkeyPatch, times: float) -> None:
    real, begun = time.perf_counter, time.perf_counter()
    patch.setattr(time, "perf_counter", lambda: begun + times * (real() - begun))


def run(name: str, context: ProbeContext, seconds: float) -> ProbeResult:
    torch.manual_seed(0)
    with preserved(context.module):
        return PROBES[name].run(context, Allowance(seconds, planned=PLANNED))


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [
        name
        for name in other
        if name not in one or not np.array_equal(one[name], other[name], equal_nan=is_float(other[name]))
    ]


def is_float(array: Any) -> bool:
    return bool(np.asarray(array).dtype.kind == "f")


@pytest.mark.parametrize("name", EACH)
def test_a_clock_that_runs_fast_changes_nothing_where_there_is_time(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    usual = run(name, context, 1e5)
    with monkeypatch.context() as patch:
        slow_clock(patch, 300.0)
        slow = run(name, context, 1e5)
    assert slow.facts == usual.facts
    assert list(slow.arrays) == list(usual.arrays)
    assert differing(usual.arrays, slow.arrays) == []


@pytest.mark.parametrize("name", EACH)
def test_little_time_leaves_out_parts_and_what_is_left_is_the_same(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    usual = run(name, context, 1e5)
    with monkeypatch.context() as patch:
        slow_clock(patch, 300.0)
        try:
            slow = run(name, context, 1.0)
        except ProbeRefused:
            return  # left out whole, with its reason
    mine, theirs = slow.facts.model_dump(), usual.facts.model_dump()
    for field in mine.keys() - set(LEFT_OUT[name]) - {"matrices", "units"}:
        assert mine[field] == theirs[field], field


@pytest.mark.slow
def test_the_cost_probe_measures_as_much_by_any_clock(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_limits, "SIZES", (8, 16, 32))
    monkeypatch.setattr(machine_limits, "BUFFER", 2**12)
    monkeypatch.setattr(machine_limits, "CALLS", 5)
    monkeypatch.setitem(measure.LARGEST, False, 16)

    def counted(seconds: float) -> tuple[object, ...]:
        facts = run("cost", context, seconds).facts
        assert isinstance(facts, CostFacts)
        assert facts.roofs is not None
        step = (facts.step.batch_size, facts.step.n) if facts.step is not None else None
        return [(one.batch_size, one.n) for one in facts.latency], facts.roofs.largest_size, step

    usual = counted(1e5)
    with monkeypatch.context() as patch:
        slow_clock(patch, 100.0)
        assert counted(1e5) == usual
        batches, largest, step = counted(0.5)
    assert largest == usual[1]
    assert step in (None, usual[2])
    assert batches == usual[0][: len(batches)]  # type: ignore[arg-type, index]


def test_gradients_are_of_as_many_images_or_of_none(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = run("weights", context, 1e5).facts
    monkeypatch.setattr("reportgen.experiment.probes.weights.measure.guess_seconds", lambda *_: 1e9)
    slow = run("weights", context, 5.0).facts
    assert usual.sampled is not None  # type: ignore[attr-defined]
    assert slow.sampled is None  # type: ignore[attr-defined]
    assert "longer than the time that was left" in str(slow.why_no_gradient)  # type: ignore[attr-defined]
    assert usual.why_no_gradient is None  # type: ignore[attr-defined]


def test_parts_of_the_explanations_are_left_out_by_name(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = run("explanations", context, 1e5)
    times = iter([0.002, 0.006])
    monkeypatch.setattr("reportgen.experiment.probes.explanations.measure.seconds_each", lambda _run: next(times))
    some = run("explanations", context, 2.5)
    missing = {gap.part for gap in some.facts.gaps if gap.reason == "time"}  # type: ignore[attr-defined]
    assert missing
    assert missing < {"checks", "embedding", "integrated_gradients"}
    assert differing(usual.arrays, some.arrays) in ([], ["explanations.deletion.share"])


def test_counts_follow_from_the_spec_and_the_arithmetic_alone(context: ProbeContext) -> None:
    assert nominal_seconds(context.trace) == OVERHEAD + context.trace.macs / RATE
    assert [halved(256, 8, at) for at in (300, 256, 255, 40, 8, 7)] == [256, 256, 128, 32, 8, 0]
    assert [repeats(1.0, each, 6, 100) for each in (1e-9, 0.05, 5.0)] == [100, 20, 6]
    probe, spec = PROBES["response"], ProbesSpec()
    several = [allow(probe, [probe], spec, 20.0, spent, {}) for spent in (0.0, 15.0, 40.0)]
    named = allow(probe, [probe], spec, 20.0, 0.0, {"response": frozenset({"response.dead_share"})})
    assert {one.nominal for one in (*several, named)} == {20.0 * probe.share}
    assert allow(probe, [probe], ProbesSpec(max_seconds=50.0), 50.0, 0.0, {}).nominal == 50.0 * probe.share


def test_what_a_gate_names_is_never_left_out() -> None:
    for name in ("response", "explanations", "cost"):
        probe = PROBES[name]
        named = allow(probe, [probe], ProbesSpec(), 20.0, 1000.0, {name: frozenset({"any"})})
        assert named.fits(1e9)
        assert not allow(probe, [probe], ProbesSpec(), 20.0, 1000.0, {}).fits(1e9)
