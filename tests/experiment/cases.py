"""Small data and devices for the tests of this package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.datasets.loading import load_data, prepare
from reportgen.experiment.datasets.raw import RawData, RawSplit
from reportgen.experiment.device import ComputeDevice
from reportgen.progress import Silent
from reportgen.record.run import Device
from reportgen.spec.types import DataSpec

CLASSES = tuple("0123456789")


def load(spec: DataSpec, root: Path | None = None, *, offline: bool = True, seed: int = 0) -> LoadedData:
    return load_data(spec, data_root=root, offline=offline, seed=seed, base=Path(), progress=Silent())


def noise(train: int = 64, test: int = 20, spec: DataSpec | None = None, seed: int = 0) -> LoadedData:
    """Random images with random labels, `train` and `test` of them."""
    rng = np.random.default_rng(seed)

    def split(number: int) -> RawSplit:
        return RawSplit(rng.integers(0, 256, (number, 32, 32, 3), np.uint8), np.arange(number) % 10)

    raw = RawData("noise", "noise", "", "", "", "", CLASSES, split(train), split(test))
    return prepare(raw, spec or DataSpec(augment=()), seed)


def plain_cpu(precision: str = "float32", *, kind: str = "cpu", reason: str = "") -> ComputeDevice:
    """A device that computes on the CPU; of another `kind`, it passes for that one."""
    facts = Device(kind=kind, name="test", threads=1, precision=precision, precision_reason=reason, channels_last=True)  # type: ignore[arg-type]
    return ComputeDevice(kind, torch.device("cpu"), facts)  # type: ignore[arg-type]


class Heard:
    """A task that adds up what it hears."""

    def __init__(self) -> None:
        self.total = 0
        self.notes: list[str] = []

    def advance(self, amount: int = 1, note: str = "") -> None:
        self.total += amount
        self.notes += [note] if note else []
