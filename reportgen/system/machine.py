"""What this machine is, as far as it shows without torch: processor, accelerator, installed versions."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


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
        "accelerator": accelerator(),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
    }


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
