"""Moving a staged report in, so that it can be undone, or finished by the next build after a crash.

A journal is a folder with `new/`, the files of a report and its manifest, and `old/`, what they replaced.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from reportgen.system.files import is_regular, machine_trouble
from reportgen.system.manifest import MANIFEST, FileEntry, describe_file, read_manifest
from reportgen.system.signals import uninterrupted
from reportgen.system.signing import SIGNATURE

STAGING = ".reportgen-staging-"
COMMIT = ".reportgen-commit"
NEW, OLD = "new", "old"
SIGNED = "signed"
"""Beside them where the new report has a signature, which its manifest can't list."""
READINGS, BETWEEN_READINGS = 20, 0.05
"""How often, and after how many seconds, a report is read again that is being moved in."""


def move_in(home: Path, journal: Path) -> None:
    """Move the new files in, the manifest last, and what they replace or the new report lacks aside.

    Called again after a crash it does what is left. Raises OSError.
    """
    names = names_in(journal / NEW)
    old, new = read_manifest(home), read_manifest(journal / NEW)
    if old and new:
        for name in sorted(set(old.files) - set(new.files)):
            if is_unchanged(home / name, old.files[name]):
                move(home / name, journal / OLD / name)
                remove_empty_parents(home, name)
    if not (journal / SIGNED).exists() and os.path.lexists(home / SIGNATURE):
        move(home / SIGNATURE, journal / OLD / SIGNATURE)  # of the report that is replaced
    for name in sorted(names, key=lambda name: (name == MANIFEST, name)):
        if os.path.lexists(home / name):
            move(home / name, journal / OLD / name)
        move(journal / NEW / name, home / name)


def move_back(home: Path, journal: Path) -> None:
    """Undo a `move_in` that failed: what it brought goes, what it put aside comes back. Raises OSError."""
    new = read_manifest(journal / NEW)  # still there: it is moved last
    waiting = set(names_in(journal / NEW))
    brought = {*(new.files if new else ()), *((SIGNATURE,) if (journal / SIGNED).exists() else ())}
    for name in sorted(brought - waiting):
        (home / name).unlink(missing_ok=True)
        remove_empty_parents(home, name)
    for name in names_in(journal / OLD):
        move(journal / OLD / name, home / name)


def recover(home: Path) -> None:
    """Finish a commit that a crash cut off, and remove staging folders that nobody fills any more.

    Raises EnvironmentTrouble when the machine can't.
    """
    journal = home / COMMIT
    if journal.is_dir():
        with uninterrupted(), machine_trouble(home):
            move_in(home, journal)
            remove_tree(journal)
    for stale in home.glob(STAGING + "*"):
        remove_tree(stale)


def read_decided(home: Path, names: Iterable[str]) -> dict[str, bytes] | None:
    """The files of these names of a report whose commit is under way or was cut off, wherever each of them lies now.

    Nothing is moved. None where no commit is under way, so that the files lie in their places. Raises OSError when a
    file is not there, or not as the commit has it, for as long as a commit takes.
    """
    for _attempt in range(READINGS):
        manifest = read_manifest(home / COMMIT / NEW)  # moved last, so all is in its place where it is gone
        if manifest is None:
            return None
        found = {name: read_entry(home, name, manifest.files[name]) for name in names if name in manifest.files}
        whole = {name: data for name, data in found.items() if data is not None}
        if len(whole) == len(found):
            return whole
        time.sleep(BETWEEN_READINGS)
    raise OSError(f"a build that was cut off has left {home} in pieces")


def read_entry(home: Path, name: str, entry: FileEntry) -> bytes | None:
    """A file of the report that is being moved in, from where it waits or where it goes; None while in neither."""
    for path in (home / COMMIT / NEW / name, home / name):
        try:
            data = path.read_bytes() if is_regular(path) else None
        except OSError:
            data = None
        if data is not None and hashlib.sha256(data).hexdigest() == entry.sha256:
            return data
    return None


def names_in(folder: Path) -> list[str]:
    """Every file below a folder, relative with '/', sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def move(source: Path, target: Path) -> None:
    """Move a file within one disk; the folder it goes to is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def remove_tree(path: Path) -> None:
    """Remove a folder and all that is in it; a pipe or a link in its place goes itself, and nobody opens it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def remove_empty_parents(home: Path, name: str) -> None:
    """Remove the folders of a file that is gone, as far as they are empty."""
    remove_empty((home / name).parents[: name.count("/")])


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, the innermost first, up to one that holds something."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            break


def is_unchanged(path: Path, entry: FileEntry) -> bool:
    """True for a file that is as an old manifest lists it; one that a person changed since is theirs."""
    try:
        return path.is_file() and describe_file(path) == entry
    except OSError:
        return False
