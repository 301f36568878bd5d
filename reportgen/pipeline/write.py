"""Every output of a report, those made by a process of their own at the same time as the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from reportgen.errors import RenderError
from reportgen.plugins import Begin, Output, OutputFile
from reportgen.progress import Progress
from reportgen.report.model import Report
from reportgen.system.workspace import Workspace


@dataclass(frozen=True)
class Written:
    """What came of one output."""

    files: tuple[OutputFile, ...]
    warnings: tuple[str, ...]
    failure: RenderError | None = None


class Writing:
    """The outputs of one report: what takes long to start is started on entering, and ended on leaving."""

    def __init__(self, outputs: Mapping[str, Output]) -> None:
        self.outputs = outputs
        self.prepared: dict[str, Begin] = {}
        self.pending: dict[str, Pending] = {}
        self.stack = ExitStack()

    def __enter__(self) -> Writing:
        self.prepared = {
            name: self.stack.enter_context(output.prepare())
            for name, output in self.outputs.items()
            if output.prepare is not None
        }
        return self

    def __exit__(self, *_error: object) -> None:
        self.stack.close()

    def begin(self, report: Report) -> None:
        """Hand the report to what works by itself."""
        self.pending = {name: Pending(begin, report) for name, begin in self.prepared.items()}

    def write(self, report: Report, space: Workspace, warnings: list[str], progress: Progress) -> list[RenderError]:
        """Stage every output, those begun last; one that fails does not keep the others from being written."""
        failures = []
        with progress.stage("Write", len(self.outputs), "formats") as task:
            for name, output in sorted(self.outputs.items(), key=lambda item: item[0] in self.pending):
                written = self.pending[name].finish() if name in self.pending else attempt(output, report)
                warnings.extend(written.warnings)
                if written.failure is not None:
                    failures.append(written.failure)
                for file in written.files:
                    space.write(file.path, file.data)
                task.advance(note=name)
        return failures


class Pending:
    """An output that is being made."""

    def __init__(self, begin: Begin, report: Report) -> None:
        self.heard: list[str] = []
        self.wait: Callable[[], tuple[OutputFile, ...]] | None = None
        self.failure: RenderError | None = None
        try:
            self.wait = begin(report, self.heard.append)
        except RenderError as error:
            self.failure = error

    def finish(self) -> Written:
        """Its files, when they are there, or its failure."""
        try:
            files = self.wait() if self.wait is not None else ()
        except RenderError as error:
            return Written((), tuple(self.heard), error)
        return Written(files, tuple(self.heard), self.failure)


def attempt(output: Output, report: Report) -> Written:
    """The files of one output, or its failure."""
    heard: list[str] = []
    try:
        return Written(output.render(report, heard.append), tuple(heard))
    except RenderError as error:
        return Written((), tuple(heard), error)
