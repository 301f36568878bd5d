"""From a record and what is judged of it to the files of a report, moved in whole.

What is done here decides what a report says, so that `reportgen.pipeline.code_digest.DRAWING` has this module.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.comparison.gates import find_place, located
from reportgen.errors import GateFailed, Location, ReportgenError, RunError, worst_code
from reportgen.pipeline.baseline import baseline_digest
from reportgen.pipeline.drawing_digest import code_of_drawing, drawing_digest
from reportgen.pipeline.faults import Raised, errors_of, failures_of, log_of
from reportgen.pipeline.registry import Registry
from reportgen.pipeline.write import Writing
from reportgen.plugins import Plugins
from reportgen.progress import Progress
from reportgen.record.gate_result import GateResult
from reportgen.record.locate import RECORD
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.record.store import Stored, write_files
from reportgen.record.subject import Subject
from reportgen.system.fault_log import LOG
from reportgen.system.workspace import Workspace
from reportgen.text.i18n import _, language

if TYPE_CHECKING:
    from reportgen.report.model import FigureFile, Report, Skipped


@dataclass(frozen=True)
class Outcome:
    """What a build came to."""

    folder: Path
    subject: Subject | None
    """None when nothing had to be read: the report was already current."""
    exit_code: int = 0
    reused: bool = False
    """True when the record was taken from an earlier build."""
    warnings: tuple[str, ...] = ()
    gates: tuple[GateResult, ...] = ()
    errors: tuple[ReportgenError, ...] = field(default=())
    """What went wrong after the report was written, such as one format of several."""
    gate_locations: tuple[Location | None, ...] = ()
    """Where each of `gates` stands in the spec; None for those of a record."""
    report: Report | None = None
    """What was written; None where nothing was."""


@dataclass(frozen=True)
class Drawing:
    """Where and how a record is drawn."""

    templates: Path | None
    """The user's own, where they are on this machine."""
    space: Workspace
    registry: Registry
    progress: Progress
    reused: bool
    done: bool = False
    """Whether the report holds the run whole, so that nothing of it need be kept beside."""
    origin: str = ""
    """What made it, for the manifest."""
    key: Path | None = None
    """What its manifest is signed with."""


def finish(stored: Stored, drawing: Drawing, raised: Raised = (), base: Path = Path()) -> Outcome:
    """Draw, assemble, write every output beside the old report, and move the whole in.

    The gates are judged on what is drawn now. `raised`: what ended parts of the run; `base`: the folder of the spec.
    """
    from reportgen.pipeline.figure_cache import draw_once
    from reportgen.report.assemble import assemble

    space, registry, progress = drawing.space, drawing.registry, drawing.progress
    stored = to_be_judged(stored)
    further = registry.figures_of_outputs(stored.subject)
    names = [*registry.figures_of_sections(stored.subject), *further]
    warnings: list[str] = []
    shown = names if registry.shows_figures else further
    with language(stored.subject.presentation.report.language), Writing(registry.outputs) as writing:
        with progress.stage("Draw", len(shown), "figures") as task:
            figures = list_undrawn(names) | draw_once(stored, shown, registry.plugins.figures)
            task.advance(len(shown))
        looks = (drawing.templates, registry.css, further, registry.logo)
        report = assemble(stored.subject, figures, registry.sections, *looks)
        report = replace(report, code=code_of_drawing())
        drawn = replace(stored, subject=report.subject)
        writing.begin(report)
        space.write_folder(RECORD, lambda folder: write_files(drawn.files, folder))
        failures = writing.write(report, space, warnings, progress)
    log = log_of(report, raised, read_log(space.out), failures)
    if log:
        space.write(LOG, log.encode("utf-8", "backslashreplace"))
    failures += failures_of(report, space.out)
    inputs = "" if failures else inputs_of(stored, report, drawing)
    space.commit(inputs, finished_key(stored, drawing), drawing.origin, drawing.key, report.code)
    for warning in warnings:
        progress.warn(warning)
    return outcome_of(report, drawing, tuple(warnings), (*errors_of(report.record, space.out, base), *failures))


def to_be_judged(stored: Stored) -> Stored:
    """A record without the results of its gates, each rule standing where those say it stood."""
    judgement, presentation = stored.subject.judgement, stored.subject.presentation
    rules = located(presentation.gates, judgement.gates)
    return stored.drawn_as(judgement.with_gates(()), presentation.model_copy(update={"gates": rules}))


def inputs_of(stored: Stored, report: Report, drawing: Drawing) -> str:
    """The digest by which a build knows that this report is what it would make; empty where it is not."""
    judgement, registry = report.subject.judgement, drawing.registry
    if judgement.ranking is not None:  # a build, which makes none, finds no report of its own here
        return ""
    baseline, presentation = baseline_digest(judgement), report.subject.presentation
    return inputs_digest(stored.digest, baseline, presentation, drawing.templates, registry.plugins, registry.look)


def finished_key(stored: Stored, drawing: Drawing) -> str:
    """The run of which nothing need be kept any more when its report is there; empty where there is none."""
    return stored.record.fingerprint if drawing.done else ""


def list_undrawn(names: Sequence[str]) -> dict[str, FigureFile | Skipped]:
    """What stands in the place of figures that no output shows, by name."""
    from reportgen.report.model import Skipped

    return {name: Skipped(name, name, _("None of the formats of this report shows figures.")) for name in names}


def read_log(out: Path) -> str:
    """The log of the report that is in a folder; empty where it has none."""
    try:
        return (out / LOG).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def outcome_of(
    report: Report, drawing: Drawing, warnings: tuple[str, ...], errors: tuple[ReportgenError, ...]
) -> Outcome:
    """What a drawing came to."""
    places = locations(report.subject.presentation)
    code = worst_code([*(error.exit_code for error in errors), exit_code(report.record, report.gates)])
    return Outcome(
        drawing.space.out, report.subject, code, drawing.reused, warnings, report.gates, errors, places, report
    )


def locations(presentation: Presentation) -> tuple[Location | None, ...]:
    """Where each gate stands in the spec's text."""
    return tuple(rule.location for rule in presentation.gates)


def exit_code(record: RunRecord, gates: Sequence[GateResult]) -> int:
    """4 when training diverged, 1 when a gate failed: the report is there and says so, and a script can't miss it."""
    trainings = [record.training, *(run.training for run in record.seeds)]
    if any(training is not None and training.divergence is not None for training in trainings):
        return RunError.exit_code
    return GateFailed.exit_code if any(gate.outcome == "fail" for gate in gates) else 0


def inputs_digest(
    record: str, baseline: str, presentation: Presentation, templates: Path | None, plugins: Plugins, css: str = ""
) -> str:
    """Digest of everything the files of a report depend on.

    `record` and `baseline` are the digests of the record and of the one that it is compared with, or empty;
    `templates` the folder of the user's own, and `css` the text of their style sheet, with their logo.
    """
    parts = {
        "record": record,
        "baseline": baseline,
        "presentation": presentation.model_dump(mode="json"),
        "places": [place and place.model_dump() for place in map(find_place, presentation.gates)],
        "css": css,
        "code": drawing_digest(templates, plugins),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
