"""What a data set gives before limits and statistics: images, labels and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reportgen.progress import Progress
from reportgen.record.message import Message
from reportgen.record.run import LeftOutFile
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
    seed: int = 0
    """Of the run."""
    evaluating: bool = False
    """Whether nothing is trained, so that no training images are needed."""


@dataclass(frozen=True)
class RawSplit:
    """One split: images (n, height, width, channels) and labels (n,) in 0 … classes − 1."""

    images: ImageArray
    labels: LabelArray
    ids: LabelArray | None = None
    """(n,): index of each image in the whole split, where the spec's limit has been applied already so that the others
    need not be read; None: this is the whole split."""
    available: int | None = None
    """Images in the whole split; None: those that are here."""
    files: tuple[str, ...] = ()
    """Name of each image's file, relative to the data's folder; empty where images are no files."""


@dataclass(frozen=True)
class RawData:
    """A whole data set and what to say of it."""

    name: str
    title: str | Message
    """As people write it; a message where it is words and not a name."""
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
    published: bool = True
    """Whether there are published digests to compare with; files of one's own have none."""
    unfit: tuple[Augmentation, ...] = ()
    """Augmentations that change what these images mean, such as mirroring a digit."""
    notes: tuple[Message, ...] = ()
    """What was done to the data that a reader must know, such as how 16-bit images became 8-bit ones."""
    left_out: tuple[LeftOutFile, ...] = ()
    """Files that could not be read and that the spec lets go."""
    statistics: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    """Published mean and deviation per channel, 0-to-1 scale; None: computed from the training images."""
    coarse_classes: tuple[str, ...] = ()
    """Names of the groups that the classes belong to; empty where the data set has none."""
    test_coarse_labels: LabelArray | None = None
    """The group of each image of the whole test split, in 0 … coarse classes − 1."""
