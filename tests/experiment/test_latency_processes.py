"""Latency in fresh processes: how many, what they answer, and what happens when one can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.experiment import latency_processes
from reportgen.experiment.latency_processes import measure_between_processes
from reportgen.experiment.request import Request
from reportgen.record.latency import summarise
from reportgen.spec.types import ReportSpec
from tests.experiment.cases import plain_cpu

KNOWN = (summarise(1, [0.01] * 6), summarise(64, [0.1] * 6))


def spec(**more: object) -> ReportSpec:
    return ReportSpec.model_validate({"model": {"source": "builtin:two_conv"}, **more})


def request_for(processes: int, source: str = "builtin:two_conv") -> Request:
    asked = spec(run={"probes": {"cost": {"processes": processes}}}).model_copy()
    model = asked.model.model_copy(update={"source": source})
    return Request(asked.model_copy(update={"model": model}), Path(), "spec.yaml", (), "")


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({}, 1),
        ({"baseline": "before"}, 5),
        ({"baseline": "before", "run": {"probes": "none"}}, 1),
        ({"run": {"probes": "full"}}, 5),
        ({"run": {"probes": {"cost": {"processes": 3}}}}, 3),
        ({"baseline": "before", "run": {"probes": {"cost": {"processes": 1}}}}, 1),
    ],
)
def test_five_where_times_are_compared_or_all_is_measured(more: dict[str, object], count: int) -> None:
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
        latency_processes, "time_in_process", lambda _asked: latency_processes.Timed({1: [0.01] * 6, 64: [0.1] * 6})
    )
    found = measure_between_processes(Request(asked, Path(), "spec.yaml", (), ""), plain_cpu(), 10, (3, 8, 8), KNOWN)
    assert len(found[0].processes) == (5 if named else 0)


@pytest.mark.slow
def test_a_process_makes_the_model_and_times_it() -> None:
    (one, other) = measure_between_processes(request_for(2), plain_cpu(), 10, (3, 32, 32), KNOWN)
    assert len(one.processes) == len(other.processes) == 2
    assert (one.batch_size, other.batch_size) == (1, 64)
    assert one.n >= 12
    assert one.p50_low is None  # two processes say too little of their spread


@pytest.mark.slow
def test_what_can_not_be_timed_so_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measure_between_processes(request_for(1), plain_cpu(), 10, (3, 32, 32), KNOWN) == KNOWN
    assert measure_between_processes(request_for(2, "builtin:none_such"), plain_cpu(), 10, (3, 32, 32), KNOWN) == KNOWN
    monkeypatch.setattr(latency_processes, "LONGEST", 0.05)
    assert measure_between_processes(request_for(2), plain_cpu(), 10, (3, 32, 32), KNOWN) == KNOWN
