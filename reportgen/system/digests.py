"""sha256 of files, remembered between runs for large ones, so that an unchanged build reads no data set."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

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
        """Digest of a file, in hexadecimal; None where there is no such file."""
        try:
            stat = path.stat()
            key = f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"
            if key in self.known:
                return self.known[key]
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
        if stat.st_size >= LARGE and time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED_SECONDS:
            self.known[key] = found
            self.changed = True
        return found

    def save(self) -> None:
        """Write the memo if it grew; a failure costs only the next run's time."""
        if not self.changed:
            return
        latest = dict(list(self.known.items())[-MOST:])
        CACHE.write(KEY, json.dumps(latest).encode())
