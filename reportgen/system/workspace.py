"""The output folder: a report is built beside the one that is there and moved in whole.

Files are staged in `.reportgen-staging-*`. `commit` renames that to `.reportgen-commit`: from then on the new report is
decided. Its files are moved in one by one with the old ones kept aside, the manifest last. A refusal by the machine
moves everything back; a crash leaves `.reportgen-commit`, which the next build moves in before it does anything else.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from reportgen.errors import EnvironmentTrouble, SpecError
from reportgen.system.files import check_space, machine_trouble, trouble, write_file
from reportgen.system.lock import FolderLock
from reportgen.system.manifest import MANIFEST, Manifest, describe_file, is_inside, matches, read_manifest
from reportgen.system.signals import uninterrupted
from reportgen.system.transaction import COMMIT, NEW, STAGING, move_back, move_in, names_in, recover, remove_empty

KEPT = ".reportgen-kept"
KEEPING = "keep"


class Workspace:
    """The right to replace the report in one folder. Use as a context manager; nothing changes without `commit`."""

    def __init__(self, out: Path) -> None:
        self.out = out
        """As the user wrote it."""
        self._home = out.absolute()
        self._made: list[Path] = []
        self._lock = FolderLock(self._home)
        self._staging: Path | None = None

    @property
    def kept(self) -> Path:
        """The folder of what `keep` saved: measured, and not yet part of a report."""
        return self._home / KEPT

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
            shutil.rmtree(self._staging, ignore_errors=True)
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

    def keep(self, save: Callable[[Path], None]) -> None:
        """Save a folder that outlives a failure later in this build; the next `commit` removes it."""
        path = self._staged() / KEEPING
        fill(path, save)
        with uninterrupted(), machine_trouble(self.kept):
            if self.kept.exists():
                shutil.rmtree(self.kept)
            path.replace(self.kept)

    def _staged(self) -> Path:
        """The open staging folder."""
        if self._staging is None:
            raise RuntimeError("the workspace is not open")
        return self._staging

    def commit(self, inputs: str = "") -> Manifest:
        """Move everything staged in, remove what the old manifest lists and the new report lacks, return the manifest.

        `inputs` is the digest of everything the report was made from. Raises EnvironmentTrouble, with the old report in
        its place, when the machine can't.
        """
        staging, journal = self._staged(), self._home / COMMIT
        new = staging / NEW
        manifest = Manifest(inputs=inputs, files={name: describe_file(new / name) for name in names_in(new)})
        refuse_folders(self._home, [*manifest.files, MANIFEST])
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
                shutil.rmtree(journal, ignore_errors=True)
                raise trouble(error, self._home) from error
            shutil.rmtree(journal, ignore_errors=True)
            shutil.rmtree(self.kept, ignore_errors=True)
        return manifest


def is_current(out: Path, inputs: str) -> bool:
    """True when the folder holds a whole report made from these inputs, every file as it was written."""
    manifest = None if (out / COMMIT).exists() else read_manifest(out)
    return manifest is not None and inputs != "" and manifest.inputs == inputs and matches(out, manifest)


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
    """Make a folder and those above it; returns the ones that were not there, the innermost first."""
    with machine_trouble(folder):
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        there = next(path for path in (folder, *folder.parents) if path not in missing)
        if not there.is_dir():
            raise SpecError(f"{there} is a file, not a folder", "Choose another folder with -o.")
        folder.mkdir(parents=True, exist_ok=True)
    return missing


def checked(name: str) -> str:
    """The name of a file of a report, if it can be one."""
    if not is_inside(name) or name == MANIFEST or name.startswith(".reportgen-"):
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
