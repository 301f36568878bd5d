"""Which files a factory reads: Python tells of every file that it opens (PEP 578)."""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from reportgen.spec.model_code import is_installed

SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/bin", "/sbin", "/run")
"""Folders of the operating system."""
CACHES = {"torch", "huggingface"}
"""Folders below ~/.cache whose files are weights."""
OWN = Path(__file__).parents[2]
LISTENERS: list[set[Path]] = []
"""Sets that hear of every file that is opened to be read."""
HOOKED: list[bool] = []
"""Not empty once the hook is there; it can't be taken away again."""


@contextmanager
def files_read() -> Iterator[set[Path]]:
    """The files that Python code opens inside to read; those of Python, of installed packages and of the system apart.

    Complete once the block has ended. Files that compiled code opens by itself are not seen.
    """
    if not HOOKED:
        sys.addaudithook(note_opened)
        HOOKED.append(True)
    opened: set[Path] = set()
    found: set[Path] = set()
    LISTENERS.append(opened)
    try:
        yield found
    finally:
        LISTENERS[:] = [one for one in LISTENERS if one is not opened]
        found |= {path for path in map(source_of, opened) if is_theirs(path)}


def note_opened(event: str, arguments: tuple[Any, ...]) -> None:
    """Note a file that is opened; called by Python for everything that it audits."""
    if not LISTENERS or event != "open":
        return
    path, mode, flags = arguments
    writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR) and not (mode and "r" in mode)
    if writes or not isinstance(path, str | bytes | os.PathLike):
        return
    with suppress(OSError, ValueError):
        place = Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 - the folder may be left before the block ends
        for listener in LISTENERS:
            listener.add(place)


def source_of(path: Path) -> Path:
    """The file itself; of compiled bytecode its source."""
    if path.suffix == ".pyc":  # in a __pycache__ beside the source, or in the folder that PYTHONPYCACHEPREFIX names
        with suppress(ValueError):
            return Path(importlib.util.source_from_cache(str(path))).resolve()
    with suppress(OSError, RuntimeError):
        return path.resolve()
    return path


def is_theirs(path: Path) -> bool:
    """Whether it is a regular file that belongs to the user and not to Python, a package, the system or a cache."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
    except OSError:
        return False
    if is_installed(path) or path.is_relative_to(OWN) or any(path.is_relative_to(folder) for folder in SYSTEM):
        return False
    hidden = [part for part in path.parts if part.startswith(".")]
    return not hidden or bool(CACHES & set(path.parts))
