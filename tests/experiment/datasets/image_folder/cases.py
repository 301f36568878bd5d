"""Folders of small random images."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.datasets.loading import load_data
from reportgen.progress import Silent
from reportgen.spec.types import DataSpec

FOLDER = DataSpec(name="image_folder")


def write_image(path: Path, seed: int = 0, form: str | None = None) -> Path:
    """One image of noise, 32×32."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(path, form)
    return path


def write_classes(root: Path, classes: Iterable[str] = ("cat", "dog"), number: int = 2, seed: int = 0) -> Path:
    """`number` different images of each class below `root`."""
    for place, name in enumerate(classes):
        for index in range(number):
            write_image(root / name / f"{index}.png", seed + 100 * place + index)
    return root


def write_splits(root: Path, classes: Iterable[str] = ("cat", "dog"), number: int = 2) -> Path:
    """train/ and test/ of different images."""
    write_classes(root / "train", classes, number, 1000)
    write_classes(root / "test", classes, number, 5000)
    return root


def load(root: Path, spec: DataSpec = FOLDER, *, evaluating: bool = False, seed: int = 0) -> LoadedData:
    """The data of a folder."""
    return load_data(
        spec, data_root=root, offline=True, seed=seed, base=Path(), progress=Silent(), evaluating=evaluating
    )


def notes(data: LoadedData) -> str:
    """What is said of the data, a line a note."""
    return "\n".join(str(note) for note in data.facts.notes)
