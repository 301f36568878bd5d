"""What a person at a terminal sees: the progress of a build, and errors with the line they are about."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from reportgen.errors import Place, ReportgenError
from reportgen.progress import Progress, Silent, Task

EVERY_SECONDS = 10.0
"""Between two lines about one stage where there is no terminal."""
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that move the cursor, colour, reorder or otherwise command a terminal."""
LONGEST_LINE = 160
"""Characters of a spec's line that an error shows."""


def make_progress(quiet: bool = False, verbose: bool = False) -> Progress:
    """The listener that fits: silent but for warnings with `quiet`, live lines in a terminal, plain lines elsewhere.

    Everything goes to standard error. `verbose` says every line of a stage as it comes instead of one in ten seconds.
    """
    if quiet:
        return Quiet(sys.stderr)
    if sys.stderr.isatty() and not verbose:
        from reportgen.livelines import LiveLines

        return LiveLines(sys.stderr)
    return PlainLines(sys.stderr, every=1.0 if verbose else EVERY_SECONDS)


def safe(text: str) -> str:
    """Outside text for a terminal: whatever could command it is shown as its code point."""
    return UNSAFE.sub(lambda match: f"\\u{{{ord(match.group()):x}}}", text.replace("\r\n", "\n"))


def put(stream: TextIO, line: str) -> None:
    """Write one line, in whatever characters the stream has."""
    encoding = stream.encoding or "utf-8"
    stream.write(safe(line).encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


class Quiet(Silent):
    """Silent, but for warnings."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def warn(self, message: str) -> None:
        """One line on standard error."""
        put(self._stream, f"warning: {message}")


class PlainLines:
    """A line when a stage begins and ends, and one now and then in between: for logs."""

    def __init__(
        self, stream: TextIO, every: float = EVERY_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._every = every
        self._clock = clock

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """Open a stage; the line at its end is missing when it fails."""
        put(self._stream, f"{name} …")
        task = PlainTask(name, total, unit, self._every, self._clock, self._stream)
        yield task
        put(self._stream, f"{name}: done{task.tally()} in {duration(task.elapsed())}")

    def say(self, message: str) -> None:
        """One line."""
        put(self._stream, message)

    def warn(self, message: str) -> None:
        """One line, marked."""
        put(self._stream, f"warning: {message}")


class PlainTask:
    """One stage told in plain lines."""

    def __init__(
        self, name: str, total: int | None, unit: str, every: float, clock: Callable[[], float], stream: TextIO
    ) -> None:
        self._name, self._total, self._unit = name, total, unit
        self._every, self._clock, self._stream = every, clock, stream
        self._done = 0
        self._start = self._told = clock()

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count, and say so when the last line is long enough ago."""
        self._done += amount
        if self._clock() - self._told >= self._every:
            self._told = self._clock()
            put(self._stream, f"{self._name}: {self.state(note)}")

    def state(self, note: str) -> str:
        """How far, how fast, how long still, and the note."""
        elapsed = self.elapsed()
        parts = [counted(self._done, self._total, self._unit), rate(self._done, elapsed, self._unit)]
        if self._total and self._done:
            parts.append(f"{duration(elapsed * (self._total - self._done) / self._done)} left")
        return ", ".join(part for part in [*parts, note] if part)

    def tally(self) -> str:
        """What was counted, for the last line."""
        return f", {counted(self._done, None, self._unit)}" if self._unit and self._done else ""

    def elapsed(self) -> float:
        """Seconds since the stage began."""
        return self._clock() - self._start


def counted(done: int, total: int | None, unit: str) -> str:
    """ "1,280 of 50,000 images"."""
    return f"{done:,}{f' of {total:,}' if total else ''} {unit}".rstrip()


def rate(done: int, elapsed: float, unit: str) -> str:
    """ "1,213 images/s"; empty before anything is known."""
    if not unit or not done or elapsed <= 0:
        return ""
    each = done / elapsed
    return f"{each:,.0f} {unit}/s" if each >= 10 else f"{each:.1f} {unit}/s"


def duration(seconds: float) -> str:
    """ "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def print_error(error: ReportgenError, verbose: bool = False, stream: TextIO | None = None) -> None:
    """Print an error to standard error: message, place with the line it is about, what to do; causes with `verbose`."""
    stream = stream or sys.stderr
    put(stream, f"error: {error.message}")
    if error.place:
        put(stream, f"  at {error.place}")
        for line in excerpt(error.place):
            put(stream, f"    {line}")
    for line in error.hint.splitlines():
        put(stream, f"  {line}")
    cause = error.__cause__
    while verbose and cause is not None:
        put(stream, f"  because: {type(cause).__name__}: {cause}")
        cause = cause.__cause__


def excerpt(place: Place) -> list[str]:
    """The line a place is in and a caret under its column; nothing where that can't be had."""
    if place.line is None:
        return []
    try:
        with open(place.file, encoding="utf-8-sig", errors="replace") as file:  # noqa: PTH123  # a name, maybe no path
            line = next((text for number, text in enumerate(file, 1) if number == place.line), None)
    except (OSError, ValueError):
        return []
    if line is None:
        return []
    text = line.rstrip("\n")
    column = (place.column or 1) - 1
    start = max(0, column - LONGEST_LINE // 2) if len(text) > LONGEST_LINE else 0
    shown = safe(text[start : start + LONGEST_LINE].replace("\t", " "))
    before = safe(text[start:column].replace("\t", " "))
    return [shown, " " * width(before) + "^"] if place.column else [shown]


def width(text: str) -> int:
    """Columns that a text takes in a terminal: two for wide characters, none for combining ones."""
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
