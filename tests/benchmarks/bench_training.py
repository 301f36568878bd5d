"""Training speed, side by side: this package's loop, the tutorial's, and a bare one over ready tensors.

Run `python -m tests.benchmarks.bench_training`. This loop and each of the other two take short turns, so that a
machine that slows down slows both; a ratio is the median over the turns. Where other work disturbs the
machine, the fastest turns tell more. It prints and never fails. Images are noise of CIFAR-10's shape: speed
does not depend on what they show.

(a) is the loop of PyTorch's CIFAR-10 tutorial with the augmentation usual for it: PIL images, torchvision's
RandomCrop, RandomHorizontalFlip, ToTensor and Normalize, a DataLoader with two workers, float32.
(b) is the least a loop can do: the same model, precision and memory format on batches made before the clock starts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from reportgen.experiment.augment import augment
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.datasets.loading import prepare
from reportgen.experiment.datasets.raw import RawData, RawSplit
from reportgen.experiment.device import ComputeDevice, resolve_device
from reportgen.experiment.models import load_model
from reportgen.experiment.train import train
from reportgen.spec.types import DataSpec, ModelSpec, OptimizerSpec, RunSpec

BATCH = 128
IMAGES = 10_000
RATE = 1e-3
READY = 8
"""Batches of the bare loop, used in turn."""


@dataclass(frozen=True)
class Case:
    """One model, how long each loop runs a turn, and what the loop is held to."""

    model: ModelSpec
    warm_up: int
    steps: int
    turns: int
    over_tutorial: float
    over_bare: float


CASES = (
    Case(ModelSpec(source="builtin:two_conv"), 5, 10, 30, 1.8, 0.95),
    Case(ModelSpec(source="torchvision:resnet18", stem="cifar"), 1, 1, 7, 1.2, 0.95),
)


class Pictures(Dataset[tuple[torch.Tensor, int]]):
    """As torchvision's CIFAR10: an array made into a PIL image, then transformed, one at a time."""

    def __init__(self, data: LoadedData) -> None:
        self.images, self.labels = data.train_images.numpy(), data.train_labels.tolist()
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(data.normalization.mean, data.normalization.std),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


def noise() -> LoadedData:
    rng = np.random.default_rng(0)

    def split(number: int) -> RawSplit:
        return RawSplit(rng.integers(0, 256, (number, 32, 32, 3), np.uint8), rng.integers(0, 10, number))

    classes = tuple("0123456789")
    raw = RawData("noise", "noise", "", "", "", "", classes, split(IMAGES), split(10))
    return prepare(raw, DataSpec(), 0, "")


def fresh(case: Case) -> torch.nn.Module:
    torch.manual_seed(0)
    return load_model(case.model, Path(), 10).module.train()


def ours(case: Case, data: LoadedData, device: ComputeDevice) -> Iterator[None]:
    run = RunSpec(steps=10**6, batch_size=BATCH, optimizer=OptimizerSpec(lr=RATE), schedule="constant")
    for step in train(fresh(case), data, run, device, lambda _: 0.0):
        assert bool(torch.isfinite(step.loss))
        yield


def tutorial(case: Case, data: LoadedData, device: ComputeDevice) -> Iterator[None]:
    model = fresh(case)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9)
    loader = DataLoader(Pictures(data), batch_size=BATCH, shuffle=True, num_workers=2, drop_last=True)
    running = 0.0
    while True:
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = cross_entropy(model(inputs), labels)
            loss.backward()
            optimizer.step()
            running += loss.item()
            yield


def bare(case: Case, data: LoadedData, device: ComputeDevice) -> Iterator[None]:
    model = device.place(fresh(case))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, nesterov=True, weight_decay=5e-4)
    generator = torch.Generator().manual_seed(0)
    ready = []
    for start in range(0, READY * BATCH, BATCH):
        rows = torch.arange(start, start + BATCH)
        pictures = data.normalization.apply(augment(data.train_images, data.augment, generator, rows))
        ready.append((pictures, data.train_labels[rows]))
    while True:
        for inputs, labels in ready:
            optimizer.zero_grad()
            with device.autocast():
                logits = model(inputs)
            cross_entropy(logits.float(), labels).backward()
            optimizer.step()
            yield


LOOPS: dict[str, Callable[[Case, LoadedData, ComputeDevice], Iterator[None]]] = {
    "ours": ours,
    "tutorial": tutorial,
    "bare": bare,
}


def measure(case: Case, data: LoadedData, device: ComputeDevice, other: str, turns: int) -> dict[str, list[float]]:
    """Images per second of this loop and another, one number a turn; who begins changes from turn to turn."""
    names = ["ours", other]
    running = {name: LOOPS[name](case, data, device) for name in names}
    speeds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(turns + 1):  # the first is not counted
        for name in names[:: 1 if turn % 2 else -1]:
            for _ in range(case.warm_up):
                next(running[name])
            start = time.perf_counter()
            for _ in range(case.steps):
                next(running[name])
            if turn:
                speeds[name].append(case.steps * BATCH / (time.perf_counter() - start))
    return speeds


def ratio(above: list[float], below: list[float]) -> float:
    """Median of the ratios turn by turn."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def show(speeds: dict[str, list[float]], other: str, wanted: float) -> None:
    for name, values in speeds.items():
        print(f"  {name:9}{statistics.median(values):8,.0f} images/s  ({min(values):,.0f} to {max(values):,.0f})")
    middle, best = ratio(speeds["ours"], speeds[other]), max(speeds["ours"]) / max(speeds[other])
    print(
        f"  ours / {other:9}{middle:5.2f}  ({best:.2f} between the fastest turns; wanted: {wanted:.2f} or more)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, help="turns of each loop; default: 30 for two_conv, 7 for resnet18")
    parser.add_argument("--only", help="part of a model's name")
    parser.add_argument("--precision", default="auto", choices=("auto", "float32", "bfloat16"))
    given = parser.parse_args()
    device = resolve_device("cpu", given.precision, None)
    data = noise()
    print(f"{device.name or 'CPU'}, {device.facts.threads} threads, {device.facts.precision}, batch {BATCH}")
    for case in CASES:
        if given.only and given.only not in case.model.source:
            continue
        print(case.model.source)
        for other, wanted in (("bare", case.over_bare), ("tutorial", case.over_tutorial)):
            show(measure(case, data, device, other, given.turns or case.turns), other, wanted)


if __name__ == "__main__":
    main()
