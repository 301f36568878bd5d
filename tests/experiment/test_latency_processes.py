"""Latency in fresh processes: how many, what they answer, and what happens when one can't."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from reportgen.experiment import latency_processes
from reportgen.experiment.latency_processes import (
    TimedModel,
    count_in_process,
    measure_between_processes,
    own_model,
)
from reportgen.experiment.nominal import RATE
from reportgen.experiment.request import Request
from reportgen.record.latency import Latency, summarise
from reportgen.record.trace import ModelTrace
from reportgen.spec.types import ReportSpec
from tests.experiment.cases import plain_cpu

KNOWN = (summarise(1, [0.01] * 6), summarise(64, [0.1] * 6))


def spec(**more: object) -> ReportSpec:
    return ReportSpec.model_validate({"model": {"source": "builtin:two_conv"}, **more})


def request_for(processes: int, source: str = "builtin:two_conv") -> Request:
    asked = spec(run={"probes": {"cost": {"processes": processes}}}).model_copy()
    model = asked.model.model_copy(update={"source": source})
    return Request(asked.model_copy(update={"model": model}), Path(), "spec.yaml", (), "")


def between(request: Request) -> tuple[tuple[Latency, ...], str]:
    model = own_model(request, plain_cpu().facts, 10, (3, 32, 32), KNOWN)
    found, missing = measure_between_processes(request, model, KNOWN)
    return found, str(missing or "")


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({}, 5),
        ({"baseline": "before"}, 5),
        ({"run": {"probes": "none"}}, 1),
        ({"run": {"probes": {"cost": "none"}}}, 1),
        ({"baseline": "before", "run": {"probes": "none"}}, 1),
        ({"gates": ["latency_p95_ms <= 5"], "run": {"probes": "none"}}, 5),
        ({"gates": ["throughput.batch_8 >= 5"], "run": {"probes": "none"}}, 5),
        ({"gates": ["train_seconds <= 5"], "run": {"probes": "none"}}, 1),
        ({"gates": ["latency_p50 <= 5"], "run": {"probes": {"cost": {"processes": 1}}}}, 1),
        ({"run": {"probes": "full"}}, 5),
        ({"run": {"probes": {"cost": {"processes": 3}}}}, 3),
        ({"baseline": "before", "run": {"probes": {"cost": {"processes": 1}}}}, 1),
    ],
)
def test_five_unless_the_cost_is_not_asked_for(more: dict[str, object], count: int) -> None:
    assert spec(**more).latency_processes == count


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("latency_p50_ms.change_ratio <= 1.1", True),
        ("latency.batch_8.p50_ms <= 9", True),
        ("throughput.best >= 5", True),
        ("accuracy >= 0.5", False),
        ("macs <= 1e9", False),
    ],
)
def test_a_gate_on_a_time_is_not_judged_by_fewer_processes_on_a_busy_machine(
    monkeypatch: pytest.MonkeyPatch, rule: str, named: bool
) -> None:
    asked = spec(baseline="before", gates=[rule])
    clock = iter(range(0, 10**6, 1000))
    monkeypatch.setattr(latency_processes.time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(
        latency_processes, "time_in_process", lambda _model: latency_processes.Timed({1: [0.01] * 6, 64: [0.1] * 6})
    )
    request = Request(asked, Path(), "spec.yaml", (), "")
    model = own_model(request, plain_cpu().facts, 10, (3, 8, 8), KNOWN)
    found, missing = measure_between_processes(request, model, KNOWN)
    assert len(found[0].processes) == (5 if named else 0)
    assert (missing is None) is named


@pytest.mark.parametrize(("seconds", "started"), [(5.0, 5), (20.0, 5), (30.0, 1), (1000.0, 1)])
def test_where_five_would_take_too_long_none_is_started_for_nothing(
    monkeypatch: pytest.MonkeyPatch, seconds: float, started: int
) -> None:
    now = [0.0]
    asked: list[TimedModel] = []

    def take_long(model: TimedModel) -> latency_processes.Timed:
        asked.append(model)
        now[0] += seconds
        return latency_processes.Timed({1: [0.01] * 6, 64: [0.1] * 6})

    monkeypatch.setattr(latency_processes.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(latency_processes, "time_in_process", take_long)
    request = Request(spec(), Path(), "spec.yaml", (), "")
    model = own_model(request, plain_cpu().facts, 10, (3, 8, 8), KNOWN)
    found, missing = measure_between_processes(request, model, KNOWN)
    assert len(asked) == started
    if started < 2:
        assert found == KNOWN
        assert str(missing) == "Timing it in 5 fresh processes takes longer than 120 s here."
    else:
        assert all(one.is_between_processes for one in found)
        assert missing is None


@pytest.mark.parametrize(
    ("rules", "counts"),
    [
        ((), {1: 50, 64: 10}),
        (("accuracy >= 0.5",), {1: 50, 64: 10}),
        (("latency.batch_64.p95_ms <= 9",), {1: 50, 64: 20}),
        (("latency.batch_8.p50.change_ratio <= 1",), {1: 50, 8: 50, 64: 10}),
        (("throughput.batch_128 >= 9", "latency.batch_100.p50 <= 1"), {1: 50, 64: 10, 128: 4}),
        (("throughput.best >= 9",), {1: 50, 2: 50, 4: 50, 8: 50, 16: 39, 32: 19, 64: 10, 128: 4, 256: 3}),
    ],
)
def test_sizes_that_gates_name_are_timed_in_each_process(rules: tuple[str, ...], counts: dict[int, int]) -> None:
    trace = ModelTrace.model_construct(macs=round(3e-4 * RATE), activation_bytes_inference=1000)
    known = (summarise(1, [0.01] * 100), summarise(64, [0.1] * 20))
    asked = spec(gates=list(rules))
    request = Request(asked, Path(), "spec.yaml", (), "")
    model = own_model(request, plain_cpu().facts, 10, (3, 8, 8), known, trace)
    assert dict(model.counts) == counts
    assert list(model.counts) == sorted(model.counts)
    assert model.longest > own_model(request, plain_cpu().facts, 10, (3, 8, 8), known[:1], None).longest
    large = trace.model_copy(update={"activation_bytes_inference": 2**28})
    assert max(own_model(request, plain_cpu().facts, 10, (3, 8, 8), known, large).counts) == 64


@pytest.mark.parametrize(("n", "count"), [(6, 3), (7, 3), (8, 20), (40, 20), (100, 50)])
def test_one_image_is_timed_often_enough_for_a_95th_percentile_where_that_is_quick(n: int, count: int) -> None:
    assert count_in_process(summarise(1, [0.01] * n)) == count
    assert count_in_process(summarise(64, [0.01] * n)) == max(3, n // 2)


def test_a_model_of_a_plugin_is_timed_here_alone_and_says_so() -> None:
    request = replace(request_for(5, "house:net"), plugins=SimpleNamespace(sources={"house": None}))
    found, missing = between(request)
    assert found == KNOWN
    assert missing == "A model from a plug-in can only be timed in the process that loaded the plug-in."


@pytest.mark.slow
def test_a_process_makes_the_model_and_times_it() -> None:
    (one, other), missing = between(request_for(2))
    assert missing == ""
    assert len(one.processes) == len(other.processes) == 2
    assert (one.batch_size, other.batch_size) == (1, 64)
    assert (one.n, other.n) == (2 * 3, 2 * 3)
    assert one.p50_interval is None  # two processes say too little of their spread


@pytest.mark.slow
def test_what_can_not_be_timed_so_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    not_made = "This model could not be made and timed in a fresh process within"
    assert between(request_for(1)) == (KNOWN, "")
    found, missing = between(request_for(2, "builtin:none_such"))
    assert (found, missing.startswith(f"{not_made} 60 s.")) == (KNOWN, True)
    monkeypatch.setattr(latency_processes, "LONGEST", 0.05)
    monkeypatch.setattr(latency_processes, "PATIENCE", 0.0)
    assert between(request_for(2)) == (KNOWN, f"{not_made} 0 s.")
