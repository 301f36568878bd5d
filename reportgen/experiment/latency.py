"""Time of a forward pass by batch size: warmed up, synchronised, repeated."""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import median

import torch

from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.nominal import OVERHEAD, repeats
from reportgen.experiment.random_numbers import kept_random_numbers
from reportgen.record.latency import Latency, summarise

BATCHES = (1, 64)
LARGEST = {False: 256, True: 1024}
"""Images of the largest batch that is timed: usually, and when all is asked for."""
MOST_BYTES = {"cpu": 2 * 2**30, "cuda": float("inf"), "mps": 8 * 2**30}
"""Of activations of one layer; larger batches are not tried, because the system of a CPU kills rather than refuses."""
REPEATS = (6, 100)
"""Fewest and most timed repeats of each batch size in the process that does everything else."""
WARM_UPS = 2
LONGEST = 15.0
"""Seconds that the fewest repeats of a batch size may take, by the time of the one before; else it is left out."""


def measure_latency(
    module: torch.nn.Module,
    shape: tuple[int, int, int],
    device: ComputeDevice,
    batches: tuple[int, ...] = BATCHES,
    budget_seconds: float = 1.0,
    image_seconds: float = OVERHEAD,
) -> tuple[Latency, ...]:
    """Median and 95th percentile of the time of a forward pass of random images (batch, *shape), in this process.

    Each batch size has an equal share of `budget_seconds`, of which an image takes `image_seconds`: both are nominal,
    so that the number of repeats is the same on a busy machine.
    """
    counts = count_passes(image_seconds, batches, budget_seconds)
    return tuple(summarise(batch, times) for batch, times in time_passes(module, shape, device, counts).items())


def powers(largest: int) -> list[int]:
    """2, 4, 8 … up to the largest."""
    return [2**exponent for exponent in range(1, largest.bit_length())]


def count_passes(
    image_seconds: float, batches: tuple[int, ...] = BATCHES, budget_seconds: float = 1.0
) -> dict[int, int]:
    """How many passes of each batch size are timed where an image takes so long."""
    share = budget_seconds / len(batches)
    return {batch: repeats(share, batch * image_seconds, *REPEATS) for batch in batches}


def time_passes(
    module: torch.nn.Module,
    shape: tuple[int, int, int],
    device: ComputeDevice,
    counts: Mapping[int, int],
) -> dict[int, list[float]]:
    """Seconds of so many forward passes of random images (batch, *shape), float32, by batch size.

    Two passes warm up and are not counted. A batch size of which the fewest passes would take very long is left out.
    """
    device.place(module)
    mode = module.training
    module.eval()
    found: dict[int, list[float]] = {}
    each = 0.0
    try:
        with torch.no_grad(), device.autocast(evaluating=True), kept_random_numbers():
            for batch, number in counts.items():
                if batch * each * (REPEATS[0] + WARM_UPS) > LONGEST:
                    break
                images = torch.randn(batch, *shape, dtype=device.dtype).to(device.torch_device)
                found[batch] = repeat(module, device.arrange(images), device, number)
                each = median(found[batch]) / batch
    finally:
        module.train(mode)
    return found


def repeat(module: torch.nn.Module, images: torch.Tensor, device: ComputeDevice, number: int) -> list[float]:
    """Times of so many forward passes."""
    for _ in range(WARM_UPS):
        module(images)
    device.synchronise()
    times: list[float] = []
    for _ in range(number):
        start = time.perf_counter()
        module(images)
        device.synchronise()
        times.append(time.perf_counter() - start)
    return times
