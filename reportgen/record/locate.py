"""Where a record can be read from: its folder, a report's folder, a report's PDF with the record inside, or a zip."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import RecordError
from reportgen.record.archive import PACKED_FILE, unpack_files
from reportgen.record.store import ARRAYS_FILE, RECORD_FILE, Stored, decode, load_stored, read_bytes

RECORD = "record"
"""The record's folder inside a report's."""
HINT = "Give a report's folder, the record/ inside it, or a report.pdf that was made with its record attached."


@dataclass(frozen=True)
class Source:
    """A record that was found and not yet read whole."""

    path: Path
    """Its folder, or the PDF or zip that holds it."""
    name: str
    """What people would call it: the name of the report's folder or of the file."""
    files: dict[str, bytes] | None
    """Its files where they came out of a PDF or zip; None where they are in a folder."""

    @property
    def digest(self) -> str:
        """sha256 of record.json, which holds that of the arrays. Raises RecordError when it can't be read."""
        content = read_bytes(self.path / RECORD_FILE) if self.files is None else self.files.get(RECORD_FILE, b"")
        return hashlib.sha256(content).hexdigest()

    def load(self) -> Stored:
        """The record with what lies beside it. Raises RecordError when it is damaged or of a newer format."""
        return load_stored(self.path) if self.files is None else decode(self.files, self.path)


def find_source(path: Path) -> Source:
    """The record at a path.

    Raises RecordError where there is none: no such file or folder, a folder without one, a PDF made without.
    """
    for folder in (path, path / RECORD):
        if (folder / RECORD_FILE).is_file():
            home = folder.parent if folder.name == RECORD else folder
            return Source(folder, home.resolve().name, None)
    for file in (path, path / "report.pdf", path / PACKED_FILE):
        if file.is_file():
            return read_file(file)
    what = f"there is no record in {path}" if path.exists() else f"there is no {path}"
    raise RecordError(what, HINT)


def read_file(path: Path) -> Source:
    """The record inside a PDF or a zip."""
    data = read_bytes(path)
    packed = attachment(data, path) if data[:1024].lstrip().startswith(b"%PDF-") else data
    files = unpack_files(packed, path)
    if not {RECORD_FILE, ARRAYS_FILE} <= set(files):
        raise RecordError(f"there is no record in {path}", HINT)
    name = path.resolve().parent.name if path.stem in ("report", "record") else path.stem
    return Source(path, name, files)


def attachment(document: bytes, path: Path) -> bytes:
    """The packed record attached to a PDF. Raises RecordError when it has none, or when it is no PDF after all."""
    import io

    from pypdf import PdfReader  # a sixth of a second that only such a source needs

    try:
        found = PdfReader(io.BytesIO(document)).attachments.get(PACKED_FILE)
    except Exception as error:  # pypdf raises whatever a damaged file makes its parts raise
        message = f"{path} can't be read as a PDF: {type(error).__name__}: {error}"
        raise RecordError(message, "Take it from a copy.") from error
    if not found:
        hint = "Build it with report: {attach_record: true}, or give the report's folder."
        raise RecordError(f"{path} has no record inside", hint)
    return found[0]
