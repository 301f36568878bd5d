"""What is written down between the steps of a pass, against the same pass done by hand."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.experiment import dynamics as dynamics_module
from reportgen.experiment.dynamics import COLUMNS, DynamicsRecorder, watched
from reportgen.experiment.train import train
from reportgen.experiment.training import run_training
from reportgen.spec.probes import ProbesSpec
from reportgen.spec.types import OptimizerSpec, RunSpec
from tests.experiment.cases import Heard, noise, plain_cpu


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10))


RUN = RunSpec(steps=12, batch_size=16, optimizer=OptimizerSpec(name="sgd", lr=0.05))


def test_the_norms_are_those_of_a_loop_that_looks_at_every_step() -> None:
    data, module = noise(), model()
    found = run_training(module, data, RUN, plain_cpu(), Heard()).arrays
    again = model()
    names = [name for name, _ in watched(again)]
    assert names == ["0.weight", "4.weight"]
    before = copy.deepcopy(again.state_dict())
    for step in train(again, data, RUN, plain_cpu(), lambda steps: steps / 12):
        after = again.state_dict()
        parameters = dict(again.named_parameters())
        if step.number in found["dynamics.steps"]:
            row = list(found["dynamics.steps"]).index(step.number)
            for column, name in enumerate(names):
                gradient = parameters[name].grad
                assert gradient is not None
                change = (after[name] - before[name]).double()
                assert found["dynamics.gradient"][row, column] == pytest.approx(float(gradient.norm()), rel=1e-4)
                assert found["dynamics.update"][row, column] == pytest.approx(float(change.norm()), rel=1e-3)
                assert found["dynamics.weight"][row, column] == pytest.approx(float(before[name].norm()), rel=1e-4)
        before = copy.deepcopy(after)
    assert torch.equal(module[4].weight, again[4].weight)  # listening changes nothing
    assert len(found["dynamics.steps"]) >= 3


class Clock:
    """A clock that goes on by `each` whenever it is read."""

    def __init__(self, each: float) -> None:
        self.times = itertools.count(0, each)

    def perf_counter(self) -> float:
        return next(self.times)


def steps_kept(recorder: DynamicsRecorder, steps: int) -> list[int]:
    for number in range(1, steps + 1):
        recorder.expect(number)
        for parameter in recorder.parameters:
            with torch.no_grad():
                parameter.add_(1.0)
        recorder.note(number)
    return recorder.arrays()["dynamics.steps"].tolist()


def recorder(monkeypatch: pytest.MonkeyPatch, share: float, **given: int) -> DynamicsRecorder:
    """A recorder with a share of the time so large that none is missing, or so small that all is."""
    monkeypatch.setattr(dynamics_module, "SHARE", share)
    return DynamicsRecorder([nn.Parameter(torch.ones(2, 2))], **given)


@pytest.mark.parametrize("steps", [1, 7, COLUMNS, COLUMNS + 1, 1000, 3001])
def test_a_pass_of_unknown_length_is_covered_evenly(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    kept = steps_kept(recorder(monkeypatch, 1e9), steps)
    assert kept[0] == 1
    distances = set(np.diff(kept).tolist())
    assert len(distances) <= 1
    assert min(steps, COLUMNS // 2) <= len(kept) <= COLUMNS
    assert steps - kept[-1] < max(distances or {1})


def test_a_pass_of_known_length_is_sampled_at_its_final_distance() -> None:
    assert DynamicsRecorder.of(model(), RunSpec(steps=450), 450).every == 3
    assert DynamicsRecorder.of(model(), RunSpec(steps=450, max_minutes=1.0), 450).every == 1


def test_a_step_is_put_off_where_it_would_cost_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamics_module, "time", Clock(1.0))
    kept = steps_kept(recorder(monkeypatch, 0.02), 3000)
    # Each sample takes two of these seconds, so that after the first three every hundredth is affordable.
    assert kept[:3] == [1, 2, 3]
    assert len(kept) < 70
    assert min(np.diff(kept)[3:]) >= 90


def test_weights_that_get_no_gradient_and_frozen_ones() -> None:
    module = model()
    module[0].weight.requires_grad_(False)
    module.unused = nn.Linear(3, 3)
    run = RUN.model_copy(update={"optimizer": OptimizerSpec(name="sgd", lr=0.05, weight_decay=0.0)})
    found = run_training(Wrapped(module), noise(), run, plain_cpu(), Heard()).arrays
    assert [name for name, _ in watched(Wrapped(module))] == ["inner.4.weight", "inner.unused.weight"]
    assert (found["dynamics.gradient"][:, 1] == 0).all()
    assert (found["dynamics.update"][:, 1] == 0).all()
    assert (found["dynamics.update"][:, 0] > 0).all()


class Wrapped(nn.Module):
    """Calls the first five modules."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for part in list(self.inner)[:5]:  # type: ignore[arg-type]
            x = part(x)
        return x


def test_nothing_is_written_down_where_the_spec_does_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    off = RUN.model_copy(update={"probes": ProbesSpec(dynamics="none")})
    found = run_training(model(), noise(), off, plain_cpu(), Heard()).arrays
    assert not [name for name in found if name.startswith("dynamics.")]


def test_tied_weights_stand_once() -> None:
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    module[1].weight = module[0].weight
    assert [name for name, _ in watched(module)] == ["0.weight"]
