"""What `reportgen check` tells: whether the machine and the specs are ready, and what a build would do. No torch."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import DataError, ReportgenError, about
from reportgen.experiment.datasets import choose_dataset, find_datasets
from reportgen.experiment.datasets.download.speed import least_speed
from reportgen.pipeline.baseline import find_baseline
from reportgen.pipeline.build import Options, identify, with_templates
from reportgen.pipeline.extras import check_extras
from reportgen.pipeline.folders import output_folder
from reportgen.pipeline.forecast import foresee, time_line
from reportgen.pipeline.gate_check import check_gated_classes, find_undecided
from reportgen.pipeline.history import find_subject
from reportgen.pipeline.model_check import check_models
from reportgen.pipeline.registry import Registry, load_own
from reportgen.plugins import DatasetKind, load_plugins
from reportgen.record.probe_levels import level_of
from reportgen.spec import open_spec
from reportgen.spec.probes import PROBE_NAMES
from reportgen.spec.types import ReportSpec
from reportgen.system.epoch import check_epoch
from reportgen.system.fonts import INSTALL, chinese_fonts
from reportgen.system.machine import accelerator, count_cores, processor_name
from reportgen.system.workspace import check_writable
from reportgen.text import numerals


@dataclass(frozen=True)
class Line:
    """One line of the check's answer."""

    line: str
    hint: str = ""
    exit_code: int = 0


def check_machine() -> Iterator[Line]:
    """What this machine offers: processor, accelerator, disk, fonts, and whether a PDF can be made."""
    from reportgen.outputs import find_outputs

    found = accelerator()
    extra = "" if found == "cpu" else f", and an accelerator ({found})"
    yield Line(f"ok     machine: {processor_name() or platform.machine()}, {count_cores()} cores{extra}")
    free = shutil.disk_usage(Path.cwd()).free
    yield Line(f"ok     disk: {numerals.bytes_text(free)} free here")
    for output in (find_outputs() | load_plugins(()).outputs).values():
        try:
            output.check()
        except ReportgenError as error:
            word, code = ("note", 0) if output.extra else ("wrong", error.exit_code)
            yield Line(f"{word:<6} output {output.name}: {error.message}", error.hint, code)
        else:
            yield Line(f"ok     output {output.name}")
    yield check_fonts()
    try:
        check_epoch()
    except ReportgenError as error:
        yield Line(f"wrong  {error.message}", error.hint, error.exit_code)


def check_fonts() -> Line:
    """Whether Chinese, Japanese and Korean names would have glyphs in a PDF."""
    found = chinese_fonts()
    if found:
        return Line(f"ok     fonts: Chinese is covered ({found[0].family})")
    return Line("note   fonts: none for Chinese; such names would be missing in PDFs", INSTALL)


def check_spec(path: Path, options: Options) -> Iterator[Line]:
    """Whether a spec can be built here, and the plan: what would run, on what, for about how long."""
    try:
        source = open_spec(path, options.overrides)
        with source.located():
            spec = with_templates(source.spec, source.base)
            registry = Registry.load(spec, load_own(spec))
            registry.check(spec)
            gated = (spec, source.base, options.data_root, options.offline, registry.plugins)
            check_gated_classes(*gated)
            check_extras(spec)
            notes = check_models(spec, source.base, registry.plugins, options.offline)
            baseline = find_baseline(spec, source.base)
            out = output_folder(path, None, several=False)
            check_writable(out)
            with about("data.name"):
                kind, _ = choose_dataset(spec.data, find_datasets() | registry.plugins.datasets)
                data, told = plan_data(spec, kind, options, source.base)
                notes = (*notes, *told, *find_undecided(*gated))
            with about("model.weights"):
                key = identify(spec, source.base, options, registry.plugins)
    except ReportgenError as error:
        where = f"{error.location}: " if error.location else f"{path}: "
        yield Line(f"wrong  {where}{error.message}", error.hint, error.exit_code)
        return
    yield Line(f"ok     {path}")
    yield Line(f"       model    {spec.model.source}")
    yield Line(f"       data     {data}")
    yield Line(f"       run      {run_line(spec)}")
    yield Line(f"       report   {', '.join(registry.sections)} as {', '.join(registry.outputs)} into {out}")
    yield Line(f"       probes   {probes_line(spec)}")
    if spec.gates:
        yield Line(f"       gates    {'; '.join(rule.text for rule in spec.gates)}")
    if baseline is not None:
        yield Line(f"       baseline {baseline.path}, margin {numerals.points(baseline.margin).lstrip('+')}")
    yield from (Line(f"note   {note}") for note in notes)
    plan, earlier = foresee(spec, kind.sizes), find_subject(out)
    yield Line(f"       time     {time_line(spec, plan, earlier.record if earlier else None, key)}")


def plan_data(spec: ReportSpec, kind: DatasetKind, options: Options, base: Path) -> tuple[str, tuple[str, ...]]:
    """Where the data would come from, and what there is to say of files that are here; raises DataError.

    Where they can't be used, other data stand in as in a build.
    """
    try:
        files = kind.files(spec.data, options.data_root, base)
        looked = files or (files is None and kind.download)
        told = kind.examine(spec.data, options.data_root, base, spec.run.mode == "evaluate") if looked else ()
    except DataError as error:
        if spec.data.fallback is None:
            raise
        return f"{spec.data.name}, which can't be used; {spec.data.fallback} in its place", (error.message,)
    return data_line(spec, kind, files, options, told), told


def data_line(
    spec: ReportSpec, kind: DatasetKind, files: tuple[Path, ...] | None, options: Options, told: tuple[str, ...] = ()
) -> str:
    """Where the data would come from; raises DataError when it is not available, with what there is to say.

    SpecError where it would be downloaded and the environment names no speed.
    """
    fetched = bool(kind.download) and not options.offline
    if files is not None:
        return f"{spec.data.name}, here" if files else f"{spec.data.name}, bundled"
    if fetched:
        least_speed()
    if spec.data.fallback:
        how = "to be downloaded" if fetched else "not here"
        return f"{spec.data.name}, {how}; {spec.data.fallback} in its place if that fails"
    if not fetched:
        raise DataError(f"the data set {spec.data.name} is not here", "\n".join((*told, kind.advice())))
    return f"{spec.data.name}, to be downloaded ({kind.download})"


def run_line(spec: ReportSpec) -> str:
    """The pass in words."""
    run = spec.run
    if run.mode == "evaluate":
        return f"evaluate on {run.device}"
    wanted = ((run.epochs, "epoch"), (run.steps, "step"), (run.max_minutes, "minute"))
    limits = [f"{number:g} {unit}{'' if number == 1 else 's'}" for number, unit in wanted if number]
    what = " or ".join(limits) or "1 epoch"
    taught = f", taught by {run.loss.teacher.source}" if run.loss.teacher else ""
    seeds = f", once with each of {len(run.seeds)} seeds" if len(run.seeds) > 1 else ""
    return f"train {what}, batches of {run.batch_size}, {run.optimizer.name}{taught}, on {run.device}{seeds}"


def probes_line(spec: ReportSpec) -> str:
    """What is looked into beyond the pass, and how far."""
    levels = {name: level_of(spec, name) for name in PROBE_NAMES}
    return ", ".join(f"{name} ({level})" for name, level in levels.items() if level != "none") or "none"
