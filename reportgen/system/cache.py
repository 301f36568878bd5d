"""What is kept between runs in the user's cache folder: whole files, each with a checksum of its own.

A cache saves time and is never the reason for a failure or for a wrong number: what is missing, cut, changed by so much
as a byte, or can't be read or written is as good as not there.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from reportgen.system.files import is_regular

CHECKSUM = hashlib.sha256().digest_size
"""Bytes at the beginning of every file: the sha256 of the rest."""


@dataclass(frozen=True)
class Cache:
    """Files of one kind."""

    name: str
    """Its folder below the user's cache folder of reportgen."""
    most: int
    """How many files stay; those unused for longest go."""

    def read(self, key: str) -> bytes | None:
        """What was written under this key, byte for byte; None where there is nothing or something else."""
        folder = private_folder(self.name)
        if folder is None:
            return None
        path = folder / key
        try:
            if not is_regular(path):
                return None
            whole = path.read_bytes()
        except OSError:
            return None
        data = whole[CHECKSUM:]
        if hashlib.sha256(data).digest() != whole[:CHECKSUM]:
            return None
        with suppress(OSError):
            os.utime(path)
        return data

    def write(self, key: str, data: bytes) -> None:
        """Keep bytes under a key, in one piece and in place of earlier ones, then drop what is too much.

        A failure costs only their use next time.
        """
        folder = private_folder(self.name)
        if folder is None:
            return
        with suppress(OSError):
            replace_file(folder / key, hashlib.sha256(data).digest() + data)
            drop_oldest(folder, self.most)


def cache_path(name: str) -> Path:
    """Where things of one kind are kept for this user, whether or not anything is there."""
    return user_cache_path("reportgen") / name


def private_folder(name: str) -> Path | None:
    """The folder of one kind, made where it was missing, which this user alone can write to; None where that can't be.

    Others who could write there could put their own figures into a report.
    """
    try:
        home = cache_path("")
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        if sys.platform != "win32":
            state = home.stat()
            if state.st_uid != os.geteuid():
                return None
            if state.st_mode & 0o077:
                home.chmod(0o700)
        (home / name).mkdir(exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: nobody's home is known
        return None
    return home / name


def drop_oldest(folder: Path, most: int) -> None:
    """Remove all files but the `most` that were used last. Raises OSError."""
    by_age = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for old in by_age[:-most]:
        old.unlink(missing_ok=True)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file beside its place and move it in whole. Raises OSError, leaving nothing, when the machine can't."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
    Path(file.name).replace(path)
