"""Only regular files are read: opening a FIFO waits for ever, and a device may never end."""

from __future__ import annotations

import stat
from pathlib import Path


def is_something_else(path: Path) -> bool:
    """Whether there is something at `path`, links followed, that is neither a regular file nor missing."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def describe_kind(path: Path) -> str:
    """What it is: "a folder", "a FIFO", …"""
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    mode = path.stat().st_mode
    return next((name for matches, name in kinds if matches(mode)), "no regular file")
