"""What long work tells the outside; silent unless somebody listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Task(Protocol):
    """One stage under way."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Say that `amount` more units are done; `note` is a short live remark such as "loss 1.23"."""


class Progress(Protocol):
    """Listens to the stages of a build."""

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """Open a stage of `total` units (None: unknown); leaving the block closes it."""
        ...

    def say(self, message: str) -> None:
        """One line worth reading outside any stage."""

    def warn(self, message: str) -> None:
        """One line the reader should not miss."""


class SilentTask:
    """A task nobody listens to."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Do nothing."""


class Silent:
    """A Progress nobody listens to."""

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """Open a stage and say nothing."""
        yield SilentTask()

    def say(self, message: str) -> None:
        """Say nothing."""

    def warn(self, message: str) -> None:
        """Say nothing."""
