"""The time that `check` foretells: each stage by hand, and the total is the sum of what is said."""

from __future__ import annotations

import re

import pytest

from reportgen.experiment.inspect import trace_source
from reportgen.pipeline import forecast
from reportgen.pipeline.forecast import (
    BUILTIN_MACS,
    EFFICIENCY,
    FIXED_SECONDS,
    PROCESS_SECONDS,
    UNKNOWN,
    Forecast,
    foresee,
    time_line,
)
from reportgen.record.run import RunRecord
from reportgen.spec.probes import Level, ProbesSpec, RobustnessOptions
from reportgen.spec.types import USUAL_PROCESSES, LossSpec, ModelSpec, ReportSpec, RunSpec
from tests.support.records import presented

RATE = 1e13
IMAGE_SECONDS = BUILTIN_MACS["resnet9"] / (EFFICIENCY * RATE)
"""Seconds of one image through the network."""


@pytest.fixture(autouse=True)
def fixed_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "macs_per_second", lambda: RATE)


def spec(source: str = "builtin:resnet9", **run: object) -> ReportSpec:
    return ReportSpec(model=ModelSpec(source=source), run=RunSpec.model_validate({"epochs": 1} | run))


def foreseen(given: ReportSpec) -> Forecast:
    return foresee(given, (50_000, 10_000))


def line(given: ReportSpec) -> str:
    return time_line(given, foreseen(given), None, "key").replace("\u00a0", " ")


def seconds(text: str) -> float:
    """Of "1 min 20 s" and the like, the first in a text."""
    found = re.search(r"(?:(\d+) h )?(?:(\d+) min ?)?(?:([\d.]+) s)?", text[re.search(r"\d", text).start() :])  # type: ignore[union-attr]
    assert found is not None
    hours, minutes, rest = (float(group or 0) for group in found.groups())
    return 3600 * hours + 60 * minutes + rest


@pytest.mark.parametrize("name", BUILTIN_MACS)
def test_the_macs_are_those_of_the_trace(name: str) -> None:
    assert BUILTIN_MACS[name] == pytest.approx(trace_source(f"builtin:{name}", (1, 3, 32, 32)).macs, rel=0.02)


def test_every_stage_by_hand() -> None:
    plan = foreseen(spec(epochs=20))
    assert plan.train == pytest.approx(IMAGE_SECONDS * 20 * 50_000 * 3)
    assert plan.evaluate == pytest.approx(IMAGE_SECONDS * 10_000)
    assert plan.probes == pytest.approx((plan.train + plan.evaluate) / 4)
    rest = FIXED_SECONDS + USUAL_PROCESSES * PROCESS_SECONDS
    assert plan.total == pytest.approx(plan.train + plan.evaluate + plan.probes + rest)


@pytest.mark.parametrize(
    "run",
    [
        {},
        {"epochs": 10},
        {"epochs": 10, "max_minutes": 0.5},
        {"epochs": None, "max_minutes": 5},
        {"seeds": (0, 1, 2)},
        {"mode": "evaluate"},
        {"probes": "none"},
        {"probes": ProbesSpec(max_seconds=300.0)},
    ],
)
def test_the_total_is_the_sum_of_the_stages(run: dict[str, object]) -> None:
    said = line(spec(**run))
    total, _, stages = said.partition(": ")
    assert seconds(total) == pytest.approx(sum(map(seconds, stages.split(", "))), abs=2.5)
    assert ("probes" in stages) is (run.get("probes") != "none")
    assert ("training" in stages) is (run.get("mode") != "evaluate")


def test_probes_take_a_quarter_of_the_first_pass_and_at_least_their_least() -> None:
    assert foreseen(spec(epochs=9, seeds=(0, 1, 2))).probes == pytest.approx(foreseen(spec(epochs=9)).probes)
    assert foreseen(spec(mode="evaluate")).probes == 20
    assert foreseen(spec("builtin:linear")).probes == 20
    assert foreseen(spec(probes=ProbesSpec(max_seconds=7.0, robustness="full"))).probes == 7.0


@pytest.mark.parametrize("probes", ["full", ProbesSpec(robustness=RobustnessOptions(level="full"))])
def test_probes_without_a_limit_are_beside_the_total(probes: Level | ProbesSpec) -> None:
    plan = foreseen(spec(probes=probes))
    assert plan.probes is None
    fresh = USUAL_PROCESSES * PROCESS_SECONDS  # those that time the latency
    assert plan.total == pytest.approx(foreseen(spec(probes="none")).total + fresh)
    assert " beside the probes" in line(spec(probes=probes))


def test_a_longer_pass_takes_longer_and_a_budget_bounds_it() -> None:
    short, long, looked = (foreseen(spec(**run)).total for run in ({}, {"epochs": 10}, {"mode": "evaluate"}))
    assert looked < short < long
    bounded = foreseen(spec(epochs=10, max_minutes=0.5))
    assert (bounded.train, bounded.capped) == (30.0, True)
    assert "training at most 30" in line(spec(epochs=10, max_minutes=0.5))
    whole = foreseen(spec(epochs=None, max_minutes=30))
    assert (whole.train, whole.capped) == (1800.0, False)


def test_every_seed_takes_its_time_and_a_teacher_too() -> None:
    one, three = foreseen(spec()), foreseen(spec(seeds=(0, 1, 2)))
    assert one.train is not None
    assert one.evaluate is not None
    assert three.train == pytest.approx(3 * one.train)
    assert three.evaluate == pytest.approx(3 * one.evaluate)
    assert "(3 seeds)" in line(spec(seeds=(0, 1, 2)))
    teacher = LossSpec(name="kl_div", teacher=ModelSpec(source="builtin:resnet9"))
    taught = foreseen(spec(loss=teacher))
    assert taught.train == pytest.approx(one.train * 4 / 3)
    assert taught.evaluate == pytest.approx(one.evaluate * 2)
    stranger = LossSpec(name="kl_div", teacher=ModelSpec(source="torchvision:resnet18"))
    assert foreseen(spec(loss=stranger)).train is None


def test_a_model_that_is_not_known_unseen() -> None:
    most = "probes at most 20 s or a quarter of the pass, the rest 40 s"
    assert line(spec("torchvision:resnet18")) == f"{UNKNOWN}: {most}"
    told = line(spec("torchvision:resnet18", epochs=None, max_minutes=1, seeds=(0, 1, 2)))
    assert told.startswith("about 4 min 0 s on this processor beside the evaluation: training 3 min")
    both = line(spec("torchvision:resnet18", max_minutes=1, epochs=3, seeds=(0, 1)))
    assert both.startswith("at most about 3 min")
    assert line(spec("torchvision:resnet18", mode="evaluate")).startswith(UNKNOWN)


def test_an_earlier_record_tells_the_time(record: RunRecord) -> None:
    same = presented(record).spec
    plan = foreseen(same)
    assert "nothing that is measured has changed" in time_line(same, plan, record, record.fingerprint)
    whole = round(sum(stage.seconds for stage in record.stages))
    assert f"about {whole}" in time_line(same, plan, record, "another fingerprint")
