"""The output folder: a report is built beside the one that is there and moved in whole.

Files are staged in `.reportgen-staging-*`. `commit` renames that to `.reportgen-commit`: from then on the new report is
decided. Its files are moved in one by one with the old ones kept aside, the manifest last. A refusal by the machine
moves everything back; a crash leaves `.reportgen-commit`, which the next build moves in before it does anything else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from reportgen.errors import EnvironmentTrouble, SpecError
from reportgen.system.files import check_space, is_regular, machine_trouble, trouble, write_file
from reportgen.system.lock import FolderLock
from reportgen.system.manifest import MANIFEST, Manifest, describe_file, is_inside, matches, read_manifest
from reportgen.system.signals import uninterrupted
from reportgen.system.signing import SIGNATURE, find_signer, sign
from reportgen.system.transaction import (
    COMMIT,
    NEW,
    SIGNED,
    STAGING,
    move_back,
    move_in,
    names_in,
    recover,
    remove_empty,
    remove_tree,
)

KEPT = ".reportgen-kept"
STAGE = "stage-"
KEEPING = "keep"
MOST_KEPT = 3
"""Runs whose measurements one folder holds beside its report; the one that nobody came back to for longest goes."""
MOVED_IN: list[Path] = []
"""The folders whose report this process has replaced, for what is said when it is interrupted."""
KEPT_IN: list[Path] = []
"""Those in which it has kept measurements that are in no report yet."""


class Workspace:
    """The right to replace the report in one folder. Use as a context manager; nothing changes without `commit`."""

    def __init__(self, out: Path) -> None:
        self.out = out
        """As the user wrote it."""
        self._home = out.absolute()
        self._made: list[Path] = []
        self._lock = FolderLock(self._home)
        self._staging: Path | None = None

    def kept(self, key: str) -> Path | None:
        """The folder of what `keep` saved last of this run: measured, and not yet part of a report."""
        return newest_stage(self._home / KEPT / key)

    def kept_beside(self, key: str, name: str) -> Path:
        """Where a file lies that belongs to all stages of a run that is kept; see `keep_beside`."""
        return self._home / KEPT / checked(key) / checked(name)

    def __enter__(self) -> Self:
        """Make the folder, lock it, finish or remove what a crash left, and open a staging folder.

        Raises SpecError when `out` is a file; EnvironmentTrouble when it can't be written or is in use.
        """
        self._made = make_folder(self._home)
        try:
            check_space(self._home)
            self._lock.acquire()
            recover(self._home)
            with machine_trouble(self._home):
                self._staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=self._home))
                (self._staging / NEW).mkdir()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        """Remove the staging folder, the lock, and folders made for nothing."""
        if self._staging is not None:
            remove_tree(self._staging)
            self._staging = None
        self._lock.release()
        remove_empty(self._made)

    def write(self, name: str, data: bytes) -> None:
        """Stage one file; `name` is relative, with '/'. Raises EnvironmentTrouble when the machine can't."""
        path = self._staged() / NEW / checked(name)
        with machine_trouble(self._home / name):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, data)

    def write_folder(self, name: str, save: Callable[[Path], None]) -> None:
        """Stage a folder: `save` is called with an empty one and fills it."""
        fill(self._staged() / NEW / checked(name), save)

    def keep(self, key: str, save: Callable[[Path], None]) -> None:
        """Save a folder of the run `key` that outlives whatever comes later, in place of the one saved before.

        A `commit` of the same key removes it, and nothing else does but many other runs. A failure leaves what was kept
        before.
        """
        staged, home = self._staged() / KEEPING, self._home / KEPT / checked(key)
        remove_tree(staged)
        fill(staged, save)
        earlier = newest_stage(home)
        number = int(earlier.name.removeprefix(STAGE)) + 1 if earlier else 1
        with uninterrupted(), machine_trouble(home):
            home.mkdir(parents=True, exist_ok=True)
            staged.replace(home / f"{STAGE}{number:04d}")
            if earlier is not None:
                remove_tree(earlier)
            if self.out not in KEPT_IN:
                KEPT_IN.append(self.out)
        remove_oldest(self._home / KEPT, MOST_KEPT)

    def keep_beside(self, key: str, name: str, save: Callable[[Path], None]) -> None:
        """Save one file that belongs to all stages of a run that is kept: `save` writes it."""
        staged = self._staged() / KEEPING
        target = self.kept_beside(key, name)
        with machine_trouble(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            save(staged)
            staged.replace(target)

    def _staged(self) -> Path:
        """The open staging folder."""
        if self._staging is None:
            raise RuntimeError("the workspace is not open")
        return self._staging

    def commit(
        self, inputs: str = "", done: str = "", origin: str = "", key: Path | None = None, code: str = ""
    ) -> Manifest:
        """Move everything staged in, remove what the old manifest lists and the new report lacks, return the manifest.

        `inputs` is the digest of everything the report was made from; `done` the key of the run that it holds whole, of
        which nothing need be kept any more; `origin` says by what it was made; `key` signs the manifest; `code`
        is the digest of the code that drew it. Raises EnvironmentTrouble, with the old report in its place, when the
        machine can't.
        """
        staging, journal = self._staged(), self._home / COMMIT
        new = staging / NEW
        manifest = Manifest(
            inputs=inputs, origin=origin, code=code, files={name: describe_file(new / name) for name in names_in(new)}
        )
        refuse_folders(self._home, [*manifest.files, MANIFEST, SIGNATURE])
        if key is not None:
            write_file(new / SIGNATURE, sign(manifest.spelled(), key))
            write_file(staging / SIGNED, b"")
        write_file(new / MANIFEST, manifest.spelled())
        with uninterrupted():
            with machine_trouble(self._home):
                staging.replace(journal)
            self._staging = None
            try:
                move_in(self._home, journal)
            except OSError as error:
                with machine_trouble(self._home):
                    move_back(self._home, journal)
                remove_tree(journal)
                raise trouble(error, self._home) from error
            remove_tree(journal)
            if done:
                remove_tree(self._home / KEPT / done)
                remove_empty([self._home / KEPT])
            MOVED_IN.append(self.out)
        return manifest


def newest_stage(folder: Path) -> Path | None:
    """The folder of a run's last stage that was kept, or None."""
    stages = sorted(folder.glob(f"{STAGE}*")) if folder.is_dir() else []
    return stages[-1] if stages else None


def newest_kept(home: Path) -> Path | None:
    """Of all runs that are kept in the folder of a report, the last stage of the one that was kept last, or None."""
    stages = [stage for run in runs_in(home / KEPT) if (stage := newest_stage(run)) is not None]
    return stages[-1] if stages else None


def runs_in(folder: Path) -> list[Path]:
    """The runs that are kept, the oldest first."""
    runs = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return sorted(runs, key=lambda path: (path.stat().st_mtime_ns, path.name))


def remove_oldest(folder: Path, most: int) -> None:
    """Leave so many runs; what else lies there is of an earlier version."""
    with suppress(OSError):
        for run in runs_in(folder)[:-most]:
            remove_tree(run)
        for path in folder.iterdir():
            if not path.is_dir():
                path.unlink()


def forget(out: Path) -> None:
    """Say nothing of a report that was drawn only to be looked at, in a folder that goes again."""
    MOVED_IN[:] = [folder for folder in MOVED_IN if folder != out]


def begin_anew() -> None:
    """Say nothing of what earlier work of this process has left."""
    MOVED_IN.clear()
    KEPT_IN.clear()


def left_behind() -> list[str]:
    """What this process has done that is still there when it ends early, each in a sentence; nothing if nothing."""
    told = [f"the new report in {out} is whole" for out in dict.fromkeys(MOVED_IN)]
    told += [
        f"what is in {out} is as it was; what was measured until then is kept, and the same build goes on from there"
        for out in KEPT_IN
        if out not in MOVED_IN
    ]
    return told


def is_current(out: Path, inputs: str, key: Path | None = None) -> bool:
    """True when the folder holds a whole report made from these inputs, every file as it was written; where `key` is
    given also signed with it."""
    manifest = None if (out / COMMIT).exists() else read_manifest(out)
    made = manifest is not None and inputs != "" and manifest.inputs == inputs
    found = manifest is not None and made and manifest.is_whole and matches(out, manifest)
    return found and (key is None or is_signed_with(out, key))


def is_signed_with(out: Path, key: Path) -> bool:
    """Whether a report has the signature of this key. Raises what `sign` does."""
    if not is_regular(out / SIGNATURE):
        return False
    content = (out / MANIFEST).read_bytes()
    found = find_signer(content, (out / SIGNATURE).read_bytes())
    return found is not None and found == find_signer(content, sign(content, key))


def check_writable(out: Path) -> None:
    """Make and remove a file where the report will be.

    Raises SpecError when `out` is a file; EnvironmentTrouble when it can't be written or the disk is almost full.
    """
    home = out.absolute()
    made = make_folder(home)
    try:
        check_space(home)
        with machine_trouble(home), tempfile.NamedTemporaryFile(prefix=STAGING, dir=home) as probe:
            probe.write(b"probe")
            probe.flush()
    finally:
        remove_empty(made)


def make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it; returns the ones that were not there, the innermost first; raises SpecError."""
    with machine_trouble(folder):
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        there = next(path for path in (folder, *folder.parents) if path not in missing)
        if not there.is_dir():
            raise SpecError(f"{there} is a file, not a folder", "Choose another folder with -o.")
        folder.mkdir(parents=True, exist_ok=True)
    return missing


def checked(name: str) -> str:
    """The name of a file of a report, if it can be one. Raises ValueError."""
    if not is_inside(name) or name in (MANIFEST, SIGNATURE) or name.startswith(".reportgen-"):
        raise ValueError(f"not a name for a file of a report: {name!r}")
    return name


def fill(folder: Path, save: Callable[[Path], None]) -> None:
    """Make a folder and let `save` fill it."""
    with machine_trouble(folder):
        folder.mkdir(parents=True)
    save(folder)


def refuse_folders(home: Path, names: Iterable[str]) -> None:
    """Raise when a folder stands where a file of the report is to be."""
    for name in names:
        if (home / name).is_dir() and not (home / name).is_symlink():
            message = f"{home / name} is a folder, and the report needs a file of that name"
            raise EnvironmentTrouble(message, "Move it away, or choose another folder with -o.")
