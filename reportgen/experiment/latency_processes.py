"""Latency in several fresh processes, one after the other, each with a limit of time."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.latency import REPEATS
from reportgen.experiment.request import Request
from reportgen.record.latency import Latency, summarise_processes
from reportgen.record.meaning import names_times
from reportgen.record.run import Device
from reportgen.spec.types import ModelSpec, ReportSpec
from reportgen.system.processes import end, start_module, time_limit

LONGEST = 60.0
"""Seconds that one process may take, its start included."""
TOGETHER = 120.0
"""Seconds after which no further one is started unless the spec says how many there are, or a gate names a time."""
SHARE = 2
"""The passes that this process timed are so many times those that each of the others times."""

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
    request: Request, device: Device, classes: int, shape: Sequence[int], known: tuple[Latency, ...]
) -> TimedModel:
    """The model of the spec, with half as many passes as one process timed, or as many as each of several did."""
    counts = {one.batch_size: max(REPEATS[0], one.n // (len(one.processes) or SHARE)) for one in known}
    return TimedModel(request.spec.model, request.base, request.spec.run.seeds[0], classes, shape, device, counts)


def is_in_plugin(request: Request) -> bool:
    """Whether the model comes from a source of a plug-in, which a fresh process does not have."""
    return request.spec.model.source.partition(":")[0] in request.plugins.sources


def measure_between_processes(
    request: Request, device: ComputeDevice, classes: int, shape: Sequence[int], known: tuple[Latency, ...]
) -> tuple[Latency, ...]:
    """The latencies `known` from this process, in their place those of several fresh ones where the spec asks for that
    and at least two could be timed.

    The model is made again in each of them, without its weights. A model source of a plug-in is timed here alone.
    """
    number = request.spec.latency_processes
    if number < 2 or is_in_plugin(request):
        return known
    asked, runs, begun = own_model(request, device.facts, classes, shape, known).asked, [], time.perf_counter()
    for _ in range(number):
        if is_late(request.spec, begun):
            break
        run = time_in_process(asked).seconds
        if run is None:
            break
        runs.append(run)
    return put_together(known, runs)


def is_late(spec: ReportSpec, begun: float) -> bool:
    """Whether no further process is started: so many have taken long, the spec does not say how many there are, and no
    gate names what they time."""
    bounded = spec.run.probes.cost.processes is None and not names_times(rule.metric for rule in spec.gates)
    return bounded and time.perf_counter() - begun > TOGETHER


def put_together(known: tuple[Latency, ...], runs: Sequence[Seconds]) -> tuple[Latency, ...]:
    """The latencies of several processes, as far as at least two timed the same batch size, else as they were known."""
    if len(runs) < 2:
        return known
    sizes = [one.batch_size for one in known if all(one.batch_size in run for run in runs)]
    several = {size: summarise_processes(size, [run[size] for run in runs]) for size in sizes}
    return tuple(several.get(one.batch_size, one) for one in known)


def time_in_process(asked: bytes) -> Timed:
    """What a fresh process answers; nothing where it fails or takes too long."""
    child = start_module("reportgen.experiment.latency_process", heard=False)
    try:
        with time_limit(child, LONGEST) as limit, suppress(OSError):
            answer, _unheard = child.communicate(asked)
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
