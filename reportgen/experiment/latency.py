"""Time of a forward pass by batch size: warmed up, synchronised, repeated."""

from __future__ import annotations

import time

import torch

from reportgen.experiment.device import ComputeDevice, kept_random_state
from reportgen.record.latency import Latency, summarise

BATCHES = (1, 64)
REPEATS = (6, 100)
"""Fewest and most timed repeats of each batch size; fewer than six give no interval of the median."""
WARM_UPS = 2
LONGEST = 15.0
"""Seconds that the fewest repeats of a batch size may take, by the time of the one before; else it is left out."""


def measure_latency(
    module: torch.nn.Module,
    shape: tuple[int, int, int],
    device: ComputeDevice,
    batches: tuple[int, ...] = BATCHES,
    budget_seconds: float = 2.0,
) -> tuple[Latency, ...]:
    """Median and 95th percentile of the time of a forward pass of random images (batch, *shape), float32.

    Each batch size has an equal share of `budget_seconds`; two passes warm up and are not counted. A batch size that
    would take very long is left out.
    """
    device.place(module)
    mode = module.training
    module.eval()
    found: list[Latency] = []
    try:
        with torch.inference_mode(), device.autocast(evaluating=True), kept_random_state():
            for batch in batches:
                if found and batch / found[-1].batch_size * found[-1].p50_seconds * (REPEATS[0] + WARM_UPS) > LONGEST:
                    break
                images = torch.randn(batch, *shape, dtype=device.dtype).to(device.torch_device)
                if device.channels_last:
                    images = images.contiguous(memory_format=torch.channels_last)
                times = repeat(module, images, device, budget_seconds / len(batches))
                found.append(summarise(batch, times))
    finally:
        module.train(mode)
    return tuple(found)


def repeat(module: torch.nn.Module, images: torch.Tensor, device: ComputeDevice, seconds: float) -> list[float]:
    """Times of forward passes until the seconds are over, at least six and at most a hundred."""
    for _ in range(WARM_UPS):
        module(images)
    device.synchronise()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < REPEATS[0] or (len(times) < REPEATS[1] and time.perf_counter() < end):
        start = time.perf_counter()
        module(images)
        device.synchronise()
        times.append(time.perf_counter() - start)
    return times
