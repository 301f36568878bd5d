"""Every output of a report, those made by a process of their own at the same time as the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from reportgen.errors import InternalError, ReportgenError
from reportgen.plugins import Begin, Output, OutputFile
from reportgen.progress import Progress
from reportgen.report.model import Report
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.workspace import Workspace
from reportgen.text.errors import describe_error


@dataclass(frozen=True)
class Written:
    """What came of one output."""

    files: tuple[OutputFile, ...]
    warnings: tuple[str, ...]
    failure: ReportgenError | None = None


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
        self.pending = {name: Pending(name, begin, report) for name, begin in self.prepared.items()}

    def write(self, report: Report, space: Workspace, warnings: list[str], progress: Progress) -> list[ReportgenError]:
        """Stage every output, those begun late and those that enclose others last; one that fails does not keep the
        others from being written."""
        failures = []
        made: dict[str, bytes] = {}
        with progress.stage("Write", len(self.outputs), "formats") as task:
            for name, output in sorted(self.outputs.items(), key=self.turn):
                written = self.pending[name].finish() if name in self.pending else attempt(output, report, made)
                made |= dict.fromkeys(output.files, b"") | {file.path: file.data for file in written.files}
                warnings.extend(written.warnings)
                if written.failure is not None:
                    failures.append(written.failure)
                for file in written.files:
                    space.write(file.path, file.data)
                task.advance(note=name)
        return failures

    def turn(self, item: tuple[str, Output]) -> tuple[bool, bool]:
        """When an output is written: one that encloses others after all of them, one that was begun after the rest."""
        name, output = item
        return output.gather is not None, name in self.pending


class Pending:
    """An output that is being made."""

    def __init__(self, name: str, begin: Begin, report: Report) -> None:
        self.name = name
        self.heard: list[str] = []
        self.wait: Callable[[], tuple[OutputFile, ...]] | None = None
        self.failure: ReportgenError | None = None
        try:
            self.wait = begin(report, self.heard.append)
        except Exception as error:
            self.failure = as_failure(name, error)

    def finish(self) -> Written:
        """Its files, when they are there, or its failure."""
        try:
            files = self.wait() if self.wait is not None else ()
        except Exception as error:
            return Written((), tuple(self.heard), as_failure(self.name, error))
        return Written(files, tuple(self.heard), self.failure)


def attempt(output: Output, report: Report, made: Mapping[str, bytes]) -> Written:
    """The files of one output, or its failure; `made`: those of the outputs before it."""
    heard: list[str] = []
    try:
        if output.gather is not None:
            return Written(output.gather(report, heard.append, made), tuple(heard))
        return Written(output.render(report, heard.append), tuple(heard))
    except Exception as error:
        return Written((), tuple(heard), as_failure(output.name, error))


def as_failure(name: str, error: Exception) -> ReportgenError:
    """What is said of an output that raised: what was to be expected as it is, all else as an error of our own."""
    if isinstance(error, ReportgenError):
        return error
    if is_memory_error(error):
        return memory_trouble(error, f"the output {name}", "Leave out some outputs, or end other programs.")
    failure = InternalError(f"the output {name} was not made: {describe_error(error)}")
    failure.__cause__ = error
    return failure
