"""What this machine is, as far as it shows without torch: processor, accelerator, installed versions."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""What Linux calls a processor's arithmetic with bfloat16 on x86 (AVX-512 and AMX) and on Arm."""


def versions(distributions: Iterable[str]) -> dict[str, str | None]:
    """Installed versions; None where a distribution is not installed."""
    found: dict[str, str | None] = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def machine() -> dict[str, object]:
    """What the run would be computed on, as far as it shows without torch."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor_name(),
        "bfloat16": has_bfloat16(),
        "accelerator": accelerator(),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
    }


def count_cores() -> int:
    """Cores that this process may run on; those of the machine where the system does not tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usual_threads() -> list[object]:
    """What decides how many threads a run has that does not say so: cores of this process, and OMP_NUM_THREADS."""
    return [count_cores(), os.environ.get("OMP_NUM_THREADS")]


def accelerator(devices: Path = Path("/dev")) -> str:
    """A hint at what `device: auto` will find: cuda, rocm, mps or cpu."""
    if any(devices.glob("nvidia[0-9]*")) or (devices / "dxg").exists():  # dxg: NVIDIA under WSL
        return "cuda"
    if (devices / "kfd").exists():
        return "rocm"
    return "mps" if sys.platform == "darwin" and platform.machine() == "arm64" else "cpu"


def processor_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The maker's name of the processor."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def has_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16."""
    return bool(cpu_flags() & BF16_FLAGS)


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """What the processor says it can do; empty where the system does not tell."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    lines = (line.partition(":") for line in text.splitlines())
    return next(
        (frozenset(rest.split()) for key, _, rest in lines if key.strip() in ("flags", "Features")), frozenset()
    )


def lacks_device(request: str, devices: Path = Path("/dev")) -> bool:
    """Whether this machine certainly has no device of a name such as `cuda:1`, as far as it shows without torch."""
    kind, _, number = request.partition(":")
    found = accelerator(devices)
    if kind in ("auto", "cpu"):
        return False
    if kind == "mps":
        return found != "mps"
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    several = len(list(devices.glob("nvidia[0-9]*")))
    if visible is not None:
        several = len([entry for entry in visible.split(",") if entry.strip() not in ("", "-1")])
    elif found in ("cuda", "rocm") and not several:
        return False  # it does not show how many there are
    return found not in ("cuda", "rocm") or int(number or 0) >= several
