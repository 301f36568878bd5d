"""The model on the bench: the images it is tried on, and what it makes of them as they are, changed and attacked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.attacks import fgsm, gradient, pgd
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.models import logits_of
from reportgen.experiment.probes.context import PROBE_SEED, ProbeContext

Classes = NDArray[np.int64]
"""(n,): the predicted class of every image on the bench."""
STEP_SHARE = 2.5
"""PGD's steps together are so many ε long: enough to cross the ball and to come back."""
ATTACK_BATCH = 100
TIMED = 50
SLOW, VERY_SLOW = 0.5, 1.0
"""Seconds for four images from which on no larger batch is timed."""


@dataclass
class Bench:
    """The model and the images (rows of the test split, in order) that it is tried on."""

    context: ProbeContext
    rows: torch.Tensor
    broken: dict[int, int] = field(default_factory=dict)
    """Image -> the wrong class that PGD has already made of it."""
    flat: int = 0
    """Images whose gradient is zero at every pixel."""

    @property
    def images(self) -> torch.Tensor:
        """(n, H, W, C) uint8."""
        return self.context.data.test_images[self.rows]

    @property
    def labels(self) -> torch.Tensor:
        """(n,) int64."""
        return self.context.data.test_labels[self.rows]

    @property
    def clean(self) -> Classes:
        """What the evaluation made of the images as they are."""
        found: Classes = self.context.logits[self.rows.numpy()].argmax(1).astype(np.int64)
        return found

    def predict(self, images: torch.Tensor) -> Classes:
        """What the model makes of images (n, H, W, C) uint8."""
        logits = evaluate(self.context.module, images, self.context.data.normalization, self.context.device)
        found: Classes = logits.argmax(1).astype(np.int64)
        return found

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Logits (b, classes) of pixels (b, C, H, W), 0 to 1, that a gradient may be asked of."""
        device = self.context.device
        ready = device.arrange(self.context.data.normalization.apply_smoothly(pixels))
        with device.autocast(evaluating=True):
            return logits_of(self.context.module(ready)).float()

    def batch(self, part: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Pixels (b, C, H, W), 0 to 1, and labels (b,) of some of the images, on the device."""
        device, rows = self.context.device, self.rows[torch.from_numpy(part)]
        pixels = self.context.data.test_images[rows].permute(0, 3, 1, 2).to(device.torch_device, device.dtype) / 255
        return pixels, self.context.data.test_labels[rows].to(device.torch_device)

    def classes_of(self, pixels: torch.Tensor) -> Classes:
        """What the model makes of pixels (b, C, H, W), 0 to 1."""
        with torch.no_grad():
            found: Classes = self.forward(pixels).argmax(1).cpu().numpy()
        return found


def time_forward(bench: Bench) -> float:
    """Seconds of one image through the model: of the first four where those take long; else, warmed up, the best of
    three passes of four or of two of more, so that other work on the machine does not decide how much is measured."""

    def best(number: int, times: int) -> float:
        images, found = bench.images[:number], []
        for _ in range(times):
            start = time.perf_counter()
            bench.predict(images)
            found.append((time.perf_counter() - start) / len(images))
        return min(found)

    first = best(4, 1)
    if 4 * first > VERY_SLOW:
        return first
    few = best(4, 3)
    return few if 4 * few > SLOW else best(TIMED, 2)


def under_fgsm(bench: Bench, epsilons: Sequence[float]) -> list[Classes]:
    """What the model makes of the images after one step of each size ε (of 255); one gradient serves all.

    Raises NoGradientError where none leads to the pixels.
    """
    found = [bench.clean.copy() for _ in epsilons]
    bench.flat = 0
    for part in np.array_split(np.arange(len(bench.rows)), -(-len(bench.rows) // ATTACK_BATCH)):
        x, labels = bench.batch(part)
        slope = gradient(bench.forward, x, labels)
        bench.flat += int((slope.flatten(1) == 0).all(1).sum())
        for classes, epsilon in zip(found, epsilons, strict=True):
            classes[part] = bench.classes_of(fgsm(x, slope, epsilon / 255))
    return found


def under_pgd(bench: Bench, epsilon: float, steps: int, restarts: int) -> Classes:
    """What the model makes of the images after PGD within ε (of 255); one wrong answer from any start counts.

    What is wrong already, as it is or within a smaller ε tried before, is left out: the same image lies within every
    larger ε. Raises NoGradientError where no gradient leads to the pixels.
    """
    found, labels = bench.clean.copy(), bench.labels.numpy()
    for row, wrong in bench.broken.items():
        found[row] = wrong
    size = epsilon / 255
    for restart in range(restarts):
        standing = np.flatnonzero(found == labels)
        generator = torch.Generator().manual_seed(PROBE_SEED + restart)
        for start in range(0, len(standing), ATTACK_BATCH):
            part = standing[start : start + ATTACK_BATCH]
            x, truth = bench.batch(part)
            changed = pgd(bench.forward, x, truth, size, steps, STEP_SHARE * size / steps, generator)
            found[part] = bench.classes_of(changed)
    bench.broken |= {int(row): int(found[row]) for row in np.flatnonzero(found != labels)}
    return found
