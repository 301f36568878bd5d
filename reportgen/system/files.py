"""Writing files: the one function that does it, and what the machine's refusals mean."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reportgen.errors import EnvironmentTrouble
from reportgen.text.shorten import shorten_middle

FREE_BYTES = 50_000_000
"""Asked for before any compute: ten times the largest report."""
FULL = {errno.ENOSPC, errno.EDQUOT}
REFUSED = {errno.EACCES, errno.EPERM}
LONGEST_PATH = 200
"""Characters of a path in an error that is about its length."""


def write_file(path: Path, data: bytes) -> None:
    """Write a file to the disk itself, not only to its cache. Raises EnvironmentTrouble when the machine can't."""
    with machine_trouble(path), path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and move it in: what was there stays until the new one is whole.

    Raises EnvironmentTrouble when the machine can't, leaving nothing behind.
    """
    target = path.resolve() if path.is_symlink() else path
    beside = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
    try:
        write_file(beside, data)
        with machine_trouble(path):
            beside.replace(target)
    except BaseException as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        if isinstance(error, EnvironmentTrouble) and isinstance(error.__cause__, OSError):
            raise trouble(error.__cause__, path) from error.__cause__  # of the file that was asked for
        raise


def is_regular(path: Path) -> bool:
    """Whether a path leads to a regular file: no folder, and nothing that is read without an end, such as a pipe or a
    device. A path that the system refuses leads to none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether a path leads to a folder; one that the system refuses leads to none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_shut_off(path: Path) -> bool:
    """Whether the system does not even say what is at a path: a folder above it may not be entered."""
    try:
        path.stat()
    except (OSError, ValueError) as error:
        return isinstance(error, PermissionError)
    return False


def is_gone() -> bool:
    """Whether the current folder was removed."""
    try:
        return not Path.cwd().is_dir()
    except PermissionError:  # it lies in a folder that may not be entered
        return False
    except OSError:
        return True


def removed_folder() -> EnvironmentTrouble:
    """The error for a current folder that was removed."""
    return EnvironmentTrouble("the current folder was removed", "Change to a folder that exists: cd FOLDER")


def check_current_folder() -> None:
    """Raise EnvironmentTrouble where the current folder was removed: Intel's MKL, which PyTorch computes with, would
    end the process with a word of its own."""
    if is_gone():
        raise removed_folder()


@contextmanager
def machine_trouble(path: Path) -> Iterator[None]:
    """Turn an OSError about `path` into an EnvironmentTrouble that says what to do."""
    try:
        yield
    except OSError as error:
        raise trouble(error, path) from error


def trouble(error: OSError, path: Path) -> EnvironmentTrouble:
    """The error a person understands; nothing that was there before is lost."""
    if error.errno in FULL:
        return EnvironmentTrouble(f"the disk is full: {path} can't be written", "Free some space and build again.")
    if error.errno in REFUSED:
        message = f"there is no permission to write {path}"
        return EnvironmentTrouble(message, "Choose another folder with -o, or change its permissions.")
    if error.errno == errno.EROFS:
        return EnvironmentTrouble(f"{path} is on a read-only disk", "Choose another folder with -o.")
    if error.errno == errno.EFBIG:
        message = f"{path} can't be written: it is larger than a file may be here"
        return EnvironmentTrouble(
            message, "Raise the limit of this process (ulimit -f), or choose another disk with -o."
        )
    if error.errno == errno.ENAMETOOLONG:
        name = shorten_middle(str(path), LONGEST_PATH)
        return EnvironmentTrouble(f"the name is too long for this disk: {name}", "Choose a shorter folder with -o.")
    return EnvironmentTrouble(f"{path} can't be written: {error.strerror or error}", "Choose another folder with -o.")


def check_space(folder: Path) -> None:
    """Raise EnvironmentTrouble when the disk of an existing folder has less than FREE_BYTES left."""
    with machine_trouble(folder):
        free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        message = f"the disk of {folder} has {free / 1e6:.0f} MB left, and a report needs {FREE_BYTES / 1e6:.0f} MB"
        raise EnvironmentTrouble(message, "Free some space, or choose another folder with -o.")
