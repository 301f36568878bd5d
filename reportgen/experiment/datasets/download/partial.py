"""What of an archive is here already, and that it is the published one."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from reportgen.experiment.datasets.download.sources import Source
from reportgen.experiment.datasets.files import Archive, digests_of
from reportgen.record.message import N_, Message

PREFIX = ".fetch-"
"""Of everything in the cache that is not whole yet."""
LOCK = PREFIX + "lock"


class Partial:
    """What of an archive is here already."""

    def __init__(self, home: Path, archive: Archive) -> None:
        self.file = home / f"{PREFIX}{archive.folder}.part"
        self.fresh = home / f"{PREFIX}{archive.folder}.new"
        """What a source sends that begins at the beginning again; it replaces the other when it gets further."""
        self.tag = home / f"{PREFIX}{archive.folder}.json"
        self.archive = archive

    def size(self) -> int:
        """Bytes."""
        return bytes_of(self.file)

    def received(self) -> int:
        """Bytes that are here, those of a source that begins again included."""
        return self.size() + bytes_of(self.fresh)

    def etag_of(self, source: Source) -> str:
        """The version that this source said its bytes are of; "" when they came from another."""
        try:
            kept = json.loads(self.tag.read_text("utf-8"))
            return str(kept["etag"]) if kept["source"] == digest_of(source.url) else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def remember(self, source: Source, etag: str | None) -> None:
        """Keep what `etag_of` gives; weak tags don't promise the same bytes."""
        usable = etag if etag and etag.startswith('"') and etag.isascii() and etag.isprintable() else ""
        self.tag.write_text(json.dumps({"source": digest_of(source.url), "etag": usable}), "utf-8")

    def keep_longer(self) -> bool:
        """Of two beginnings the longer one; whether that is the fresh one."""
        longer = self.fresh.is_file() and self.fresh.stat().st_size > self.size()
        if longer:
            self.fresh.replace(self.file)
        self.fresh.unlink(missing_ok=True)
        return longer

    def drop(self) -> None:
        """Remove all of it."""
        for path in (self.file, self.fresh, self.tag):
            path.unlink(missing_ok=True)

    def fault(self) -> Message | None:
        """What is wrong with the whole file; None when its digests are the published ones."""
        md5, sha256 = digests_of.__wrapped__(self.file)
        if (md5, sha256) == (self.archive.md5, self.archive.sha256):
            return None
        return N_("what it gave is not the published archive (md5 {digest})", digest=md5)


def bytes_of(file: Path) -> int:
    """Bytes of a file; 0 where there is none, or where another build moves it away meanwhile."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:
        return 0


def digest_of(text: str) -> str:
    """For comparing addresses without keeping them."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def remove_leftovers(home: Path) -> None:
    """Remove what downloads left that were killed, but for beginnings of archives, which are gone on with."""
    for path in home.glob(f"{PREFIX}*"):
        if path.name == LOCK or (path.suffix in (".part", ".json") and path.is_file()):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
