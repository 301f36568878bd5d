"""Pictures as PNG: read back by Pillow, pixel for pixel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reportgen.pictures import encode_png, enlarge_png, thumbnail

RNG = np.random.default_rng(3)
PHOTO = RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8)


def decode(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_png_reads_back_to_the_same_pixels() -> None:
    assert np.array_equal(decode(encode_png(PHOTO)), PHOTO)


def test_enlarging_repeats_each_pixel() -> None:
    assert np.array_equal(decode(encode_png(PHOTO, 3)), np.kron(PHOTO, np.ones((3, 3, 1), np.uint8)))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_is_enlarged_as_its_picture_would_be(channels: int) -> None:
    picture = PHOTO[:, :, :channels]
    assert enlarge_png(encode_png(picture), 3) == encode_png(picture, 3)


def test_grey_picture_is_a_grey_png() -> None:
    assert np.array_equal(decode(encode_png(PHOTO[:, :, :1])), PHOTO[:, :, 0])


def test_read_only_and_strided_arrays_are_taken() -> None:
    view = PHOTO[::2, ::-1]
    view.flags.writeable = False
    assert np.array_equal(decode(encode_png(view)), view)


@pytest.mark.parametrize("bad", [PHOTO.astype(float), PHOTO[:, :, 0], PHOTO[:, :, :2], PHOTO[:0]])
def test_anything_else_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a picture is uint8"):
        encode_png(bad)


def test_small_pictures_are_left_alone() -> None:
    assert thumbnail(PHOTO) is PHOTO


def test_large_pictures_become_block_means() -> None:
    large = RNG.integers(0, 256, (128, 256, 3), dtype=np.uint8)
    small = thumbnail(large)
    blocks = large.reshape(32, 4, 64, 4, 3).mean(axis=(1, 3))
    assert small.shape == (32, 64, 3)
    assert np.abs(small - blocks).max() <= 1


def test_thumbnail_of_an_odd_size_fits() -> None:
    assert max(thumbnail(np.zeros((1, 1001, 1), np.uint8)).shape[:2]) <= 64
