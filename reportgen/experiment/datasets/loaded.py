"""A data set in memory: whole, as uint8, with the way its images become numbers for a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from reportgen.experiment.augment import augment
from reportgen.experiment.datasets.raw import ImageArray, LabelArray
from reportgen.record.run import DataFacts
from reportgen.spec.types import Augmentation


@dataclass(frozen=True)
class Normalizer:
    """Per-channel mean and deviation on the 0-to-1 scale, and the size of an image."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: tuple[int, int] | None = None
    """(height, width) that images are resized to; None: as they are."""
    channels_last: bool = True
    """How the images of a model stand in memory; else contiguous."""

    def apply(self, images: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """uint8 images (n, H, W, C) as the model sees them: (n, C, H, W), in the memory format of the run.

        Resized bilinearly, the corners of the outer pixels aligned, as Pillow does; shrunk with its antialiasing too.
        """
        batch, height, width, channels = images.shape
        scale = torch.tensor([1 / (255 * std) for std in self.std] * width, dtype=dtype, device=images.device)
        shift = torch.tensor([m / s for m, s in zip(self.mean, self.std, strict=True)] * width, dtype=dtype)
        # A line at a time: multiplying the last axis by three numbers is 4 times slower on a CPU than by 96.
        lines = images.reshape(batch, height, width * channels).to(dtype).mul_(scale).sub_(shift.to(images.device))
        made = self.resize(lines.view(batch, height, width, channels).permute(0, 3, 1, 2))
        return made if self.channels_last else made.contiguous()

    def apply_smoothly(self, pixels: torch.Tensor) -> torch.Tensor:
        """The same of pixels (n, C, H, W), 0 to 1, that a gradient may be asked of."""
        mean, std = (torch.tensor(part).to(pixels)[:, None, None] for part in (self.mean, self.std))
        return self.resize((pixels - mean) / std)

    def resize(self, images: torch.Tensor) -> torch.Tensor:
        """Images (n, C, H, W) of the size that the model takes."""
        height, width = images.shape[2:]
        if self.size is None or self.size == (height, width):
            return images
        shrinks = self.size[0] < height or self.size[1] < width
        return F.interpolate(images, size=self.size, mode="bilinear", align_corners=False, antialias=shrinks)

    def pixels(self, images: torch.Tensor) -> int:
        """Of one image (n, H, W, C) as the model sees it."""
        height, width = self.size or images.shape[1:3]
        return int(height * width)


@dataclass(frozen=True)
class Sample:
    """Some training images as they are and as the model sees them, uint8 (g, H, W, C), labels (g,)."""

    raw: ImageArray
    augmented: ImageArray
    labels: LabelArray


@dataclass(frozen=True)
class LoadedData:
    """Images (n, H, W, C) uint8 and labels (n,) int64 of both splits, on the CPU."""

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    train_ids: LabelArray
    """Index in the data set's whole split."""
    test_ids: LabelArray
    test_digests: NDArray[np.uint64]
    """Of the pixels."""
    facts: DataFacts
    normalization: Normalizer
    augment: tuple[Augmentation, ...]
    mixup: float | None = None
    """α of the mixing of training batches; None: they are not mixed."""
    test_coarse_labels: LabelArray | None = None
    """(n,), where the data set groups its classes."""

    def sample(self, number: int, seed: int = 0) -> Sample:
        """About `number` training images, as many of each class, class by class in turn."""
        rows = stratified_rows(self.train_labels.numpy(), number, seed)
        images = self.train_images[torch.from_numpy(rows)]
        generator = torch.Generator().manual_seed(seed)
        changed = augment(images, self.augment, generator)
        return Sample(images.numpy(), changed.numpy(), self.train_labels.numpy()[rows])


def stratified_rows(labels: LabelArray, number: int, seed: int) -> LabelArray:
    """`number` rows of labels (n,), drawn from the classes in turn, seeded: equal shares until a class has no more."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    rank = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        rows = order[labels[order] == label]
        rank[rows] = np.arange(len(rows))
    turns = np.lexsort((labels, rank))
    return turns[:number].astype(np.int64)
