"""Images as PNG: read back by Pillow, pixel for pixel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reportgen.record.images import encode_few, encode_indexed, encode_png, enlarge_png, smooth, thumbnail

RNG = np.random.default_rng(3)
PHOTO = RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8)


def decode(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_png_reads_back_to_the_same_pixels() -> None:
    assert np.array_equal(decode(encode_png(PHOTO)), PHOTO)


def test_enlarging_repeats_each_pixel() -> None:
    assert np.array_equal(decode(encode_png(PHOTO, 3)), np.kron(PHOTO, np.ones((3, 3, 1), np.uint8)))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_is_enlarged_as_its_image_would_be(channels: int) -> None:
    image = PHOTO[:, :, :channels]
    assert enlarge_png(encode_png(image), 3) == encode_png(image, 3)


def test_grey_image_is_a_grey_png() -> None:
    assert np.array_equal(decode(encode_png(PHOTO[:, :, :1])), PHOTO[:, :, 0])


def test_read_only_and_strided_arrays_are_taken() -> None:
    view = PHOTO[::2, ::-1]
    view.flags.writeable = False
    assert np.array_equal(decode(encode_png(view)), view)


@pytest.mark.parametrize("bad", [PHOTO.astype(float), PHOTO[:, :, 0], PHOTO[:, :, :2], PHOTO[:0]])
def test_anything_else_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="an image is uint8"):
        encode_png(bad)


def test_small_images_are_left_alone() -> None:
    assert thumbnail(PHOTO) is PHOTO


def test_large_images_become_block_means() -> None:
    large = RNG.integers(0, 256, (128, 256, 3), dtype=np.uint8)
    small = thumbnail(large)
    blocks = large.reshape(32, 4, 64, 4, 3).mean(axis=(1, 3))
    assert small.shape == (32, 64, 3)
    assert np.abs(small - blocks).max() <= 1


def test_thumbnail_of_an_odd_size_fits() -> None:
    assert max(thumbnail(np.zeros((1, 1001, 1), np.uint8)).shape[:2]) <= 64


def test_an_image_of_few_colours_is_nearly_the_same_in_a_third_of_the_bytes() -> None:
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 255, 32)
    image = np.stack([np.add.outer(ramp, ramp) / 2, np.tile(ramp, (32, 1)), np.full((32, 32), 90.0)], -1)
    image = np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)
    few = encode_few(image)
    pixels = np.asarray(Image.open(io.BytesIO(few)).convert("RGB")).astype(int)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) <= 64
    assert np.abs(pixels - image).mean() < 12
    assert len(few) < 0.5 * len(encode_png(image))
    assert encode_few(image) == few


def test_two_colours_and_grey_survive_the_reduction() -> None:
    image = np.zeros((4, 4, 1), np.uint8)
    image[0, 0] = 255
    pixels = np.asarray(Image.open(io.BytesIO(encode_few(image, scale=2))).convert("L"))
    assert pixels.shape == (8, 8)
    assert (pixels[:2, :2] == 255).all()
    assert pixels.sum() == 4 * 255


def test_indices_become_rows_of_the_palette() -> None:
    palette = np.array([[0, 0, 0], [10, 20, 30], [255, 0, 0]], np.uint8)
    indices = np.array([[0, 1], [2, 1]], np.uint8)
    pixels = np.asarray(Image.open(io.BytesIO(encode_indexed(indices, palette, 3))).convert("RGB"))
    assert np.array_equal(pixels, palette[indices].repeat(3, 0).repeat(3, 1))


def test_a_map_is_interpolated_between_the_centres_of_its_cells() -> None:
    values = np.array([[0.0, 1.0], [2.0, 3.0]])
    found = smooth(values, 8, 8)
    assert found[0, 0] == 0.0
    assert found[7, 7] == 3.0
    at = np.clip((np.arange(8) + 0.5) / 4 - 0.5, 0, 1)
    np.testing.assert_allclose(found, at[None] + 2 * at[:, None], atol=1e-6)
