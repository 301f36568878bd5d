"""Images inside a drawing, in the document as their files hold them."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from reportgen.outputs._pdf_drawings.paths import NotDrawn

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, PALETTE = 0, 2, 3
"""Colour types of PNG (ISO/IEC 15948, 11.2.2) that PDF has too."""


@dataclass(frozen=True)
class Raster:
    """A PNG whose compressed rows are also what PDF calls an image (ISO 32000-1, 7.4.4.4): nothing is encoded again."""

    id: str
    """The same for the same file."""
    width: int
    height: int
    bits: int
    kind: int
    """Colour type: GREY, COLOUR or PALETTE."""
    palette: bytes
    rows: bytes


def read_png(data: bytes) -> Raster:
    """A PNG without opacity and interlacing; raises NotDrawn for others and for what is none."""
    if not data.startswith(SIGNATURE):
        raise NotDrawn("no PNG")
    chunks: dict[bytes, bytes] = {}
    at = len(SIGNATURE)
    try:
        while at < len(data):
            size, name = struct.unpack_from(">I4s", data, at)
            chunks[name] = chunks.get(name, b"") + data[at + 8 : at + 8 + size]
            at += size + 12
        width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
        rows = chunks[b"IDAT"]
    except (struct.error, KeyError) as error:
        raise NotDrawn("damaged PNG") from error
    if kind not in (GREY, COLOUR, PALETTE) or bits > 8 or interlaced or b"tRNS" in chunks:
        raise NotDrawn(f"PNG of colour type {kind}, {bits} bits")
    palette = chunks.get(b"PLTE", b"") if kind == PALETTE else b""
    return Raster(hashlib.sha256(data).hexdigest()[:32], width, height, bits, kind, palette, rows)
