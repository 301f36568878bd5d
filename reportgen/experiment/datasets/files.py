"""Where a data set's files are, without reading them and without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_cache_path

from reportgen.spec.paths import resolve_path
from reportgen.spec.types import DataSpec

CIFAR10_FOLDER = "cifar-10-batches-py"
CIFAR10_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
"""As published with torchvision's reader of the same files."""
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
SPLITS = ("train", "test")


def search_folders(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...]:
    """Where a data set is looked for, first come first: the spec, the command line, $REPORTGEN_DATA, the cache."""
    folders = [resolve_path(spec.root, base)] if spec.root is not None else []
    folders += [data_root] if data_root is not None else []
    folders += [Path(os.environ["REPORTGEN_DATA"])] if os.environ.get("REPORTGEN_DATA") else []
    return (*folders, cache_folder())


def cache_folder() -> Path:
    """Where downloads are kept for this user."""
    return user_cache_path("reportgen") / "data"


def find_cifar10(spec: DataSpec, data_root: Path | None, base: Path) -> Path | None:
    """The first folder that holds one of the batches, itself or in cifar-10-batches-py; None where there is none."""
    for folder in search_folders(spec, data_root, base):
        for place in (folder, folder / CIFAR10_FOLDER):
            if any((place / name).is_file() for name in CIFAR10_MD5 if name != "batches.meta"):
                return place
    return None


def find_image_folder(spec: DataSpec, data_root: Path | None, base: Path) -> Path | None:
    """The folder given by the spec or the command line that holds train/ and test/, or None."""
    given = [resolve_path(spec.root, base)] if spec.root is not None else []
    given += [data_root] if data_root is not None else []
    return next((folder for folder in given if all((folder / split).is_dir() for split in SPLITS)), None)


def picture_files(split: Path) -> Iterator[tuple[str, Path]]:
    """(class name, file) of every picture below one folder a class, in the order of names."""
    for folder in sorted(path for path in split.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() in PICTURES and file.is_file():
                yield folder.name, file


def data_files(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...] | None:
    """The files the run would read; empty for data that comes with a library; None where they are not here."""
    if spec.name == "cifar10":
        folder = find_cifar10(spec, data_root, base)
        return None if folder is None else tuple(folder / name for name in CIFAR10_MD5 if (folder / name).is_file())
    if spec.name == "image_folder":
        folder = find_image_folder(spec, data_root, base)
        if folder is None:
            return None
        return tuple(file for split in SPLITS for _, file in picture_files(folder / split))
    return ()
