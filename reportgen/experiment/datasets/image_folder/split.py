"""A part of each class set aside for testing, the same wherever the folder lies and in whatever order it is read."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from reportgen.experiment.datasets.image_folder.contents import ImageFile

USUAL_FRACTION = 0.2
SEED = 0


def set_aside(images: Sequence[ImageFile], fraction: float) -> tuple[list[ImageFile], list[ImageFile]]:
    """Training and test images, in the order given: of each class about `fraction` to test, at least one.

    An image's turn is the sha256 of a fixed seed and its name, so that one more image moves no other. Files of equal
    content stay on one side, also across classes; of a class that is nothing else all are trained on.
    """
    groups = defaultdict[str, list[ImageFile]](list)
    for image in images:
        groups[content_digest(image.path)].append(image)
    by_class = defaultdict[str, list[list[ImageFile]]](list)
    for group in groups.values():
        group.sort(key=turn)
        by_class[group[0].label].append(group)
    tested = set[Path]()
    for members in by_class.values():
        members.sort(key=lambda group: turn(group[0]))
        tested |= choose(members, fraction)
    train = [image for image in images if image.path not in tested]
    return train, [image for image in images if image.path in tested]


def choose(groups: Sequence[list[ImageFile]], fraction: float) -> set[Path]:
    """The test images of one class, from its groups of equal files in turn; a group stays together."""
    count = sum(map(len, groups))
    wanted = min(max(1, round(fraction * count)), count - 1)
    chosen = list[ImageFile]()
    for group in groups:
        if len(chosen) + len(group) <= wanted:
            chosen += group
    if not chosen and len(groups) > 1:
        smallest = min(len(group) for group in groups)
        chosen += next(group for group in groups if len(group) == smallest)
    return {image.path for image in chosen}


def turn(image: ImageFile) -> str:
    """What orders the images of a class."""
    return hashlib.sha256(f"{SEED}\0{image.name}".encode()).hexdigest()


def content_digest(path: Path) -> str:
    """sha256 of a file; of one that can't be read its name, and reading it as an image says why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return f"unread {path.name}"
