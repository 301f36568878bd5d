"""What a call from Python is guarded against, as a command is: code of others that ends Python, too little memory for
PyTorch, signals that would leave things lying about, and errors that nobody expected."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from reportgen.errors import ReportgenError
from reportgen.progress import Progress, Task
from reportgen.system.signals import INTERRUPTIONS, HandlerRaised, exits_raised, signals_passed_on
from reportgen.system.torch_room import torch_guarded
from reportgen.system.unexpected import explain
from reportgen.system.workspace import begin_anew, left_behind


@contextmanager
def guarded() -> Iterator[None]:
    """Raise every failure as a ReportgenError with its place and its hint as notes, which a traceback shows below the
    message: EnvironmentTrouble for what the machine refuses, InternalError for what nobody expected.

    An interruption passes as it is, and so does what the caller's own listener raises; notes say what is there now.
    """
    begin_anew()
    with signals_passed_on(), exits_raised(), torch_guarded():
        try:
            yield
        except ReportgenError as error:
            add_notes(error)
            raise
        except INTERRUPTIONS as raised:
            cause: BaseException = raised.error if isinstance(raised, HandlerRaised) else raised
            for line in left_behind():
                cause.add_note(line)
            if cause is not raised:
                raise cause from None
            raise
        except (Exception, SystemExit) as error:
            told = explain(error)
            add_notes(told)
            raise told from error


@contextmanager
def raising_their_own() -> Iterator[None]:
    """What the caller's own code raises inside is none of this package's errors: it ends the work, and is raised to the
    caller as it is."""
    try:
        yield
    except INTERRUPTIONS:
        raise
    except BaseException as error:
        raise HandlerRaised(signal.SIGINT, error) from error


class OwnTask:
    """A task of the caller's own listener."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def advance(self, amount: int = 1, note: str = "") -> None:
        """See Task."""
        with raising_their_own():
            self.task.advance(amount, note)


class OwnListener:
    """A listener of the caller's, which may end the work by raising, as to cancel it."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """See Progress."""
        with self.progress.stage(name, total, unit) as task:
            yield OwnTask(task)

    def say(self, message: str) -> None:
        """See Progress."""
        with raising_their_own():
            self.progress.say(message)

    def warn(self, message: str) -> None:
        """See Progress."""
        with raising_their_own():
            self.progress.warn(message)


def add_notes(error: ReportgenError) -> None:
    """Give an error its place and its hint as notes."""
    for note in (f"at {error.location}" if error.location else "", *error.hint.splitlines()):
        if note:
            error.add_note(note)
