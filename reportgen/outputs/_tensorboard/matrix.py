"""The confusion matrix as an image of pixels, for viewers that show nothing else."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reportgen.text import numerals
from reportgen.text.i18n import _

INK, MUTED, PAPER, DIAGONAL = (27, 30, 35), (90, 98, 110), (255, 255, 255), (238, 240, 242)
ERRORS = np.array([PAPER, (243, 192, 150), (179, 74, 0)], dtype=np.float64)
"""The colours of the report's own matrix: errors in one hue by their share of the row."""
SIDE, LARGEST = 760, 56
"""Pixels: of the whole matrix at most, and of a cell at most."""
NUMBERED, NAMED = 20, 60
"""Classes up to which counts, and names, are written."""
LONGEST_NAME = 14
LETTER = 13
DARK = 0.7
"""Depth from which on numbers are white."""


def draw_matrix(counts: NDArray[np.int64], names: Sequence[str]) -> tuple[bytes, tuple[int, int]]:
    """PNG of a confusion matrix (classes, classes), rows the true classes; and its width and height.

    Names that the font can't write stand as their numbers.
    """
    classes = len(counts)
    cell = max(2, min(LARGEST, SIDE // classes))
    font = ImageFont.load_default(LETTER)
    labels = [label(name, place) for place, name in enumerate(names)] if classes <= NAMED else []
    margin = 12 + int(max((font.getlength(text) for text in labels), default=0))
    head = 3 * LETTER
    side = classes * cell
    heading = _("rows: true class; columns: predicted; errors by their share of the row")
    wide = margin + max(side, int(font.getlength(heading))) + 12
    image = Image.new("RGB", (wide, head + side + (margin if labels else 12)), PAPER)
    depth = error_depth(counts)
    pixels = np.kron(colours(depth), np.ones((cell, cell, 1))).round().astype(np.uint8)
    image.paste(Image.fromarray(pixels), (margin, head))
    pen = ImageDraw.Draw(image)
    pen.text((margin, 8), heading, MUTED, font)
    for place, text in enumerate(labels):
        middle = head + (place + 0.5) * cell
        pen.text((margin - 6, middle), text, INK, font, anchor="rm")
        write_turned(image, text, (int(margin + (place + 0.5) * cell), head + side + 6), font)
    if classes <= NUMBERED:
        for row, column in zip(*np.nonzero(counts), strict=True):
            at = (margin + (column + 0.5) * cell, head + (row + 0.5) * cell)
            ink = PAPER if depth[row, column] > DARK else INK
            pen.text(at, numerals.count(float(counts[row, column])), ink, font, anchor="mm")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue(), image.size


def label(name: str, place: int) -> str:
    """The name of a class, shortened; its number where the font has no letters for it."""
    plain = name.isascii() and name.isprintable() and name.strip()
    if not plain:
        return _("class {number}", number=place)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def error_depth(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(classes, classes), 0 to 1: the share of errors in their row against the largest; 0 on the diagonal."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(share, 0)
    depth: NDArray[np.float64] = share / max(float(share.max()), 1e-9)
    return depth


def colours(depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """(classes, classes, 3): the diagonal in grey, errors the darker the deeper."""
    scale = np.linspace(0, 1, len(ERRORS))
    painted = np.stack([np.interp(depth, scale, channel) for channel in ERRORS.T], axis=2)
    np.einsum("iij->ij", painted)[:] = DIAGONAL
    return painted


def write_turned(
    image: Image.Image, text: str, at: tuple[int, int], font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> None:
    """A text from top to bottom, its middle at `at`."""
    strip = Image.new("RGB", (int(font.getlength(text)) + 2, LETTER + 6), PAPER)
    ImageDraw.Draw(strip).text((0, strip.height / 2), text, INK, font, anchor="lm")
    image.paste(strip.rotate(-90, expand=True), (at[0] - strip.height // 2, at[1]))
