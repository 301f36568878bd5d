"""The gradient of the mean training loss at given weights, by parameter."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from reportgen.experiment.backward import gradients_of
from reportgen.experiment.layer_types import BatchNorm
from reportgen.experiment.losses import make_loss
from reportgen.experiment.models import logits_of
from reportgen.experiment.probes.context import ProbeContext
from reportgen.experiment.snapshot import kept_buffers
from reportgen.record.trace import ModelTrace
from reportgen.spec.types import LossSpec

BATCH = 32
MOST_BYTES = 2**30
"""Of activations kept for the backward pass; batches are smaller where images need more."""
MOST_IMAGES = {False: 256, True: 2048}
"""In the fast and in the full report."""
LEAST_IMAGES = 8
BACKWARD = 3
"""Time of a forward and a backward pass in forward passes."""


def batch_size(trace: ModelTrace, seconds: float) -> int:
    """Images a batch: as many as BATCH, the memory for what is kept for the backward pass and the time allow, by the
    time of a forward pass; 0 where that is fewer than LEAST_IMAGES would take."""
    whole = trace.modules[0].seconds
    each = BACKWARD * whole / trace.timed_batch if whole and trace.timed_batch else 0.0
    if each * LEAST_IMAGES > seconds:
        return 0
    fits = min(seconds, 1e6) / each if each else BATCH
    return max(2, min(BATCH, int(fits), MOST_BYTES // max(trace.activation_bytes_training, 1)))


@contextlib.contextmanager
def ready(module: nn.Module) -> Iterator[None]:
    """The module so that its gradients are those of training, without what is drawn by chance: evaluation mode, but
    batch normalisation by each batch's own statistics. Buffers are as before afterwards."""
    module.eval()
    for child in module.modules():
        if isinstance(child, BatchNorm):
            child.train()
    try:
        with kept_buffers(module):
            yield
    finally:
        module.eval()


@contextlib.contextmanager
def state_of(module: nn.Module, state: Mapping[str, torch.Tensor]) -> Iterator[None]:
    """The module with other weights and buffers for a while."""
    places = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    final = {name: tensor.detach().clone() for name, tensor in places.items() if name in state}
    try:
        fill(places, state)
        yield
    finally:
        fill(places, final)


@torch.no_grad()
def fill(places: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> None:
    """Copy a state into the tensors of the same names and shapes: a buffer can grow."""
    for name, tensor in places.items():
        if name in state and state[name].shape == tensor.shape:
            tensor.copy_(state[name])


@dataclass(frozen=True)
class Gradient:
    """The gradient of a mean loss, by parameter."""

    by_parameter: tuple[torch.Tensor | None, ...]
    """None of a parameter that the loss does not depend on; of all where the model lets no gradient through."""
    images: int
    """That the mean is over."""


def mean_gradient(
    context: ProbeContext, parameters: Sequence[nn.Parameter], rows: torch.Tensor, batch: int, seconds: float
) -> Gradient:
    """The gradient of the mean loss of training images, not augmented: of all `rows`, or of as many of them, from the
    beginning and in batches of so many, as fit into the time; of one batch at least."""
    module, data = context.module, context.data
    loss_of = make_loss(loss_spec(context), len(data.facts.classes))
    sums: list[torch.Tensor | None] = [None] * len(parameters)
    for parameter in parameters:
        parameter.requires_grad_(True)
    done, begun = 0, time.perf_counter()
    for some in torch.split(rows, batch):
        spent = time.perf_counter() - begun
        if len(some) < 2 or (done and spent * (done + len(some)) / done > seconds):
            break
        images, labels = context.inputs(some, "train"), data.train_labels[some].to(context.device.torch_device)
        with torch.enable_grad():
            loss = loss_of(logits_of(module(images)), labels) * len(some)
        if not loss.requires_grad:
            break
        found = gradients_of(loss, parameters)
        sums = [add(before, now) for before, now in zip(sums, found, strict=True)]
        done += len(some)
    return Gradient(tuple(total if total is None else total / done for total in sums), done)


def add(before: torch.Tensor | None, now: torch.Tensor | None) -> torch.Tensor | None:
    """The sum of what there is of two gradients."""
    if before is None or now is None:
        return now if before is None else before
    return before + now


def loss_spec(context: ProbeContext) -> LossSpec:
    """The loss of the run; the plain cross entropy where nothing was trained or a teacher told what to give."""
    loss = context.spec.run.loss
    return loss if context.spec.run.mode == "train" and loss.teacher is None else LossSpec()
