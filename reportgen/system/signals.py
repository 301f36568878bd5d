"""A short stretch of work that Ctrl-C and SIGTERM wait for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

DEFERRED = (signal.SIGINT, signal.SIGTERM)


class Terminated(BaseException):
    """SIGTERM came."""


INTERRUPTIONS = (KeyboardInterrupt, Terminated)
"""What ends the whole command: all else that a model raises ends a part, SystemExit and the like included."""


@contextmanager
def errors_passed_over() -> Iterator[None]:
    """Leave the block at whatever is raised inside, SystemExit and the like included, and go on behind it."""
    try:
        yield
    except INTERRUPTIONS:
        raise
    except BaseException:
        return


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back until the block is left; the first that came is then raised again.

    Outside the main thread, where Python delivers no signals, the block simply runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def remember(signum: int, _frame: FrameType | None) -> None:
        came.append(signum)

    before = {}
    try:
        for number in DEFERRED:
            before[number] = signal.signal(number, remember)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if came:
            signal.raise_signal(came[0])
