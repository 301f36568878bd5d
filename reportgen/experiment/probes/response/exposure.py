"""The same images from dark to beyond saturation, and what a network makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reportgen.experiment.datasets.loaded import Normalizer
from reportgen.experiment.models import logits_of
from reportgen.experiment.probes.context import ProbeContext

BATCH = 125

Predict = Callable[[int, int, Tensor], Tensor]
"""(0 clipped or 1 unclipped, place of the exposure, images shown) -> logits."""


def expose(batch: Tensor, exposure: float, clip: bool, normalization: Normalizer) -> Tensor:
    """Normalised images (n, C, H, W) with every pixel value multiplied, and cut at white where asked."""
    shape = (1, -1, 1, 1)
    mean, std = (
        torch.tensor(v, dtype=batch.dtype, device=batch.device).view(shape)
        for v in (normalization.mean, normalization.std)
    )
    pixels = (batch * std + mean) * exposure
    return ((pixels.clamp(max=1.0) if clip else pixels) - mean) / std


@dataclass
class Judged:
    """Whether a network is right and how sure, image by image."""

    exposures: Sequence[float]
    normalization: Normalizer
    right: list[NDArray[np.uint8]] = field(default_factory=list)
    """Batch by batch, (2, exposures, n): clipped and unclipped."""
    confidence: list[NDArray[np.float32]] = field(default_factory=list)
    black: tuple[int, float] = (0, 0.0)
    """The class that black is called, and the confidence."""

    def show(self, batch: Tensor, labels: Tensor, predict: Predict) -> None:
        """Show a batch (n, C, H, W) at every exposure; black is the same for all of its images, so one is shown."""
        right = np.empty((2, len(self.exposures), len(batch)), np.uint8)
        confidence = np.empty(right.shape, np.float32)
        for place, exposure in enumerate(self.exposures):
            for unclipped in (0, 1) if exposure > 1 else (0,):
                shown = expose(batch[:1] if exposure == 0 else batch, exposure, not unclipped, self.normalization)
                shares = predict(unclipped, place, shown).float().softmax(1).cpu()
                right[unclipped:, place] = (shares.argmax(1) == labels).numpy()
                confidence[unclipped:, place] = shares.amax(1).numpy()
                if exposure == 0:
                    self.black = (int(shares[0].argmax()), float(shares[0].max()))
        self.right.append(right)
        self.confidence.append(confidence)

    def show_more(self, context: ProbeContext, rows: Tensor) -> None:
        """Show the test images of these rows as well."""
        for here in torch.split(rows, BATCH) if len(rows) else ():
            self.show(context.inputs(here), context.data.test_labels[here], lambda _u, _p, shown: ask(context, shown))

    @property
    def images(self) -> int:
        """How many were shown."""
        return sum(part.shape[2] for part in self.right)


def ask(context: ProbeContext, shown: Tensor) -> Tensor:
    """The logits (n, classes) of the trained network."""
    with torch.no_grad():
        return logits_of(context.module(shown))
