"""What a call from Python is guarded against, as a command is: code of others that ends Python, too little memory for
PyTorch, signals that would leave things lying about, and errors that nobody expected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reportgen.errors import ReportgenError
from reportgen.system.signals import INTERRUPTIONS, exits_raised, signals_passed_on
from reportgen.system.torch_room import torch_guarded
from reportgen.system.unexpected import explain
from reportgen.system.workspace import begin_anew, left_behind


@contextmanager
def guarded() -> Iterator[None]:
    """Raise every failure as a ReportgenError with its place and its hint as notes, which a traceback shows below the
    message: EnvironmentTrouble for what the machine refuses, InternalError for what nobody expected.

    An interruption passes as it is, and its notes say what is there now.
    """
    begin_anew()
    with signals_passed_on(), exits_raised(), torch_guarded():
        try:
            yield
        except ReportgenError as error:
            add_notes(error)
            raise
        except INTERRUPTIONS as error:
            for line in left_behind():
                error.add_note(line)
            raise
        except (Exception, SystemExit) as error:
            told = explain(error)
            add_notes(told)
            raise told from error


def add_notes(error: ReportgenError) -> None:
    """Give an error its place and its hint as notes."""
    for note in (f"at {error.location}" if error.location else "", *error.hint.splitlines()):
        if note:
            error.add_note(note)
