"""The record as the PDF carries it: at most so many bytes, nothing that the report shows left out."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.selection import select
from reportgen.record.archive import pack_files
from reportgen.record.arrays import Arrays
from reportgen.record.images import thumbnail
from reportgen.record.run import RunRecord
from reportgen.record.store import encode_beside, encode_record
from reportgen.record.subject import Subject

MOST_BYTES = 1_500_000
"""Of the packed record in a PDF, which may have 3 MB with it."""
HEADROOM = 0.97
"""Of the bytes left for images, whose size together is estimated."""


def pack_small(subject: Subject, most: int = MOST_BYTES) -> bytes | None:
    """The packed record with what lies beside it, in at most `most` bytes, or None where even the smallest is larger.

    Nothing that the report shows is left out. Where it is needed, images are as small as the report shows them, and
    of the wrong predictions that it does not show only as many are kept as fit, those with the smallest digests, so
    that two records still keep the same ones.
    """
    record, beside = subject.record, encode_beside(subject)
    packed = pack_files(encode_record(record) | beside)
    if len(packed) <= most:
        return packed
    if "images" not in record.arrays or not len(record.arrays["images"]):
        return None
    small = with_images(record, np.arange(len(record.arrays["images"])))
    order, needed = by_need(small)
    number = len(order)
    while True:
        packed = pack_files(encode_record(with_images(small, np.sort(order[:number]))) | beside)
        if len(packed) <= most:
            return packed
        if number <= needed:
            return None
        number = max(needed, number - images_over(small, number, len(packed) - most))


def with_images(record: RunRecord, rows: np.ndarray) -> RunRecord:
    """The record with these of its images alone, as small as a report shows them."""
    small_images = [thumbnail(record.arrays["images"][int(row)]) for row in rows]
    shape = record.arrays["images"].shape[1:]
    kept = {
        "images": np.stack(small_images) if small_images else np.zeros((0, *shape), np.uint8),
        "images.ids": record.arrays["images.ids"][rows],
    }
    data = record.data
    if data.test_files:
        held = set(kept["images.ids"].tolist())
        pairs = zip(record.arrays["eval.ids"].tolist(), data.test_files, strict=True)
        data = data.model_copy(update={"test_files": tuple(file if index in held else "" for index, file in pairs)})
    return record.model_copy(update={"data": data, "arrays": Arrays({**record.arrays, **kept})})


def by_need(record: RunRecord) -> tuple[np.ndarray, int]:
    """The rows (images,), those that the report shows first, then by digest; and how many are shown."""
    arrays = record.arrays
    shown = select(arrays["eval.logits"], arrays["eval.labels"], record.temperature).positions
    digest_of = dict(zip(arrays["eval.ids"].tolist(), arrays["eval.digests"].tolist(), strict=True))
    ids = arrays["images.ids"].tolist()
    first = {int(arrays["eval.ids"][row]) for row in shown}
    order = sorted(range(len(ids)), key=lambda row: (ids[row] not in first, digest_of.get(ids[row], 0), ids[row]))
    return np.array(order, np.int64), sum(index in first for index in ids)


def images_over(record: RunRecord, number: int, excess: int) -> int:
    """About how many of so many images weigh as much as the excess, at least one."""
    sample = record.arrays["images"][:32]
    each = len(zipped(sample.tobytes())) / len(sample)
    return min(number, max(1, round(excess / each / HEADROOM)))


def zipped(data: bytes) -> bytes:
    """The data as a zip would hold it."""
    import zlib

    return zlib.compress(data, 9)
