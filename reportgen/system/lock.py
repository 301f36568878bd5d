"""One build at a time in a folder: an advisory lock on a hidden file, which a crash can't leave behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from reportgen.errors import EnvironmentTrouble
from reportgen.system.files import machine_trouble

if sys.platform != "win32":
    import fcntl

LOCK = ".reportgen-lock"


class FolderLock:
    """The right to write into one folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises EnvironmentTrouble when another process holds it."""
        while self._descriptor is None:
            with machine_trouble(self.path):
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
            if not lock_file(descriptor):
                os.close(descriptor)
                message = f"another build is writing into {self.path.parent}"
                raise EnvironmentTrouble(message, "Wait until it is done, or choose another folder with -o.")
            if is_same_file(descriptor, self.path):
                self._descriptor = descriptor
            else:  # the holder before us removed the file between our open and our lock
                os.close(descriptor)

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._descriptor is None:
            return
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None


def lock_file(descriptor: int) -> bool:
    """True when the lock is ours, or when this disk knows no locks."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network disks know no locks; a build there is not refused
        return True
    return True


def is_same_file(descriptor: int, path: Path) -> bool:
    """True when the open file is the one that the path names now."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
