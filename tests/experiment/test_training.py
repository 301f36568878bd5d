"""A whole pass: its history, its ends, and what progress hears."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.errors import EnvironmentTrouble
from reportgen.experiment import training as training_module
from reportgen.experiment.evaluation_schedule import EvaluationSchedule
from reportgen.experiment.train import plan_steps
from reportgen.experiment.training import run_training, score
from reportgen.spec.types import DataSpec, OptimizerSpec, RunSpec
from tests.experiment.cases import Heard, noise, plain_cpu


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))


class Breaks(nn.Module):
    """Gives logits that are not finite from its `at`-th training call on."""

    def __init__(self, at: int, error: type[BaseException] | None = None) -> None:
        super().__init__()
        self.inner, self.at, self.calls, self.error = model(), at, 0, error

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.inner(x)
        self.calls += self.training
        if not self.training or self.calls < self.at:
            return logits
        if self.error is not None:
            raise self.error("full")
        return logits * math.nan


CALM = OptimizerSpec(lr=1e-3)


def test_the_history_tells_what_was_done() -> None:
    data, heard, module = noise(train=70), Heard(), model()
    found = run_training(module, data, RunSpec(epochs=6, batch_size=16, optimizer=CALM), plain_cpu(), heard)
    told = found.training
    assert (told.steps, told.planned_steps, told.steps_per_epoch, told.images_seen) == (24, 24, 4, 24 * 16)
    assert (told.ended_by, told.batch_size, told.divergence) == ("epochs", 16, None)
    assert [(row.epoch, row.step) for row in told.epochs] == [(epoch, 4.0 * epoch) for epoch in range(1, 7)]
    assert heard.total == 100
    loss = found.arrays["train.loss"]
    for row in told.epochs:
        assert row.train_loss == pytest.approx(loss[row.step - 4 : row.step].mean(), rel=1e-5)
        assert row.train_n == 70
        assert row.test_n == 20
    by_step = {name: array for name, array in found.arrays.items() if name.startswith("train.")}
    assert {name: (array.shape, str(array.dtype)) for name, array in by_step.items()} == {
        "train.loss": ((24,), "float32"),
        "train.lr": ((24,), "float32"),
        "train.grad_norm": ((24,), "float32"),
        "train.seconds": ((24,), "float64"),
        "train.test_right": ((6, 3), "uint8"),
    }
    seconds = found.arrays["train.seconds"]
    assert (np.diff(seconds) > 0).all()
    assert 0 < told.seconds <= seconds[-1]
    assert told.images_per_second == pytest.approx(told.images_seen / told.seconds)
    assert all(row.seconds >= seconds[row.step - 1] for row in told.epochs)


def test_the_history_keeps_which_test_images_were_right() -> None:
    data, module = noise(train=70), model()
    found = run_training(module, data, RunSpec(epochs=6, batch_size=16, optimizer=CALM), plain_cpu(), Heard())
    right = np.unpackbits(found.arrays["train.test_right"], axis=1)[:, :20]
    assert [round((row.test_accuracy or 0) * 20) for row in found.training.epochs] == right.sum(1).tolist()
    with torch.no_grad():
        logits = module.eval()(data.normalization.apply(data.test_images))
    rows = training_module.rows_for(data.test_labels, 100)
    assert right[-1].tolist() == (logits.argmax(1) == data.test_labels)[rows].int().tolist()


def test_the_final_scores_are_those_of_the_final_weights() -> None:
    data, module = noise(train=70), model()
    told = run_training(module, data, RunSpec(epochs=8, batch_size=16), plain_cpu(), Heard()).training
    with torch.no_grad():
        logits = module.double()(data.normalization.apply(data.train_images, torch.float64))
    assert told.train_n == 70
    assert told.train_correct == int((logits.argmax(1) == data.train_labels).sum())
    assert told.train_loss == pytest.approx(float(nn.functional.cross_entropy(logits, data.train_labels)), rel=1e-4)
    assert told.epochs[-1].train_accuracy == told.train_correct / 70


@pytest.mark.parametrize(("given", "rows"), [({"epochs": 1}, 5), ({"epochs": 3}, 3), ({"steps": 2}, 2)])
def test_short_passes_are_looked_at_on_the_way(given: dict[str, int], rows: int) -> None:
    run = RunSpec(batch_size=4, optimizer=CALM, **given)  # type: ignore[arg-type]
    told = run_training(model(), noise(), run, plain_cpu(), Heard()).training
    assert len(told.epochs) == rows
    assert told.epochs[-1].step == told.steps
    assert told.ended_by == ("steps" if "steps" in given else "epochs")


@pytest.mark.parametrize(("kind", "last"), [("cpu", 7), ("cuda", 20)])
def test_a_loss_that_is_not_finite_ends_the_pass_and_says_where(kind: str, last: int) -> None:
    data = noise(train=64, spec=DataSpec(augment=(), train_limit=40))
    device, heard = plain_cpu(kind=kind), Heard()
    run = RunSpec(steps=100, batch_size=8, optimizer=CALM, schedule="constant")
    found = run_training(Breaks(at=7), data, run, device, heard)
    told, where = found.training, found.training.divergence
    assert (told.ended_by, told.steps) == ("diverged", last)
    assert where is not None
    assert (where.step, where.epoch, where.learning_rate) == (7, 7 / 5, 1e-3)
    assert len(where.batch_ids) == 8
    assert set(where.batch_ids) <= set(data.train_ids.tolist())
    assert np.isfinite(found.arrays["train.loss"][:6]).all()
    assert not np.isfinite(found.arrays["train.loss"][6])
    assert all(row.step < 7 for row in told.epochs)


def test_the_images_of_a_diverged_batch_are_named_by_their_place_in_the_data_set() -> None:
    data = noise(train=64, spec=DataSpec(augment=(), train_limit=20))
    run = RunSpec(steps=3, batch_size=20, optimizer=CALM)
    where = run_training(Breaks(at=1), data, run, plain_cpu(), Heard()).training.divergence
    assert where is not None
    assert sorted(where.batch_ids) == data.train_ids.tolist() != list(range(20))


def test_a_rate_too_high_is_recorded_as_divergence() -> None:
    run = RunSpec(epochs=50, batch_size=16, optimizer=OptimizerSpec(lr=1e12), schedule="constant")
    told = run_training(model(), noise(), run, plain_cpu(), Heard()).training
    assert told.ended_by == "diverged"


@pytest.mark.slow
def test_the_time_budget_ends_the_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunSpec(max_minutes=0.01, batch_size=16, optimizer=CALM)
    heard = Heard()
    found = run_training(model(), noise(), run, plain_cpu(), heard)
    told = found.training
    assert told.ended_by == "time"
    assert told.steps == told.planned_steps == len(found.arrays["train.loss"])
    assert 0.5 < found.arrays["train.seconds"][-1] < 0.6 + 2.0
    assert told.epochs[-1].step == told.steps
    assert heard.total == 100
    assert found.arrays["train.lr"].argmax() < 0.6 * told.steps  # the rate came down again within the budget
    assert found.arrays["train.lr"][-1] < 0.2 * found.arrays["train.lr"].max()


def test_memory_that_runs_out_is_the_machines_trouble() -> None:
    with pytest.raises(EnvironmentTrouble, match="more memory than there is") as caught:
        run_training(Breaks(1, torch.OutOfMemoryError), noise(), RunSpec(batch_size=16), plain_cpu(), Heard())
    assert "batch_size" in caught.value.hint


def test_memory_that_runs_out_on_the_way_leaves_the_steps_before() -> None:
    found = run_training(Breaks(3, torch.OutOfMemoryError), noise(), RunSpec(batch_size=16), plain_cpu(), Heard())
    assert isinstance(found.error, EnvironmentTrouble)
    assert "batch_size" in found.error.hint
    assert (found.training.ended_by, found.training.steps) == ("error", 2)
    assert len(found.arrays["train.loss"]) == 2


def test_memory_that_a_processor_has_not_is_too() -> None:
    class Large(RuntimeError):
        """As torch's allocator of a CPU has it."""

        def __init__(self, _said: str) -> None:
            super().__init__(
                "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 7 bytes."
            )

    with pytest.raises(EnvironmentTrouble, match="more memory than there is"):
        run_training(Breaks(1, Large), noise(), RunSpec(batch_size=16), plain_cpu(), Heard())


def test_an_error_before_the_first_step_passes_through() -> None:
    with pytest.raises(KeyError):
        run_training(Breaks(1, KeyError), noise(), RunSpec(batch_size=16), plain_cpu(), Heard())


@pytest.mark.parametrize("kind", [KeyError, SystemExit, GeneratorExit])
def test_the_steps_before_an_error_are_kept(kind: type[BaseException]) -> None:
    found = run_training(Breaks(3, kind), noise(), RunSpec(epochs=2, batch_size=16), plain_cpu(), Heard())
    assert isinstance(found.error, kind)
    assert found.training.ended_by == "error"
    assert (found.training.steps, found.training.planned_steps) == (2, 8)
    assert len(found.arrays["train.loss"]) == 2
    assert found.training.train_n == 64


def test_an_interruption_of_the_training_is_not_kept_as_its_error() -> None:
    with pytest.raises(KeyboardInterrupt):
        run_training(Breaks(3, KeyboardInterrupt), noise(), RunSpec(batch_size=16), plain_cpu(), Heard())


def test_a_trained_model_that_can_not_be_scored_was_trained() -> None:
    class Blind(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if not self.training and len(x) > 2:
                raise KeyError("evaluation")
            return self.inner(x)  # type: ignore[no-any-return]

    run = RunSpec(steps=1, batch_size=16)
    found = run_training(Blind(), noise(), run.model_copy(update={"steps": 2}), plain_cpu(), Heard())
    assert isinstance(found.error, KeyError)
    assert found.training.train_n == 0


def test_a_sample_for_looking_has_equal_shares_of_the_classes() -> None:
    rows = training_module.rows_for(noise(train=200).train_labels, 100)
    assert np.bincount(rows.numpy() % 10).tolist() == [10] * 10


def test_a_score_counts_and_averages() -> None:
    data = noise(test=20)
    found = score(model(), data, torch.arange(7), "test", plain_cpu())
    with torch.no_grad():
        logits = model()(data.normalization.apply(data.test_images[:7]))
    assert (found.n, found.correct) == (7, int((logits.argmax(1) == data.test_labels[:7]).sum()))
    assert found.loss == pytest.approx(float(nn.functional.cross_entropy(logits, data.test_labels[:7])), rel=1e-5)


def test_a_look_costs_no_more_than_its_share_of_the_steps_before_it() -> None:
    data = noise(train=4000, test=4000)
    run = RunSpec(epochs=5, max_minutes=60)
    schedule = EvaluationSchedule.plan(data, run, plan_steps(run, 4000))
    whole = schedule.train_rows
    schedule.fit(trained=1000, cost=0.6)
    assert len(schedule.train_rows) == len(schedule.test_rows) == 125
    assert 2 * 125 * 0.6 <= 0.15 * 1000
    assert schedule.train_rows.tolist() == whole[:125].tolist()
    schedule.fit(trained=10, cost=0.6)
    assert len(schedule.train_rows) == 100
