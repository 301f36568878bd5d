"""A record as one file, `record.zip`, small enough to travel inside a report's PDF."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from reportgen.errors import RecordError
from reportgen.record.store import FILES

PACKED_FILE = "record.zip"
FEW = 50_000_000
"""Bytes that any record may have."""
MOST_RATIO = 50
"""How many times its size a packed record may unpack to beyond that; ours come to less than ten."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can state; the record has its own dates."""


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """A record's files in a zip that anything can open; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, data in sorted(files.items(), reverse=True):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            packed.writestr(entry, data)
    return buffer.getvalue()


def unpack_files(packed: bytes, where: Path) -> dict[str, bytes]:
    """The record's files in a zip, by name; `where` is how messages name it. Raises RecordError when it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as found:
            entries = [entry for entry in found.infolist() if entry.filename in FILES]
            names = [entry.filename for entry in entries]
            if len(set(names)) < len(names):
                raise RecordError(f"{where} is not a record: it holds a file twice", "Take the record from a copy.")
            if sum(entry.file_size for entry in entries) > max(FEW, MOST_RATIO * len(packed)):
                raise RecordError(
                    f"{where} is not a record: its files would be far larger than it", "Take the record from a copy."
                )
            return {entry.filename: found.read(entry) for entry in entries}
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, zlib.error) as error:
        raise RecordError(f"{where} is damaged: {error}", "Take the record from a copy.") from error
