"""`data.channels`: colour images as grey ones, and grey ones as three equal channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.experiment.datasets.raw import ImageArray, RawData, RawSplit
from reportgen.record.message import N_, Message
from reportgen.spec.types import DataSpec

LUMA = np.array([299, 587, 114], np.uint32)
"""Thousandths of red, green and blue in the luma of ITU-R BT.601, as Pillow's mode L has them."""


def with_channels(raw: RawData, channels: int | None) -> RawData:
    """The data set with images of so many channels; its published statistics go where the channels change."""
    if channels is None or raw.train.images.shape[3] == channels:
        return raw
    train, test = (RawSplit(convert(split.images, channels), split.labels) for split in (raw.train, raw.test))
    return replace(raw, train=train, test=test, statistics=None)


def convert(images: ImageArray, channels: int) -> ImageArray:
    """Images (n, H, W, C) uint8 with 1 or 3 channels: the luma, rounded to the nearest; or three times the same."""
    if channels == 3:
        return np.ascontiguousarray(np.repeat(images[..., :1], 3, axis=3))
    grey = np.empty((*images.shape[:3], 1), np.uint8)
    for number, image in enumerate(images):  # one at a time: the whole in 32 bits is four times as much memory
        grey[number, ..., 0] = (image[..., :3].astype(np.uint32) @ LUMA + 500) // 1000
    return grey


def channel_notes(spec: DataSpec) -> tuple[Message, ...]:
    """What was done, for readers of the report."""
    if spec.channels == 1:
        return (
            N_(
                "The model sees images of one channel: the luma of ITU-R BT.601, 0.299 red + 0.587 green + 0.114 blue, "
                "rounded to the nearest of 256 values; grey images as they are."
            ),
        )
    if spec.channels == 3:
        return (N_("The model sees images of three channels; grey images have their channel three times."),)
    return ()
