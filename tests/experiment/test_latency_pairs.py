"""Baseline and candidate in alternation: who is timed when, what is kept, and what happens when one can't be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.comparison.latencies import paired_ratio
from reportgen.experiment import latency_pairs
from reportgen.experiment.latency_pairs import measure_in_pairs, time_again
from reportgen.experiment.latency_processes import Timed, TimedModel, own_model
from reportgen.experiment.models import load_model
from reportgen.experiment.request import BaselineModel, Request
from reportgen.record.latency import summarise, summarise_processes
from reportgen.record.message import N_
from reportgen.record.run import RunRecord
from reportgen.spec.types import ModelSpec, ReportSpec
from tests.experiment.cases import plain_cpu
from tests.report.sections.cases import change

KNOWN = (summarise(1, [0.01] * 100), summarise(64, [0.1] * 6))
NET = """\
import torch

class Net(torch.nn.Module):
    def __init__(self, depth=1, num_classes=10):
        super().__init__()
        self.layers = torch.nn.Sequential(*(torch.nn.Conv2d(3, 3, 3, padding=1) for _ in range(depth)))
        self.head = torch.nn.Linear(3, num_classes)

    def forward(self, x):
        return self.head(self.layers(x).mean((2, 3)))
"""


def asked_for(record: RunRecord, base: Path = Path(), theirs: dict[str, Any] | None = None, **cost: Any) -> Request:
    """A request for Net(depth=1) or a builtin model against a baseline whose record is of `theirs`."""
    mine = {"source": "builtin:two_conv"} if theirs is None else {"source": "net.py:Net"}
    model = ModelSpec.model_validate(theirs or mine)
    spec = ReportSpec.model_validate({"model": mine, "baseline": "main", "run": {"probes": {"cost": cost}}})
    other = change(record, spec=record.spec.model_copy(update={"model": model}))
    baseline = BaselineModel("d" * 64, other, model, base)
    return Request(spec, base, "spec.yaml", (), "", baseline=baseline)


def answers(monkeypatch: pytest.MonkeyPatch, fails_at: int = 99, answer: Timed | None = None) -> list[dict[str, Any]]:
    """What processes were asked, which take two (the baseline's) and three hundredths of a second a pass."""
    heard: list[dict[str, Any]] = []

    def time_in_process(model: TimedModel) -> Timed:
        told = json.loads(model.asked)
        heard.append(told)
        if len(heard) > fails_at:
            return answer or Timed()
        seconds = 0.02 if told["expected"] else 0.03
        return Timed({int(size): [seconds] * count for size, count in told["counts"].items()})

    monkeypatch.setattr(latency_pairs, "time_in_process", time_in_process)
    return heard


def test_six_of_each_take_turns_and_each_comes_first_as_often(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, request = answers(monkeypatch), asked_for(record)
    paired, runs = measure_in_pairs(request, own_model(request, plain_cpu().facts, 10, (3, 32, 32), KNOWN))
    assert paired is not None
    assert [bool(told["expected"]) for told in heard] == [True, False, False, True] * 3
    assert paired.order == ("baseline", "candidate", "candidate", "baseline") * 3
    assert (paired.baseline, paired.model, paired.threads, paired.reason) == ("d" * 64, "builtin:two_conv", 1, None)
    assert [(one.batch_size, one.candidate_passes) for one in paired.times] == [(1, 50), (64, 3)]
    assert (set(paired.times[0].baseline), set(paired.times[0].candidate)) == ({0.02}, {0.03})
    assert len(runs) == len(paired.times[0].candidate) == 6
    assert heard[0]["device"] == heard[1]["device"] | {
        key: json.loads(record.device.model_dump_json())[key] for key in ("precision", "precision_reason")
    }
    assert {told["model"]["weights"] for told in heard} == {None}


@pytest.mark.parametrize(
    ("fails_at", "answer", "pairs", "said"),
    [
        (0, Timed(changed=True), 0, "baseline.code"),
        (0, Timed(), 0, "could not be made and timed"),
        (1, Timed(), 0, "This model could not be made"),
        (3, Timed(), 0, "The baseline’s model could not"),
        (4, Timed(), 2, ""),
        (7, Timed(), 3, ""),
    ],
)
def test_what_can_not_be_timed_is_said_and_whole_pairs_alone_count(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch, fails_at: int, answer: Timed, pairs: int, said: str
) -> None:
    answers(monkeypatch, fails_at, answer)
    request = asked_for(record)
    paired, runs = measure_in_pairs(request, own_model(request, plain_cpu().facts, 10, (3, 32, 32), KNOWN))
    assert paired is not None
    assert len(runs) == pairs == len(paired.order) // 2
    assert (said in paired.reason.text) if paired.reason else not said


def test_a_refusal_is_kept_with_its_reason_and_one_process_asks_for_nothing(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = answers(monkeypatch)
    request = asked_for(record, processes=1)
    assert measure_in_pairs(request, own_model(request, plain_cpu().facts, 10, (3, 32, 32), KNOWN)) == (None, [])
    refused = BaselineModel("d" * 64, record, None, Path(), N_("Not this one."))
    request = Request(asked_for(record).spec, Path(), "spec.yaml", (), "", baseline=refused)
    paired, latency = time_again(request, record)
    assert paired is not None
    assert (paired.reason, paired.times) == (N_("Not this one."), ())
    assert latency == record.latency
    assert not heard


def test_a_record_of_several_processes_is_timed_again_with_as_many_passes_each(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = answers(monkeypatch)
    several = change(record, latency=(summarise_processes(1, [[0.01] * 40] * 5),))
    paired, latency = time_again(asked_for(record, processes=2), several)
    assert paired is not None
    assert [told["counts"] for told in heard if not told["expected"]] == [{"1": 40}] * 2
    assert latency == (summarise_processes(1, [[0.03] * 40] * 2),)


@pytest.mark.slow
def test_a_model_twice_as_slow_is_found_and_one_whose_code_changed_is_not_timed(
    record: RunRecord, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    theirs = {"source": "net.py:Net", "args": {"depth": 40}}
    made = load_model(ModelSpec.model_validate(theirs), tmp_path, 10)
    parameters = sum(one.numel() for one in made.module.parameters())
    origin = {"model_source_sha256": made.source_sha256, "model_files": made.files}
    before = change(record, provenance=origin, trace={"parameters": parameters})
    request = asked_for(before, tmp_path, theirs, processes=3)
    candidate = own_model(request, plain_cpu().facts, 10, (3, 32, 32), KNOWN[:1])
    paired, _runs = measure_in_pairs(request, candidate)
    assert paired is not None
    (times,) = paired.times
    assert paired_ratio(times.candidate, times.baseline).low > 2  # the baseline has forty layers, this model one
    (tmp_path / "net.py").write_text(NET + "# another\n", encoding="utf-8")
    changed, _runs = measure_in_pairs(request, candidate)
    assert changed is not None
    assert changed.reason is not None
    assert "its code has changed" in changed.reason.text
