"""CIFAR-10 (Krizhevsky 2009): its own files, read without running what a pickle could hold, or downloaded."""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import DataError
from reportgen.experiment.datasets.files import Archive, cache_folder, search_folders
from reportgen.experiment.datasets.raw import DataRequest, ImageArray, LabelArray, RawData, RawSplit
from reportgen.plugins import DatasetKind
from reportgen.record.message import N_
from reportgen.spec.normalization import CIFAR10
from reportgen.spec.types import DataSpec

FOLDER = "cifar-10-batches-py"
PUBLISHED = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
"""As published with torchvision's reader of the same files."""
ARCHIVE = Archive(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    md5="c58f30108f718f92721af3b95e74349a",
    folder=FOLDER,
    files=tuple(PUBLISHED),
)
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TRAIN = tuple(name for name in PUBLISHED if name.startswith("data_batch"))
PICKLED = {("numpy", "ndarray"), ("numpy", "dtype"), ("numpy.core.multiarray", "_reconstruct")}
"""All that the published files name."""


class BatchUnpickler(pickle.Unpickler):
    """Reads arrays, lists and text; refuses everything else a pickle could call."""

    def find_class(self, module: str, name: str) -> Any:
        """The numpy constructors that the published files use."""
        if (module, name) not in PICKLED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no CIFAR-10 file does")
        if name == "_reconstruct":
            return np.empty(0).__reduce__()[0]
        return getattr(np, name)


def load(request: DataRequest) -> RawData:
    """CIFAR-10 from the first place that has it, else downloaded into the user's cache."""
    folder = find_folder(request.spec, request.data_root, request.base)
    if folder is None:
        from reportgen.experiment.datasets.download import fetch  # imports the network's modules

        folder = fetch(ARCHIVE, cache_folder(), request)
    missing = [name for name in PUBLISHED if name != "batches.meta" and not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"CIFAR-10 in {folder} is incomplete: {', '.join(missing)} missing",
            "Copy the missing files there, or remove the folder and let reportgen download all of it.",
        )
    contents = {name: read_file(folder / name) for name in PUBLISHED if (folder / name).is_file()}
    parts = [read_batch(folder / name, contents[name]) for name in TRAIN]
    images, labels = read_batch(folder / "test_batch", contents["test_batch"])
    return RawData(
        name="cifar10",
        title=DATASET.title,
        description=N_("60,000 colour photographs of ten classes, 32×32 pixels."),
        licence=N_("none stated by its authors"),
        citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        classes=CLASSES,
        train=RawSplit(np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])),
        test=RawSplit(images, labels),
        digests={name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        verified=all(md5(contents.get(name, b"")) == published for name, published in PUBLISHED.items()),
        statistics=CIFAR10,
    )


def find_folder(spec: DataSpec, data_root: Path | None, base: Path) -> Path | None:
    """The first folder that holds one of the batches, itself or in cifar-10-batches-py; None where there is none."""
    for folder in search_folders(spec, data_root, base):
        for place in (folder, folder / FOLDER):
            if any((place / name).is_file() for name in PUBLISHED if name != "batches.meta"):
                return place
    return None


def find_files(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...] | None:
    """The batches that are here, or None where there is none."""
    folder = find_folder(spec, data_root, base)
    return None if folder is None else tuple(folder / name for name in PUBLISHED if (folder / name).is_file())


def md5(content: bytes) -> str:
    """The digest that was published; it guards against accidents, not against malice."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def read_file(path: Path) -> bytes:
    """The bytes of one file; raises DataError where they can't be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}", "Check its permissions.") from error


def read_batch(path: Path, content: bytes) -> tuple[ImageArray, LabelArray]:
    """Images (n, 32, 32, 3) and labels (n,) of one file; raises DataError for anything else than a batch."""
    try:
        batch = BatchUnpickler(io.BytesIO(content), encoding="bytes").load()
        images, labels = np.asarray(batch[b"data"]), np.asarray(batch[b"labels"], np.int64)
        if images.dtype != np.uint8 or images.shape != (len(labels), 3072) or not len(labels):
            raise ValueError(f"its data is {images.dtype} {images.shape} with {len(labels)} labels")
        if labels.min() < 0 or labels.max() >= len(CLASSES):
            raise ValueError("it holds labels outside 0 to 9")
    except Exception as error:
        raise DataError(
            f"{path} is damaged: {error or type(error).__name__}",
            "Remove it and let reportgen download CIFAR-10 again, or copy the file from a good place.",
        ) from error
    return np.ascontiguousarray(images.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), labels


DATASET = DatasetKind(
    name="cifar10",
    summary="CIFAR-10: 60,000 photographs of ten classes, downloaded when not here",
    classes=len(CLASSES),
    load=load,
    title="CIFAR-10",
    files=find_files,
    sizes=(50_000, 10_000),
    download="170 MB",
)
