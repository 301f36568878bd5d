"""Which baseline's model is made here to be timed: what a record names is not run unless the spec says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import SpecError
from reportgen.experiment.request import BaselineModel
from reportgen.metrics import measure
from reportgen.pipeline.baseline import LoadedBaseline
from reportgen.pipeline.baseline_timing import choose_model
from reportgen.pipeline.measuring import is_to_be_timed, with_latency
from reportgen.record.latency import summarise_processes
from reportgen.record.message import N_
from reportgen.record.paired_latency import TOO_LONG, PairedLatency
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.spec.types import ReportSpec
from tests.report.sections.cases import change


def choose(
    record: RunRecord, theirs: dict[str, Any], mine: dict[str, Any], base: Path = Path(), **baseline: Any
) -> BaselineModel | None:
    model = record.spec.model.model_copy(update=theirs)
    other = change(record, spec=record.spec.model_copy(update={"model": model}))
    spec = ReportSpec.model_validate({"model": mine, "baseline": {"record": "main", **baseline}})
    return choose_model(spec, base, LoadedBaseline(Subject(other), "d" * 64, 0.005), {"ours"})


GATES = ("accuracy >= 0.5", "latency_p50.change_ratio <= 1.2", "latency_p50_ms <= 5", "latency.batch_1.p50 <= 0.1")
FILE = {"source": "net.py:build", "args": {"width": 64, "norm": "batch"}}


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ({"source": "builtin:resnet9"}, FILE),
        ({"source": "timm:resnet18", "args": {"drop_rate": 0.1}}, {"source": "timm:resnet34"}),
        ({"source": "torchvision:resnet18", "args": {"zero_init_residual": True}}, {"source": "builtin:linear"}),
        (FILE, FILE),
        ({**FILE, "args": {"width": 32, "norm": "batch", "stages": [2, 2, [1, None]]}}, FILE),
        ({"source": "package.nets:Net"}, {"source": "package.nets:Net", "args": {"depth": 3}}),
    ],
)
def test_a_library_s_model_and_this_spec_s_own_factory_are_made(
    record: RunRecord, theirs: dict[str, Any], mine: dict[str, Any]
) -> None:
    found = choose(record, {"weights": Path("w.pt"), "pretrained": True, **theirs}, mine)
    assert found is not None
    assert found.refused is None
    assert found.model is not None
    assert (found.model.source, found.model.args) == (theirs["source"], theirs.get("args", {}))
    assert (found.model.weights, found.model.pretrained) == (None, None)


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ({"source": "other.py:build"}, "code that this spec does not name"),
        ({"source": "net.py:os.system", "args": {"command": "true"}}, "code that this spec does not name"),
        ({"source": "sub/net.py:build"}, "code that this spec does not name"),
        ({"source": "os:system"}, "code that this spec does not name"),
        ({**FILE, "args": {"width": 64, "norm": "/tmp/norm.py"}}, "norm as an argument"),
        ({**FILE, "args": {"width": 64, "blocks": [2, "x"]}}, "blocks as an argument"),
        ({**FILE, "args": {"hook": {"file": "x"}}}, "hook as an argument"),
        ({"source": "timm:resnet18", "args": {"checkpoint_path": "w.pt"}}, "checkpoint_path as an argument"),
        ({"source": "timm:resnet18", "args": {"norm": "batch"}}, "norm as an argument"),
        ({"source": "ours:net"}, "from a plug-in"),
        ({"source": "some-net"}, "from a plug-in"),
    ],
)
def test_what_a_record_names_is_not_run(record: RunRecord, theirs: dict[str, Any], said: str) -> None:
    found = choose(record, theirs, FILE)
    assert found is not None
    assert found.model is None
    assert found.refused is not None
    assert said in found.refused.text
    if "plug-in" not in said:
        assert "baseline.time: true" in found.refused.text
        trusted = choose(record, theirs, FILE, time=True)
        assert trusted is not None
        assert trusted.model is not None


def test_code_of_another_folder_is_the_baseline_s(record: RunRecord, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    mine = {"source": str(tmp_path / "net.py:build"), "args": {"width": 3}}
    here = choose(record, {"source": "net.py:build", "args": {"width": 4}}, mine, tmp_path)
    assert here is not None
    assert here.model is not None
    assert (here.model.source, here.base) == (mine["source"], tmp_path)  # the record has the file's name alone
    there = choose(record, {"source": "net.py:build", "args": {"width": 4}}, mine, tmp_path, code="before")
    assert there is not None
    assert there.model is not None
    assert (there.model.source, there.base) == ("net.py:build", tmp_path / "before")
    with pytest.raises(SpecError, match="there is no folder after"):
        choose(record, {}, mine, tmp_path, code="after")


def test_nothing_is_timed_where_the_spec_says_so(record: RunRecord) -> None:
    assert choose(record, {"source": "builtin:resnet9"}, FILE, time=False) is None
    one = ReportSpec.model_validate({"model": FILE, "baseline": "main", "run": {"probes": {"cost": {"processes": 1}}}})
    assert choose_model(one, Path(), LoadedBaseline(Subject(record), "d" * 64, 0.005), ()) is None
    assert choose_model(one, Path(), None, ()) is None


def test_another_choice_is_timed_again(record: RunRecord, tmp_path: Path) -> None:
    theirs, mine = {"source": "other.py:build"}, FILE
    (tmp_path / "before").mkdir()
    code = tmp_path / "before" / "other.py"
    code.write_text("build = 1\n")
    refused = choose(record, theirs, mine, tmp_path)
    assert refused is not None
    known = PairedLatency(baseline=refused.digest, choice=refused.choice, reason=refused.refused)
    timed = record.model_copy(update={"paired_latency": known})
    assert record.latency
    assert is_to_be_timed(record, refused)
    assert not is_to_be_timed(timed, choose(record, theirs, mine, tmp_path))
    assert not is_to_be_timed(timed, None)
    assert is_to_be_timed(timed, choose(record, theirs, mine, tmp_path, time=True))
    there = choose(record, theirs, mine, tmp_path, code="before")
    assert there is not None
    again = record.model_copy(update={"paired_latency": known.model_copy(update={"choice": there.choice})})
    assert not is_to_be_timed(again, there)
    code.write_text("build = 2\n")
    assert is_to_be_timed(again, choose(record, theirs, mine, tmp_path, code="before"))


def test_latencies_timed_with_a_baseline_are_those_of_the_report(record: RunRecord) -> None:
    known = record.model_copy(update={"measured": measure(record)})
    slower = tuple(summarise_processes(one.batch_size, [[2 * one.p50_seconds] * 20] * 6) for one in record.latency)
    timed = with_latency(known, slower)
    assert timed.measured is not None
    assert known.measured is not None
    before, after = ({value.name: value for value in one.measured.values} for one in (known, timed))
    assert after["latency_p50"].value == pytest.approx(2 * (before["latency_p50"].value or 0))
    assert after["latency_p50"].conditions["processes"] == 6
    assert {name for name in before if before[name] != after[name]} == {"latency_p50", "latency_p95", "throughput"}
    assert with_latency(known, known.latency) == known
    assert with_latency(record.model_copy(update={"measured": None}), slower).measured is None


def test_what_took_too_long_is_timed_once_a_gate_needs_it(record: RunRecord) -> None:
    library = {"source": "builtin:resnet9"}
    found = choose(record, library, FILE)
    assert found is not None
    late = PairedLatency(baseline=found.digest, choice=found.choice, reason=TOO_LONG)
    known = record.model_copy(update={"paired_latency": late})
    gates = [ReportSpec.model_validate({"model": FILE, "gates": [rule]}).gates for rule in GATES]
    assert [is_to_be_timed(known, found, rules) for rules in gates] == [False, True, True, True]
    failed = late.model_copy(update={"reason": N_("Not this one.")})
    assert not is_to_be_timed(record.model_copy(update={"paired_latency": failed}), found, gates[1])
