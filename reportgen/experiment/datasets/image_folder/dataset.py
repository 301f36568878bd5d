"""Images of one's own: train/ and test/ with one folder a class, or classes alone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reportgen.experiment.datasets.facts import pixel_digests
from reportgen.experiment.datasets.files import NotAvailable
from reportgen.experiment.datasets.image_folder.contents import ImageFile, Refused
from reportgen.experiment.datasets.image_folder.layout import ADVICE, WANTED, Layout, find_layout
from reportgen.experiment.datasets.image_folder.notes import describe_contents, describe_conversions
from reportgen.experiment.datasets.image_folder.reading import Reader
from reportgen.experiment.datasets.image_folder.split import USUAL_FRACTION, set_aside
from reportgen.experiment.datasets.raw import DataRequest, LabelArray, RawData, RawSplit
from reportgen.plugins import DatasetKind
from reportgen.record.message import N_, Message, nN_
from reportgen.spec.types import DataSpec
from reportgen.text.visible import visible

LOOK_SECONDS = 10.0
"""For images that are opened by `reportgen check`."""
MOST_TOLD = 5
"""Files named by it."""
SIZE = 32
"""Pixels of a side: images are cut to their middle square and scaled to this, or to `data.image_size`."""


@dataclass(frozen=True)
class Parts:
    """The images of both splits before any is read."""

    train: list[ImageFile]
    test: list[ImageFile]
    notes: tuple[Message, ...] = ()
    own_split: bool = False
    """Whether reportgen set the test images aside."""


def load(request: DataRequest) -> RawData:
    """The images of `data.root` that the spec's limits keep, in colour, 32×32 or of the spec's `image_size`.

    Raises DataError where a folder or a class is missing, and for all images at once that can't be read, unless the
    spec leaves them out.
    """
    spec = request.spec
    layout = find_layout(spec, request.data_root, request.base)
    if layout is None:
        raise NotAvailable(WANTED, ADVICE)
    parts = divide(layout, spec, evaluating=request.evaluating)
    classes = list(names_of(parts))
    reader = Reader(layout.root, spec.image_size or SIZE, refused_in(layout, parts))
    train, test = read_parts(request, reader, parts, classes)
    notes = [*layout.notes, *parts.notes]
    if not parts.train and spec.normalize is None:
        notes.append(
            N_("Without training images, the test images are normalised by their own mean and standard deviation.")
        )
    if parts.own_split:
        train, more = without_copies(train, test)
        notes += more
    notes += [*describe_contents(layout), *describe_conversions(reader)]
    return RawData(
        name="image_folder",
        title=visible(layout.root.resolve().name),
        description=N_(
            "{images} images of {classes} classes, cut to their middle square and scaled to {side}×{side} pixels.",
            images=sum(split.available or 0 for split in (train, test)),
            classes=len(classes),
            side=reader.side,
        ),
        licence="",
        citation="",
        homepage="",
        classes=tuple(classes),
        train=train,
        test=test,
        digests={"images, labels and names as read": whole_digest(classes, train, test)},
        published=False,
        notes=tuple(notes),
        left_out=tuple(reader.left_out),
    )


def read_parts(request: DataRequest, reader: Reader, parts: Parts, classes: list[str]) -> tuple[RawSplit, RawSplit]:
    """The images of both splits that the spec's limits keep. Raises DataError for those that can't be read."""
    spec = request.spec
    chosen = [
        (parts.train, limited(parts.train, classes, spec.train_limit, request.seed)),
        (parts.test, limited(parts.test, classes, spec.eval_limit, request.seed)),
    ]
    with request.progress.stage("Read images", sum(len(rows) for _, rows in chosen), "images") as task:
        train, test = (reader.read(images, rows, classes, task) for images, rows in chosen)
    reader.settle(skip=spec.bad_files == "skip")
    return train, test


def divide(layout: Layout, spec: DataSpec, *, evaluating: bool) -> Parts:
    """Which images are trained on and which tested. Raises DataError where one of the two is missing."""
    root = visible(str(layout.root))
    train, test = layout.train, layout.test
    if layout.flat and evaluating and spec.test_fraction is None and train is not None:
        note = N_("All images of the folder are test images: nothing is trained, and it has no training folder.")
        return Parts([], train.images, (note,))
    if train is None:
        if not evaluating or test is None:
            raise NotAvailable(
                N_(
                    "{folder} holds only test images, in {test}/, and run.mode: train needs others",
                    folder=root,
                    test=visible(layout.names[1]),
                ),
                "Add train/ with one folder a class, or set run.mode: evaluate.",
            )
        return Parts([], test.images)
    if test is not None:
        unused = N_("The folder has test images of its own, so data.test_fraction is not used in this run.")
        return Parts(train.images, test.images, () if spec.test_fraction is None else (unused,))
    fraction = spec.test_fraction or USUAL_FRACTION
    kept, aside = set_aside(train.images, fraction)
    if not aside:
        raise NotAvailable(
            N_(
                "{folder} has no class of which a test image could be set aside: each holds copies of a single image",
                folder=root,
            ),
            "Add images, or put test images into test/.",
        )
    note = nN_(
        "The folder has no test images of its own: {share} % of each class, {count} image, was set aside by the names "
        "of the files, the same one each time. Files of equal content lie on one side; images merely alike may "
        "lie on both.",
        "The folder has no test images of its own: {share} % of each class, {count} images, were set aside by the "
        "names of the files, the same ones each time. Files of equal content lie on one side; images merely alike may "
        "lie on both.",
        len(aside),
        share=round(100 * fraction, 2),
    )
    return Parts(kept, aside, (note,), own_split=True)


def names_of(parts: Parts) -> tuple[str, ...]:
    """The classes, in their order."""
    return tuple(sorted({image.label for image in parts.train or parts.test}))


def refused_in(layout: Layout, parts: Parts) -> list[Refused]:
    """What can't be read among the files that a run uses."""
    used = [part for part in layout.parts if parts.train or part is not layout.train or layout.flat]
    return [one for part in used for one in part.refused]


def limited(images: Sequence[ImageFile], classes: Sequence[str], number: int | None, seed: int) -> LabelArray:
    """Rows (kept,) of the images that a limit keeps."""
    from reportgen.experiment.datasets.loading import limit  # imports torch, which listing files need not

    numbers = {name: number for number, name in enumerate(classes)}
    return limit(np.array([numbers[image.label] for image in images], np.int64), number, seed)


def without_copies(train: RawSplit, test: RawSplit) -> tuple[RawSplit, list[Message]]:
    """The training images without those that equal a test image in every pixel though their files differ."""
    same = np.isin(pixel_digests(train.images), pixel_digests(test.images))
    count = int(same.sum())
    if not count or count == len(same) or train.ids is None:
        return train, []
    kept = np.flatnonzero(~same)
    note = nN_(
        "{count} training image equals a test image in every pixel as read and was left out.",
        "{count} training images equal test images in every pixel as read and were left out.",
        count,
    )
    files = tuple(train.files[row] for row in kept)
    return replace(train, images=train.images[kept], labels=train.labels[kept], ids=train.ids[kept], files=files), [
        note
    ]


def whole_digest(classes: Sequence[str], *splits: RawSplit) -> str:
    """sha256 of the images, their labels and names as read."""
    whole = hashlib.sha256("\0".join(classes).encode())
    for split in splits:
        whole.update(split.images.tobytes() + split.labels.tobytes())
        whole.update("\0".join(split.files).encode())
    return whole.hexdigest()


def find_files(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...] | None:
    """Every image and what can't be read in its place, or None where no folder is given.

    Raises DataError for a folder that can't be used as it is.
    """
    layout = find_layout(spec, data_root, base)
    if layout is None:
        return None
    images = tuple(image.path for part in layout.parts for image in part.images)
    return images + tuple(one.path for part in layout.parts for one in part.refused)


def examine(spec: DataSpec, data_root: Path | None, base: Path, evaluating: bool) -> tuple[str, ...]:
    """Open the images, as many as some seconds allow; says what would be left out and what was not looked at.

    Raises DataError where a run would: images of a part are missing, files can't be read though the spec leaves out
    neither them nor some of the images, or nothing of a class can be read.
    """
    layout = find_layout(spec, data_root, base)
    if layout is None:
        return ()
    parts = divide(layout, spec, evaluating=evaluating)
    reader = Reader(layout.root, SIZE, refused_in(layout, parts))
    end = time.monotonic() + LOOK_SECONDS
    opened = sum(reader.try_all(images, end) for images in (parts.train, parts.test))
    partly = spec.train_limit is not None or spec.eval_limit is not None
    reader.settle(skip=partly or spec.bad_files == "skip")
    told, number = [], len(parts.train) + len(parts.test)
    if reader.left_out:
        names = ", ".join(file.name for file in reader.left_out[:MOST_TOLD])
        more = ", …" if len(reader.left_out) > MOST_TOLD else ""
        told.append(f"{len(reader.left_out)} of the image files can't be read: {names}{more}")
    if opened < number:
        told.append(f"{opened:,} of {number:,} images were opened to see whether they can be read")
    return tuple(told)


def name_classes(spec: DataSpec, data_root: Path | None, base: Path, evaluating: bool) -> tuple[str, ...] | None:
    """The names of the folders of the images that a run uses; None where there are none. Raises DataError."""
    layout = find_layout(spec, data_root, base)
    return None if layout is None else names_of(divide(layout, spec, evaluating=evaluating))


DATASET = DatasetKind(
    "image_folder",
    "a folder of one's own: train/ and test/, one folder a class",
    None,
    load,
    files=find_files,
    examine=examine,
    name_classes=name_classes,
)
