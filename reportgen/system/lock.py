"""One build at a time in a folder: a lock on a hidden file, which the system gives up when its process ends."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import EnvironmentTrouble
from reportgen.system.files import trouble

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK = ".reportgen-lock"
NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}
"""What disks without locks answer, such as some network disks."""


class FolderLock:
    """The right to write into one folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK
        self._held: BaseFileLock | None = None

    def acquire(self) -> None:
        """Take the lock; on a disk without locks a build goes on without.

        Raises EnvironmentTrouble when another process or workspace holds it, or when the file can't be written.
        """
        from filelock import FileLock, Timeout  # a hundredth of a second that only a build needs

        lock = FileLock(self.path, mode=0o644, thread_local=False, blocking=False, fallback_to_soft=False)
        try:
            lock.acquire()
        except Timeout as error:
            message = f"another build is writing into {self.path.parent}"
            raise EnvironmentTrouble(message, "Wait until it is done, or choose another folder with -o.") from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise trouble(error, self.path) from error
        else:
            self._held = lock

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._held is None:
            return
        with suppress(OSError):  # Windows removes no open file; there filelock does it
            self.path.unlink()
        self._held.release()
        self._held = None
