"""A report drawn again from its record into a folder that goes again, by what draws every report.

Nothing that a record names is run: templates, style sheets and plug-ins come from the command line, see
`reportgen.pipeline.received`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import RenderError, ReportgenError
from reportgen.pipeline.drawing import Drawing, finish
from reportgen.pipeline.measuring import measured_again
from reportgen.pipeline.received import choose_drawing
from reportgen.pipeline.registry import Registry, check_language
from reportgen.plugins import Output, Plugins
from reportgen.progress import Progress, Task
from reportgen.record.store import Stored
from reportgen.spec.types import ReportSpec
from reportgen.system.epoch import check_epoch
from reportgen.system.manifest import MANIFEST
from reportgen.system.transaction import names_in
from reportgen.system.workspace import Workspace, forget


@dataclass(frozen=True)
class Drawn:
    """The files of a report as its record gives them."""

    files: Mapping[str, bytes]
    asked: frozenset[str]
    """Those that the record's own spec asks for."""
    left_out: tuple[str, ...]
    """Names of files that this machine can't draw, those of a folder with `/` at the end."""
    notes: tuple[str, ...]
    """What could not be drawn, and why."""
    other_look: str
    """Why words may differ: templates, style sheets or plug-ins that are not used here; empty where none is named."""


class Heard:
    """Shows the stages and keeps the warnings."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.warnings: list[str] = []

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """Open a stage."""
        with self.progress.stage(name, total, unit) as task:
            yield task

    def say(self, message: str) -> None:
        """Say nothing of a report that nobody asked for."""

    def warn(self, message: str) -> None:
        """Keep a warning."""
        self.warnings.append(message)


def draw_again(
    stored: Stored, names: Sequence[str], alone: bool, overrides: Sequence[str], progress: Progress
) -> Drawn:
    """Draw what a report of this record holds.

    `names`: the files that there are, whose outputs are drawn although the spec asks for others; `alone`: they alone
    are. Raises RenderError where nothing can be drawn here, SpecError for wrong overrides,
    EnvironmentTrouble where the report's language can't be drawn here.
    """
    check_epoch()
    heard = Heard(progress)
    spec, plugins = choose_drawing(stored.subject.spec, overrides, heard)
    chosen, asked, failed = choose_outputs(spec, plugins, names, alone, heard)
    if (names or asked) and not chosen:
        raise RenderError(f"nothing of it can be drawn here: {'; '.join(heard.warnings)}")
    left = Heard(progress)
    with tempfile.TemporaryDirectory(prefix="reportgen-") as place:
        folder = Path(place) / "drawn"
        registry = Registry.load(spec.model_copy(update={"outputs": tuple(chosen)}), plugins)
        check_language(spec.report.language)
        with Workspace(folder) as space:
            outcome = finish(measured_again(stored), Drawing(spec.report.templates, space, registry, left, reused=True))
        forget(folder)
        files = {name: (folder / name).read_bytes() for name in names_in(folder) if is_drawn(name)}
    notes = [*heard.warnings, *(f"not drawn again: {error.message}" for error in outcome.errors)]
    missing = [output for output in chosen.values() if not any(owns(output, name) for name in files)]
    return Drawn(
        files,
        frozenset(name for name in files if any(owns(chosen[one], name) for one in asked if one in chosen)),
        tuple(name for output in (*failed, *missing) for name in output.files),
        tuple(notes),
        find_other_look(stored.subject.spec, spec),
    )


def is_drawn(name: str) -> bool:
    """Whether a file is one of the report, and not of the machinery that wrote it."""
    return name != MANIFEST and not name.startswith(".reportgen-")


def choose_outputs(
    spec: ReportSpec, plugins: Plugins, names: Sequence[str], alone: bool, heard: Heard
) -> tuple[dict[str, Output], tuple[str, ...], list[Output]]:
    """The outputs to draw by name, those of them that the spec asks for, and those that this machine can't make."""
    from reportgen.outputs import find_outputs

    known = find_outputs() | plugins.outputs
    for name in spec.outputs:
        if name not in known:
            heard.warn(f"the output {name} is not known to this version, and was not compared")
    asked = tuple(name for name in spec.outputs if name in known and not alone)
    chosen, failed = {}, []
    for name, output in known.items():
        if name in asked or any(owns(output, file) for file in names):
            try:
                output.check()
                chosen[name] = output
            except ReportgenError as error:
                failed.append(output)
                heard.warn(f"{', '.join(output.files)}: not compared: {error.message}")
    return chosen, asked, failed


def owns(output: Output, name: str) -> bool:
    """Whether a file of a report is one that an output leaves."""
    return any(name == file or name.startswith(f"{file.rstrip('/')}/") for file in output.files)


def find_other_look(recorded: ReportSpec, used: ReportSpec) -> str:
    """Why the words of a report may differ from what is drawn here."""
    own = [
        name
        for name, theirs, ours in (
            ("templates", recorded.report.templates, used.report.templates),
            ("a style sheet", recorded.report.css, used.report.css),
            ("a logo", recorded.report.logo, used.report.logo),
            ("plug-ins", recorded.plugins, used.plugins),
        )
        if theirs and not ours
    ]
    return f"drawn with {' and '.join(own)} of its own, which are not used here" if own else ""
