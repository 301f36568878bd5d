"""Live lines in a terminal: a bar, the count, the rate and the time left of each stage. Imports rich."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, TaskID
from rich.progress import Progress as RichProgress
from rich.progress import Task as RichTask
from rich.table import Column
from rich.text import Text

from reportgen.progress import Task
from reportgen.text.terminal import Unbroken, counted, duration, rate, safe, safe_line


class LiveLines:
    """A Progress for a person who watches."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(
            file=cast(TextIO, Unbroken(stream)), highlight=False, markup=False, emoji=False, soft_wrap=True
        )
        self._live = RichProgress(
            SpinnerColumn(),
            Name(table_column=Column(no_wrap=True, overflow="ellipsis")),
            BarColumn(bar_width=12),
            State(table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=self._console,
            transient=True,
        )
        self._open = 0

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """Show a stage while the block runs; one line of it stays when it succeeds."""
        identity = self._live.add_task(name, total=total, unit=unit, note="")
        start = time.monotonic()
        if self._open == 0:
            self._live.start()
        self._open += 1
        task = LiveTask(self._live, identity)
        try:
            yield task
            tally = f"  {counted(task.done, None, unit)}" if unit and task.done else ""
            self.print("✓ ", "green", f"{name}{tally}  {duration(time.monotonic() - start)}")
        finally:
            self._open -= 1
            self._live.remove_task(identity)
            if self._open == 0:
                self._live.stop()

    def say(self, message: str) -> None:
        """One line above the live ones."""
        self.print("", "", message)

    def warn(self, message: str) -> None:
        """One marked line above the live ones."""
        self.print("warning: ", "yellow", message)

    def print(self, mark: str, style: str, message: str) -> None:
        """A coloured mark and a message in which nothing is interpreted."""
        self._console.print(Text.assemble((mark, style), safe_line(message)))


class LiveTask:
    """One stage shown live."""

    def __init__(self, live: RichProgress, identity: TaskID) -> None:
        self._live, self._identity = live, identity
        self.done = 0

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count and show the note."""
        self.done += amount
        self._live.update(self._identity, advance=amount, note=note)


class Name(ProgressColumn):
    """The stage's name, as text."""

    def render(self, task: RichTask) -> Text:
        """The name."""
        return Text(safe(task.description))


class State(ProgressColumn):
    """Count, rate, time left and note."""

    max_refresh = 0.25

    def render(self, task: RichTask) -> Text:
        """All that is known of a stage, separated by two spaces."""
        elapsed, done = task.elapsed or 0.0, int(task.completed)
        unit = str(task.fields["unit"])
        parts = [counted(done, int(task.total) if task.total else None, unit) if done or task.total else ""]
        parts.append(rate(done, elapsed, unit))
        if task.total and done:
            parts.append(f"{duration(elapsed * (task.total - done) / done)} left")
        elif elapsed >= 1:
            parts.append(duration(elapsed))
        return Text("  ".join(safe(part) for part in [*parts, str(task.fields["note"])] if part))
