"""What the probe `cost` could have found: hand-written, round numbers."""

from __future__ import annotations

import numpy as np

from reportgen.record.latency import Latency, summarise_processes
from reportgen.record.message import N_
from reportgen.record.probes import Probes
from reportgen.record.probes.cost import CostFacts, PeakMemory, Roofs, StepTime
from reportgen.record.run import RunRecord
from reportgen.record.trace import ModelTrace


def latency(batch: int, seconds: float, n: int = 40) -> Latency:
    """A batch size timed in one process, whose 95th percentile is a fifth above the median."""
    return Latency(batch_size=batch, p50_seconds=seconds, p95_seconds=1.2 * seconds, n=n)


def in_processes(batch: int, seconds: float, processes: int = 5) -> Latency:
    """A batch size timed in several processes, the least 4 % below the median and the most 6 % above it, and of each
    the 95th percentile a fifth above its median."""
    levels = [seconds * (1 + share / 100) for share in np.interp(np.linspace(-1, 1, processes), (-1, 0, 1), (-4, 0, 6))]
    return summarise_processes(batch, [[level] * 16 + [1.2 * level] * 4 for level in levels])


def roofs(flops: float = 100e9, bandwidth: float = 10e9, call: float = 4e-6) -> Roofs:
    return Roofs(
        precision="float32",
        element_bytes=4,
        flops_per_second=flops,
        matrix_size=1024,
        bytes_per_second=bandwidth,
        buffer_bytes=2**27,
        call_seconds=call,
        call_repeats=200,
    )


def step(*parts: float, batch: int = 128, planned: int = 128) -> StepTime:
    """A step of data, forward, backward and optimiser, nine times."""
    data, forward, backward, optimizer = parts or (0.005, 0.03, 0.06, 0.005)
    whole = data + forward + backward + optimizer
    shares = [part / whole for part in (data, forward, backward, optimizer)]
    return StepTime(
        batch_size=batch,
        planned_batch=planned,
        n=9,
        data=data,
        forward=forward,
        backward=backward,
        optimizer=optimizer,
        p50_seconds=whole,
        p50_low=0.9 * whole,
        p50_high=1.1 * whole,
        share_intervals=tuple((0.9 * share, 1.1 * share) for share in shares),
    )


def cost_facts() -> CostFacts:
    """Latencies that flatten at sixteen images, memory, a step; no energy."""
    return CostFacts(
        latency=(latency(4, 0.0042), latency(16, 0.0108), latency(256, 0.17, n=6)),
        stopped_by="largest",
        roofs=roofs(),
        memory=(
            PeakMemory(what="inference", batch_size=1, peak_bytes=131_072, how="tensors"),
            PeakMemory(what="inference", batch_size=256, peak_bytes=33_554_432, how="tensors"),
            PeakMemory(what="training", batch_size=128, peak_bytes=104_857_600, optimizer_bytes=39_592, how="tensors"),
        ),
        process_bytes=1_200_000_000,
        step=step(),
        energy_missing=N_("This machine has no visible energy counter (RAPL)."),
    )


def with_cost(record: RunRecord, **changes: object) -> RunRecord:
    """The record with the usual facts, some of their fields replaced; its modules timed."""
    probes = record.probes or Probes(level="fast", budget_seconds=20.0)
    found = probes.model_copy(update={"cost": cost_facts().model_copy(update=changes)})
    return record.model_copy(update={"probes": found, "trace": timed(record.trace)})


def untimed(trace: ModelTrace) -> ModelTrace:
    """The trace without own times."""
    rows = (call.model_copy(update={"own_seconds": None, "own_low": None, "own_high": None}) for call in trace.modules)
    return trace.model_copy(update={"modules": tuple(rows), "timed_passes": None})


def timed(trace: ModelTrace) -> ModelTrace:
    """The trace with own times: what its modules took without their children, from seven passes."""
    inside = [0.0] * len(trace.modules)
    for call in trace.modules:
        if call.parent is not None:
            inside[call.parent] += call.seconds or 0.0
    rows = []
    for call in trace.modules:
        own = (call.seconds or 0.0) - inside[call.index]
        rows.append(call.model_copy(update={"own_seconds": own, "own_low": 0.9 * own, "own_high": 1.1 * own}))
    whole = trace.modules[0].seconds or 0.0
    update = {"modules": tuple(rows), "timed_passes": 7, "timed_low": 0.9 * whole, "timed_high": 1.1 * whole}
    return trace.model_copy(update=update)
