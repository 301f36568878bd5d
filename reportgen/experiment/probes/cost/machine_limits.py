"""The machine's limits: arithmetic by a matrix product, memory by a copy, overhead by a module with nothing to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.hooks import hooked
from reportgen.experiment.trace.timing import Stopwatch, hooks
from reportgen.record.latency import median_interval
from reportgen.record.probes.cost import Roofs

SIZES = (256, 512, 1024, 2048, 4096, 8192)
"""Rows of the square matrices, as far as the spec and the kind of device plan."""
NOMINAL_FLOPS = {"cpu": 1.2e11, "mps": 2e12, "cuda": 2e13}
"""Of an imagined device of each kind, by which the sizes are planned: never by a clock."""
ENOUGH = 1024
"""Rows up to which they are planned whatever the time."""
LONGEST = 10.0
"""Seconds beyond which the products of the next size are left out on a device far slower than the imagined one."""
REPEATS = 5
"""Of each product while the best size is looked for."""
ROUNDS, AGAIN = 6, 2
"""Measurements of each limit, the fewest whose median has an interval of 95 %, and runs of each, of which the faster
counts, because anything else that runs makes them slower only."""
BUFFER = 128 * 2**20
"""Bytes of the copied buffer: beyond the caches of most processors."""
CALLS = 200
LEAST_SECONDS = 2e-5
"""A shorter time is the clock's rather than the device's."""


def measure_roofs(device: ComputeDevice, seconds: float) -> Roofs:
    """The limits of the device in the precision of evaluation (Williams et al. 2009), the products planned for so many
    seconds of an imagined device of its kind."""
    size, multiply, largest = best_product(device, plan_sizes(device.kind, 0.7 * seconds))
    flops = [2 * size**3 / best_of(multiply, device, AGAIN) for _ in range(ROUNDS)]
    moved = copy_rates(device)
    sure, sure_moved = (median_interval(rates) or (min(rates), max(rates)) for rates in (flops, moved))
    number = torch.finfo(device.evaluation_dtype)
    return Roofs(
        precision=device.evaluation_precision,
        element_bytes=number.bits // 8,
        flops_per_second=median(flops),
        flops_low=sure[0],
        flops_high=sure[1],
        matrix_size=size,
        largest_size=largest,
        bytes_per_second=median(moved),
        bytes_low=sure_moved[0],
        bytes_high=sure_moved[1],
        rounds=ROUNDS,
        buffer_bytes=BUFFER,
        call_seconds=call_seconds(device),
        call_repeats=CALLS,
    )


def plan_sizes(kind: str, seconds: float) -> tuple[int, ...]:
    """Rows of the products that so many seconds of an imagined device of this kind are enough for."""
    spent, sizes = 0.0, []
    for size in SIZES:
        spent += (REPEATS + 1) * 2 * size**3 / NOMINAL_FLOPS.get(kind, NOMINAL_FLOPS["cpu"])
        if size > ENOUGH and spent > seconds:
            break
        sizes.append(size)
    return tuple(sizes)


def best_product(device: ComputeDevice, sizes: tuple[int, ...]) -> tuple[int, Callable[[], object], int]:
    """Rows of the square product with most operations per second, 2·size³ each, that product, most rows tried."""
    found: list[tuple[float, int, Callable[[], object]]] = []
    for size in sizes:
        one = torch.full((size, size), 1 / 3, dtype=device.evaluation_dtype, device=device.torch_device)
        other, product = one.clone(), torch.empty_like(one)

        def multiply(a: torch.Tensor = one, b: torch.Tensor = other, out: torch.Tensor = product) -> object:
            return torch.mm(a, b, out=out)

        best = best_of(multiply, device)
        found.append((2 * size**3 / best, size, multiply))
        if 8 * (REPEATS + 1) * best > LONGEST:
            break
    largest = size
    _rate, size, fastest = max(found, key=lambda one: one[0])
    return size, fastest, largest


def copy_rates(device: ComputeDevice) -> list[float]:
    """Bytes per second that a copy of a buffer reads and writes, ROUNDS times."""
    source = torch.ones(BUFFER // 4, dtype=torch.float32, device=device.torch_device)
    target = torch.zeros_like(source)
    return [2 * BUFFER / best_of(lambda: target.copy_(source), device, AGAIN) for _ in range(ROUNDS)]


def best_of(work: Callable[[], object], device: ComputeDevice, repeats: int = REPEATS) -> float:
    """Seconds of the fastest of so many runs, after one that is not counted."""
    times = []
    for _ in range(repeats + 1):
        device.synchronise()
        start = time.perf_counter()
        work()
        device.synchronise()
        times.append(time.perf_counter() - start)
    return max(min(times[1:]), LEAST_SECONDS)


def call_seconds(device: ComputeDevice) -> float:
    """Median time of a call of a ReLU on one number, by the stopwatch that times the modules."""
    module = torch.nn.ReLU()
    watch = Stopwatch({id(module): ""}, device.synchronise)
    number = torch.ones(1, device=device.torch_device)
    with torch.no_grad(), hooked(hooks(module, watch)):
        for _ in range(CALLS):
            module(number)
    return median(time for times in watch.seconds.values() for time in times)
