"""The plan that `check` prints: where the data is, what would run, for about how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen import preflight
from reportgen.errors import DataError, EnvironmentTrouble
from reportgen.experiment.inspect import trace_source
from reportgen.kinds import Output
from reportgen.pipeline import Options
from reportgen.record import RunRecord
from reportgen.spec.types import DataSpec, LossSpec, ModelSpec, ReportSpec, RunSpec


def spec(source: str = "builtin:linear", run: RunSpec | None = None, data: DataSpec | None = None) -> ReportSpec:
    return ReportSpec(model=ModelSpec(source=source), run=run or RunSpec(epochs=1), data=data or DataSpec())


@pytest.mark.parametrize("name", preflight.BUILTIN_MACS)
def test_the_macs_of_the_estimate_are_those_of_the_trace(name: str) -> None:
    traced = trace_source(f"builtin:{name}", (1, 3, 32, 32)).macs
    assert preflight.BUILTIN_MACS[name] == pytest.approx(traced, rel=0.02)


def test_a_longer_pass_takes_longer_and_a_budget_bounds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "macs_per_second", lambda: 1e11)
    short = preflight.estimate(spec("builtin:resnet9"))
    long = preflight.estimate(spec("builtin:resnet9", RunSpec(epochs=10)))
    looked = preflight.estimate(spec("builtin:resnet9", RunSpec(mode="evaluate")))
    assert short is not None
    assert long is not None
    assert looked is not None
    assert looked < short < long
    bounded = preflight.time_line(spec("builtin:resnet9", RunSpec(epochs=10, max_minutes=0.5)), None, "key")
    assert bounded.startswith("about 42")
    assert preflight.estimate(spec("torchvision:resnet18")) is None


def test_every_seed_takes_its_time_and_a_teacher_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "macs_per_second", lambda: 1e11)
    monkeypatch.setattr(preflight, "FIXED_SECONDS", 0.0)
    one, three = (preflight.estimate(spec("builtin:resnet9", RunSpec(seeds=seeds))) for seeds in ((0,), (0, 1, 2)))
    assert one is not None
    assert three == pytest.approx(3 * one)
    teacher = LossSpec(name="kl_div", teacher=ModelSpec(source="builtin:resnet9"))
    taught = preflight.estimate(spec("builtin:resnet9", RunSpec(loss=teacher)))
    work = 10_000 + 3 * 50_000
    assert taught == pytest.approx(one * (work + 10_000 + 50_000) / work)
    unknown = LossSpec(name="kl_div", teacher=ModelSpec(source="torchvision:resnet18"))
    assert preflight.estimate(spec("builtin:resnet9", RunSpec(loss=unknown))) is None
    bounded = RunSpec(max_minutes=1, seeds=(0, 1, 2))
    assert preflight.time_line(spec("torchvision:resnet18", bounded), None, "key").startswith("about 3\u00a0min 0")
    both = RunSpec(max_minutes=1, epochs=3, seeds=(0, 1))
    assert "at most 2 minutes of training" in preflight.time_line(spec("torchvision:resnet18", both), None, "key")
    line = preflight.run_line(spec(run=RunSpec(seeds=(0, 1), loss=teacher)))
    assert line.endswith("sgd, taught by builtin:resnet9, on auto, once with each of 2 seeds")
    assert preflight.run_line(spec(run=RunSpec(seeds=(4,)))).endswith("sgd, on auto")


def test_an_earlier_record_tells_the_time(record: RunRecord) -> None:
    same = record.spec
    assert "nothing that is measured has changed" in preflight.time_line(same, record, record.fingerprint)
    seconds = round(sum(stage.seconds for stage in record.stages))
    assert f"about {seconds}" in preflight.time_line(same, record, "another fingerprint")


def test_where_the_data_would_come_from(tmp_path: Path) -> None:
    online, offline = Options(), Options(offline=True)
    assert preflight.data_line(spec(), (tmp_path,), offline) == "cifar10, here"
    assert preflight.data_line(spec(data=DataSpec(name="digits")), (), offline) == "digits, bundled"
    assert "to be downloaded" in preflight.data_line(spec(), None, online)
    assert "digits in its place" in preflight.data_line(spec(data=DataSpec(fallback="digits")), None, offline)
    with pytest.raises(DataError):
        preflight.data_line(spec(), None, offline)
    with pytest.raises(DataError):
        preflight.data_line(spec(data=DataSpec(name="image_folder")), None, online)


def test_an_output_that_can_not_be_made_is_told_with_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        raise EnvironmentTrouble("a library is missing", "install it")

    broken = Output("broken", "", (), check, lambda _report, _warn: ())
    extra = Output("extra", "", (), check, lambda _report, _warn: (), extra=True)
    monkeypatch.setattr("reportgen.outputs.find_outputs", lambda: {"broken": broken, "extra": extra})
    lines = {line.line: line for line in preflight.check_machine()}
    told = lines["wrong  output broken: a library is missing"]
    assert (told.hint, told.exit_code) == ("install it", 6)
    noted = lines["note   output extra: a library is missing"]
    assert (noted.hint, noted.exit_code) == ("install it", 0)
