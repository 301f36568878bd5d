"""Images as PNG: the few images that a report shows, as bytes that are the same on every run."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LARGEST_SIDE = 64
"""Pixels. A card shows an image about that large, so a larger one would only weigh more."""


def encode_png(image: NDArray[np.uint8], scale: int = 1) -> bytes:
    """PNG of a uint8 image (H, W, 3), or (H, W, 1) in grey, enlarged `scale` times by nearest neighbour.

    Raises ValueError for an array of another shape or type.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (1, 3) or not image.size:
        raise ValueError(f"an image is uint8 (H, W, 3), this is {image.dtype} {image.shape}")
    enlarged = flat(image).repeat(scale, axis=0).repeat(scale, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(enlarged).save(buffer, "PNG", compress_level=6)  # level 9: ten times as long, 1 % smaller
    return buffer.getvalue()


def encode_few(image: NDArray[np.uint8], colours: int = 64, scale: int = 1) -> bytes:
    """PNG of a uint8 image (H, W, 3) or (H, W, 1) with at most so many colours of its own: a third of the bytes.

    Median cut (Heckbert 1982) without dithering; enlarged `scale` times by nearest neighbour.
    """
    drawn = Image.fromarray(flat(image)).convert("RGB")
    reduced = drawn.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.array(reduced.getpalette(), dtype=np.uint8).reshape(-1, 3)
    return encode_indexed(np.asarray(reduced, dtype=np.uint8), palette, scale)


def encode_indexed(indices: NDArray[np.uint8], palette: NDArray[np.uint8], scale: int = 1) -> bytes:
    """PNG of rows of a palette (colours, 3), as indices (H, W), enlarged `scale` times by nearest neighbour."""
    drawn = Image.fromarray(indices.repeat(scale, axis=0).repeat(scale, axis=1))
    drawn.putpalette(palette.ravel().tolist())
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG", compress_level=9)
    return buffer.getvalue()


def enlarge_png(data: bytes, scale: int) -> bytes:
    """The image of a PNG enlarged `scale` times by nearest neighbour, for where a viewer would smooth it."""
    pixels = np.asarray(Image.open(io.BytesIO(data)), dtype=np.uint8)
    return encode_png(pixels if pixels.ndim == 3 else pixels[:, :, None], scale)


def thumbnail(image: NDArray[np.uint8], largest_side: int = LARGEST_SIDE) -> NDArray[np.uint8]:
    """The image (H, W, C), or averaged over square blocks until its longer side is at most `largest_side` pixels."""
    factor = -(-max(image.shape[:2]) // largest_side)
    if factor <= 1:
        return image
    drawn = Image.fromarray(flat(image))
    reduced = np.asarray(drawn.reduce(factor), dtype=np.uint8)
    return reduced.reshape(*reduced.shape[:2], image.shape[2])


def smooth(values: NDArray[np.floating], height: int, width: int) -> NDArray[np.float32]:
    """A map (h, w) at another size, bilinear between the centres of its cells."""
    drawn = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(drawn.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)


def flat(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels as Pillow takes them: (H, W, 3), or (H, W) in grey."""
    return np.ascontiguousarray(image[:, :, 0] if image.shape[2] == 1 else image)
