"""Energy of forward passes, where a counter can be read: a GPU's power by NVML, a processor's by RAPL."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from reportgen.experiment.device import ComputeDevice
from reportgen.record.message import N_, Message
from reportgen.record.probes.cost import Energy

POWERCAP = Path("/sys/class/powercap")
LEAST = 2
"""Passes."""


@dataclass(frozen=True)
class Meter:
    """Something that tells energy used between two readings."""

    source: Literal["nvml", "rapl"]
    read: Callable[[], float]
    """RAPL: joules so far. NVML: watts at this moment."""
    wraps: float = float("inf")
    """Joules after which a counter begins again at zero."""


def find_meter(device: ComputeDevice, powercap: Path = POWERCAP) -> Meter | Message:
    """What tells the energy of this device, or the sentence that says why nothing does."""
    if device.kind == "cuda":
        return find_nvml(device)
    if device.kind == "mps":
        return N_("macOS does not report the energy of the GPU to programs.")
    packages = [folder for folder in sorted(powercap.glob("intel-rapl:*")) if folder.name.count(":") == 1]
    if not packages:
        return N_("This machine has no visible energy counter (RAPL).")
    counters = [folder / "energy_uj" for folder in packages]
    try:
        wraps = min(int((folder / "max_energy_range_uj").read_text()) for folder in packages) / 1e6
        read_counters(counters)
    except (OSError, ValueError):
        return N_("The processor’s energy counter (RAPL) can only be read by the administrator.")
    return Meter("rapl", lambda: read_counters(counters), wraps)


def read_counters(counters: list[Path]) -> float:
    """Joules so far, all packages together."""
    return sum(int(counter.read_text()) for counter in counters) / 1e6


def find_nvml(device: ComputeDevice) -> Meter | Message:
    """The power of the GPU, if NVML can be asked."""

    def watts() -> float:
        return torch.cuda.power_draw(device.torch_device) / 1000

    try:
        watts()
    except Exception as error:  # NVML raises errors of its own, and ModuleNotFoundError without nvidia-ml-py
        return N_("NVML can’t be queried ({reason}).", reason=type(error).__name__)
    return Meter("nvml", watts)


def measure_energy(
    run: Callable[[], object], batch_size: int, device: ComputeDevice, meter: Meter, seconds: float
) -> Energy | None:
    """Energy of forward passes, `run` each, for about so many seconds; None where the counter did not move.

    RAPL: the difference of two readings. NVML: the mean power of readings between passes, times the time.
    """
    device.synchronise()
    before, start, n = meter.read(), time.perf_counter(), 0
    seen = [before]
    while n < LEAST or time.perf_counter() - start < seconds:
        run()
        device.synchronise()
        seen.append(meter.read() if meter.source == "nvml" else 0.0)
        n += 1
    took = time.perf_counter() - start
    if meter.source == "rapl":
        used = meter.read() - before
        joules = used if used >= 0 else used + meter.wraps
    else:
        joules = took * sum(seen[1:]) / n
    if joules <= 0:
        return None
    return Energy(source=meter.source, batch_size=batch_size, n=n, seconds=took, joules=joules)
