"""The error tree: everything a user can cause is a ReportgenError with a message, a hint and an exit code.

ReportgenError
├── SpecError           2  the spec, or the way the command was called
│   └── ModelError      2  the model's source, arguments, shapes or weights
├── DataError           3  the data set: missing, corrupt, partial, no network
├── RunError            4  training diverged
├── RenderError         5  a figure, template or document could not be made
│   └── RecordError     5  a record that is missing, damaged or of another format
│       └── NewerRecord 5  a record of a later version
├── EnvironmentTrouble  6  the machine: memory, disk, a missing system library, an unwritable folder
├── GateFailed          1  the report was built and a gate failed
└── InternalError      70  an error of reportgen itself, not of what it was given
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Location:
    """Where in a text file something stands."""

    file: str
    line: int | None = None
    """1-based."""
    column: int | None = None
    """1-based."""

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class ReportgenError(Exception):
    """Something a user can cause and fix."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "", location: Location | None = None) -> None:
        super().__init__(message)
        self.message = message
        """What went wrong, one sentence."""
        self.hint = hint
        """What to do next; may be several lines."""
        self.location = location
        self.key = ""
        """The key of the spec that it is about, dotted; whoever has the spec's text makes a location of it."""


@contextmanager
def about(key: str) -> Iterator[None]:
    """Mark what is raised inside as concerning this key of the spec, unless its location is known more closely."""
    try:
        yield
    except ReportgenError as error:
        error.key = error.key or key
        raise


class SpecError(ReportgenError):
    """The spec or the command line is wrong."""

    exit_code = 2


class ModelError(SpecError):
    """The model can't be made, loaded or run as the spec says."""


class DataError(ReportgenError):
    """The data set is missing, damaged or can't be fetched."""

    exit_code = 3


class RunError(ReportgenError):
    """The run came to nothing: the loss is not finite."""

    exit_code = 4


class RenderError(ReportgenError):
    """A document can't be made from the record."""

    exit_code = 5


class RecordError(RenderError):
    """A record is missing, damaged or of a format this version does not read."""


class NewerRecord(RecordError):
    """A record of a format that only a later version reads."""


class EnvironmentTrouble(ReportgenError):
    """The machine lacks something: memory, disk, a library, a permission."""

    exit_code = 6


class GateFailed(ReportgenError):
    """The report is built, and a gate on its numbers failed."""

    exit_code = 1


class InternalError(ReportgenError):
    """An error of reportgen itself; whoever raises it says in the hint where its traceback is."""

    exit_code = 70


WORST_FIRST = (InternalError, EnvironmentTrouble, DataError, SpecError, RenderError, RunError, GateFailed)
"""Which exit code several errors of one build have together: that of the first of these classes."""


def worst_code(codes: Iterable[int]) -> int:
    """The exit code of a build that has several; 0 where there is none but 0."""
    order = [kind.exit_code for kind in WORST_FIRST]
    return min(filter(None, codes), key=lambda code: order.index(code) if code in order else 0, default=0)
