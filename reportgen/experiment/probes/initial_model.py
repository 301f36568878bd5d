"""The model as it was before training, beside the trained one."""

from __future__ import annotations

import torch

from reportgen.experiment.layer_types import BatchNorm
from reportgen.experiment.probes.context import ProbeContext
from reportgen.experiment.snapshot import copied, reads_from
from reportgen.record.message import N_, Message
from reportgen.system.memory import is_memory_error


def initial_model(context: ProbeContext, batch: torch.Tensor) -> tuple[torch.nn.Module | None, Message | None]:
    """A copy of the model with its initial weights in evaluation mode, or None and the reason as a sentence.

    Batch normalisation that had seen no image when training began has no statistics of its own: it takes those of
    `batch` (n, C, H, W), as it would have done in training. That of a model with given weights keeps what it had.
    """
    if context.initial is None:
        return None, N_("The model was not trained in this run, so there are no initial weights to compare with.")
    try:
        module = copied(context.module)
        if reads_from(module, context.module, batch[:2]):
            return None, N_("A copy of the model computes with weights of the model itself, not with initial ones.")
        module.load_state_dict(context.initial, strict=False)
    except Exception as error:  # whatever a model's own copying and loading raise
        if is_memory_error(error):
            raise
        kind = type(error).__name__
        return None, N_("The initial weights could not be loaded into a copy of the model ({kind}).", kind=kind)
    context.device.place(module).eval()
    settle(module, batch)
    return module, None


def settle(module: torch.nn.Module, batch: torch.Tensor) -> None:
    """Give batch normalisation that never saw an image the statistics of one batch."""
    fresh = [child for child in module.modules() if isinstance(child, BatchNorm) and unseen(child)]
    if not fresh or len(batch) < 2:
        return
    momenta = [child.momentum for child in fresh]
    try:
        for child in fresh:
            child.momentum = None  # the plain mean over all batches, here of one
            child.train()
        with torch.no_grad():
            module(batch)
    except ValueError:  # one value a channel has no spread: the statistics stay as they were
        pass
    finally:
        for child, momentum in zip(fresh, momenta, strict=True):
            child.momentum = momentum
            child.eval()


def unseen(norm: BatchNorm) -> bool:
    """Whether a layer keeps statistics and has counted no batch yet."""
    return norm.num_batches_tracked is not None and int(norm.num_batches_tracked) == 0
