"""manifest.json: what a report's folder holds, with the digest of every file and its own, and what it was made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from reportgen.system.files import is_regular

MANIFEST = "manifest.json"
HASHED_BYTES = 100_000_000
"""Files are compared by digest up to this total, about a quarter of a second; beyond it by size."""


class FileEntry(BaseModel, frozen=True, extra="forbid"):
    """One file of a report."""

    bytes: int
    sha256: str


class Manifest(BaseModel, frozen=True, extra="forbid"):
    """Every file of a report but the manifest itself."""

    format: int = 2
    inputs: str = ""
    """Digest of everything the report was made from; empty when it is to be made again in any case."""
    origin: str = ""
    """Which spec or command made it, see `reportgen.pipeline.replacing`; empty where that is not known."""
    code: str = ""
    """Digest of the code that drew it, see `reportgen.pipeline.drawing_digest.code_of_drawing`; empty where it is not
    known, and then not written."""
    files: dict[str, FileEntry] = Field(default_factory=dict)
    """Relative path with '/' -> size and digest."""
    sha256: str = ""
    """Digest of all of the above as the file spells it; empty in one of format 1, and until it is spelled."""

    def spelled(self) -> bytes:
        """The file's content: sorted, with its own digest, the same for the same report."""
        return spell(self.fields() | {"sha256": self.digest})

    def fields(self) -> dict[str, Any]:
        """What it says, without its own digest and without what earlier ones did not say."""
        return self.model_dump(exclude={"sha256"} if self.code else {"sha256", "code"})

    @property
    def digest(self) -> str:
        """The sha256 of everything in it but itself."""
        return hashlib.sha256(spell(self.fields())).hexdigest()

    @property
    def is_whole(self) -> bool:
        """Whether it has the digest that it was written with."""
        return self.sha256 == self.digest


def spell(content: Mapping[str, Any]) -> bytes:
    """The content of a manifest as its file has it."""
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def describe_file(path: Path) -> FileEntry:
    """Size and digest of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileEntry(bytes=path.stat().st_size, sha256=digest)


def read_manifest(out: Path) -> Manifest | None:
    """The manifest of a report's folder; None when there is none or it can't be read."""
    if not is_regular(out / MANIFEST):
        return None
    try:
        manifest = Manifest.model_validate_json((out / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return None
    inside = all(is_inside(name) for name in manifest.files)
    return manifest if inside else None


def is_inside(name: str) -> bool:
    """True for a relative path that stays in its folder."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\\" not in name and "\0" not in name


def matches(out: Path, manifest: Manifest) -> bool:
    """True when every file the manifest lists is there as it was written."""
    total = sum(entry.bytes for entry in manifest.files.values())
    try:
        for name, entry in manifest.files.items():
            path = out / name
            if path.stat().st_size != entry.bytes:
                return False
            if total <= HASHED_BYTES and describe_file(path) != entry:
                return False
    except OSError:
        return False
    return True
