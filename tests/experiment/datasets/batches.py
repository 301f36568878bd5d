"""CIFAR files of noise, a few images each, pickled as the published ones name their parts."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.experiment.datasets import cifar100
from reportgen.experiment.datasets.cifar10 import FOLDER, PUBLISHED

NAMES = tuple(PUBLISHED)
IMAGES = 20


def batch(seed: int, number: int = IMAGES) -> dict[bytes, Any]:
    rng = np.random.default_rng(seed)
    return {b"data": rng.integers(0, 256, (number, 3072), np.uint8), b"labels": [row % 10 for row in range(number)]}


def pickled(content: object) -> bytes:
    """Protocol 3, whose names are lines of text; numpy's module under the name it had when the files were made."""
    return pickle.dumps(content, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def write_batches(folder: Path) -> Path:
    """All seven files in `folder`/cifar-10-batches-py, which is returned."""
    place = folder / FOLDER
    place.mkdir(parents=True)
    for seed, name in enumerate(NAMES):
        (place / name).write_bytes(pickled({b"label_names": []} if name == "batches.meta" else batch(seed)))
    return place


FINE_NAMES = [f"kind {row:02}".encode() for row in range(100)]
COARSE_NAMES = [f"group {row:02}".encode() for row in range(20)]


def batch100(seed: int, number: int) -> dict[bytes, Any]:
    """As the files of CIFAR-100; class c belongs to the group c // 5."""
    fine = [row % 100 for row in range(number)]
    return {
        b"filenames": [b"%d.png" % row for row in range(number)],
        b"batch_label": b"training batch 1 of 1",
        b"fine_labels": fine,
        b"coarse_labels": [label // 5 for label in fine],
        b"data": np.random.default_rng(seed).integers(0, 256, (number, 3072), np.uint8),
    }


def write_batches100(folder: Path, train: int = 300, test: int = 200) -> Path:
    """The three files in `folder`/cifar-100-python, which is returned."""
    place = folder / cifar100.FOLDER
    place.mkdir(parents=True)
    names = {b"fine_label_names": FINE_NAMES, b"coarse_label_names": COARSE_NAMES}
    for name, content in {"train": batch100(1, train), "test": batch100(2, test), "meta": names}.items():
        (place / name).write_bytes(pickled(content))
    return place


def packed(files: dict[str, bytes]) -> bytes:
    """A tar.gz of files by their path."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()
