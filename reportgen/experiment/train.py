"""The training loop: a generator of steps. What is done with them is the caller's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from reportgen.experiment.augment import augment
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.objective import Objective
from reportgen.experiment.optimizers import Resolved, begin_momentum, make_optimizers, resolve_optimizer
from reportgen.experiment.schedule import one_cycle_momentum, rate
from reportgen.spec.types import RunSpec


@dataclass(frozen=True)
class Step:
    """One step done. Loss and norm stay on the device, so that looking at them is what waits for it."""

    number: int
    """1-based."""
    epoch: float
    """Epochs done, counting this step."""
    loss: torch.Tensor
    grad_norm: torch.Tensor
    """L2 norm of all gradients together."""
    lr: float
    rows: torch.Tensor
    """Rows of the training images in the batch."""


@dataclass(frozen=True)
class Plan:
    """How long a pass is meant to be."""

    steps: int
    per_epoch: int
    batch: int
    """Images a step; the whole set when it is smaller than the spec's batch."""

    @property
    def epochs(self) -> float:
        """The same in epochs."""
        return self.steps / self.per_epoch


def plan_steps(run: RunSpec, images: int) -> Plan:
    """The steps of a pass over `images` images: the first of epochs and steps that is reached, else one epoch.

    With `max_minutes` alone the number is open; then it is what nobody reaches. An unfinished last batch is left out.
    """
    batch = min(run.batch_size, images)
    per_epoch = images // batch
    limits = [run.steps] if run.steps is not None else []
    limits += [max(1, math.ceil(run.epochs * per_epoch - 1e-9))] if run.epochs is not None else []
    if not limits:
        limits = [per_epoch if run.max_minutes is None else 1_000_000]
    return Plan(min(limits), per_epoch, batch)


def train(
    module: torch.nn.Module,
    data: LoadedData,
    run: RunSpec,
    device: ComputeDevice,
    done: Callable[[int], float],
    teacher: torch.nn.Module | None = None,
) -> Iterator[Step]:
    """Train `module` in place, yielding after every step, until the planned steps are done or the caller stops.

    `done(steps)` tells the share of the pass behind it, 0 to 1, which drives the learning rate. Images stay uint8 on
    the device; order, augmentation and mixing come from `run.seed` alone, so that the same seed gives the same weights.
    """
    plan = plan_steps(run, len(data.train_labels))
    device.place(module).train()
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    resolved = resolve_optimizer(run.optimizer)
    optimizers, scaler = make_optimizers(resolved, parameters), device.scaler()
    loss_of = Objective(run, data, device, teacher)
    images, labels = data.train_images.to(device.torch_device), data.train_labels.to(device.torch_device)
    generator = torch.Generator().manual_seed(run.seed)
    blank = round(255 * sum(data.normalization.mean) / len(data.normalization.mean))
    for number, rows in enumerate(batches(len(labels), plan, generator), start=1):
        behind = done(number - 1)
        lr = resolved.lr * rate(run.schedule, behind, plan.steps)
        momentum = one_cycle_momentum(behind, plan.steps) if cycles_momentum(run, resolved) else None
        set_rates(optimizers, lr, momentum)
        here = rows.to(device.torch_device)
        batch = data.normalization.apply(augment(images, data.augment, generator, here, blank), device.dtype)
        loss = loss_of(module, batch, labels[here])
        module.zero_grad(set_to_none=True)
        torch.autograd.backward(scaler.scale(loss))
        for optimizer in optimizers:
            scaler.unscale_(optimizer)
        norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
        for optimizer in optimizers:
            begin_momentum(optimizer)
            scaler.step(optimizer)
        scaler.update()
        yield Step(number, number / plan.per_epoch, loss.detach(), norm, lr, rows)


def cycles_momentum(run: RunSpec, resolved: Resolved) -> bool:
    """Whether the schedule moves the momentum as well: as torch's OneCycleLR does, where there is one to move."""
    return run.schedule == "one_cycle" and run.cycle_momentum is not False and resolved.has_momentum


def set_rates(optimizers: Sequence[torch.optim.Optimizer], lr: float, momentum: float | None) -> None:
    """The learning rate, and the momentum or the first beta unless it is None, of every group of parameters."""
    for group in (group for optimizer in optimizers for group in optimizer.param_groups):
        group["lr"] = lr
        if momentum is None:
            continue
        if "betas" in group:
            group["betas"] = (momentum, *group["betas"][1:])
        elif "momentum" in group:
            group["momentum"] = momentum


def batches(images: int, plan: Plan, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Rows (batch,) of each step: every image once an epoch, shuffled again each time, the remainder left out."""
    left = plan.steps
    while left > 0:
        order = torch.randperm(images, generator=generator)
        yield from torch.split(order[: plan.per_epoch * plan.batch], plan.batch)[:left]
        left -= plan.per_epoch
