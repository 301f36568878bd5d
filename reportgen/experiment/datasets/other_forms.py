"""What lies where the files of an archive are looked for and is not read: other forms of it, damaged archives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reportgen.experiment.datasets.files import Archive, archive_places, digests_of, search_folders
from reportgen.spec.types import DataSpec
from reportgen.system.files import is_folder, is_regular, is_shut_off

BINARY = ("data_batch_1.bin", "train.bin")
"""Files of the version for C, of CIFAR-10 and of CIFAR-100."""
MATLAB = ("data_batch_1.mat", "train.mat")
PACKED = ("cifar-10-binary.tar.gz", "cifar-10-matlab.tar.gz", "cifar-100-binary.tar.gz", "cifar-100-matlab.tar.gz")
SPLITS = ("train", "test")


def describe_others(archive: Archive, spec: DataSpec, data_root: Path | None, base: Path) -> Iterator[str]:
    """A sentence for each thing that is there instead of the archive's files, and what to do about it."""
    get = f"which is not read: get the Python version of {archive.title}."
    for folder in search_folders(spec, data_root, base)[:-1]:  # the last is the cache, into which people put nothing
        if not (is_folder(folder) or is_regular(folder) or is_shut_off(folder)):
            yield f"There is no folder {folder}."
        for version, names in (("binary", BINARY), ("MATLAB", MATLAB)):
            if place := find_version(folder, names):
                yield f"{place} holds the {version} version, {get}"
        for name in PACKED:
            if is_regular(folder / name):
                yield f"{folder / name} is another version, {get}"
        if all(is_folder(folder / name) for name in SPLITS):
            yield f"{folder} holds folders of images: data.name: image_folder reads them."
    for place in archive_places(archive, spec, data_root, base):
        if why := describe_archive(archive, place):
            yield why


def describe_archive(archive: Archive, place: Path) -> str:
    """Why a file that is called as the archive is not taken for it; empty where it is the archive."""
    try:
        known = place.stat()
        if known.st_size != archive.size:
            lengths = f"{known.st_size:,} bytes, not {archive.size:,}"
            return f"{place} is not the published archive, by its length ({lengths}): get it again."
        if digests_of(place, known.st_mtime_ns) != (archive.md5, archive.sha256):
            return f"{place} is not the published archive, by its digests: get it again."
    except OSError as error:
        return f"{place} can't be read ({error.strerror or error})."
    return ""


def find_version(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The folder itself or one in it that holds one of these files."""
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    except OSError:
        return None
    return next((place for place in (folder, *inside) if any(is_regular(place / name) for name in names)), None)
