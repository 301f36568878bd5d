"""The spine: a spec becomes a record, and a record becomes a report. The one module that knows all packages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import GateFailed, Location, RecordError, ReportgenError, RunError, about
from reportgen.pipeline.baseline import baseline_digest, find_baseline, judge
from reportgen.pipeline.extras import check_extras
from reportgen.pipeline.fingerprint import drawing_digest, fingerprint
from reportgen.pipeline.registry import Registry
from reportgen.pipeline.write import Writing
from reportgen.plugins import Plugins
from reportgen.progress import Progress
from reportgen.record.gate_result import GateResult
from reportgen.record.locate import RECORD, Source, find_source
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.record.store import Stored, load_judgement, load_measured, store, write_files
from reportgen.record.subject import Subject
from reportgen.spec import SpecFile, open_spec
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import ReportSpec
from reportgen.system.workspace import Workspace, is_current
from reportgen.text.i18n import SOURCE, language

if TYPE_CHECKING:
    from reportgen.report.model import Report


@dataclass(frozen=True)
class Options:
    """How a build is called: everything that is not in the spec."""

    data_root: Path | None = None
    offline: bool = False
    force: bool = False
    formats: tuple[str, ...] = ()
    """Empty: the spec's `outputs`."""
    overrides: tuple[str, ...] = ()
    """`KEY=VALUE`, dotted keys."""
    given: Mapping[str, object] | None = None
    """The spec, where it is no file: then the path of the spec only says where it would be."""


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


def build(path: Path, out: Path, options: Options, progress: Progress) -> Outcome:
    """Build the report of the spec at `path` into `out`.

    Raises a ReportgenError for anything a user can cause; until the new report is whole the old one stays as it is.
    """
    source = open_spec(path, options.overrides, options.given)
    with source.located():
        return build_spec(source, out, options, progress)


def build_spec(source: SpecFile, out: Path, options: Options, progress: Progress) -> Outcome:
    """Look for an earlier record, run, draw, write."""
    spec = with_templates(choose_formats(source.spec, options.formats), source.base)
    registry = Registry.load(spec)
    registry.check(spec)
    key = identify(spec, source.base, options, registry.plugins)
    baseline = find_baseline(spec, source.base)
    with Workspace(out) as space:
        earlier = None if options.force else find_record(space, key, progress)
        presentation, templates = Presentation.of(spec), spec.report.templates
        if earlier is not None:
            against = baseline.digest if baseline else ""
            if is_current(
                out, inputs_digest(earlier.digest, against, presentation, templates, registry.plugins, registry.css)
            ):
                return unchanged(out, earlier.record, presentation)
        loaded_baseline = baseline.load() if baseline else None  # what is wrong with it shows before any compute
        stored = earlier or store(run(source, spec, key, options, registry.plugins, progress))
        if earlier is None:
            space.keep(lambda folder: write_files(stored.record_files, folder))
        judgement = judge(
            Subject(stored.record, presentation=presentation), loaded_baseline, registry.sections, progress
        )
        return finish(
            stored.drawn_as(judgement, presentation), templates, space, registry, progress, reused=earlier is not None
        )


def unchanged(out: Path, record: RunRecord, presentation: Presentation) -> Outcome:
    """What a build comes to whose report is there already."""
    gates = load_judgement(out / RECORD).gates
    places = locations(presentation)
    return Outcome(out, None, exit_code(record, gates), reused=True, gates=gates, gate_locations=places)


def render(source: Path, out: Path | None, options: Options, progress: Progress) -> Outcome:
    """Draw a report again from its record alone, without torch and without the data."""
    from reportgen.spec import override_report

    found = find_source(source)
    stored = found.load()
    spec = choose_formats(override_report(stored.subject.spec, options.overrides), options.formats)
    registry = Registry.load(spec)
    registry.check(spec)
    with Workspace(out or default_folder(found)) as space:
        drawn = stored.drawn_as(stored.subject.judgement, Presentation.of(spec))
        return finish(drawn, spec.report.templates, space, registry, progress, reused=True)


def default_folder(found: Source) -> Path:
    """Where a record is drawn to: over the report that it is in, else reports/<its name>."""
    return found.path.parent if found.path.name == RECORD else Path("reports") / found.name


def with_templates(spec: ReportSpec, base: Path) -> ReportSpec:
    """The spec with its templates and style sheet, relative to the spec, found on this machine."""
    named = {"templates": spec.report.templates, "css": spec.report.css}
    found = {key: resolve_path(path, base) for key, path in named.items() if path is not None}
    return spec.model_copy(update={"report": spec.report.model_copy(update=found)}) if found else spec


def without_missing_looks(spec: ReportSpec, progress: Progress) -> ReportSpec:
    """The spec of a record without the templates and the style sheet that are not on this machine, which is said."""
    missing = {
        key: path
        for key in ("templates", "css")
        if (path := getattr(spec.report, key)) is not None and not path.exists()
    }
    for key, path in missing.items():
        progress.warn(f"report.{key}: {path} is not here, relative to the current folder; drawn without it")
    gone = dict.fromkeys(missing)
    return spec.model_copy(update={"report": spec.report.model_copy(update=gone)}) if missing else spec


def choose_formats(spec: ReportSpec, formats: tuple[str, ...]) -> ReportSpec:
    """The spec with its outputs replaced by the command line's, if it has any."""
    return spec.model_copy(update={"outputs": formats}) if formats else spec


def find_record(space: Workspace, key: str, progress: Progress) -> Stored | None:
    """The record of an earlier build with this fingerprint, or None; one that can't be read is a miss and says so."""
    for folder in (space.out / RECORD, space.kept):
        if not (folder / "record.json").is_file():
            continue
        try:
            stored = load_measured(folder)
        except RecordError as error:
            progress.warn(f"the earlier record can't be used and will be measured again: {error.message}")
            continue
        if stored.record.fingerprint == key:
            return stored
    return None


def find_subject(out: Path) -> Subject | None:
    """What the report in a folder was drawn from, if its record is there and can be read."""
    try:
        return find_source(out).load().subject
    except RecordError:
        return None


def identify(spec: ReportSpec, base: Path, options: Options, plugins: Plugins) -> str:
    """The fingerprint of the run that this spec asks for, with the data that is here now."""
    from reportgen.experiment.datasets import data_files, find_datasets

    with about("data.name"):
        files = data_files(spec.data, options.data_root, base, find_datasets() | plugins.datasets)
    return fingerprint(spec, base, files or (), plugins)


def run(
    source: SpecFile, spec: ReportSpec, key: str, options: Options, plugins: Plugins, progress: Progress
) -> RunRecord:
    """Run the experiment and measure it; data that it fetches first counts as if it had been here."""
    from reportgen.experiment.request import Request
    from reportgen.experiment.run import run_experiment
    from reportgen.metrics import measure
    from reportgen.metrics.selection import images_to_keep

    check_extras(spec)
    request = Request(
        spec=spec,
        base=source.base,
        spec_name=source.path.name,
        overrides=options.overrides,
        fingerprint=key,
        plugins=plugins,
        data_root=options.data_root,
        offline=options.offline,
    )
    record = run_experiment(request, images_to_keep, progress)
    key = identify(spec, source.base, options, plugins)
    with progress.stage("Measure"):
        return record.model_copy(update={"fingerprint": key, "measured": measure(record)})


def finish(
    stored: Stored, templates: Path | None, space: Workspace, registry: Registry, progress: Progress, *, reused: bool
) -> Outcome:
    """Draw, assemble, write every output beside the old report, and move the whole in.

    The gates are judged on what is drawn now. `templates`: the user's own, where they are on this machine.
    """
    from reportgen.pipeline.figure_cache import draw_once
    from reportgen.report.assemble import assemble

    stored = stored.drawn_as(stored.subject.judgement.with_gates(()), stored.subject.presentation)
    names = [name for section in registry.sections.values() for name in section.drawn]
    warnings: list[str] = []
    with language(SOURCE), Writing(registry.outputs) as writing:
        with progress.stage("Draw", len(names), "figures") as task:
            figures = draw_once(stored, names, registry.plugins.figures)
            task.advance(len(names))
        report = assemble(stored.subject, figures, registry.sections, templates, registry.css)
        drawn = replace(stored, subject=report.subject)
        writing.begin(report)
        space.write_folder(RECORD, lambda folder: write_files(drawn.files, folder))
        failures = writing.write(report, space, warnings, progress)
    judgement, presentation = report.subject.judgement, report.subject.presentation
    again = failures or judgement.ranking is not None  # a build, which makes none, finds no report of its own here
    inputs = inputs_digest(
        stored.digest, baseline_digest(judgement), presentation, templates, registry.plugins, registry.css
    )
    space.commit(inputs="" if again else inputs)
    for warning in warnings:
        progress.warn(warning)
    code = failures[0].exit_code if failures else exit_code(stored.record, report.gates)
    places = locations(presentation)
    return Outcome(
        space.out, report.subject, code, reused, tuple(warnings), report.gates, tuple(failures), places, report
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
    `templates` the folder of the user's own, and `css` the text of their style sheet.
    """
    parts = {
        "record": record,
        "baseline": baseline,
        "presentation": presentation.model_dump(mode="json"),
        "css": css,
        "code": drawing_digest(templates, plugins),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
