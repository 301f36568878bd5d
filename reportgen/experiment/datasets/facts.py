"""What is said of a data set: counts, channel statistics, exact duplicates, normalisation."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from reportgen.errors import SpecError
from reportgen.experiment.datasets.raw import ImageArray, LabelArray, RawData, RawSplit
from reportgen.record.message import as_note
from reportgen.record.run import DataFacts, Duplicates, Split
from reportgen.spec.normalization import UNCHANGED
from reportgen.spec.types import DataSpec
from reportgen.text.visible import visible

Digests = NDArray[np.uint64]
Values = tuple[float, ...]
MOST_EXAMPLES = 20
MOST_LEFT_OUT = 100
"""Files named in a record."""


def pixel_digests(images: ImageArray) -> Digests:
    """(n,): the first 64 bits of BLAKE2b of each image's bytes."""
    rows = np.ascontiguousarray(images).reshape(len(images), math.prod(images.shape[1:]))
    found = b"".join(hashlib.blake2b(row.data, digest_size=8).digest() for row in rows)
    return np.frombuffer(found, np.uint64).copy()


def channel_statistics(images: ImageArray) -> tuple[Values, Values]:
    """Mean and deviation of each channel over all pixels, 0-to-1 scale, from the counts of the 256 values."""
    means, deviations = [], []
    values = np.arange(256) / 255
    for channel in range(images.shape[3]):
        share = np.bincount(images[..., channel].ravel(), minlength=256) / images[..., channel].size
        mean = float(share @ values)
        means.append(round(mean, 6))
        deviations.append(round(float(np.sqrt(share @ (values - mean) ** 2)), 6))
    return tuple(means), tuple(deviations)


def find_duplicates(train: Digests, test: Digests, ids: tuple[LabelArray, LabelArray]) -> Duplicates:
    """Images whose pixels equal those of an earlier one of the split, and test images that are also in training."""
    if not len(train):
        return Duplicates(within_train=0, within_test=len(first_and_repeats(test)[1]), across=0)
    first_train, repeats_train = first_and_repeats(train)
    _, repeats_test = first_and_repeats(test)
    order = np.argsort(train[first_train])
    places = np.searchsorted(train[first_train][order], test)
    places = np.minimum(places, len(order) - 1)
    twins = first_train[order[places]]
    across = np.flatnonzero(train[twins] == test)
    examples = [("train", int(ids[0][twins[row]]), "test", int(ids[1][row])) for row in across[:MOST_EXAMPLES]]
    return Duplicates(
        within_train=len(repeats_train), within_test=len(repeats_test), across=len(across), examples=tuple(examples)
    )


def first_and_repeats(digests: Digests) -> tuple[LabelArray, LabelArray]:
    """Rows where a digest of (n,) comes first, and rows where it comes again."""
    _, first = np.unique(digests, return_index=True)
    repeats = np.setdiff1d(np.arange(len(digests)), first)
    return np.sort(first).astype(np.int64), repeats.astype(np.int64)


def resolve_normalization(spec: DataSpec, raw: RawData, facts: DataFacts) -> tuple[str, Values, Values]:
    """Name, mean and deviation of the normalisation that the spec asks for.

    Raises SpecError when the spec's own numbers don't fit the channels.
    """
    channels = facts.image_shape[0]
    asked = spec.normalize
    if asked is None or asked.name == spec.name != raw.name:  # a fallback has statistics of its own
        mean, std = raw.statistics or (facts.channel_mean, facts.channel_std)
        return raw.name, mean, tuple(max(value, 1e-3) for value in std)
    if asked == UNCHANGED:
        return asked.name, asked.mean * channels, asked.std * channels
    if len(asked.mean) != channels:
        raise SpecError(
            f"data.normalize: {len(asked.mean)} means and deviations for images of {channels} channels",
            f"Give {channels} of each, on the scale from 0 to 1.",
        )
    return asked.name, asked.mean, asked.std


def gather_facts(
    raw: RawData,
    spec: DataSpec,
    train: RawSplit,
    test: RawSplit,
    digests: tuple[Digests, Digests],
    ids: tuple[LabelArray, LabelArray],
    augmentations: tuple[str, ...],
) -> DataFacts:
    """Everything the record says of the data, but for the normalisation."""
    height, width, channels = train.images.shape[1:]
    mean, std = channel_statistics(train.images if len(train.labels) else test.images)
    return DataFacts(
        name=raw.name,
        title=visible(raw.title) if isinstance(raw.title, str) else raw.title,
        description=as_note(raw.description),
        licence=raw.licence,
        citation=raw.citation,
        homepage=raw.homepage,
        classes=tuple(visible(name) for name in raw.classes),
        coarse_classes=tuple(visible(name) for name in raw.coarse_classes),
        image_shape=(channels, height, width),
        splits=list_splits(raw, train, test, ids),
        channel_mean=mean,
        channel_std=std,
        normalize_name="",
        normalize_mean=(),
        normalize_std=(),
        augment=augmentations,
        mixup=spec.mixup,
        duplicates=name_files(find_duplicates(*digests, ids), train, test, ids),
        digests=raw.digests,
        verified=raw.verified or not raw.published,
        published=raw.published,
        requested=spec.name,
        notes=raw.notes,
        left_out=raw.left_out[:MOST_LEFT_OUT],
        left_out_count=len(raw.left_out),
        test_files=test.files,
    )


def list_splits(raw: RawData, train: RawSplit, test: RawSplit, ids: tuple[LabelArray, LabelArray]) -> tuple[Split, ...]:
    """The splits that have images, with how many of each class."""
    kept = (("train", train, ids[0]), ("test", test, ids[1]))
    return tuple(
        Split(name=name, n=len(rows), available=split.available or len(rows), counts=counts(split, raw.classes))
        for name, split, rows in kept
        if len(rows)
    )


def name_files(found: Duplicates, train: RawSplit, test: RawSplit, ids: tuple[LabelArray, LabelArray]) -> Duplicates:
    """The duplicates with the names of the files of their examples, where images are files."""
    if not train.files or not test.files:
        return found
    names = {
        name: dict(zip(rows.tolist(), split.files, strict=True))
        for name, split, rows in (("train", train, ids[0]), ("test", test, ids[1]))
    }
    pairs = [(names[one][first], names[other][second]) for one, first, other, second in found.examples]
    return found.model_copy(update={"files": tuple(pairs)})


def counts(split: RawSplit, classes: tuple[str, ...]) -> tuple[int, ...]:
    """Images of each class."""
    return tuple(int(count) for count in np.bincount(split.labels, minlength=len(classes)))
