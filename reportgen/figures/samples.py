"""A few images of the data, as they are and as the model sees them: one mosaic, drawn once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.figures._style import shorten
from reportgen.plugins import FigureKind
from reportgen.record.images import encode_png, thumbnail
from reportgen.record.probes.sampling import count_turns
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import FULL
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext, with_note

COLUMNS = 10
MOST = 30
GAP = 8
"""Pixels of the file between two images; the file has twice the pixels of the page."""

ImageArray = NDArray[np.uint8]


def mosaic(images: ImageArray) -> ImageArray:
    """Images (n, H, W, C) as one (height, width, C), COLUMNS a row, enlarged by whole factors, on white.

    As wide as the text at two pixels of the file for one of the page, or a little less.
    """
    small = np.stack([thumbnail(image) for image in images])
    count, height, width, channels = small.shape
    side = (2 * FULL - GAP * (COLUMNS - 1)) // COLUMNS
    factor = max(1, side // max(height, width))
    big = small.repeat(factor, axis=1).repeat(factor, axis=2)
    tall, wide = height * factor + GAP, width * factor + GAP
    rows = -(-count // COLUMNS)
    sheet = np.full((rows * tall - GAP, min(count, COLUMNS) * wide - GAP, channels), 255, dtype=np.uint8)
    for index, image in enumerate(big):
        top, left = index // COLUMNS * tall, index % COLUMNS * wide
        sheet[top : top + tall - GAP, left : left + wide - GAP] = image
    return sheet


def order(record: RunRecord, count: int) -> NDArray[np.intp]:
    """Places (shown,) of at most MOST images, by turns from each class, in the order of the classes."""
    labels = np.asarray(record.arrays.get("sample.labels", np.zeros(count)), dtype=np.int64)[:count]
    first = np.argsort(count_turns(labels), kind="stable")[:MOST]
    return first[np.argsort(labels[first], kind="stable")]


def draw_mosaic(record: RunRecord, name: str, key: str, title: str, caption: str) -> FigureFile | Skipped:
    """The images of one array of the record."""
    images = np.asarray(record.arrays.get(key, ()))
    if not images.size:
        return Skipped(name, title, _("The record holds no such images."))
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3):
        return Skipped(name, title, _("The record's images are in a format that can't be shown."))
    shown = order(record, len(images))
    sheet = mosaic(images[shown])
    height, width = sheet.shape[0] // 2, sheet.shape[1] // 2
    told = join_sentences([caption, names(record, shown)])
    alt = join_sentences([ngettext("{count} image.", "{count} images.", len(shown)), told])
    return FigureFile(name, "image/png", encode_png(sheet), width, height, title, told, alt)


def names(record: RunRecord, shown: NDArray[np.intp]) -> str:
    """The classes of the images in their order, each with how many there are of it."""
    if "sample.labels" not in record.arrays:
        return ""
    labels, classes = np.asarray(record.arrays["sample.labels"])[shown], record.data.classes
    found, counts = np.unique(labels, return_counts=True)
    known = [(shorten(classes[label], 40, classes), count) for label, count in zip(found, counts, strict=True)]
    if len(set(counts.tolist())) == 1:
        listed = join_terms([name for name, _unused in known])
        return ngettext(
            "In rows from the left, {count} of each: {names}.",
            "In rows from the left, {count} of each: {names}.",
            int(counts[0]),
            names=listed,
        )
    return _(
        "In rows from the left: {names}.", names=join_terms([with_note(name, str(count)) for name, count in known])
    )


def draw_raw(subject: Subject) -> FigureFile | Skipped:
    """Training images as the files hold them."""
    record = subject.record
    caption = _("Training images without augmentation, enlarged without smoothing.")
    return draw_mosaic(record, "sample_raw", "sample.raw", _("Original images"), caption)


def draw_augmented(subject: Subject) -> FigureFile | Skipped:
    """The same images after augmentation."""
    record = subject.record
    title = _("Images as the model sees them")
    if record.data.augment and record.training is None:
        kinds = join_terms(record.data.augment)
        caption = _("The same images as training would show them ({kinds}); this run only evaluates.", kinds=kinds)
    elif record.data.augment:
        kinds = join_terms(record.data.augment)
        caption = _("The same images as the model sees them in training ({kinds}).", kinds=kinds)
    else:
        caption = _("The same images as the model sees them; nothing is augmented.")
    if record.data.mixup is not None:
        mixed = _("Batches are mixed after that (mixup), which is not shown.")
        caption = join_sentences([caption, mixed])
    return draw_mosaic(record, "sample_augmented", "sample.augmented", title, caption)


FIGURES = (FigureKind("sample_raw", draw_raw), FigureKind("sample_augmented", draw_augmented))
