"""Images of one's own: train/ and test/ with one folder a class."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from reportgen.errors import DataError
from reportgen.experiment.datasets.raw import DataRequest, ImageArray, RawData, RawSplit
from reportgen.plugins import DatasetKind
from reportgen.record.message import N_
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import DataSpec

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
SPLITS = ("train", "test")
SIZE = 32
"""Pixels of a side: images are cut to their middle square and scaled to this, or to `data.image_size`."""


def load(request: DataRequest) -> RawData:
    """Every image below `data.root`/train and /test, in colour, 32×32 or of the spec's `image_size`.

    Raises DataError where a folder or a class is missing, or an image can't be read.
    """
    folder = find_folder(request.spec, request.data_root, request.base)
    if folder is None:
        raise DataError(
            "image_folder needs a folder with train/ and test/ in it, one folder a class in each",
            "Give it with data.root in the spec, or with --data-root.",
        )
    files = {split: list(image_files(folder / split)) for split in SPLITS}
    classes = sorted({name for name, _ in files["train"]})
    check_classes(folder, classes, {name for name, _ in files["test"]})
    side = request.spec.image_size or SIZE
    whole = hashlib.sha256()
    splits = {}
    for split, found in files.items():
        images = np.stack([read_image(file, side) for _, file in found])
        labels = np.array([classes.index(name) for name, _ in found], np.int64)
        whole.update(images.tobytes() + labels.tobytes())
        splits[split] = RawSplit(images, labels)
    return RawData(
        name="image_folder",
        title=folder.resolve().name,
        description=N_(
            "{pictures} images of {classes} classes, cut to their middle square and scaled to {side}×{side} pixels.",
            pictures=sum(map(len, files.values())),
            classes=len(classes),
            side=side,
        ),
        licence="",
        citation="",
        homepage="",
        classes=tuple(classes),
        train=splits["train"],
        test=splits["test"],
        digests={"pictures and labels as read": whole.hexdigest()},
        verified=True,
    )


def find_folder(spec: DataSpec, data_root: Path | None, base: Path) -> Path | None:
    """The folder given by the spec or the command line that holds train/ and test/, or None."""
    given = [resolve_path(spec.root, base)] if spec.root is not None else []
    given += [data_root] if data_root is not None else []
    return next((folder for folder in given if all((folder / split).is_dir() for split in SPLITS)), None)


def image_files(split: Path) -> Iterator[tuple[str, Path]]:
    """(class name, file) of every image below one folder a class, in the order of names."""
    for folder in sorted(path for path in split.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() in SUFFIXES and file.is_file():
                yield folder.name, file


def find_files(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...] | None:
    """Every image, or None where there is no such folder."""
    folder = find_folder(spec, data_root, base)
    return None if folder is None else tuple(file for split in SPLITS for _, file in image_files(folder / split))


def check_classes(folder: Path, train: list[str], test: set[str]) -> None:
    """Raise DataError unless there are two classes to train and nothing else to test."""
    if len(train) < 2:
        raise DataError(f"{folder}/train holds {len(train)} classes with pictures", "It needs two or more folders.")
    if not test:
        raise DataError(f"{folder}/test holds no pictures", "Put test pictures there, one folder a class.")
    strangers = sorted(test - set(train))
    if strangers:
        raise DataError(
            f"{folder}/test has classes that train/ has not: {', '.join(strangers[:8])}",
            "Use the same folder names in both.",
        )


@contextmanager
def whole_images_only() -> Iterator[None]:
    """Pillow refuses cut-off files inside, whatever a library has told it: WeasyPrint makes it fill them with grey."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def read_image(file: Path, side: int = SIZE) -> ImageArray:
    """One image as (side, side, 3)."""
    from PIL import Image, ImageOps  # not where only the files are asked for

    try:
        with whole_images_only(), Image.open(file) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
            return np.asarray(ImageOps.fit(upright, (side, side), Image.Resampling.BILINEAR), np.uint8)
    except Exception as error:  # decoders raise whatever comes: SyntaxError for a broken PNG
        raise DataError(f"{file} can't be read as an image: {error}", "Remove it or fix it.") from error


DATASET = DatasetKind(
    "image_folder", "a folder of one's own: train/ and test/, one folder a class", None, load, files=find_files
)
