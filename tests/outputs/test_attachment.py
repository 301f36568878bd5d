"""The record as a PDF carries it: what fits, what is left out, and what the report shows is never."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from reportgen.metrics.selection import select
from reportgen.outputs._attachment import pack_small
from reportgen.record.archive import unpack_files
from reportgen.record.run import RunRecord
from reportgen.record.store import FILES, decode
from reportgen.record.subject import Subject
from tests.comparison.cases import judged
from tests.report.sections.cases import change
from tests.support.records import presented

WHERE = Path("somewhere.zip")


def unpack(packed: bytes) -> Subject:
    return decode(unpack_files(packed, WHERE), WHERE).subject


def noisy_images(record: RunRecord, side: int = 32) -> RunRecord:
    """The record with images that no packing makes smaller."""
    images = np.random.default_rng(0).integers(0, 256, (600, side, side, 3), dtype=np.uint8)
    return change(record, arrays={"images": images})


def test_what_fits_is_packed_as_it_is(record: RunRecord) -> None:
    subject = judged(record, record)
    packed = pack_small(subject, 10**9)
    assert packed is not None
    assert unpack(packed) == subject
    with zipfile.ZipFile(io.BytesIO(packed)) as found:
        assert found.namelist() == sorted(FILES, reverse=True)


def test_what_does_not_fit_loses_images_that_the_report_does_not_show(record: RunRecord) -> None:
    heavy = noisy_images(record)
    packed = pack_small(presented(heavy), 900_000)
    assert packed is not None
    assert len(packed) <= 900_000
    again = unpack(packed).record
    kept = set(again.arrays["images.ids"].tolist())
    assert 100 < len(kept) < 600
    assert set(select(record.arrays["eval.logits"], record.arrays["eval.labels"], record.temperature).positions) <= kept
    for index, image in zip(again.arrays["images.ids"], again.arrays["images"], strict=True):
        assert np.array_equal(image, heavy.arrays["images"][index])
    assert again.model_copy(update={"arrays": heavy.arrays}) == heavy
    assert pack_small(presented(again), 900_000) == packed
    assert pack_small(presented(heavy), 900_000) == packed


def test_the_images_left_out_are_those_with_the_largest_digests(record: RunRecord) -> None:
    heavy, digests = noisy_images(record), record.arrays["eval.digests"]
    shown = set(select(record.arrays["eval.logits"], record.arrays["eval.labels"], record.temperature).positions)
    packed = pack_small(presented(heavy), 900_000)
    assert packed is not None
    kept = set(unpack(packed).record.arrays["images.ids"].tolist()) - shown
    left_out = set(range(600)) - kept - shown
    assert max(digests[row] for row in kept) < min(digests[row] for row in left_out)


@pytest.mark.slow
def test_large_images_become_as_small_as_the_report_shows_them(record: RunRecord) -> None:
    packed = pack_small(presented(noisy_images(change(record, arrays={}), 128)), 4_000_000)
    assert packed is not None
    assert unpack(packed).record.arrays["images"].shape[1:] == (64, 64, 3)


def test_what_can_not_fit_is_not_packed(record: RunRecord) -> None:
    assert pack_small(presented(record), 10_000) is None
    none = change(record, arrays={"images": np.zeros((0, 8, 8, 3), np.uint8), "images.ids": np.zeros(0, np.int64)})
    assert pack_small(presented(none), 10_000) is None
