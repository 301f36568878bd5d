"""What two models took in turn: fresh processes of baseline and candidate in alternation, on one machine."""

from __future__ import annotations

from typing import Literal

from reportgen.record.message import N_, Note
from reportgen.spec.frozen import Frozen

Side = Literal["baseline", "candidate"]
TOO_LONG = N_("Timing both models in turn took too long on this machine.")
"""The reason where no gate names a time; where one does, time is no reason."""


class PairedTimes(Frozen):
    """One batch size: what each pair of neighbouring processes measured, in the order in which they were timed."""

    batch_size: int
    baseline: tuple[float, ...]
    """Median seconds of a forward pass, a process each."""
    candidate: tuple[float, ...]
    """The same of this model; the process at a place is the neighbour of the baseline's there."""
    baseline_passes: int
    """Timed in each process."""
    candidate_passes: int


class PairedLatency(Frozen):
    """Both models made again, without their weights, and timed in turn in fresh processes: neighbours in time share
    what the machine did meanwhile, and which of the two comes first alternates (ABBA)."""

    baseline: str
    """sha256 of the baseline's record.json."""
    choice: str = ""
    """Digest of how its model was made, its code included, or of why it was not."""
    model: str = ""
    """The baseline's model as its record names it; empty where it was not timed."""
    order: tuple[Side, ...] = ()
    """Which model each process timed, in the order of time."""
    threads: int = 0
    """Of every process."""
    times: tuple[PairedTimes, ...] = ()
    """The smallest batch first; of at least two pairs."""
    reason: Note = None
    """Why the baseline was not timed; None where it was."""

    def of(self, batch_size: int) -> PairedTimes | None:
        """The times of a batch size; None where it was not timed."""
        return next((one for one in self.times if one.batch_size == batch_size), None)
