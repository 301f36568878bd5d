"""The spine: a spec becomes a record, and a record becomes a report. The one module that knows all packages."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import (
    EnvironmentTrouble,
    ReportgenError,
    about,
    worst_code,
)
from reportgen.pipeline.baseline import FoundBaseline, find_baseline, judge
from reportgen.pipeline.baseline_timing import choose_model
from reportgen.pipeline.drawing import Drawing, Outcome, exit_code, finish, inputs_digest, locations
from reportgen.pipeline.faults import errors_of
from reportgen.pipeline.fingerprint import fingerprint
from reportgen.pipeline.gate_check import check_gated_classes
from reportgen.pipeline.history import find_subject, with_history
from reportgen.pipeline.kept import KeptRun, find_record
from reportgen.pipeline.measuring import Measured, is_to_be_timed, measured_again, run, time_with_baseline
from reportgen.pipeline.platform import in_checkout, on_platform
from reportgen.pipeline.registry import Registry, load_own, read_look
from reportgen.pipeline.replacing import Claim, check_replaceable, kept_origin, origin_of
from reportgen.plugins import Plugins
from reportgen.progress import Progress
from reportgen.record.locate import RECORD, Source, find_source
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.record.store import load_judgement
from reportgen.record.subject import Subject
from reportgen.spec import SpecFile, open_spec
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import ReportSpec
from reportgen.system.epoch import check_epoch
from reportgen.system.manifest import read_manifest
from reportgen.system.signing import signing_key
from reportgen.system.workspace import KEPT, Workspace, is_current

if TYPE_CHECKING:
    from reportgen.experiment.request import BaselineModel, Request


EVERY = "all"
"""In the place of the names of outputs: every one that can be made here."""


@dataclass(frozen=True)
class Options:
    """How a build is called: everything that is not in the spec."""

    data_root: Path | None = None
    offline: bool = False
    force: bool = False
    formats: tuple[str, ...] = ()
    """Empty: the spec's `outputs`; `all`: every one that can be made here."""
    overrides: tuple[str, ...] = ()
    """`KEY=VALUE`, dotted keys."""
    given: Mapping[str, object] | None = None
    """The spec, where it is no file: then the path of the spec only says where it would be."""
    sign: Path | None = None
    """The key that the report's manifest is signed with; None: that of the environment, or none."""


def build(path: Path, out: Path, options: Options, progress: Progress) -> Outcome:
    """Build the report of the spec at `path` into `out`.

    Raises a ReportgenError for anything a user can cause; until the new report is whole the old one stays as it is.
    """
    check_epoch()
    source = open_spec(path, options.overrides, options.given)
    with source.located():
        return build_spec(source, out, options, progress)


def build_spec(source: SpecFile, out: Path, options: Options, progress: Progress) -> Outcome:
    """Look for an earlier record, run, draw, write.

    Sections and outputs, which take longer to import than it takes to find that nothing has changed, are loaded first
    only where there is no report yet.
    """
    plugins = load_own(source.spec)
    spec = with_templates(choose_formats(source.spec, options.formats, plugins, progress), source.base)
    spec = on_platform(spec, os.environ)
    registry = None if may_be_current(out, options) else Registry.checked(spec, plugins)
    check_gated_classes(spec, source.base, options.data_root, options.offline, plugins)
    signed_with = signing_key(options.sign)
    key = identify(spec, source.base, options, plugins)
    baseline = find_baseline(spec, source.base)
    claim = Claim(key, origin_of(source.path, out), source.path.name)
    with Workspace(out) as space:
        check_replaceable(out, claim, registry.outputs.values() if registry else (), options.force)
        earlier = None if options.force else find_record(space, key, progress, source.base)
        presentation, templates = in_checkout(Presentation.of(spec), source.path), spec.report.templates
        recoded = earlier is not None and is_recoded(spec, source.base, earlier.record, baseline, plugins)
        if earlier is not None and not recoded:
            against = baseline.digest if baseline else ""
            inputs = inputs_digest(earlier.digest, against, presentation, templates, plugins, read_look(spec))
            if is_current(out, inputs, signed_with):
                return unchanged(out, earlier.record, presentation, source.base)
        if registry is None:
            registry = Registry.checked(spec, plugins)
            check_replaceable(out, claim, registry.outputs.values(), options.force)
        loaded_baseline = baseline.load() if baseline else None  # what is wrong with it shows before any compute
        timed = choose_model(spec, source.base, loaded_baseline, plugins.sources)
        request = ask(source, spec, key, options, plugins, timed)
        kept = KeptRun(space, lambda: identify(spec, source.base, options, plugins), progress)
        measured = Measured((), earlier) if earlier else run(request, kept, again=options.force)
        stored = time_with_baseline(request, measured.stored, kept)
        judgement = judge(
            Subject(stored.record, presentation=presentation), loaded_baseline, registry.sections, progress
        )
        known = loaded_baseline.subject if loaded_baseline else None
        judgement = with_history(judgement, stored.record, find_subject(out), known)
        reused = earlier is not None
        drawing = Drawing(templates, space, registry, progress, reused, True, claim.origin, signed_with)
        return finish(stored.drawn_as(judgement, presentation), drawing, measured.raised, source.base)


def may_be_current(out: Path, options: Options) -> bool:
    """Whether a folder holds a report that was made whole, which may be what a build would make."""
    manifest = None if options.force else read_manifest(out)
    return manifest is not None and manifest.inputs != ""


def ask(
    source: SpecFile, spec: ReportSpec, key: str, options: Options, plugins: Plugins, timed: BaselineModel | None
) -> Request:
    """What a build measures, and with which baseline's model it times its own."""
    from reportgen.experiment.request import Request

    return Request(
        spec=spec,
        base=source.base,
        spec_name=source.path.name,
        overrides=options.overrides,
        fingerprint=key,
        plugins=plugins,
        data_root=options.data_root,
        offline=options.offline,
        baseline=timed,
    )


def is_recoded(
    spec: ReportSpec, base: Path, record: RunRecord, baseline: FoundBaseline | None, plugins: Plugins
) -> bool:
    """Whether the code in the folder `baseline.code` is another than the record was timed in turn with."""
    if baseline is None or spec.baseline is None or spec.baseline.code is None:
        return False
    return is_to_be_timed(record, choose_model(spec, base, baseline.load(), plugins.sources))


def unchanged(out: Path, record: RunRecord, presentation: Presentation, base: Path) -> Outcome:
    """What a build comes to whose report is there already."""
    gates = load_judgement(out / RECORD).gates
    places = locations(presentation)
    errors = tuple(errors_of(record, out, base))
    code = worst_code([*(error.exit_code for error in errors), exit_code(record, gates)])
    return Outcome(out, None, code, reused=True, gates=gates, errors=errors, gate_locations=places)


def render(source: Path, out: Path | None, options: Options, progress: Progress) -> Outcome:
    """Draw a report again from its record alone, without torch and without the data."""
    from reportgen.pipeline.received import choose_drawing

    check_epoch()
    found = find_source(source)
    stored = found.load()
    spec, plugins = choose_drawing(stored.subject.spec, options.overrides, progress)
    spec = on_platform(choose_formats(spec, options.formats, plugins, progress), os.environ)
    registry = Registry.checked(spec, plugins)
    key = signing_key(options.sign)
    folder = out or default_folder(found)
    with Workspace(folder) as space:
        check_replaceable(folder, Claim(stored.record.fingerprint), registry.outputs.values(), options.force)
        check_unmoved(found, source)
        announce_reduced(found, stored.record, progress)
        drawn = measured_again(stored).drawn_as(stored.subject.judgement, Presentation.of(spec))
        origin = kept_origin(folder, stored.record.fingerprint)
        drawing = Drawing(spec.report.templates, space, registry, progress, reused=True, origin=origin, key=key)
        return finish(drawn, drawing)


def announce_reduced(found: Source, record: RunRecord, progress: Progress) -> None:
    """Say what of the images a record does not hold that travelled inside a PDF, which has room for so many."""
    from reportgen.metrics.selection import images_to_keep
    from reportgen.record.images import LARGEST_SIDE

    arrays = record.arrays
    if found.files is None or not {"images", "eval.logits", "eval.labels", "eval.digests"} <= set(arrays):
        return
    measured = len(images_to_keep(arrays["eval.logits"], arrays["eval.labels"], arrays["eval.digests"]))
    kept, shape = len(arrays["images"]), arrays["images"].shape[1:3]
    small = max(shape) <= LARGEST_SIDE < max(record.data.image_shape[1:])
    sizes = f", each at most {LARGEST_SIDE} pixels a side" if small else ""
    if kept < measured or small:
        progress.say(
            f"The record inside {found.path.name} holds {kept:,} of {measured:,} images{sizes}: those that the report "
            "shows are among them, and every number is there."
        )


def check_unmoved(found: Source, path: Path) -> None:
    """Raise EnvironmentTrouble where another command has put a new record in the place of the one that was read."""
    if find_source(path).digest != found.digest:
        raise EnvironmentTrouble(f"the record in {path} was replaced meanwhile", "Do it again.")


def default_folder(found: Source) -> Path:
    """Where a record is drawn to: over the report that it is in or was kept beside, else reports/<its name>."""
    if KEPT in found.path.parts:
        return Path(*found.path.parts[: found.path.parts.index(KEPT)])
    return found.path.parent if found.path.name == RECORD else Path("reports") / found.name


def with_templates(spec: ReportSpec, base: Path) -> ReportSpec:
    """The spec with its templates, style sheet and logo, relative to the spec, found on this machine."""
    named = {"templates": spec.report.templates, "css": spec.report.css}
    found: dict[str, object] = {key: resolve_path(path, base) for key, path in named.items() if path is not None}
    if spec.report.logo is not None:
        found["logo"] = spec.report.logo.model_copy(update={"file": resolve_path(spec.report.logo.file, base)})
    return spec.model_copy(update={"report": spec.report.model_copy(update=found)}) if found else spec


def choose_formats(spec: ReportSpec, formats: tuple[str, ...], plugins: Plugins, progress: Progress) -> ReportSpec:
    """The spec with its outputs replaced by the command line's, if any; `all` are those that can be made here."""
    chosen = list_makeable(plugins, progress) if EVERY in formats else formats
    return spec.model_copy(update={"outputs": chosen}) if chosen else spec


def list_makeable(plugins: Plugins, progress: Progress) -> tuple[str, ...]:
    """The names of all outputs, plug-ins' too, but those that this machine can't make, which is said."""
    from reportgen.outputs import find_outputs

    made = []
    for name, output in (find_outputs() | plugins.outputs).items():
        try:
            output.check()
            made.append(name)
        except ReportgenError as error:
            progress.warn(f"the output {name} was left out: {error.message}")
    return tuple(made)


def identify(spec: ReportSpec, base: Path, options: Options, plugins: Plugins) -> str:
    """The fingerprint of the run that this spec asks for, with the data that is here now."""
    from reportgen.experiment.datasets import data_files, find_datasets

    with about("data.name"):
        files = data_files(spec.data, options.data_root, base, find_datasets() | plugins.datasets)
    return fingerprint(spec, base, files or (), plugins)
