"""What a person at a terminal sees: the progress of a build, and errors with the line they are about."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from reportgen.cli.terminal_text import counted, duration, put, rate
from reportgen.progress import Progress, Silent, Task

EVERY_SECONDS = 10.0
"""Between two lines about one stage where there is no terminal."""


def make_progress(quiet: bool = False, verbose: bool = False) -> Progress:
    """The listener that fits: silent but for warnings with `quiet`, live lines in a terminal, plain lines elsewhere.

    Everything goes to standard error. `verbose` says every line of a stage as it comes instead of one in ten seconds.
    """
    if quiet:
        return Quiet(sys.stderr)
    if sys.stderr.isatty() and not verbose:
        from reportgen.cli.live import LiveLines

        return LiveLines(sys.stderr)
    return PlainLines(sys.stderr, every=1.0 if verbose else EVERY_SECONDS)


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
