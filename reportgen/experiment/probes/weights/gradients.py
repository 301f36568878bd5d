"""The gradient of the mean training loss at given weights, by parameter."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from reportgen.experiment.backward import gradients_of
from reportgen.experiment.layer_types import BatchNorm
from reportgen.experiment.losses import make_loss
from reportgen.experiment.models import logits_of
from reportgen.experiment.nominal import halved, nominal_seconds
from reportgen.experiment.probes.context import Allowance, ProbeContext
from reportgen.experiment.snapshot import kept_buffers
from reportgen.record.trace import ModelTrace
from reportgen.spec.types import LossSpec

BATCH = 32
MOST_BYTES = 2**30
"""Of activations kept for the backward pass; batches are smaller where images need more."""
MOST_IMAGES = {False: 256, True: 2048}
"""In the fast and in the full report."""
LEAST_IMAGES = 8
SHARE = 0.4
"""Of the probe's nominal time, for the gradients at all moments."""
BACKWARD = 3
"""Time of a forward and a backward pass in forward passes."""


def batch_size(trace: ModelTrace) -> int:
    """Images a batch: as many as BATCH and the memory for what is kept for the backward pass allow."""
    return max(2, min(BATCH, MOST_BYTES // max(trace.activation_bytes_training, 1)))


def count_images(trace: ModelTrace, allowance: Allowance, states: int) -> int:
    """Images of the gradients at so many states of the weights, by the nominal time; 0 below LEAST_IMAGES."""
    each = BACKWARD * states * nominal_seconds(trace)
    return halved(MOST_IMAGES[allowance.full], LEAST_IMAGES, allowance.plans(each, SHARE))


def guess_seconds(trace: ModelTrace, images: int) -> float:
    """What the gradients of so many images take here, by the timed forward pass; 0 where that is not known."""
    whole = trace.modules[0].seconds
    return BACKWARD * images * whole / trace.timed_batch if whole and trace.timed_batch else 0.0


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
    context: ProbeContext, parameters: Sequence[nn.Parameter], rows: torch.Tensor, batch: int
) -> Gradient:
    """The gradient of the mean loss of training images, not augmented, in batches of so many; a last batch of a single
    image, which has no statistics, is left out."""
    module, data = context.module, context.data
    loss_of = make_loss(loss_spec(context), len(data.facts.classes))
    sums: list[torch.Tensor | None] = [None] * len(parameters)
    for parameter in parameters:
        parameter.requires_grad_(True)
    done = 0
    for some in torch.split(rows, batch):
        if len(some) < 2:
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
