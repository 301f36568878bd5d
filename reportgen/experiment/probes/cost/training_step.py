"""A training step in parts: data, forward, backward, optimiser. The model is what it was afterwards."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from statistics import median

import torch

from reportgen.experiment.augment import augment
from reportgen.experiment.objective import Objective
from reportgen.experiment.optimizers import make_optimizers, resolve_optimizer
from reportgen.experiment.probes.context import PROBE_SEED, ProbeContext
from reportgen.experiment.probes.cost.memory import measure_peak, peak_of
from reportgen.experiment.snapshot import restored
from reportgen.record.latency import median_interval
from reportgen.record.probes.cost import PeakMemory, StepTime

LEAST, MOST = 1, 20
"""Timed steps, after one that warms up and shows the memory."""


@dataclass
class Trainer:
    """The steps of `experiment.train.train`, one part at a time."""

    context: ProbeContext
    batch_size: int
    times: list[tuple[float, ...]] = field(default_factory=list)
    """Seconds of data, forward, backward and optimiser, of each timed step."""

    def __post_init__(self) -> None:
        context, run = self.context, self.context.spec.run
        device = context.device
        self.module = device.place(context.module)
        self.module.train()
        self.parameters = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        self.optimizers = make_optimizers(resolve_optimizer(run.optimizer), self.parameters)
        self.scaler = device.scaler()
        self.loss_of = Objective(run, context.data, device, None)
        self.images = context.data.train_images.to(device.torch_device)
        self.labels = context.data.train_labels.to(device.torch_device)
        self.generator = torch.Generator().manual_seed(PROBE_SEED)
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["lr"] = 0.0  # what is timed is the arithmetic; weights that diverge would make it slow

    def load(self) -> None:
        """Pick, augment and normalise the images of a step."""
        data, device = self.context.data, self.context.device
        self.rows = torch.randint(len(self.labels), (self.batch_size,), generator=self.generator).to(
            device.torch_device
        )
        blank = round(255 * sum(data.normalization.mean) / len(data.normalization.mean))
        picked = augment(self.images, data.augment, self.generator, self.rows, blank)
        self.batch = data.normalization.apply(picked, device.dtype)

    def forward(self) -> None:
        """The model and the loss."""
        self.loss = self.loss_of(self.module, self.batch, self.labels[self.rows])

    def backward(self) -> None:
        """The gradients."""
        torch.autograd.backward(self.scaler.scale(self.loss))
        del self.loss

    def update(self) -> None:
        """The norm of the gradients, the step of the optimiser, and the gradients away."""
        for optimizer in self.optimizers:
            self.scaler.unscale_(optimizer)
        torch.nn.utils.get_total_norm([p.grad for p in self.parameters if p.grad is not None])
        for optimizer in self.optimizers:
            self.scaler.step(optimizer)
        self.scaler.update()
        self.module.zero_grad(set_to_none=True)

    def step(self) -> None:
        """One step; its parts are timed, each until the device is done with it."""
        took = []
        for part in (self.load, self.forward, self.backward, self.update):
            start = time.perf_counter()
            part()
            self.context.device.synchronise()
            took.append(time.perf_counter() - start)
        self.times.append(tuple(took))

    def make_state(self) -> int:
        """Let the optimiser make its state, by a step of zero gradients, and count its bytes."""
        for parameter in self.parameters:
            parameter.grad = torch.zeros_like(parameter)
        for optimizer in self.optimizers:
            optimizer.step()
        self.module.zero_grad(set_to_none=True)
        held = [state for optimizer in self.optimizers for state in optimizer.state.values()]
        state = [value for values in held for value in values.values()]
        return sum(value.numel() * value.element_size() for value in state if isinstance(value, torch.Tensor))


def time_steps(context: ProbeContext, batch_size: int, planned: int, number: int) -> tuple[StepTime, PeakMemory | None]:
    """A training step of `batch_size` in parts, and the memory it needs (None: not known).

    `number`: steps that are timed. Gradients and optimiser are real; the learning rate is zero, so that the model stays
    a trained one, and all else that a step changes is put back.
    """
    with restored(context.module):
        trainer = Trainer(context, batch_size)
        state = trainer.make_state()
        found = measure_peak(trainer.step, context.device)
        trainer.times.clear()  # that step was watched
        for _ in range(number):
            trainer.step()
    memory = None if found is None else peak_of("training", batch_size, found, state)
    return summarise_steps(trainer.times, batch_size, planned), memory


def summarise_steps(times: list[tuple[float, ...]], batch_size: int, planned: int) -> StepTime:
    """Medians of the parts and of the whole of the timed steps."""
    data, forward, backward, optimizer = (median(part) for part in zip(*times, strict=True))
    whole = [sum(parts) for parts in times]
    low, high = median_interval(whole) or (None, None)
    shares = zip(*([part / sum(parts) for part in parts] for parts in times), strict=True)
    intervals = [median_interval(share) for share in shares]
    return StepTime(
        batch_size=batch_size,
        planned_batch=planned,
        n=len(times),
        data=data,
        forward=forward,
        backward=backward,
        optimizer=optimizer,
        p50_seconds=median(whole),
        p50_low=low,
        p50_high=high,
        share_intervals=tuple(ends for ends in intervals if ends is not None),
    )
