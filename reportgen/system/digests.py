"""sha256 of files, remembered between runs for large ones, so that an unchanged build reads no data set."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

from reportgen.system.cache import Cache

LARGE = 1 << 20
"""Bytes; smaller files are read again each time."""
SETTLED_SECONDS = 2.0
"""A file changed this recently could change again within its time stamp's resolution: it is not remembered."""
MOST = 2000
"""Digests remembered, the latest."""
CACHE = Cache("digests", most=1)
KEY = "known"


@dataclass
class DigestMemo:
    """Digests by device, inode, size and times of writing and of change; the last moves whoever sets the other back.

    A memo that can't be read or written is as good as empty.
    """

    known: dict[str, str] = field(default_factory=dict)
    changed: bool = False

    @classmethod
    def load(cls) -> DigestMemo:
        """The memo in the user's cache folder."""
        try:
            known = json.loads(CACHE.read(KEY) or b"{}")
        except (ValueError, RecursionError):
            known = {}
        if not isinstance(known, dict) or not all(isinstance(value, str) for value in known.values()):
            known = {}
        return cls(known)

    def digest(self, path: Path) -> str | None:
        """Digest of a file, in hexadecimal; None where there is no regular file: pipes and devices may never end."""
        try:
            stat = path.stat()
            if not S_ISREG(stat.st_mode):  # a pipe or a device would be read for ever
                return None
            key = ":".join(map(str, identity(stat)))
            if key in self.known:
                return self.known[key]
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, ValueError):
            return None
        if stat.st_size >= LARGE and is_settled(max(stat.st_mtime, stat.st_ctime)):
            self.known[key] = found
            self.changed = True
        return found

    def digest_all(self, files: Sequence[tuple[str, Path]]) -> str:
        """Digest of the names and contents of many files, which are read only where the system says that one changed.

        It knows by size, inode and both times; the time of change can't be set back. A file that is gone counts as
        missing.
        """
        known = hashlib.sha256()
        latest = 0.0
        for name, path in files:
            stat = status(path)
            parts = (name, *(() if stat is None else identity(stat)))
            known.update("\0".join(map(str, parts)).encode("utf-8", "surrogatepass") + b"\n")
            latest = latest if stat is None else max(latest, stat.st_mtime, stat.st_ctime)
        key = f"all:{known.hexdigest()}"
        if key in self.known:
            return self.known[key]
        whole = hashlib.sha256()
        for name, path in files:
            whole.update(f"{name}\0{self.digest(path)}\n".encode("utf-8", "surrogatepass"))
        if is_settled(latest):
            self.known[key] = whole.hexdigest()
            self.changed = True
        return whole.hexdigest()

    def save(self) -> None:
        """Write the memo if it grew; a failure costs only the next run's time."""
        if not self.changed:
            return
        latest = dict(list(self.known.items())[-MOST:])
        CACHE.write(KEY, json.dumps(latest).encode())


def status(path: Path) -> os.stat_result | None:
    """What the system says of a regular file; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat if S_ISREG(stat.st_mode) else None


def is_settled(latest: float) -> bool:
    """Whether files that were changed last at this time, in seconds since the epoch, have other times when they change
    again."""
    return time.time() - latest > SETTLED_SECONDS


def identity(stat: os.stat_result) -> tuple[int, ...]:
    """What differs when the content of a file may do so."""
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
