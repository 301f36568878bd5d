"""What is asked of an experiment, and the clock of its stages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.plugins import Plugins
from reportgen.progress import Progress, Task
from reportgen.record.message import Message
from reportgen.record.run import RunRecord, Stage
from reportgen.spec.types import ModelSpec, ReportSpec


@dataclass(frozen=True)
class BaselineModel:
    """The model that a baseline's record tells of, and how it may be made here."""

    digest: str
    """sha256 of the record's record.json."""
    record: RunRecord
    model: ModelSpec | None
    """As it is made; None where it is not."""
    base: Path
    """The folder that its paths are relative to."""
    refused: Message | None = None
    """Why it is not made."""
    choice: str = ""
    """Digest of how it is made here, its code included, or of why it is not: another choice is timed again."""

    @property
    def named(self) -> str:
        """As its record names it."""
        return self.record.spec.model.source


@dataclass(frozen=True)
class Request:
    """What to run and how it was asked for."""

    spec: ReportSpec
    base: Path
    """The folder of the spec."""
    spec_name: str
    overrides: tuple[str, ...]
    fingerprint: str
    plugins: Plugins = field(default_factory=Plugins)
    data_root: Path | None = None
    offline: bool = False
    baseline: BaselineModel | None = None
    """Whose model is timed in turn with this one."""


@dataclass
class Clock:
    """Wall time of each stage, in order."""

    progress: Progress
    stages: list[Stage] = field(default_factory=list)

    @contextmanager
    def stage(
        self, name: Message, total: int | None = None, unit: str = "", kept: Message | None = None
    ) -> Iterator[Task]:
        """A stage of the progress whose time is kept, under its own name or added to that of `kept`."""
        start = time.perf_counter()
        with self.progress.stage(name.text, total, unit) as task:
            yield task
        seconds = time.perf_counter() - start
        if kept and self.stages and self.stages[-1].name == kept:
            seconds += self.stages.pop().seconds
        self.stages.append(Stage(name=kept or name, seconds=seconds))
