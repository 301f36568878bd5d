"""What `reportgen check` tells: whether the machine and the specs are ready, and what a build would do. No torch."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reportgen import numerals
from reportgen.baselines import choose_baseline
from reportgen.datafiles import data_files
from reportgen.errors import DataError, ReportgenError, about
from reportgen.extras import check_extras
from reportgen.fingerprint import accelerator, fingerprint, processor_name
from reportgen.folders import output_folder
from reportgen.pipeline import Options, find_record_of, located, with_templates
from reportgen.record import RunRecord
from reportgen.rooms import Rooms
from reportgen.spec import read_spec
from reportgen.spec.probing import PROBE_NAMES, resolve_probes
from reportgen.spec.types import ModelSpec, ReportSpec, RunSpec
from reportgen.workspace import check_writable

BUILTIN_MACS = {
    "two_conv": 5.6e6,
    "linear": 3.1e4,
    "cifar_resnet20": 40.6e6,
    "cifar_resnet32": 68.9e6,
    "cifar_resnet44": 97.2e6,
    "cifar_resnet56": 125.5e6,
    "resnet9": 379.3e6,
}
"""Multiply-accumulates of one 3×32×32 picture, as `reportgen trace` counts them."""
CIFAR10_SIZES = (50_000, 10_000)
EFFICIENCY = 0.2
"""Of the rate of a large matrix product, what a small network's training reaches on a CPU; a rule of thumb."""
FIXED_SECONDS = 12.0
"""Loading, tracing, timing, drawing and writing."""


@dataclass(frozen=True)
class Line:
    """One line of the check's answer."""

    line: str
    hint: str = ""
    exit_code: int = 0


def check_machine() -> Iterator[Line]:
    """What this machine offers: processor, accelerator, disk, fonts, and whether a PDF can be made."""
    from reportgen.outputs import find_outputs

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = accelerator()
    extra = "" if found == "cpu" else f", and an accelerator ({found})"
    yield Line(f"ok     machine: {processor_name() or platform.machine()}, {cores} cores{extra}")
    free = shutil.disk_usage(Path.cwd()).free
    yield Line(f"ok     disk: {numerals.bytes_text(free)} free here")
    for output in find_outputs().values():
        try:
            output.check()
        except ReportgenError as error:
            word, code = ("note", 0) if output.extra else ("wrong", error.exit_code)
            yield Line(f"{word:<6} output {output.name}: {error.message}", error.hint, code)
        else:
            yield Line(f"ok     output {output.name}")
    yield check_fonts()


def check_fonts() -> Line:
    """Whether Chinese, Japanese and Korean names would have glyphs in a PDF."""
    try:
        done = subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return Line("note   fonts: fontconfig's fc-list is not here, so they can't be listed")
    if done.stdout.strip():
        return Line("ok     fonts: Chinese is covered")
    return Line("note   fonts: none for Chinese; such names would be missing in PDFs", "Install fonts-noto-cjk.")


def check_spec(path: Path, options: Options) -> Iterator[Line]:
    """Whether a spec can be built here, and the plan: what would run, on what, for about how long."""
    try:
        with located(path, options):
            spec = with_templates(read_spec(path, options.overrides), path.parent)
            rooms = Rooms.open(spec)
            rooms.check(spec)
            check_extras(spec)
            baseline = choose_baseline(spec, path.parent)
            out = output_folder(path, None, several=False)
            check_writable(out)
            with about("data.name"):
                files = data_files(spec.data, options.data_root, path.parent)
                source = data_line(spec, files, options)
            with about("model.weights"):
                key = fingerprint(spec, path.parent, files or ())
    except ReportgenError as error:
        where = f"{error.place}: " if error.place else f"{path}: "
        yield Line(f"wrong  {where}{error.message}", error.hint, error.exit_code)
        return
    yield Line(f"ok     {path}")
    yield Line(f"       model    {spec.model.source}")
    yield Line(f"       data     {source}")
    yield Line(f"       run      {run_line(spec)}")
    yield Line(f"       report   {', '.join(rooms.sections)} as {', '.join(rooms.outputs)} into {out}")
    yield Line(f"       probes   {probes_line(spec)}")
    if spec.gates:
        yield Line(f"       gates    {'; '.join(spec.gates)}")
    if baseline is not None:
        yield Line(f"       baseline {baseline.path}, margin {numerals.points(baseline.margin).lstrip('+')}")
    yield Line(f"       time     {time_line(spec, find_record_of(out), key)}")


def data_line(spec: ReportSpec, files: tuple[Path, ...] | None, options: Options) -> str:
    """Where the data would come from; raises DataError when it can't be had."""
    if files is not None:
        return f"{spec.data.name}, here" if files else f"{spec.data.name}, bundled"
    if spec.data.fallback:
        how = "not here" if options.offline else "to be downloaded"
        return f"{spec.data.name}, {how}; {spec.data.fallback} in its place if that fails"
    if options.offline or spec.data.name != "cifar10":
        raise DataError(f"the data set {spec.data.name} is not here", "Give its folder with --data-root or data.root.")
    return f"{spec.data.name}, to be downloaded (170 MB)"


def run_line(spec: ReportSpec) -> str:
    """The pass in words."""
    run = spec.run
    if run.mode == "evaluate":
        return f"evaluate on {run.device}"
    wanted = ((run.epochs, "epoch"), (run.steps, "step"), (run.max_minutes, "minute"))
    limits = [f"{number:g} {unit}{'' if number == 1 else 's'}" for number, unit in wanted if number]
    what = " or ".join(limits) or "1 epoch"
    taught = f", taught by {run.loss.teacher.source}" if run.loss.teacher else ""
    seeds = f", once with each of {len(run.seeds)} seeds" if run.seeds and len(run.seeds) > 1 else ""
    return f"train {what}, batches of {run.batch_size}, {run.optimizer.name}{taught}, on {run.device}{seeds}"


def probes_line(spec: ReportSpec) -> str:
    """What is looked into beyond the pass, and for at most how long."""
    probes = resolve_probes(spec.run.probes)
    names = [name for name in PROBE_NAMES if probes.level_of(name) != "none"]
    if not names:
        return "none"
    asked = ", ".join(f"{name} ({probes.level_of(name)})" for name in names)
    guess = pass_seconds(spec)
    budget = probes.budget(guess or 0.0)
    if budget is None:
        return f"{asked}: as long as they take"
    more = "" if guess is not None or probes.max_seconds else ", or a quarter of the pass where that is more"
    return f"{asked}: at most about {numerals.seconds_text(budget)} together{more}"


def pass_seconds(spec: ReportSpec) -> float | None:
    """Seconds of the first training and its evaluation, as far as the budget or the model's MACs tell them before."""
    guess = estimate(spec.model_copy(update={"run": spec.run.model_copy(update={"seeds": None})}))
    guess = None if guess is None else max(0.0, guess - FIXED_SECONDS)
    if spec.run.mode == "train" and spec.run.max_minutes:
        budget = 60 * spec.run.max_minutes
        return budget if guess is None else min(guess, budget)
    return guess


def time_line(spec: ReportSpec, earlier: RunRecord | None, key: str) -> str:
    """About how long a build would take, and how that is known."""
    if earlier is not None and earlier.fingerprint == key:
        return "a few seconds: nothing that is measured has changed"
    if earlier is not None and earlier.spec.model == spec.model and earlier.spec.run == spec.run:
        return f"about {numerals.seconds_text(sum(s.seconds for s in earlier.stages))}, as the build before"
    if spec.run.mode == "train" and spec.run.max_minutes and not (spec.run.epochs or spec.run.steps):
        whole = f"{len(spec.run.every_seed)} budgets" if spec.run.seeds else "the budget"
        return f"about {numerals.seconds_text(budget_seconds(spec.run) + FIXED_SECONDS)}: {whole} and the rest"
    guess = estimate(spec)
    if guess is None:
        bounded = spec.run.max_minutes is not None and spec.run.mode == "train"
        bound = f"at most {budget_seconds(spec.run) / 60:g} minutes of training" if bounded else "not known"
        return f"{bound} before the model is traced"
    if spec.run.max_minutes and spec.run.mode == "train":
        guess = min(guess, budget_seconds(spec.run) + FIXED_SECONDS)
    return f"about {numerals.seconds_text(guess)} on this processor, from the model's MACs and a trial product"


def budget_seconds(run: RunSpec) -> float:
    """Of all trainings together, where `max_minutes` bounds each."""
    return 60 * (run.max_minutes or 0.0) * len(run.every_seed)


def estimate(spec: ReportSpec) -> float | None:
    """Seconds of a build with a builtin model on this processor; None for models whose MACs are not known unseen."""
    macs, run = known_macs(spec.model), spec.run
    taught = 0.0 if run.loss.teacher is None else known_macs(run.loss.teacher)
    if macs is None or taught is None:
        return None
    train, test = (min(size, limit or size) for size, limit in zip(
        CIFAR10_SIZES, (spec.data.train_limit, spec.data.eval_limit), strict=True
    ))  # fmt: skip
    work = test * macs
    if run.mode == "train":
        epochs = run.epochs or (run.steps or 0) * run.batch_size / train or 1.0
        work = test * taught + len(run.every_seed) * (work + epochs * train * (3 * macs + taught))
    work *= ((spec.data.image_size or 32) / 32) ** 2
    return work / (EFFICIENCY * macs_per_second()) + FIXED_SECONDS


def known_macs(model: ModelSpec) -> float | None:
    """Multiply-accumulates of one picture of 32×32, of a model that is built in."""
    kind, _, name = model.source.partition(":")
    return BUILTIN_MACS.get(name) if kind == "builtin" else None


def macs_per_second(size: int = 768) -> float:
    """Multiply-accumulates per second of a float32 matrix product here, the best of three."""
    matrix = np.ones((size, size), np.float32)
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - start)
    return size**3 / best
