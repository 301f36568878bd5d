"""Inference over a whole split: images in, logits out; every metric derives from those."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.datasets.loaded import Normalizer
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.models import logits_of, rows_of
from reportgen.experiment.models.factories import first_line
from reportgen.experiment.models.single_images import takes_no_single, unaccompanied
from reportgen.progress import SilentTask, Task
from reportgen.system.memory import is_memory_error
from reportgen.system.signals import INTERRUPTIONS, errors_passed_over

BATCH = 500
"""Images of 32×32 at once; of larger ones as many as have the same number of pixels."""
FEWEST = 8
ROUND = 64
"""Of images; most models that want a whole number of something take batches of so many."""


def evaluate(
    module: torch.nn.Module,
    images: torch.Tensor,
    normalizer: Normalizer,
    device: ComputeDevice,
    task: Task | None = None,
    batch_size: int | None = None,
    filled: list[str] | None = None,
    classes: int | None = None,
) -> NDArray[Any]:
    """Logits (n, classes) float32 of images (n, H, W, C) uint8, in evaluation mode, on the CPU.

    `batch_size` images at once; None: as many as their size suggests. `filled` gets the reason for each batch that the
    model refused and that was filled up with images that were shown before. `classes`: that there have to be; None: as
    many as the first batch has. Raises ModelError where the model gives no such rows.
    Computed in float32 unless the spec names another precision. The model's mode is restored.
    """
    task = task or SilentTask()
    batch_size = batch_size or usual_batch(images, normalizer)
    device.place(module)
    mode = module.training
    module.eval()
    found: list[torch.Tensor] = []
    try:
        alone = unaccompanied() if batch_size == 1 else nullcontext()
        with torch.no_grad(), device.autocast(evaluating=True), alone:
            for start, end in batches(len(images), batch_size, joined=takes_no_single(module)):
                batch = images[start:end].to(device.torch_device)
                given = answer(module, normalizer.apply(batch, device.dtype), batch_size, filled)
                given = rows_of(given, len(batch), classes or (found[0].shape[1] if found else None))
                found.append(given.detach().float().cpu())  # a model may record gradients all the same
                task.advance(len(batch))
    finally:
        module.train(mode)
    logits: NDArray[Any] = torch.cat(found).numpy().astype(np.float32)
    return logits


def batches(images: int, size: int, joined: bool) -> list[tuple[int, int]]:
    """Where each batch begins and ends; `joined`: a single image that is left belongs to the batch before it."""
    ends = list(range(size, images, size))
    if joined and size > 1 and images % size == 1 and ends:
        ends.pop()
    return list(zip([0, *ends], [*ends, images], strict=True))


def usual_batch(images: torch.Tensor, normalizer: Normalizer) -> int:
    """Images at once where nothing else is asked for."""
    return max(FEWEST, min(BATCH, BATCH * 32 * 32 // normalizer.pixels(images)))


def answer(
    module: torch.nn.Module, images: torch.Tensor, batch_size: int, filled: list[str] | None = None
) -> torch.Tensor:
    """Logits of images (n, C, H, W), also of a model that takes only some numbers of images at once.

    Where it refuses these, they are made a full batch, or one of a multiple of 64, by showing some of them again.
    """
    try:
        return logits_of(module(images))
    except INTERRUPTIONS:
        raise
    except BaseException as error:  # whatever a model raises for a number of images that it does not take
        if is_memory_error(error):
            raise
        n = len(images)
        lines = images.is_contiguous(memory_format=torch.channels_last)
        form = torch.channels_last if lines else torch.contiguous_format
        for size in sorted({batch_size, -(-n // ROUND) * ROUND} - {n}):
            if size < n or batch_size == 1:  # one alone is asked for to see it alone
                continue
            rows = torch.arange(size, device=images.device) % n
            with errors_passed_over():
                logits = logits_of(module(images[rows].contiguous(memory_format=form)))[:n]
                if filled is not None:
                    filled.append(f"{type(error).__name__}: {first_line(error)}")
                return logits
        raise
