"""Where a record can be read from: its folder, a report's folder, a report's PDF with the record inside, or a zip."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import RecordError
from reportgen.record.archive import PACKED_FILE, unpack_files
from reportgen.record.store import ARRAYS_FILE, FILES, RECORD_FILE, Stored, decode, load_stored, read_bytes
from reportgen.system.files import is_folder, is_regular, is_shut_off
from reportgen.system.transaction import BETWEEN_READINGS, COMMIT, READINGS, read_decided
from reportgen.system.workspace import newest_kept
from reportgen.text.shorten import shorten_middle

if TYPE_CHECKING:
    from pypdf import PdfReader

RECORD = "record"
"""The record's folder inside a report's."""
LONGEST = 100
"""Characters of a path that a message repeats."""
HINT = "Give a report's folder, the record/ inside it, or a report.pdf that was made with its record attached."


@dataclass(frozen=True)
class Source:
    """A record that was found and not yet read whole."""

    path: Path
    """Its folder, or the PDF or zip that holds it."""
    name: str
    """What people would call it: the name of the report's folder or of the file."""
    files: dict[str, bytes] | None
    """Its files where they are taken from a PDF or zip; None where they are in a folder."""

    @property
    def digest(self) -> str:
        """sha256 of record.json, which holds that of the arrays. Raises RecordError when it can't be read."""
        content = read_bytes(self.path / RECORD_FILE) if self.files is None else self.files.get(RECORD_FILE, b"")
        return hashlib.sha256(content).hexdigest()

    def load(self) -> Stored:
        """The record with what lies beside it. Raises RecordError when it is damaged or of a newer format."""
        if self.files is not None:
            return decode(self.files, self.path)
        for _attempt in range(READINGS):
            before = seen(self.path)
            try:
                return load_stored(self.path)
            except RecordError:
                if seen(self.path) == before:  # nobody is replacing it
                    raise
                time.sleep(BETWEEN_READINGS)
        return load_stored(self.path)


def seen(folder: Path) -> list[tuple[int, int] | None]:
    """What the system says of a record's files, by which a replacement shows."""
    return [state(folder / name) for name in (RECORD_FILE, ARRAYS_FILE)]


def state(path: Path) -> tuple[int, int] | None:
    """Number and time of change of a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def find_source(path: Path) -> Source:
    """The record at a path; in a folder without a report, what an interrupted build kept there.

    Raises RecordError where there is none: no such file or folder, a folder without one, a PDF made without.
    """
    decided = find_decided(path)
    if decided is not None:
        return decided
    for folder in (path, path / RECORD):
        if is_regular(folder / RECORD_FILE):
            home = folder.parent if folder.name == RECORD else folder
            return Source(folder, home.resolve().name, None)
    for file in (path, path / "report.pdf", path / PACKED_FILE):
        if is_regular(file):
            return read_file(file)
    if any(is_shut_off(folder / RECORD_FILE) for folder in (path, path / RECORD)):
        message = f"what lies in {name_path(path)} can't be read: there is no permission to enter a folder"
        raise RecordError(message, "Check the permissions of the report's folder and of record/ in it.")
    kept = newest_kept(path)
    if kept is not None and is_regular(kept / RECORD_FILE):
        return Source(kept, path.resolve().name, None)
    raise RecordError(
        f"there is no record in {name_path(path)}" if is_there(path) else f"there is no {name_path(path)}", HINT
    )


def is_there(path: Path) -> bool:
    """Whether anything is at a path; the system may refuse even to look."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def name_path(path: Path) -> str:
    """A path as a message repeats it."""
    return shorten_middle(str(path), LONGEST)


def find_decided(path: Path) -> Source | None:
    """The record of a report that is being moved in, or was when its build was cut off: the new one, which is decided.

    None where no such commit is in the folder. Raises RecordError for one that is in pieces.
    """
    home = path.absolute().parent if path.name == RECORD else path.absolute()
    if not is_folder(home / COMMIT):
        return None
    names = [f"{RECORD}/{name}" for name in FILES]
    try:
        files = read_decided(home, names)
    except OSError as error:
        raise RecordError(str(error), "Build it again, or take the report from a copy.") from error
    if files is None or f"{RECORD}/{RECORD_FILE}" not in files:
        return None
    folder = path if path.name == RECORD else path / RECORD
    return Source(folder, home.resolve().name, {name.rpartition("/")[2]: data for name, data in files.items()})


def read_file(path: Path) -> Source:
    """The record inside a PDF or a zip; raises RecordError."""
    data = read_bytes(path)
    is_pdf = data[:1024].lstrip().startswith(b"%PDF-")
    if not is_pdf and not data.startswith(b"PK"):
        what = "neither a PDF nor a record.zip" if data else "empty"
        raise RecordError(f"{path} is {what}, so there is no record in it", HINT)
    packed = attachment(data, path) if is_pdf else data
    files = unpack_files(packed, path)
    if not {RECORD_FILE, ARRAYS_FILE} <= set(files):
        raise RecordError(f"there is no record in {path}", HINT)
    name = path.resolve().parent.name if path.stem in ("report", "record") else path.stem
    return Source(path, name, files)


def attachment(document: bytes, path: Path) -> bytes:
    """The packed record attached to a PDF. Raises RecordError when it has none, or when it is no PDF after all."""
    try:
        reader = open_document(document)
        locked = reader.is_encrypted and not reader.decrypt("")  # with an empty password anybody may read
        found = None if locked else reader.attachments.get(PACKED_FILE)
    except Exception as error:  # pypdf raises whatever a damaged file makes its parts raise
        message = f"{path} can't be read as a PDF: {type(error).__name__}: {error}"
        raise RecordError(message, "Take it from a copy.") from error
    if locked:
        raise RecordError(f"{path} is encrypted and opens with a password alone", "Save it without one.")
    if found and any(other != found[0] for other in found[1:]):
        hint = "Take it from a copy, or give the report's folder."
        raise RecordError(f"{path} holds {len(found)} different records under one name", hint)
    if not found:
        hint = "Build it with report: {attach_record: true}, or give the report's folder."
        raise RecordError(f"{path} has no record inside", hint)
    return found[0]


def open_document(document: bytes) -> PdfReader:
    """A PDF to read from. Raises whatever pypdf raises for a damaged one."""
    import io
    import logging

    from pypdf import PdfReader  # a sixth of a second that only such a source needs

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is wrong is said by who asked for the record

    return PdfReader(io.BytesIO(document))
