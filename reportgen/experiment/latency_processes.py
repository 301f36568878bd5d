"""Latency in several fresh processes, one after the other, each with a limit of time."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress

from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.latency import REPEATS
from reportgen.experiment.request import Request
from reportgen.record.latency import Latency, summarise_processes
from reportgen.system.processes import end, start_module, time_limit

LONGEST = 60.0
"""Seconds that one process may take, its start included."""
TOGETHER = 120.0
"""Seconds after which no further one is started unless the spec says how many there are."""
SHARE = 2
"""The passes that this process timed are so many times those that each of the others times."""


def measure_between_processes(
    request: Request, device: ComputeDevice, classes: int, shape: Sequence[int], known: tuple[Latency, ...]
) -> tuple[Latency, ...]:
    """The latencies `known` from this process, in their place those of several fresh ones where the spec asks for that
    and at least two could be timed.

    The model is made again in each of them, without its weights. A model source of a plug-in is timed here alone.
    """
    number = request.spec.latency_processes
    if number < 2 or request.spec.model.source.partition(":")[0] in request.plugins.sources:
        return known
    asked = {
        "model": request.spec.model.model_copy(update={"weights": None}).model_dump(mode="json"),
        "base": str(request.base.resolve()),
        "seed": request.spec.run.seeds[0],
        "classes": classes,
        "shape": list(shape),
        "device": device.facts.model_dump(mode="json"),
        "counts": {one.batch_size: max(REPEATS[0], one.n // SHARE) for one in known},
    }
    runs, begun = [], time.perf_counter()
    for _ in range(number):
        if request.spec.run.probes.cost.processes is None and time.perf_counter() - begun > TOGETHER:
            break
        run = time_in_process(json.dumps(asked).encode("ascii") + b"\n")
        if run is None:
            break
        runs.append(run)
    if len(runs) < 2:
        return known
    sizes = [one.batch_size for one in known if all(one.batch_size in run for run in runs)]
    several = {size: summarise_processes(size, [run[size] for run in runs]) for size in sizes}
    return tuple(several.get(one.batch_size, one) for one in known)


def time_in_process(asked: bytes) -> dict[int, list[float]] | None:
    """Seconds of the passes by batch size in a fresh process; None where it fails or takes too long."""
    child = start_module("reportgen.experiment.latency_process", heard=False)
    try:
        with time_limit(child, LONGEST) as limit, suppress(OSError):
            answer, _unheard = child.communicate(asked)
            if not limit.passed and child.returncode == 0:
                return {int(size): times for size, times in json.loads(answer).items()}
    except ValueError:
        return None
    finally:
        end(child)
    return None
