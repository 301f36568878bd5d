"""A whole training pass: the loop's steps made into a history, within a budget, watched and evaluated on the way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.dynamics import DynamicsRecorder
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.evaluation_schedule import EvaluationSchedule, rows_for
from reportgen.experiment.faults import may_end_a_part
from reportgen.experiment.losses import describe_loss
from reportgen.experiment.models.fresh import remember_trained
from reportgen.experiment.optimizers import resolve_optimizer
from reportgen.experiment.schedule import CYCLED, NAMES
from reportgen.experiment.train import Plan, Step, cycles_momentum, plan_steps, train
from reportgen.progress import Task
from reportgen.record.message import Message
from reportgen.record.run import TEST_RIGHT, Divergence, EpochStats, Training
from reportgen.spec.types import RunSpec
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import INTERRUPTIONS

FINAL_IMAGES = 10_000
EVALUATION_COST = {"float32": 1 / 3, "float64": 1 / 3, "bfloat16": 0.6, "float16": 0.6}
"""Time of evaluating an image, mostly in float32, as a share of training it: a forward pass of three."""
CHECK_EVERY = {"cpu": 1, "cuda": 20, "mps": 20}
"""Steps between checks whether the loss is finite: looking makes an accelerator wait."""


@dataclass(frozen=True)
class TrainingResult:
    """What the record keeps of a pass."""

    training: Training
    arrays: dict[str, NDArray[Any]]
    error: BaseException | None = None
    """What ended it before its time, or kept its end from being scored; the steps before it are kept."""


@dataclass(frozen=True)
class Score:
    """What n images of a split were called."""

    right: NDArray[np.bool_]
    """(n,): which of them rightly."""
    loss: float
    """Mean negative log-likelihood, nats."""

    @property
    def correct(self) -> int:
        """How many."""
        return int(self.right.sum())

    @property
    def n(self) -> int:
        """Images."""
        return len(self.right)


@dataclass
class Watch:
    """The state of a pass under way."""

    run: RunSpec
    plan: Plan
    device: ComputeDevice
    ids: NDArray[np.int64]
    """Index in the data set's training split of each row."""
    begun: float = field(default_factory=time.perf_counter)
    evaluating: float = 0.0
    """Seconds spent on evaluations."""
    steps: list[Step] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    rows: list[EpochStats] = field(default_factory=list)
    right: list[NDArray[np.bool_]] = field(default_factory=list)
    """Of each row, the images of the test sample that were right (test_n,)."""
    divergence: Divergence | None = None
    error: BaseException | None = None
    """What ended the pass."""

    @property
    def elapsed(self) -> float:
        """Wall time since training began."""
        return time.perf_counter() - self.begun

    def done(self, steps: int) -> float:
        """The share of the pass behind it, by steps or by time, whichever is more."""
        by_steps = steps / self.plan.steps
        budget = self.run.max_minutes
        return by_steps if budget is None else max(by_steps, self.elapsed / (60 * budget))

    @property
    def out_of_time(self) -> bool:
        """Whether the time budget is spent."""
        return self.run.max_minutes is not None and self.elapsed >= 60 * self.run.max_minutes

    def note(self, step: Step) -> None:
        """Keep a step and see whether its loss is finite."""
        self.steps.append(step)
        self.seconds.append(self.elapsed)
        if step.number % CHECK_EVERY[self.device.kind] and step.number != self.plan.steps:
            return
        for recent in self.steps[-CHECK_EVERY[self.device.kind] :]:
            if not bool(torch.isfinite(recent.loss)):
                ids = tuple(int(index) for index in self.ids[recent.rows[:256].numpy()])
                self.divergence = Divergence(
                    step=recent.number, epoch=recent.epoch, learning_rate=recent.lr, batch_ids=ids
                )
                self.rows = [row for row in self.rows if row.step < recent.number]
                self.right = self.right[: len(self.rows)]
                return


def run_training(
    module: torch.nn.Module,
    data: LoadedData,
    run: RunSpec,
    device: ComputeDevice,
    task: Task,
    teacher: torch.nn.Module | None = None,
) -> TrainingResult:
    """Train and keep the history; `task` hears of progress in per cent of the pass.

    Ends at the first of the planned steps, the time budget, a loss that is not finite and an error after the first step
    (both are recorded, not raised). Raises EnvironmentTrouble when memory runs out before that.
    """
    watch = Watch(run, plan_steps(run, len(data.train_labels)), device, data.train_ids)
    schedule = EvaluationSchedule.plan(data, run, watch.plan)
    remember_trained(module)
    dynamics = DynamicsRecorder.of(device.place(module), run, watch.plan.steps)
    dynamics.expect(1)
    told = 0
    try:
        for step in train(module, data, run, device, watch.done, teacher):
            watch.note(step)
            dynamics.note(step.number)
            share = watch.done(step.number)
            ending = share >= 1 or watch.out_of_time or watch.divergence is not None
            if watch.divergence is None and (ending or schedule.due(share)):
                evaluate_scheduled(module, data, watch, schedule)
            percent = min(100, int(100 * share))
            task.advance(percent - told, live_note(watch))
            told = percent
            if ending:
                break
            dynamics.expect(step.number + 1)
    except INTERRUPTIONS:
        raise
    except BaseException as error:
        watch.error = what_ended(error, watch, device)
    final, failure = score_at_end(module, data, device)
    arrays = step_arrays(watch) | right_arrays(watch) | dynamics.arrays()
    return TrainingResult(history(watch, final), arrays, watch.error or failure)


def what_ended(error: BaseException, watch: Watch, device: ComputeDevice) -> BaseException:
    """The error to record of a training that has made a step; raises the one that ends the run."""
    if is_memory_error(error):
        lack = memory_trouble(error, f"training on {device.name}", "Use a smaller run.batch_size.")
        if not watch.steps:
            raise lack from error
        lack.__cause__ = error
        return lack
    if not watch.steps or not may_end_a_part(error):
        raise error
    return error


def score_at_end(
    module: torch.nn.Module, data: LoadedData, device: ComputeDevice
) -> tuple[Score, BaseException | None]:
    """The score of training images by the final weights; of none, and the error, where the model raises one."""
    try:
        return score(module, data, rows_for(data.train_labels, FINAL_IMAGES), "train", device), None
    except INTERRUPTIONS:
        raise
    except BaseException as error:
        if not may_end_a_part(error):
            raise
        return Score(np.zeros(0, np.bool_), float("nan")), error


def evaluate_scheduled(module: torch.nn.Module, data: LoadedData, watch: Watch, schedule: EvaluationSchedule) -> None:
    """Evaluate on the samples and add a row to the history."""
    start = time.perf_counter()
    if not watch.rows:
        schedule.fit(len(watch.steps) * watch.plan.batch, EVALUATION_COST[watch.device.facts.precision])
    seen = score(module, data, schedule.train_rows, "train", watch.device)
    unseen = score(module, data, schedule.test_rows, "test", watch.device)
    module.train()
    last = watch.rows[-1].step if watch.rows else 0
    losses = torch.stack([step.loss for step in watch.steps[last:]])
    watch.right.append(unseen.right)
    watch.evaluating += time.perf_counter() - start
    watch.rows.append(
        EpochStats(
            epoch=watch.steps[-1].epoch,
            step=watch.steps[-1].number,
            train_loss=float(losses.float().mean()),
            train_accuracy=seen.correct / seen.n,
            train_n=seen.n,
            test_loss=unseen.loss,
            test_accuracy=unseen.correct / unseen.n,
            test_n=unseen.n,
            seconds=watch.elapsed,
        )
    )


def score(
    module: torch.nn.Module,
    data: LoadedData,
    rows: torch.Tensor,
    split: Literal["train", "test"],
    device: ComputeDevice,
) -> Score:
    """Accuracy and loss of some images of a split, not augmented, evaluation mode."""
    images = data.train_images if split == "train" else data.test_images
    labels = (data.train_labels if split == "train" else data.test_labels)[rows]
    given = evaluate(module, images[rows], data.normalization, device, classes=len(data.facts.classes))
    logits = torch.from_numpy(given)
    loss = float(torch.nn.functional.cross_entropy(logits, labels))
    return Score((logits.argmax(1) == labels).numpy(), loss)


def live_note(watch: Watch) -> str:
    """Loss and speed, for the progress line."""
    every = 10
    if len(watch.steps) % every:
        return ""
    speed = len(watch.steps) * watch.plan.batch / max(watch.elapsed - watch.evaluating, 1e-9)
    return f"loss {float(watch.steps[-1].loss):.3f}, {speed:,.0f} images/s"


def history(watch: Watch, final: Score) -> Training:
    """The record's account of the pass."""
    run, plan, steps = watch.run, watch.plan, len(watch.steps)
    seconds = max(watch.seconds[-1] - evaluation_before_end(watch), 1e-9)
    ended: Literal["epochs", "steps", "time", "diverged", "error"] = "steps" if run.steps == plan.steps else "epochs"
    if watch.divergence is not None:
        ended = "diverged"
    elif watch.error is not None:
        ended = "error"
    elif steps < plan.steps:
        ended = "time"
    return Training(
        epochs=tuple(watch.rows),
        steps=steps,
        planned_steps=plan.steps if run.epochs or run.steps or run.max_minutes is None else steps,
        steps_per_epoch=plan.per_epoch,
        images_seen=steps * plan.batch,
        seconds=seconds,
        ended_by=ended,
        optimizer=describe_recipe(run),
        schedule=NAMES[run.schedule],
        loss=describe_loss(run.loss),
        batch_size=plan.batch,
        images_per_second=steps * plan.batch / seconds,
        train_correct=final.correct,
        train_n=final.n,
        train_loss=final.loss,
        divergence=watch.divergence,
    )


def describe_recipe(run: RunSpec) -> tuple[Message, ...]:
    """The optimiser and its settings, as they were."""
    resolved = resolve_optimizer(run.optimizer)
    return resolved.describe(CYCLED if cycles_momentum(run, resolved) else None)


def evaluation_before_end(watch: Watch) -> float:
    """Seconds of evaluations that lie before the end of the last step."""
    at_end = bool(watch.rows) and watch.rows[-1].step == len(watch.steps)
    return watch.evaluating - (watch.rows[-1].seconds - watch.seconds[-1] if at_end else 0.0)


def step_arrays(watch: Watch) -> dict[str, NDArray[Any]]:
    """The arrays of the record by step, (steps,) each."""
    return {
        "train.loss": stacked([step.loss for step in watch.steps]),
        "train.lr": np.array([step.lr for step in watch.steps], np.float32),
        "train.grad_norm": stacked([step.grad_norm for step in watch.steps]),
        "train.seconds": np.array(watch.seconds, np.float64),
    }


def right_arrays(watch: Watch) -> dict[str, NDArray[Any]]:
    """Which images of the test sample each row of the history found right; nothing where there is no row."""
    return {TEST_RIGHT: np.packbits(np.stack(watch.right), axis=1)} if watch.right else {}


def stacked(scalars: list[torch.Tensor]) -> NDArray[Any]:
    """Scalars on a device as a float32 array (scalars,)."""
    array: NDArray[Any] = torch.stack(scalars).float().cpu().numpy()
    return array
