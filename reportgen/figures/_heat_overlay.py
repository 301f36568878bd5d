"""A map over an image as indexed PNG: the image in grey, tinted where the map is high."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from reportgen.record.images import encode_indexed, smooth
from reportgen.report.style import ACCENT, INK, PAPER

ImageArray = NDArray[np.uint8]
GREYS = 16
HEATS = 6
"""Steps of the map; with GREYS of the image, a palette of 96."""
SHADES = 8
BRIGHTEST = 0.99
"""Quantile of the pixels that is drawn darkest: single pixels would leave the others white."""
LUMA = (0.2126, 0.7152, 0.0722)
"""Rec. 709."""


def positive_share(values: NDArray[Any]) -> NDArray[np.float32]:
    """The positive part of a map (H, W) as a share of its largest value; zeros where nothing is positive."""
    found = np.maximum(np.nan_to_num(np.asarray(values, np.float32)), 0)
    highest = float(found.max(initial=0))
    return np.asarray(found / (highest or 1.0), dtype=np.float32)


def heat_palette() -> NDArray[np.uint8]:
    """Colours (GREYS · HEATS, 3): grey of the image, lightened, going over into one hue with the map."""
    grey = np.linspace(0, 1, GREYS)[:, None, None]
    heat = np.linspace(0, 1, HEATS)[None, :, None]
    paper, hue = (np.array(to_rgb(colour))[None, None] for colour in (PAPER, ACCENT))
    calm = paper * (0.45 + 0.55 * grey)
    warm = hue * (0.5 + 0.5 * grey) + paper * 0.35 * grey
    mixed = calm * (1 - 0.85 * heat) + warm * 0.85 * heat
    return (255 * np.clip(mixed, 0, 1)).round().astype(np.uint8).reshape(-1, 3)


def heat_png(image: ImageArray, values: NDArray[Any], scale: int = 1) -> bytes:
    """The positive part of a map (h, w), on its own scale, over an image (H, W, C)."""
    height, width, channels = image.shape
    luma = image.astype(np.float32) @ np.array(LUMA, np.float32) if channels == 3 else image[:, :, 0]
    grey = np.round(luma / 255 * (GREYS - 1)).astype(np.uint8)
    heat = np.round(positive_share(smooth(np.nan_to_num(values), height, width)) * (HEATS - 1)).astype(np.uint8)
    return encode_indexed(grey * HEATS + heat, heat_palette(), scale)


def shade_png(values: NDArray[Any], scale: int = 1, low: str = PAPER, high: str = INK) -> bytes:
    """The positive part of a map (h, w) in shades from paper to ink, the highest hundredth of the pixels darkest."""
    found = positive_share(values)
    top = float(np.quantile(found, BRIGHTEST))
    level = np.clip(found / top, 0, 1) if top > 0 else found
    return encode_indexed(np.round(level * (SHADES - 1)).astype(np.uint8), ramp(low, high), scale)


def ramp(low: str, high: str, steps: int = SHADES) -> NDArray[np.uint8]:
    """Colours (steps, 3) from one to the other."""
    part = np.linspace(0, 1, steps)[:, None]
    mixed = np.array(to_rgb(low))[None] * (1 - part) + np.array(to_rgb(high))[None] * part
    return (255 * mixed).round().astype(np.uint8)
