"""A run that is kept beside the report while it is made, so that nothing that was measured is lost with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, RecordError
from reportgen.progress import Progress
from reportgen.record.locate import RECORD
from reportgen.record.run import RunRecord
from reportgen.record.store import RECORD_FILE, Stored, encode_record, load_measured, write_files
from reportgen.system.read_files import find_changed
from reportgen.system.workspace import Workspace

WEIGHTS = "weights.pt"


@dataclass
class KeptRun:
    """One run, kept under its fingerprint. What can't be kept costs only that: the run goes on."""

    space: Workspace
    identify: Callable[[], str]
    """The fingerprint, once the data is here."""
    progress: Progress
    works: bool = field(default=True, init=False)

    @cached_property
    def key(self) -> str:
        """Under which it is kept."""
        return self.identify()

    def save(self, record: RunRecord) -> None:
        """Keep the record as far as it has come."""
        self.attempt(lambda: self.put(record))

    def put(self, record: RunRecord) -> None:
        """Keep it. Raises EnvironmentTrouble when the machine can't."""
        files = encode_record(record.model_copy(update={"fingerprint": self.key}))
        self.space.keep(self.key, lambda folder: write_files(files, folder))

    def save_weights(self, save: Callable[[Path], None]) -> None:
        """Keep the weights after training beside it."""
        self.attempt(lambda: self.space.keep_beside(self.key, WEIGHTS, save))

    def attempt(self, work: Callable[[], None]) -> None:
        """Do it, unless it has failed before."""
        if not self.works:
            return
        try:
            work()
        except (EnvironmentTrouble, OSError, RuntimeError) as error:  # torch.save wraps what the disk says
            self.works = False
            said = error.message if isinstance(error, EnvironmentTrouble) else plain_reason(error)
            self.progress.warn(f"what is measured can't be kept before the report is written: {said}")


def plain_reason(error: OSError | RuntimeError) -> str:
    """What an error says, without torch's own place in its code; torch.save says of a disk that is full where it was in
    the file, and no more."""
    text = str(error)
    return "the disk took only a part of the weights" if "enforce fail" in text else text


def find_record(space: Workspace, key: str, progress: Progress, base: Path) -> Stored | None:
    """The record of an earlier build with this fingerprint that came to its end, or None; one that can't be read is a
    miss and says so."""
    return next((stored for stored in find_stored(space, key, progress, base) if not stored.record.unfinished), None)


def find_unfinished(space: Workspace, key: str, progress: Progress, base: Path) -> RunRecord | None:
    """What an interrupted run with this fingerprint left, or None."""
    found = find_stored(space, key, progress, base, only_kept=True)
    return next((stored.record for stored in found if stored.record.unfinished), None)


def find_stored(space: Workspace, key: str, progress: Progress, base: Path, only_kept: bool = False) -> list[Stored]:
    """The records with this fingerprint, that of the report first."""
    found = []
    for folder in (None if only_kept else space.out / RECORD, space.kept(key)):
        if folder is None or not (folder / RECORD_FILE).is_file():
            continue
        try:
            stored = load_measured(folder)
        except RecordError as error:
            progress.warn(f"the earlier record can't be used and will be measured again: {error.message}")
            continue
        if stored.record.fingerprint == key and is_as_it_was(stored.record, base, progress):
            found.append(stored)
    return found


def is_as_it_was(record: RunRecord, base: Path, progress: Progress) -> bool:
    """Whether the files that making the model read are what they were; says which is not."""
    changed = find_changed(record.provenance.model_files, base)
    if changed is not None:
        progress.say(f"measured again: {changed}, which the model's code read, is not what it was, or not there")
    return changed is None
