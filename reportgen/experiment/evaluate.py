"""Inference over a whole split: images in, logits out; every metric derives from those."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.datasets.loaded import Normalizer
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.models import logits_of
from reportgen.progress import SilentTask, Task

BATCH = 500
"""Images of 32×32 at once; of larger ones as many as have the same number of pixels."""
FEWEST = 8


def evaluate(
    module: torch.nn.Module,
    images: torch.Tensor,
    normalizer: Normalizer,
    device: ComputeDevice,
    task: Task | None = None,
    batch_size: int | None = None,
) -> NDArray[Any]:
    """Logits (n, classes) float32 of images (n, H, W, C) uint8, in evaluation mode, on the CPU.

    `batch_size` images at once; None: as many as their size suggests.
    Computed in float32 unless the spec names another precision. The model's mode is restored.
    """
    task = task or SilentTask()
    batch_size = batch_size or max(FEWEST, min(BATCH, BATCH * 32 * 32 // normalizer.pixels(images)))
    device.place(module)
    mode = module.training
    module.eval()
    found = []
    try:
        with torch.inference_mode(), device.autocast(evaluating=True):
            for start in range(0, len(images), batch_size):
                batch = images[start : start + batch_size].to(device.torch_device)
                found.append(logits_of(module(normalizer.apply(batch, device.dtype))).float().cpu())
                task.advance(len(batch))
    finally:
        module.train(mode)
    logits: NDArray[Any] = torch.cat(found).numpy().astype(np.float32)
    return logits
