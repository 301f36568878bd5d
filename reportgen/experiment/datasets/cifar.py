"""What CIFAR-10 and CIFAR-100 have in common: where their files are, and how they are read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.experiment.datasets.files import (
    Archive,
    NotAvailable,
    advise,
    cache_folder,
    find_archive,
    search_folders,
)
from reportgen.experiment.datasets.other_forms import describe_others
from reportgen.experiment.datasets.pickles import plain, read_pickle
from reportgen.experiment.datasets.raw import DataRequest, ImageArray, LabelArray, RawSplit
from reportgen.record.message import N_
from reportgen.spec.types import DataSpec
from reportgen.system.files import is_regular, is_shut_off

SIDE, CHANNELS = 32, 3
VALUES = CHANNELS * SIDE * SIDE
MOST_BYTES = 1 << 29
"""The largest published file has 155 MB."""
Planes = NDArray[np.uint8]
"""(n, 3072): of each image all of red, then green, then blue."""


@dataclass(frozen=True)
class CifarFiles:
    """The files of one of the two, and what is in them."""

    archive: Archive
    published: Mapping[str, str]
    """File -> md5."""
    train: tuple[str, ...]
    test: str
    labels: str
    classes: int
    coarse_labels: str = ""
    """The key of the labels by group; empty where the data set has no groups."""
    coarse_classes: int = 0

    @property
    def batches(self) -> tuple[str, ...]:
        """The files that hold images, in order."""
        return (*self.train, self.test)


@dataclass(frozen=True)
class Batch:
    """One file: images as they lie in it, with their labels."""

    planes: Planes
    labels: LabelArray
    coarse_labels: LabelArray | None


@dataclass(frozen=True)
class CifarContent:
    """What was read: of the images those that the spec's limits keep."""

    train: RawSplit
    test: RawSplit
    test_coarse_labels: LabelArray | None
    """Of the whole test split."""
    digests: dict[str, str]
    verified: bool
    folder: Path


def find_folder(kind: CifarFiles, spec: DataSpec, data_root: Path | None, base: Path) -> Path | None:
    """The first folder that holds one of the batches, itself, in the archive's folder, or one folder further in; None
    where there is none.

    Raises DataError where there may be one, but nobody may look.
    """
    shut: list[Path] = []
    for folder in search_folders(spec, data_root, base):
        for place in (folder, folder / kind.archive.folder):
            if any(is_regular(place / name) for name in kind.batches):
                return place
            shut += [place] if is_shut_off(place / kind.test) else []
        if (deeper := look_deeper(kind, folder)) is not None:
            return deeper
    if shut:
        why = N_("there is no permission to enter {folder}", folder=str(shut[0]))
        raise NotAvailable(why, "Check its permissions and those of the folders above it.")
    return None


def look_deeper(kind: CifarFiles, folder: Path) -> Path | None:
    """The first folder in one that has the archive's folder in it, or holds all files under a name of its own."""
    for inner in sorted(path for path in entries(folder) if not path.name.startswith(".")):
        if any(is_regular(inner / kind.archive.folder / name) for name in kind.batches):
            return inner / kind.archive.folder
        if all(is_regular(inner / name) for name in kind.published):
            return inner
    return None


def entries(folder: Path) -> list[Path]:
    """The folders in a folder; none where the system does not tell."""
    try:
        with os.scandir(folder) as found:
            return [Path(entry.path) for entry in found if entry.is_dir()]
    except OSError:
        return []


def find_files(kind: CifarFiles, spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...] | None:
    """The files that are here, or the archive where it is not unpacked yet; None where there is none."""
    folder = find_folder(kind, spec, data_root, base)
    if folder is not None:
        return tuple(folder / name for name in kind.published if (folder / name).is_file())
    archive = find_archive(kind.archive, spec, data_root, base)
    return None if archive is None else (archive,)


def read(kind: CifarFiles, request: DataRequest, needed: Sequence[str]) -> CifarContent:
    """The files from the first place that has them, else downloaded into the user's cache.

    Raises DataError where one of those `needed` is missing or damaged, or nothing can be downloaded.
    """
    folder = find_folder(kind, request.spec, request.data_root, request.base)
    if folder is None:
        from reportgen.experiment.datasets.download.fetching import fetch  # imports the network's modules

        try:
            folder = fetch(kind.archive, cache_folder(), request)
        except NotAvailable as error:
            told = describe_others(kind.archive, request.spec, request.data_root, request.base)
            raise NotAvailable(error.reason, "\n".join((*told, error.hint))) from error
    batches, digests, verified = read_batches(kind, folder, needed)
    test = batches[kind.test]
    return CifarContent(
        keep([batches[name] for name in kind.train], request.spec.train_limit, request.seed),
        keep([test], request.spec.eval_limit, request.seed),
        test.coarse_labels,
        digests,
        verified,
        folder,
    )


def examine(
    kind: CifarFiles, needed: Sequence[str], spec: DataSpec, data_root: Path | None, base: Path
) -> tuple[str, ...]:
    """Read the files that are here, and where there are none say what is there instead; raises DataError for what a
    build refuses."""
    folder = find_folder(kind, spec, data_root, base)
    if folder is not None:
        read_batches(kind, folder, needed)
    elif find_archive(kind.archive, spec, data_root, base) is None:
        return tuple(describe_others(kind.archive, spec, data_root, base))
    return ()


def read_batches(
    kind: CifarFiles, folder: Path, needed: Sequence[str]
) -> tuple[dict[str, Batch], dict[str, str], bool]:
    """The batches in a folder, the sha256 of each file, and whether all are those published.

    Raises DataError where one of those `needed` is missing or damaged.
    """
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        raise NotAvailable(
            N_(
                "{data} in {folder} is incomplete: {files} missing",
                data=kind.archive.title,
                folder=str(folder),
                files=", ".join(missing),
            ),
            "Copy the missing files there, or remove the folder and let reportgen download all of it.\n"
            + advise(kind.archive),
        )
    batches: dict[str, Batch] = {}
    digests, verified = {}, True
    for name, published in kind.published.items():
        content = read_file(folder / name) if (folder / name).is_file() else b""
        verified = verified and md5(content) == published
        if content:
            digests[name] = hashlib.sha256(content).hexdigest()
        if name in kind.batches:
            batches[name] = read_batch(kind, folder / name, content)
    return batches, digests, verified


def md5(content: bytes) -> str:
    """The digest that was published; it guards against accidents, not against malice."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def read_file(path: Path) -> bytes:
    """The bytes of one file; raises DataError where they can't be read, or are many times too many."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise NotAvailable(
                N_("{path} is damaged: it has {bytes} bytes", path=str(path), bytes=path.stat().st_size),
                "Copy it from a good place.",
            )
        return path.read_bytes()
    except OSError as error:
        raise NotAvailable(
            N_("{path} can't be read: {error}", path=str(path), error=error.strerror or ""), "Check its permissions."
        ) from error


def read_batch(kind: CifarFiles, path: Path, content: bytes) -> Batch:
    """Images and labels of one file; raises DataError for anything else than a batch."""
    try:
        if not content:
            raise ValueError("it holds nothing")
        found = read_pickle(content)
        planes = found.get("data")
        labels = read_labels(found, kind.labels, kind.classes)
        if not isinstance(planes, np.ndarray) or planes.shape != (len(labels), VALUES):
            what = f"bytes of shape {planes.shape}" if isinstance(planes, np.ndarray) else "no array"
            raise ValueError(f"its data is {what}, for {len(labels)} labels of images of {VALUES} values")
        coarse = read_labels(found, kind.coarse_labels, kind.coarse_classes) if kind.coarse_labels else None
        if coarse is not None and len(coarse) != len(labels):
            raise ValueError(f"it holds {len(labels)} labels and {len(coarse)} of their groups")
    except ValueError as error:
        raise damaged(kind, path, str(error)) from error
    return Batch(planes, labels, coarse)


def read_labels(found: dict[str, Any], key: str, classes: int) -> LabelArray:
    """(n,) labels from whole numbers, a list or a row of bytes; raises ValueError for anything that is not a label."""
    given = found.get(key)
    if isinstance(given, np.ndarray):
        if given.ndim != 1:
            raise ValueError(f"its {key} are an array of shape {given.shape}, not a row of numbers")
        given = given.tolist()
    if not isinstance(given, list) or not given:
        raise ValueError(f"it holds no {key}")
    strange = [type(label).__name__ for label in given if type(label) is not int]
    if strange:
        raise ValueError(f"one of its {key} is a {strange[0]}, not a whole number")
    if min(given) < 0 or max(given) >= classes:
        raise ValueError(f"its {key} lie outside 0 to {classes - 1}")
    return np.array(given, np.int64)


def read_names(kind: CifarFiles, path: Path, key: str, number: int) -> tuple[str, ...]:
    """As many different names from the file of names; raises DataError for anything else."""
    try:
        given = read_pickle(read_file(path)).get(key)
        names = [plain(name) for name in given] if isinstance(given, list) else []
        if len(names) != number or not all(isinstance(name, str) and name.isprintable() and name for name in names):
            raise ValueError(f"its {key} are not {number} names")
        if len(set(names)) != number:
            raise ValueError(f"one of its {key} stands there twice")
    except ValueError as error:
        raise damaged(kind, path, str(error)) from error
    return tuple(names)


def damaged(kind: CifarFiles, path: Path, why: str) -> NotAvailable:
    """The error for a file that is not what it should be."""
    return NotAvailable(
        N_(
            "{path} is damaged: {reason}, which no {data} file does",
            path=str(path),
            reason=why,
            data=kind.archive.title,
        ),
        f"Remove its folder and let reportgen download {kind.archive.title} again, or copy the file from a good "
        f"place.\n{advise(kind.archive)}",
    )


def keep(batches: Sequence[Batch], number: int | None, seed: int) -> RawSplit:
    """Of several files, in order, the images that a limit keeps."""
    from reportgen.experiment.datasets.loading import limit  # imports torch, which naming the files need not

    labels = np.concatenate([batch.labels for batch in batches])
    rows = limit(labels, number, seed)
    images = make_images([batch.planes for batch in batches], rows)
    return RawSplit(images, labels[rows], ids=rows, available=len(labels))


def make_images(parts: Sequence[Planes], rows: LabelArray) -> ImageArray:
    """The images (k, 32, 32, 3) of some rows of several files."""
    images = np.empty((len(rows), SIDE, SIDE, CHANNELS), np.uint8)
    first = 0
    for planes in parts:
        here = np.flatnonzero((rows >= first) & (rows < first + len(planes)))
        chosen = planes[rows[here] - first].reshape(-1, CHANNELS, SIDE, SIDE)
        images[here] = chosen.transpose(0, 2, 3, 1)
        first += len(planes)
    return images
