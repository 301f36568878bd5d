"""The plan that `check` prints: where the data is, what would run, for about how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen import preflight
from reportgen.errors import DataError, EnvironmentTrouble
from reportgen.kinds import Output
from reportgen.pipeline import Options
from reportgen.spec.probing import ProbesSpec, RobustnessOptions
from reportgen.spec.types import DataSpec, LossSpec, ModelSpec, ReportSpec, RunSpec


def spec(source: str = "builtin:linear", run: RunSpec | None = None, data: DataSpec | None = None) -> ReportSpec:
    return ReportSpec(model=ModelSpec(source=source), run=run or RunSpec(epochs=1), data=data or DataSpec())


def test_the_run_in_words() -> None:
    teacher = LossSpec(name="kl_div", teacher=ModelSpec(source="builtin:resnet9"))
    line = preflight.run_line(spec(run=RunSpec(seeds=(0, 1), loss=teacher)))
    assert line.endswith("sgd, taught by builtin:resnet9, on auto, once with each of 2 seeds")
    assert preflight.run_line(spec(run=RunSpec(seeds=(4,)))).endswith("sgd, on auto")


def test_the_probes_by_name_and_level() -> None:
    assert preflight.probes_line(spec(run=RunSpec(probes="none"))) == "none"
    some = ProbesSpec(level="none", robustness=RobustnessOptions(level="full"), cost="fast")
    assert preflight.probes_line(spec(run=RunSpec(probes=some))) == "robustness (full), cost (fast)"


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
