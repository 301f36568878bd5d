"""A short stretch of work that Ctrl-C, SIGTERM and a terminal that is closed wait for."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

ENDINGS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a process from outside: asked to, or its terminal was closed, which Windows does not tell."""
DEFERRED = (signal.SIGINT, *ENDINGS)


class Terminated(BaseException):
    """SIGTERM came, or SIGHUP."""

    def __init__(self, signum: int = signal.SIGTERM) -> None:
        super().__init__()
        self.exit_code = 128 + signum
        """What a shell says of a process that this signal ended."""


def interrupt(signum: int, _frame: FrameType | None) -> NoReturn:
    """Turn a signal that ends the process into an exception, so that everything under way is put away."""
    raise Terminated(signum)


def raise_endings() -> None:
    """From now on such signals raise Terminated; one that whoever started us has us ignore, as nohup does, stays so."""
    for number in ENDINGS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)


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


EXIT = "raise_exit"
"""What is called in the place of `os._exit`, a frame that says nothing of who left."""


@contextmanager
def exits_raised() -> Iterator[None]:
    """Inside, `os._exit` raises SystemExit as `sys.exit` does, in this process alone: its forks end as they would.

    Code of others that ends the process would lose what was measured, and say by its exit code that all was well.
    """
    before, here = os._exit, os.getpid()

    def raise_exit(status: int) -> NoReturn:
        if os.getpid() == here:
            raise SystemExit(status)
        before(status)

    os._exit = raise_exit
    try:
        yield
    finally:
        os._exit = before


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold SIGINT, SIGTERM and SIGHUP back until the block is left; the first that came is then raised again.

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
