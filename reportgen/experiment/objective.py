"""What a training step makes small: the loss of a batch as it is, mixed with itself, or shown to a teacher too."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.losses import distil, make_loss
from reportgen.experiment.models import logits_of, rows_of
from reportgen.spec.types import RunSpec

MIXING = 1
"""Keeps the random numbers of mixing apart from those of order and augmentation."""


class Mixer:
    """Mixes a batch with itself in a random order, as mixup does (Zhang et al. 2018, and their reference code).

    One share for the whole batch, drawn from Beta(α, α); images and labels in the same shares. Seeded.
    """

    def __init__(self, alpha: float, classes: int, seed: int) -> None:
        self.alpha, self.classes = alpha, classes
        self.random = np.random.default_rng((seed, MIXING))

    def mix(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mixed images (b, C, H, W) and the shares of the classes in them (b, classes)."""
        share = float(self.random.beta(self.alpha, self.alpha))
        order = torch.from_numpy(self.random.permutation(len(labels))).to(labels.device)
        own = F.one_hot(labels, self.classes).to(images.dtype)
        return torch.lerp(images[order], images, share), torch.lerp(own[order], own, share)


class Objective:
    """The loss of a model on a batch; made again for each training, as its random numbers go on from step to step."""

    def __init__(self, run: RunSpec, data: LoadedData, device: ComputeDevice, teacher: torch.nn.Module | None) -> None:
        self.classes = classes = len(data.facts.classes)
        self.spec, self.device = run.loss, device
        self.loss = make_loss(run.loss, classes)
        self.mixer = None if data.mixup is None else Mixer(data.mixup, classes, run.seed)
        self.teacher = teacher
        if teacher is not None:
            device.place(teacher).eval()

    def __call__(self, module: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Scalar loss of normalised images (b, C, H, W) with labels (b,), both on the device."""
        targets = labels
        if self.mixer is not None:
            images, targets = self.mixer.mix(images, labels)
        with self.device.autocast():
            logits = rows_of(module(images), len(images), self.classes)
        if self.teacher is None:
            return self.loss(logits, targets)
        with torch.no_grad(), self.device.autocast():
            known = logits_of(self.teacher(images))
        return distil(self.spec, logits, known, targets)
