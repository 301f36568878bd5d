"""How long a build will take, stage by stage, as far as that can be told before it. No torch."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from reportgen.pipeline.fingerprint import named_by_gates
from reportgen.record.probe_levels import level_of
from reportgen.record.run import RunRecord
from reportgen.spec.probes import PROBE_NAMES
from reportgen.spec.types import ModelSpec, ReportSpec
from reportgen.text import numerals

BUILTIN_MACS = {
    "two_conv": 5.6e6,
    "linear": 3.1e4,
    "cifar_resnet20": 40.6e6,
    "cifar_resnet32": 68.9e6,
    "cifar_resnet44": 97.2e6,
    "cifar_resnet56": 125.5e6,
    "resnet9": 379.3e6,
}
"""Multiply-accumulates of one 3×32×32 image, as `reportgen trace` counts them."""
EFFICIENCY = 0.2
"""Of the rate of a large matrix product, what a small network's training reaches on a CPU; a rule of thumb."""
FIXED_SECONDS = 25.0
"""Loading, tracing, timing, drawing and writing."""
PROCESS_SECONDS = 3.0
"""Of a fresh process that times the latency, most of it for importing torch."""
UNKNOWN = "not known before the model is traced"


@dataclass(frozen=True)
class Forecast:
    """Seconds of the stages of a build; None where they are not known before it."""

    train: float | None
    """Of all seeds; 0 where nothing is trained."""
    capped: bool
    """True where `train` is the most that the spec allows."""
    evaluate: float | None
    """Of all seeds, and of the teacher."""
    seeds: int
    probes: float | None
    """At most; None: no limit."""
    rest: float
    guessed: bool
    """True where a trial product told some of it."""

    @property
    def total(self) -> float:
        """Of the stages that are known."""
        return (self.train or 0.0) + (self.evaluate or 0.0) + (self.probes or 0.0) + self.rest


def foresee(spec: ReportSpec, sizes: tuple[int, int] | None) -> Forecast:
    """The stages of a build on this processor, from the budgets of the spec and from the MACs of a builtin model.

    `sizes`: images of the data set for training and for testing, None where they are not known.
    """
    run, seeds = spec.run, len(spec.run.seeds)
    train, evaluate = guess_pass(spec, sizes) or (None, None)
    guessed = evaluate is not None
    budget = 60 * run.max_minutes * seeds if run.max_minutes and run.mode == "train" else None
    only = budget is not None and not (run.epochs or run.steps)
    if run.mode == "evaluate":
        train = 0.0
    elif budget is not None:
        train = budget if only or train is None else min(train, budget)
    capped = budget is not None and train == budget and not only
    bound = bound_probes(spec, ((train or 0.0) + (evaluate or 0.0)) / seeds)
    processes = 2 * spec.latency_pairs or spec.latency_processes
    fixed = FIXED_SECONDS + (PROCESS_SECONDS * processes if processes > 1 else 0.0)
    return Forecast(train, capped, evaluate, seeds, bound, fixed, guessed)


def guess_pass(spec: ReportSpec, sizes: tuple[int, int] | None) -> tuple[float, float] | None:
    """Seconds of training and of evaluation, all seeds together; None for models whose MACs are not known unseen, and
    for data whose number of images is not."""
    macs, run = known_macs(spec.model), spec.run
    taught = 0.0 if run.loss.teacher is None else known_macs(run.loss.teacher)
    if macs is None or taught is None or sizes is None:
        return None
    train, test = (
        min(size, limit or size)
        for size, limit in zip(sizes, (spec.data.train_limit, spec.data.eval_limit), strict=True)
    )
    each = ((spec.data.image_size or (32 if spec.model.pretrained is None else 224)) / 32) ** 2 / (
        EFFICIENCY * macs_per_second()
    )
    if run.mode == "evaluate":
        return 0.0, each * test * macs
    epochs, seeds = run.epochs or (run.steps or 0) * min(run.batch_size, train) / train or 1.0, len(run.seeds)
    return each * seeds * epochs * train * (3 * macs + taught), each * test * (seeds * macs + taught)


def bound_probes(spec: ReportSpec, pass_seconds: float) -> float | None:
    """The most that the probes take after a pass of so many seconds; None: no limit, because one does all it can."""
    probes = spec.run.probes
    levels = {level_of(spec, name) for name in PROBE_NAMES}
    if levels == {"none"}:
        return 0.0
    if named_by_gates(spec) is not None:  # what a gate names is measured whatever time it takes
        return None
    return None if "full" in levels and probes.max_seconds is None else probes.budget(pass_seconds)


def known_macs(model: ModelSpec) -> float | None:
    """Multiply-accumulates of one image of 32×32, of a model that is built in."""
    kind, _, name = model.source.partition(":")
    return BUILTIN_MACS.get(name) if kind == "builtin" else None


def macs_per_second(size: int = 768) -> float:
    """Multiply-accumulates per second of a float32 matrix product here, the best of four."""
    matrix = np.ones((size, size), np.float32)
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - start)
    return size**3 / best


def time_line(spec: ReportSpec, plan: Forecast, earlier: RunRecord | None, key: str) -> str:
    """About how long a build would take, how that is known, and what each stage takes of it."""
    if earlier is not None and earlier.fingerprint == key:
        return "a few seconds: nothing that is measured has changed"
    if earlier is not None and earlier.spec.model == spec.model and earlier.spec.run == spec.run:
        return f"about {numerals.seconds_text(sum(s.seconds for s in earlier.stages))}, as the build before"
    return f"{format_total(plan)}: {', '.join(format_stages(spec, plan))}"


def format_total(plan: Forecast) -> str:
    """All stages together, or those that are known."""
    if plan.train is None or (not plan.train and plan.evaluate is None):
        return UNKNOWN
    unknown = [
        name for name, known in (("the evaluation", plan.evaluate), ("the probes", plan.probes)) if known is None
    ]
    most = "at most " if plan.capped else ""
    beside = f" beside {' and '.join(unknown)}" if unknown else ""
    how = ", from the model's MACs and a trial product" if plan.guessed else ""
    return f"{most}about {numerals.seconds_text(plan.total)} on this processor{beside}{how}"


def format_stages(spec: ReportSpec, plan: Forecast) -> list[str]:
    """Each stage whose time is known."""
    found = []
    if plan.train:
        most = "at most " if plan.capped else ""
        times = f" ({plan.seeds} seeds)" if plan.seeds > 1 else ""
        found.append(f"training {most}{numerals.seconds_text(plan.train)}{times}")
    if plan.evaluate is not None:
        found.append(f"evaluation {numerals.seconds_text(plan.evaluate)}")
    if plan.probes:
        grows = not spec.run.probes.max_seconds and plan.evaluate is None
        more = " or a quarter of the pass" if grows else ""
        found.append(f"probes at most {numerals.seconds_text(plan.probes)}{more}")
    return [*found, f"the rest {numerals.seconds_text(plan.rest)}"]
