"""What lies in a folder of classes: its images, and everything else that is there, by name."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.record.message import N_, Message
from reportgen.text.shorten import shorten_middle
from reportgen.text.visible import visible

USUAL_ENDINGS = (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".bmp", ".dib", ".gif", ".webp")
RARE_ENDINGS = (".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".avifs", ".heic", ".heif", ".hif")
ENDINGS = frozenset((*USUAL_ENDINGS, *RARE_ENDINGS))
"""Of files that are read as images, in lower case."""
SYSTEM_FOLDERS = ("__macosx", "@eadir", "@tmp", "#recycle", "#snapshot", "lost+found", "$recycle.bin", "__pycache__")
SYSTEM_FILES = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")
SYSTEM_NAMES = frozenset((*SYSTEM_FOLDERS, "system volume information", *SYSTEM_FILES))
"""What operating systems and network disks leave in folders, in lower case; so are names that begin with a dot."""
LONGEST_NAME = 60
"""Characters of a name in a sentence."""
LARGEST = 1 << 30
"""Bytes of a file; a larger one is no image that a model is trained on."""
Place = tuple[int, int]
"""Device and inode of a folder."""


@dataclass(frozen=True)
class ImageFile:
    """One image."""

    label: str
    """Its class."""
    name: str
    """Relative to the data's folder, with "/", as it can be shown."""
    path: Path


@dataclass(frozen=True)
class Refused:
    """A file or link that is not read."""

    name: str
    reason: Message
    path: Path


@dataclass
class Contents:
    """All that was found in a folder of classes."""

    images: list[ImageFile] = field(default_factory=list)
    """By class and name."""
    classes: set[str] = field(default_factory=set)
    """Every class folder, also of classes without images."""
    refused: list[Refused] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    """Hidden files and folders, and those of operating systems."""
    others: list[str] = field(default_factory=list)
    """Files that are no images by their ending."""
    loose: list[str] = field(default_factory=list)
    """Images outside every class folder."""

    @property
    def empty(self) -> list[str]:
        """Classes without an image."""
        return sorted(self.classes - {image.label for image in self.images})

    def add(self, other: Contents) -> None:
        """Take in what another folder holds."""
        for name in ("images", "refused", "hidden", "others", "loose"):
            getattr(self, name).extend(getattr(other, name))
        self.classes |= other.classes


def is_hidden(name: str) -> bool:
    """Whether nobody put a file of this name there as data."""
    return name.startswith(".") or name.lower() in SYSTEM_NAMES


def read_contents(root: Path, folder: str) -> Contents:
    """What lies in `root`/`folder` ("" for root itself), one folder a class; names are relative to `root`.

    Links are followed, each folder once: real folders first, then links in the order of their names.
    """
    walk = Walk(root)
    walk.begin(root / folder)
    while walk.waiting or walk.links:
        if not walk.waiting:
            walk.waiting.extend(sorted(walk.links))
            walk.links.clear()
        walk.enter(*walk.waiting.popleft())
    found = walk.found
    found.images.sort(key=lambda image: (image.label, image.name.split("/"), os.fsencode(image.path)))
    for names in (found.hidden, found.others, found.loose):
        names.sort()
    found.refused.sort(key=lambda one: one.name)
    return found


@dataclass
class Walk:
    """A walk through one folder of classes."""

    root: Path
    found: Contents = field(default_factory=Contents)
    waiting: deque[tuple[Path, str]] = field(default_factory=deque)
    """Folders to read, and the class that they belong to; "" for none."""
    links: list[tuple[Path, str]] = field(default_factory=list)
    seen: dict[Place, str] = field(default_factory=dict)
    above: set[Place] = field(default_factory=set)
    """The folder itself and those that hold it."""

    def name(self, path: Path) -> str:
        """A path as it is shown."""
        return visible(path.relative_to(self.root).as_posix())

    def begin(self, top: Path) -> None:
        """Read the folder of classes itself."""
        real = Path(os.path.realpath(top))
        for folder in (real, *real.parents):
            if (known := status(folder)) is not None:
                self.above.add((known.st_dev, known.st_ino))
        self.list(top, "")

    def enter(self, folder: Path, label: str) -> None:
        """Read a folder unless it was read before or holds the one that it lies in."""
        known = status(folder)
        if known is None:
            self.refuse(folder, N_("it is a link to something that is not there"))
            return
        place = (known.st_dev, known.st_ino)
        if place in self.above:
            self.refuse(folder, N_("it is a link to a folder that contains it"))
        elif place in self.seen:
            self.refuse(folder, N_("it is a link to “{folder}”, which is read already", folder=self.seen[place]))
        else:
            self.seen[place] = self.name(folder)
            if label:
                self.found.classes.add(label)
            self.list(folder, label)

    def list(self, folder: Path, label: str) -> None:
        """Sort the entries of a folder."""
        try:
            with os.scandir(folder) as entries:
                names = sorted((entry.name for entry in entries), key=os.fsencode)
        except OSError as error:
            self.refuse(folder, unreadable(error))
            return
        for name in names:
            self.sort_entry(folder / name, label)

    def sort_entry(self, path: Path, label: str) -> None:
        """Put one entry where it belongs."""
        if is_hidden(path.name):
            self.found.hidden.append(self.name(path))
            return
        is_image = path.suffix.lower() in ENDINGS
        try:
            known = path.stat()
        except OSError as error:
            if is_image or is_link(path):
                self.refuse(path, broken(path, error))
            else:
                self.found.others.append(self.name(path))
            return
        if stat.S_ISDIR(known.st_mode):
            (self.links if path.is_symlink() else self.waiting).append((path, label or visible(path.name)))
        elif not is_image:
            self.found.others.append(self.name(path))
        elif not label:
            self.found.loose.append(self.name(path))
        elif not stat.S_ISREG(known.st_mode):
            self.refuse(path, irregular(known.st_mode))
        elif known.st_size > LARGEST:
            self.refuse(path, N_("it has {size} bytes, more than an image can have", size=known.st_size))
        else:
            self.found.images.append(ImageFile(label, self.name(path), path))

    def refuse(self, path: Path, reason: Message) -> None:
        """Keep the name of what is not read."""
        self.found.refused.append(Refused(self.name(path), reason, path))


def status(path: Path) -> os.stat_result | None:
    """What the system says of a file or folder, links followed; None where there is none."""
    try:
        return path.stat()
    except OSError:
        return None


def is_link(path: Path) -> bool:
    """Whether a path is a link; where the system does not say, it is none."""
    try:
        return path.is_symlink()
    except OSError:
        return False


def broken(path: Path, error: OSError) -> Message:
    """Why the system says nothing of a file."""
    if is_link(path) and isinstance(error, FileNotFoundError):
        return N_("it is a link to something that is not there")
    return unreadable(error)


def unreadable(error: OSError) -> Message:
    """An error of the system as a reason."""
    if isinstance(error, PermissionError):
        return N_("there is no permission to read it")
    return N_("the system says: {error}", error=visible(error.strerror or type(error).__name__))


def irregular(mode: int) -> Message:
    """What is no file though it is called like one."""
    if stat.S_ISFIFO(mode):
        return N_("it is not a regular file but a named pipe")
    if stat.S_ISSOCK(mode):
        return N_("it is not a regular file but a socket")
    return N_("it is not a regular file but a device")


def some(names: Iterable[str], most: int = 8) -> tuple[str, ...]:
    """The first of several names, "…" for the others; of long ones the middle is left out."""
    every = tuple(shorten_middle(name, LONGEST_NAME) for name in names)
    return every if len(every) <= most else (*every[:most], "…")
