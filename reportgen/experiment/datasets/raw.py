"""What a data set gives before limits and statistics: images, labels and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reportgen.progress import Progress
from reportgen.record.message import Message
from reportgen.spec.types import Augmentation, DataSpec

ImageArray = NDArray[np.uint8]
LabelArray = NDArray[np.int64]


@dataclass(frozen=True)
class DataRequest:
    """What to load and how it was asked for."""

    spec: DataSpec
    base: Path
    """The folder of the spec."""
    data_root: Path | None
    offline: bool
    progress: Progress


@dataclass(frozen=True)
class RawSplit:
    """One split: images (n, height, width, channels) and labels (n,) in 0 … classes − 1."""

    images: ImageArray
    labels: LabelArray


@dataclass(frozen=True)
class RawData:
    """A whole data set and what to say of it."""

    name: str
    title: str
    description: str | Message
    """One sentence; "" where there is nothing to say."""
    licence: str | Message
    citation: str
    homepage: str
    classes: tuple[str, ...]
    train: RawSplit
    test: RawSplit
    digests: dict[str, str] = field(default_factory=dict)
    """File name -> sha256."""
    verified: bool = False
    unfit: tuple[Augmentation, ...] = ()
    """Augmentations that change what these images mean, such as mirroring a digit."""
    statistics: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    """Published mean and deviation per channel, 0-to-1 scale; None: computed from the training images."""
