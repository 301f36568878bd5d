"""Every output of a report, those made by a process of their own at the same time as the others."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from reportgen.errors import RenderError
from reportgen.kinds import Output, OutputFile, Render
from reportgen.progress import Progress
from reportgen.report import Report
from reportgen.workspace import Workspace


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
        self.renders: dict[str, Render] = {}
        self.stack = ExitStack()
        self.pool = ThreadPoolExecutor()

    def __enter__(self) -> Writing:
        self.renders = {name: self.stack.enter_context(output.ready()) for name, output in self.outputs.items()}
        return self

    def __exit__(self, *_error: object) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)  # an interrupt waits for no process
        self.stack.close()

    def write(self, report: Report, space: Workspace, warnings: list[str], progress: Progress) -> list[RenderError]:
        """Stage every output, in order; one that fails does not keep the others from being written."""
        failures = []
        waiting: dict[str, Future[Written]] = {
            name: self.pool.submit(attempt, self.renders[name], report)
            for name, output in self.outputs.items()
            if output.prepare is not None
        }
        with progress.stage("Write", len(self.renders), "formats") as task:
            for name, render in self.renders.items():
                written = waiting[name].result() if name in waiting else attempt(render, report)
                warnings.extend(written.warnings)
                if written.failure is not None:
                    failures.append(written.failure)
                for file in written.files:
                    space.write(file.path, file.data)
                task.advance(note=name)
        return failures


def attempt(render: Render, report: Report) -> Written:
    """The files of one output, or its failure."""
    heard: list[str] = []
    try:
        return Written(render(report, heard.append), tuple(heard))
    except RenderError as error:
        return Written((), tuple(heard), error)
