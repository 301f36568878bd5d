"""What a file of a report prints, as pieces of text with their places, whatever its format."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass, field

WHOLE = "the whole file"
"""The place of what a file without text holds."""
GENERATOR = re.compile(r"reportgen (\d[\w.+-]*)")
"""What the pages, comments and documents of a report say of the program that drew them."""


@dataclass(frozen=True)
class Piece:
    """Some text of a file."""

    place: str
    """Such as `section Evaluation`, `page 7` or `line 12`."""
    text: str
    """On one line, spaces as they are."""


@dataclass
class Printed:
    """What a file prints."""

    pieces: list[Piece] = field(default_factory=list)
    """In the order of the file."""
    parts: dict[str, str] = field(default_factory=dict)
    """What is drawn and not written, by place: images, shapes, styles, fonts; each as a digest."""
    documents: dict[str, bytes] = field(default_factory=dict)
    """PDFs inside it by place, whose lines end where their own fonts make them end."""
    version: str = ""
    """Of the reportgen that drew it; empty where the file does not say."""

    code: str = ""
    """Digest of the code that drew it; empty where the file does not say."""

    def add(self, place: str, text: str) -> None:
        """Take in a text, line by line."""
        for line in text.splitlines():
            line = line.strip(" \t")
            if line:
                self.pieces.append(Piece(place, line))

    def draw(self, place: str, data: bytes) -> None:
        """Take in something drawn; several of one place are numbered."""
        name, number = place, 1
        while name in self.parts:
            number += 1
            name = f"{place} ({number})"
        self.parts[name] = hashlib.sha256(data).hexdigest()

    def include(self, other: Printed, place: str) -> None:
        """Take in what something inside this file prints."""
        self.pieces += [Piece(f"{place}, {piece.place}", piece.text) for piece in other.pieces]
        self.parts |= {f"{place}, {name}": digest for name, digest in other.parts.items()}
        self.version = self.version or other.version


class Unreadable(Exception):
    """A file that is not of the format that its name says."""


def read_unprinted(data: bytes) -> Printed:
    """A file that prints no text that could be read: an image, an event file."""
    printed = Printed()
    printed.draw(WHOLE, data)
    return printed


def unpacked(data: bytes) -> dict[str, bytes] | None:
    """The files of a zip, whose own bytes depend on the library that packed them; None for anything else."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as found:
            if sum(entry.file_size for entry in found.infolist()) > 200_000_000:
                return None
            return {entry.filename: found.read(entry) for entry in found.infolist()}
    except Exception:  # zipfile raises whatever a damaged file makes its parts raise
        return None
