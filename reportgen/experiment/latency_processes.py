"""Latency in several fresh processes, one after the other, each with a limit of time."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reportgen.experiment.latency import BATCHES, LARGEST, MOST_BYTES, WARM_UPS, count_passes, powers
from reportgen.experiment.nominal import OVERHEAD, nominal_seconds
from reportgen.experiment.request import Request
from reportgen.record.latency import FEWEST_FOR_P95, FEWEST_PROCESSES, Latency, summarise_processes
from reportgen.record.meaning import find_meaning, named_numbers, names_times
from reportgen.record.message import N_, Message, Note
from reportgen.record.run import Device
from reportgen.record.trace import ModelTrace
from reportgen.spec.types import ModelSpec, ReportSpec
from reportgen.system.processes import end, start_module, time_limit

LONGEST = 60.0
"""Seconds that one process may take, its start included, beside PATIENCE times what its passes should."""
PATIENCE = 10.0
"""Of a busy machine."""
TOGETHER = 120.0
"""Seconds that all of them may take unless the spec says how many there are, or a gate names a time."""
SHARE = 2
"""The passes that this process timed are so many times those that each of the others times."""
FEWEST = 3
"""Passes of a batch size in each of several processes: what their median is off by is in the spread between them."""
QUICK = 8
"""Passes that this process timed of one image from which another has time for a 95th percentile."""

ONLY_HERE = N_("A model from a plug-in can only be timed in the process that loaded the plug-in.")
"""Why no other process times it."""

Seconds = dict[int, list[float]]
"""Of the passes of one process, by batch size."""


@dataclass(frozen=True)
class Expected:
    """What a record says of the model that was measured, by which another is told from it."""

    source_sha256: str | None
    files: tuple[str, ...]
    """sha256 of the files that making it read."""
    parameters: int


@dataclass(frozen=True)
class TimedModel:
    """A model that a fresh process makes and times."""

    model: ModelSpec
    base: Path
    """The folder that its paths are relative to."""
    seed: int
    classes: int
    shape: Sequence[int]
    """(channels, height, width) of an image as it sees it."""
    device: Device
    counts: Mapping[int, int]
    """Timed passes by batch size."""
    expected: Expected | None = None
    """What it must be for its times to be worth anything; None: whatever the spec makes."""
    image_seconds: float = OVERHEAD
    """Nominal time of one image."""

    @property
    def longest(self) -> float:
        """Seconds that its process may take."""
        images = sum(size * (number + WARM_UPS) for size, number in self.counts.items())
        return LONGEST + PATIENCE * images * self.image_seconds

    @property
    def asked(self) -> bytes:
        """What the process is told: a line of JSON. The weights stay where they are."""
        expected = self.expected
        told = {
            "model": self.model.model_copy(update={"weights": None}).model_dump(mode="json"),
            "base": str(self.base.resolve()),
            "seed": self.seed,
            "classes": self.classes,
            "shape": list(self.shape),
            "device": self.device.model_dump(mode="json"),
            "counts": self.counts,
            "expected": expected and {**vars(expected), "files": list(expected.files)},
        }
        return json.dumps(told).encode("ascii") + b"\n"


@dataclass(frozen=True)
class Timed:
    """What came of one process."""

    seconds: Seconds | None = None
    """None where it failed, took too long, or made another model than was expected."""
    changed: bool = False
    """Whether it made another model."""


def own_model(
    request: Request,
    device: Device,
    classes: int,
    shape: Sequence[int],
    known: tuple[Latency, ...],
    trace: ModelTrace | None = None,
) -> TimedModel:
    """The model of the spec, with as many passes of each batch size as `count_in_process` says, and with `trace` those
    that gates name."""
    counts = {one.batch_size: count_in_process(one) for one in known}
    if trace is not None:
        for size, number in count_named(request.spec, trace, device.kind).items():
            counts[size] = max(number, counts.get(size, 0))
    return TimedModel(
        request.spec.model,
        request.base,
        request.spec.run.seeds[0],
        classes,
        shape,
        device,
        dict(sorted(counts.items())),
        image_seconds=OVERHEAD if trace is None else nominal_seconds(trace),
    )


def count_in_process(one: Latency) -> int:
    """Passes of a batch size in each of several processes: as many as each of them timed, else half of those that one
    did, of one image enough for a 95th percentile where that is quick."""
    if one.processes:
        return max(FEWEST, one.n // len(one.processes))
    quick = one.batch_size == 1 and one.n >= QUICK
    return max(FEWEST_FOR_P95 if quick else FEWEST, one.n // SHARE)


def count_half(size: int, image_seconds: float) -> int:
    """Half as many passes of a batch size as the process that does everything else times."""
    return max(FEWEST, count_passes(image_seconds, (size,), 1 / len(BATCHES))[size] // SHARE)


def count_named(spec: ReportSpec, trace: ModelTrace, kind: str) -> dict[int, int]:
    """Fewest passes of the batch sizes whose times gates name, which only times of several processes can be judged by;
    none of a size that no report times, or that might not fit into memory."""
    names = named_numbers(rule.metric for rule in spec.gates).get("cost", frozenset())
    full = spec.run.probes.level_of("cost") == "full"
    timed = {
        size
        for size in (*BATCHES, *powers(LARGEST[full]))
        if size * trace.activation_bytes_inference <= MOST_BYTES[kind]
    }
    half = {size: count_half(size, nominal_seconds(trace)) for size in timed}
    wanted = dict(half) if "throughput.best" in names else {}
    for meaning in map(find_meaning, sorted(names)):
        if meaning.definition is None or not meaning.name.startswith(("latency.", "throughput.batch_")):
            continue
        size = int(meaning.arguments[0]) if meaning.arguments[0].isdecimal() else 0
        if size in timed:
            fewest = FEWEST_FOR_P95 if meaning.name.endswith(".p95") else half[size]
            wanted[size] = max(fewest, wanted.get(size, 0))
    if any(rule.metric.startswith("latency_p95") for rule in spec.gates):
        wanted[1] = max(FEWEST_FOR_P95, wanted.get(1, 0))
    return wanted


def is_in_plugin(request: Request) -> bool:
    """Whether the model comes from a source of a plug-in, which a fresh process does not have."""
    return request.spec.model.source.partition(":")[0] in request.plugins.sources


def measure_between_processes(
    request: Request, model: TimedModel, known: tuple[Latency, ...]
) -> tuple[tuple[Latency, ...], Note]:
    """The latencies `known` from this process, in their place those of several fresh ones where the spec asks for that
    and at least two could be timed; and why there are not as many as it asks for.

    The model is made again in each of them, without its weights. A model source of a plug-in is timed here alone.
    """
    number = request.spec.latency_processes
    if number < 2:
        return known, None
    if is_in_plugin(request):
        return known, ONLY_HERE
    runs: list[Seconds] = []
    reason, begun = None, time.perf_counter()
    while len(runs) < number and reason is None:
        if is_too_slow(request.spec, begun, len(runs)):
            reason = N_(
                "Timing it in {processes} fresh processes takes longer than {seconds} s here.",
                processes=number,
                seconds=int(TOGETHER),
            )
        elif (run := time_in_process(model).seconds) is None:
            reason = not_made(model)
        else:
            runs.append(run)
    return put_together(known, runs), reason


def not_made(model: TimedModel) -> Message:
    """Why there are no times of a process of this model."""
    seconds = int(model.longest)
    return N_("This model could not be made and timed in a fresh process within {seconds} s.", seconds=seconds)


def is_bounded(spec: ReportSpec) -> bool:
    """Whether time decides if processes are left out: the spec does not say how many there are, and no gate names what
    they time."""
    return spec.run.probes.cost.processes is None and not names_times(rule.metric for rule in spec.gates)


def is_late(spec: ReportSpec, begun: float) -> bool:
    """Whether no further process is started because so many have taken long."""
    return is_bounded(spec) and time.perf_counter() - begun > TOGETHER


def is_too_slow(spec: ReportSpec, begun: float, done: int) -> bool:
    """Whether no further process is started because fewer than FEWEST_PROCESSES, which give no interval, would take too
    long, or because so many already did."""
    needed = max(1.0, FEWEST_PROCESSES / done) if done else 0.0
    return is_bounded(spec) and needed * (time.perf_counter() - begun) > TOGETHER


def put_together(known: tuple[Latency, ...], runs: Sequence[Seconds]) -> tuple[Latency, ...]:
    """The latencies by batch size, of several processes where at least two were timed and all of them timed that size,
    else as they were known."""
    if len(runs) < 2:
        return known
    sizes = set.intersection(*map(set, runs))
    found = {one.batch_size: one for one in known}
    found |= {size: summarise_processes(size, [run[size] for run in runs]) for size in sizes}
    return tuple(found[size] for size in sorted(found))


def time_in_process(model: TimedModel) -> Timed:
    """What a fresh process answers; nothing where it fails or takes too long."""
    child = start_module("reportgen.experiment.latency_process", heard=False)
    try:
        with time_limit(child, model.longest) as limit, suppress(OSError):
            answer, _unheard = child.communicate(model.asked)
            if not limit.passed and child.returncode == 0:
                told = json.loads(answer)
                seconds = told.get("seconds")
                found = None if seconds is None else {int(size): times for size, times in seconds.items()}
                return Timed(found, told.get("changed", False))
    except ValueError:
        return Timed()
    finally:
        end(child)
    return Timed()
