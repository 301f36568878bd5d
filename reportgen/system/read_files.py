"""Files that code read while it ran, as a record may name them, and whether they are still what they were."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from reportgen.system.cache import Cache
from reportgen.system.digests import DigestMemo

ELSEWHERE = "…/"
"""Before the name of a file that does not lie near the spec: a record does not tell where, this machine remembers."""
CACHE = Cache("read-files", most=500)
DEEPEST = 2
"""Folders that a name may lead up: further up stand names of users and machines."""


def describe_files(paths: Iterable[Path], base: Path) -> tuple[tuple[str, str], ...]:
    """Name and digest (sha256) of each file that is still there, sorted; names are relative to the spec's folder."""
    memo, files = DigestMemo.load(), []
    for path in paths:
        digest, name = memo.digest(path), name_of(path, base)
        if digest is None:
            continue
        files.append((name, digest))
        if name.startswith(ELSEWHERE):
            CACHE.write(key_of(name, digest), os.fsencode(path))
    memo.save()
    return tuple(sorted(set(files)))


def find_changed(files: Sequence[tuple[str, str]], base: Path) -> str | None:
    """The first of these files that is not what it was, or that can't be found on this machine; None for none."""
    memo = DigestMemo.load()
    for name, digest in files:
        place = remembered(name, digest) if name.startswith(ELSEWHERE) else base / name
        if place is None or memo.digest(place) != digest:
            return name
    memo.save()
    return None


def remembered(name: str, digest: str) -> Path | None:
    """Where a file lay when it was read; None where this machine does not remember."""
    place = CACHE.read(key_of(name, digest))
    return None if place is None else Path(os.fsdecode(place))


def key_of(name: str, digest: str) -> str:
    """Under which its place is remembered."""
    return hashlib.sha256(f"{name}\0{digest}".encode("utf-8", "surrogatepass")).hexdigest()


def name_of(path: Path, base: Path) -> str:
    """Relative to the spec's folder where that tells nothing of the machine, else the file's name after ELSEWHERE."""
    home = base.resolve()
    if path.is_relative_to(home):
        return path.relative_to(home).as_posix()
    relative = os.path.relpath(path, home)
    up = Path(relative).parts.count("..")
    common = home.parents[up - 1] if 0 < up <= len(home.parents) else home
    return Path(relative).as_posix() if up <= DEEPEST and len(common.parts) > 2 else f"{ELSEWHERE}{path.name}"
