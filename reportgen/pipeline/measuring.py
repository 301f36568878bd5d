"""A spec's record: run, gone on with, or timed again with its baseline. What is chosen here decides what a record says,
so that `reportgen.pipeline.code_digest.MEASURING` has this module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.errors import ReportgenError
from reportgen.pipeline.extras import check_extras
from reportgen.pipeline.kept import WEIGHTS, KeptRun, find_unfinished
from reportgen.progress import Progress
from reportgen.record.fault import Fault
from reportgen.record.meaning import names_times
from reportgen.record.message import N_
from reportgen.record.paired_latency import TOO_LONG
from reportgen.record.run import RunRecord
from reportgen.record.store import Stored, store, write_files
from reportgen.spec.gates import Rule
from reportgen.system.files import check_current_folder
from reportgen.system.memory import is_memory_error
from reportgen.text.errors import describe_error

if TYPE_CHECKING:
    from reportgen.experiment.request import BaselineModel, Request
    from reportgen.pipeline.faults import Raised
    from reportgen.record.latency import Latency


@dataclass(frozen=True)
class Measured:
    """A record to draw, and the errors that ended parts of its run, if this process ran it."""

    raised: Raised
    stored: Stored


def measured_again(stored: Stored) -> Stored:
    """A record that was kept before its numbers were computed, with them; any other as it is."""
    record = stored.record
    if record.measured is not None or "eval.logits" not in record.arrays:
        return stored
    from reportgen.metrics import measure

    return store(record.model_copy(update={"measured": measure(record)}))


def is_to_be_timed(record: RunRecord, baseline: BaselineModel | None, gates: Sequence[Rule] = ()) -> bool:
    """Whether the model of a record is still to be timed in turn with this baseline's, as that is made now: also where
    that took too long and now one of `gates` needs it."""
    if baseline is None or not record.latency:
        return False
    known = record.paired_latency
    if known is None or (known.baseline, known.choice) != (baseline.digest, baseline.choice):
        return True
    return known.reason == TOO_LONG and names_times(rule.metric for rule in gates)


def time_with_baseline(request: Request, stored: Stored, kept: KeptRun) -> Stored:
    """The record with both models timed in turn, where it was measured before, without this baseline."""
    record = stored.record
    if not is_to_be_timed(record, request.baseline, request.spec.gates):
        return stored
    from reportgen.experiment.latency_pairs import time_again

    with kept.progress.stage("Time both models in turn"):
        paired, latency = time_again(request, record)
    missing = record.latency_missing if latency == record.latency else None
    update = {"paired_latency": paired, "latency_missing": missing}
    timed = store(with_latency(record.model_copy(update=update), latency))
    kept.attempt(lambda: kept.space.keep(kept.key, lambda folder: write_files(timed.record_files, folder)))
    return timed


def with_latency(record: RunRecord, latency: tuple[Latency, ...]) -> RunRecord:
    """The record with other latencies, and the numbers that follow from them."""
    from reportgen.metrics import measure

    timed = record.model_copy(update={"latency": latency})
    if latency == record.latency or record.measured is None:
        return timed
    return timed.model_copy(update={"measured": measure(timed)})


def run(request: Request, kept: KeptRun, *, again: bool) -> Measured:
    """Run the experiment and measure it, or, unless it is to be done `again`, go on with one that was interrupted.

    Data that it fetches first counts as if it had been here.
    """
    check_extras(request.spec)
    check_current_folder()
    from reportgen.experiment.keeping import Keeper
    from reportgen.experiment.run import run_experiment
    from reportgen.metrics.selection import images_to_keep

    earlier = None
    if not again:
        earlier = find_unfinished(kept.space, request.fingerprint, kept.progress, request.base)
    keeper = Keeper(kept.save, kept.save_weights, earlier, kept.space.kept_beside(request.fingerprint, WEIGHTS))
    record = run_experiment(request, images_to_keep, kept.progress, keeper)
    stored = store(with_numbers(record.model_copy(update={"fingerprint": kept.key}), keeper.raised, kept.progress))
    kept.attempt(lambda: kept.space.keep(kept.key, lambda folder: write_files(stored.record_files, folder)))
    return Measured(keeper.raised, stored)


def with_numbers(record: RunRecord, raised: list[tuple[str, BaseException]], progress: Progress) -> RunRecord:
    """The record with the numbers that its arrays give; without, where their computation raises, which is noted."""
    from reportgen.metrics import measure

    if "eval.logits" not in record.arrays:
        return record
    try:
        with progress.stage("Measure"):
            return record.model_copy(update={"measured": measure(record)})
    except Exception as error:  # whatever it raises, the run was longer than what is lost by it
        if isinstance(error, ReportgenError) or is_memory_error(error):
            raise
        fault = Fault(part=N_("the computation of the numbers"), reason=describe_error(error), by="reportgen")
        raised.append((fault.part.text, error))
        return record.model_copy(update={"faults": (*record.faults, fault)})
