"""Images read one after the other, with all that went wrong and all that was converted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reportgen.experiment.datasets.files import NotAvailable
from reportgen.experiment.datasets.image_folder.contents import ImageFile, Refused
from reportgen.experiment.datasets.image_folder.decode import Conversion, Unreadable, prepare_pillow, read_image
from reportgen.experiment.datasets.raw import LabelArray, RawSplit
from reportgen.progress import Task
from reportgen.record.message import N_, Message
from reportgen.record.run import LeftOutFile
from reportgen.text.visible import visible

MOST_NAMED = 20
"""Files named in an error."""


@dataclass
class Reader:
    """Reads the images of a folder."""

    root: Path
    side: int
    refused: list[Refused]
    """Files that can't be read, the first of them found before any was opened."""
    left_out: list[LeftOutFile] = field(default_factory=list)
    conversions: Counter[Conversion] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Width and height in the files."""
    highest: int = 0
    """No value is above it in the images of 16 bits."""
    lost: set[str] = field(default_factory=set)
    """Classes of which no chosen image of a split could be read."""
    formats: tuple[str, ...] = field(default_factory=prepare_pillow)

    def read(self, images: Sequence[ImageFile], rows: LabelArray, classes: Sequence[str], task: Task) -> RawSplit:
        """These rows of some images as a split, without those that can't be read."""
        pixels = np.empty((len(rows), self.side, self.side, 3), np.uint8)
        kept = list[int]()
        for row in rows.tolist():
            try:
                found = read_image(images[row].path, self.side, self.formats)
            except Unreadable as error:
                self.refused.append(Refused(images[row].name, error.reason, images[row].path))
            else:
                pixels[len(kept)] = found.pixels
                kept.append(row)
                self.conversions.update(found.conversions)
                self.sizes[found.size] += 1
                self.highest = max(self.highest, found.highest)
            task.advance()
        self.lost |= {images[row].label for row in rows.tolist()} - {images[row].label for row in kept}
        numbers = {name: number for number, name in enumerate(classes)}
        labels = np.array([numbers[images[row].label] for row in kept], np.int64)
        return RawSplit(
            pixels[: len(kept)],
            labels,
            ids=np.array(kept, np.int64),
            available=len(images) - (len(rows) - len(kept)),
            files=tuple(images[row].name for row in kept),
        )

    def try_all(self, images: Sequence[ImageFile], end: float) -> int:
        """See whether the images of a split can be read, without keeping them, until a time of the monotonic clock.

        Returns how many were opened.
        """
        opened, readable = 0, set[str]()
        for image in images:
            if time.monotonic() > end:
                return opened
            opened += 1
            try:
                read_image(image.path, self.side, self.formats)
            except Unreadable as error:
                self.refused.append(Refused(image.name, error.reason, image.path))
            else:
                readable.add(image.label)
        self.lost |= {image.label for image in images} - readable
        return opened

    def settle(self, *, skip: bool) -> None:
        """Leave out what can't be read, or raise DataError with the names of all of it.

        Raises DataError also for a class of which nothing is left.
        """
        bad = sorted(self.refused, key=lambda one: one.name)
        if bad and not skip:
            raise NotAvailable(self.describe(bad), self.advise(bad))
        if self.lost:
            names = ", ".join(sorted(self.lost)[:MOST_NAMED])
            raise NotAvailable(
                N_(
                    "no image of {names} in {folder} can be read: {files}",
                    names=names,
                    folder=visible(str(self.root)),
                    files=name_all(bad),
                ),
                "Fix them, or remove the folder of the class.",
            )
        self.left_out = [LeftOutFile(name=one.name, reason=one.reason) for one in bad]

    def describe(self, bad: Sequence[Refused]) -> Message:
        """What can't be read, by name."""
        if len(bad) == 1:
            file = visible(str(self.root / bad[0].name))
            return N_("{file} can't be read as an image: {reason}", file=file, reason=bad[0].reason)
        return N_(
            "{count} files in {folder} can't be read as images: {files}",
            count=len(bad),
            folder=visible(str(self.root)),
            files=name_all(bad),
        )

    def advise(self, bad: Sequence[Refused]) -> str:
        """What to do about it."""
        them = "it" if len(bad) == 1 else "them"
        return f"Remove {them} or fix {them}; or go on without {them}: data.bad_files: skip"


def name_all(bad: Sequence[Refused]) -> Message:
    """The first of several files with the reasons, and how many more there are."""
    first, *others = [N_("{file} ({reason})", file=one.name, reason=one.reason) for one in bad[:MOST_NAMED]]
    for other in others:
        first = N_("{files}, {next}", files=first, next=other)
    return N_("{files}, and {count} more", files=first, count=len(bad) - MOST_NAMED) if len(bad) > MOST_NAMED else first
