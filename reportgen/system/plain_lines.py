"""The progress of long work as plain lines: for logs and notebooks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from reportgen.progress import Task
from reportgen.text.terminal import counted, duration, put, rate

EVERY_SECONDS = 10.0
"""Between two lines about one stage."""


class PlainLines:
    """A line when a stage begins and ends, and one now and then in between: for logs and notebooks."""

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
