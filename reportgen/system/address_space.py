"""The limit of the addresses that this process may have (`ulimit -v`).

Imports next to nothing: every command asks for it first.
"""

from __future__ import annotations


def address_limit() -> int | None:
    """The limit of this process's address space in bytes; None where there is none."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _hard = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def make_room() -> None:
    """Lift the limit of memory that a process has set itself, so that it can tell what happened."""
    try:
        import resource

        _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    except (ImportError, OSError, ValueError):  # Windows has no limits
        return
