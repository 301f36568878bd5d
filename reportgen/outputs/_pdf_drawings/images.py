"""Pictures inside a drawing, in the document as their files hold them."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

from reportgen.outputs._pdf_drawings.paths import NotDrawn

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, PALETTE = 0, 2, 3
"""Colour types of PNG (ISO/IEC 15948, 11.2.2) that PDF has too."""


@dataclass(frozen=True)
class Raster:
    """A PNG whose compressed rows are also what PDF calls a picture (ISO 32000-1, 7.4.4.4): nothing is encoded again.

    Has what WeasyPrint asks of an image on its streams: `id` and `get_x_object`.
    """

    id: str
    width: int
    height: int
    bits: int
    kind: int
    palette: bytes
    rows: bytes

    def get_x_object(self, interpolate: bool, _ratio: float) -> Any:
        """The picture as an object of PDF."""
        import pydyf

        space: Any = {GREY: "/DeviceGray", COLOUR: "/DeviceRGB"}.get(self.kind)
        if space is None:
            colours = len(self.palette) // 3
            space = pydyf.Array(["/Indexed", "/DeviceRGB", colours - 1, f"<{self.palette.hex()}>"])
        rows = {"Predictor": 15, "Columns": self.width, "BitsPerComponent": self.bits}
        return pydyf.Stream(
            [self.rows],
            pydyf.Dictionary({
                "Type": "/XObject", "Subtype": "/Image", "Width": self.width, "Height": self.height,
                "ColorSpace": space, "BitsPerComponent": self.bits, "Interpolate": "true" if interpolate else "false",
                "Filter": "/FlateDecode",
                "DecodeParms": pydyf.Dictionary(rows | {"Colors": 3 if self.kind == COLOUR else 1}),
            }),
        )  # fmt: skip


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
