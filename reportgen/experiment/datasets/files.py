"""Where data sets' files are looked for and kept, without torch."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from reportgen.errors import DataError
from reportgen.record.message import Message
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import DataSpec
from reportgen.system.cache import cache_path
from reportgen.system.files import is_regular


@dataclass(frozen=True)
class Archive:
    """A published tar.gz and who has the same bytes."""

    title: str
    """The data set as people write it."""
    urls: tuple[str, ...]
    """Its own server, then mirrors. None is trusted: what counts are the digests."""
    variable: str
    """The environment variable that names sources of the user's own, which are tried first."""
    size: int
    """Bytes."""
    md5: str
    sha256: str
    folder: str
    """The folder inside it that holds the files."""
    files: tuple[str, ...]


class NotAvailable(DataError):
    """Data that is missing, incomplete or damaged, with the reason as a record keeps it where other data stand in."""

    def __init__(self, reason: Message, hint: str) -> None:
        super().__init__(reason.text, hint)
        self.reason = reason


def search_folders(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...]:
    """Where a data set is looked for, first come first: the spec, the command line, $REPORTGEN_DATA, the cache."""
    folders = [resolve_path(spec.root, base)] if spec.root is not None else []
    folders += [data_root] if data_root is not None else []
    folders += [Path(os.environ["REPORTGEN_DATA"])] if os.environ.get("REPORTGEN_DATA") else []
    return (*folders, cache_folder())


def archive_places(archive: Archive, spec: DataSpec, data_root: Path | None, base: Path) -> list[Path]:
    """The files called as the archive where it is looked for, the file that is given itself included."""
    name = Path(urlsplit(archive.urls[0]).path).name
    folders = search_folders(spec, data_root, base)
    places = (place for folder in folders for place in ([folder] if folder.name == name else []) + [folder / name])
    return [place for place in places if is_regular(place)]


def find_archive(archive: Archive, spec: DataSpec, data_root: Path | None, base: Path) -> Path | None:
    """The published archive itself, where somebody has put it without unpacking it; None where there is none."""
    for place in archive_places(archive, spec, data_root, base):
        with suppress(OSError):
            known = place.stat()
            if known.st_size == archive.size and digests_of(place, known.st_mtime_ns) == (archive.md5, archive.sha256):
                return place
    return None


@lru_cache(maxsize=8)
def digests_of(file: Path, _changed: int = 0) -> tuple[str, str]:
    """The md5 and the sha256 of a file; raises OSError."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(1 << 20):
            md5.update(chunk)
            sha256.update(chunk)
    return md5.hexdigest(), sha256.hexdigest()


def cache_folder() -> Path:
    """Where downloads are kept for this user."""
    return cache_path("data")


def advise(archive: Archive) -> str:
    """All that can be done where an archive's files are not here: the hint of every error about them."""
    return (
        f"Download {archive.urls[0]} yourself, unpack it, and give its folder with --data-root, data.root or "
        f"REPORTGEN_DATA;\nor name sources of the same bytes in {archive.variable}, which are tried first, and the "
        f"least speed of a download in REPORTGEN_MIN_SPEED (200kB);\ndownloads are kept in {cache_folder()};\n"
        "or set data.fallback: digits."
    )
