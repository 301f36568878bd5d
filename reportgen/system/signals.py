"""A short stretch of work that Ctrl-C, SIGTERM and a terminal that is closed wait for."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

ENDINGS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a process from outside: asked to, or its terminal was closed, which Windows does not tell."""
DEFERRED = (signal.SIGINT, *ENDINGS)


class Terminated(BaseException):
    """SIGTERM came, or SIGHUP."""

    def __init__(self, signum: int = signal.SIGTERM) -> None:
        super().__init__()
        self.signum = signum
        self.exit_code = 128 + signum
        """What a shell says of a process that this signal ended."""


class HandlerRaised(Terminated):
    """A handler or listener of the program that called this package raised `error`, which is its own."""

    def __init__(self, signum: int, error: BaseException) -> None:
        super().__init__(signum)
        self.error = error


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


Handler = Callable[[int, FrameType | None], Any] | int | None
"""What `signal.getsignal` gives: a function, SIG_DFL or SIG_IGN, or None for one that is not Python's."""


@contextmanager
def signals_passed_on() -> Iterator[None]:
    """A signal that would end the process ends all work inside, so that everything is put away, and then the process.
    A handler of the program's own is called at once; the work goes on where it returns, and ends where it raises.

    What such a handler raises is taken for no error of the work inside, SystemExit included. Outside the main thread,
    where Python delivers no signals, the block simply runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    passing = Passing({number: signal.getsignal(number) for number in DEFERRED}, os.getpid())
    passing.begin()
    try:
        yield
    except HandlerRaised as raised:
        passing.end()
        for note in getattr(raised, "__notes__", ()):
            raised.error.add_note(note)
        raise raised.error from None
    except Terminated as ended:
        passing.end()
        if passing.before.get(ended.signum) is signal.SIG_DFL:
            signal.raise_signal(ended.signum)
        raise
    finally:
        passing.end()


@dataclass(frozen=True)
class Passing:
    """Signals that are seen before what they do."""

    before: dict[int, Handler]
    """What they did."""
    process: int
    """The one that they are seen in, and its forks not."""

    def begin(self) -> None:
        """See those that would end the process at once, or call a handler of the program's own."""
        for number, handler in self.before.items():
            ends = number in ENDINGS and handler is signal.SIG_DFL
            if ends or (callable(handler) and handler is not signal.default_int_handler):
                signal.signal(number, self.pass_on)

    def end(self) -> None:
        """Let them do what they did, unless somebody has set something else since."""
        for number, handler in self.before.items():
            if signal.getsignal(number) == self.pass_on:
                signal.signal(number, handler)

    def pass_on(self, signum: int, frame: FrameType | None) -> None:
        """Raises Terminated to end the work inside, or HandlerRaised for what the program's own handler raises."""
        handler = self.before[signum]
        if os.getpid() != self.process:
            signal.signal(signum, handler)
            signal.raise_signal(signum)
            return
        if not callable(handler):
            raise Terminated(signum)
        try:
            handler(signum, frame)
        except INTERRUPTIONS:
            raise
        except BaseException as error:
            raise HandlerRaised(signum, error) from error


EXIT = "raise_exit"
"""What is called in the place of `os._exit`, a frame that says nothing of who left."""


class Exits:
    """Those who are inside `exits_raised`."""

    lock = threading.Lock()
    inside = 0
    process = 0
    """The one that they are in, which its forks are not."""
    end = staticmethod(os._exit)
    """What ends it."""
    others: frozenset[int] = frozenset()
    """Threads that ran before, of the program that called this package: what they end is theirs to end."""


@contextmanager
def exits_raised() -> Iterator[None]:
    """Inside, `os._exit` raises SystemExit as `sys.exit` does, in this process alone: its forks end as they would.

    Code of others that ends the process would lose what was measured, and say by its exit code that all was well.
    Several may be inside, of one thread or of many: the last to leave puts `os._exit` back.
    """
    with Exits.lock:
        if not Exits.inside:
            Exits.process, Exits.end = os.getpid(), staticmethod(os._exit)
            here = threading.get_ident()
            running = (thread.ident for thread in threading.enumerate())
            Exits.others = frozenset(ident for ident in running if ident is not None and ident != here)
            os._exit = raise_exit
        Exits.inside += 1
        Exits.others -= {threading.get_ident()}
    try:
        yield
    finally:
        with Exits.lock:
            Exits.inside -= 1
            if not Exits.inside:
                os._exit = Exits.end


def raise_exit(status: int) -> NoReturn:
    """What `os._exit` is inside."""
    if os.getpid() == Exits.process and threading.get_ident() not in Exits.others:
        raise SystemExit(status)
    Exits.end(status)
    raise AssertionError  # for that ended the process


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
