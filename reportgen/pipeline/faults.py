"""What went wrong in a run or a report that is there all the same: errors for the terminal, and the log beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, InternalError, Location, ModelError, ReportgenError
from reportgen.record.fault import Fault
from reportgen.record.run import RunRecord
from reportgen.report.model import Report, Skipped
from reportgen.spec.paths import resolve_path
from reportgen.system.fault_log import LOG, REPORT_IT, write_log

Raised = Sequence[tuple[str, BaseException | str]]
"""Parts and the errors, or the texts of their tracebacks, that ended them."""


def errors_of(record: RunRecord, out: Path, base: Path = Path()) -> list[ReportgenError]:
    """The errors of a run, as they are told; `base`: the folder of the spec, `out` that of the report."""
    return [as_error(fault, record, out, base) for fault in record.faults]


def as_error(fault: Fault, record: RunRecord, out: Path, base: Path) -> ReportgenError:
    """One of them."""
    log = f"The traceback is in {out / LOG}."
    again = "What was measured is in the report. Build again with --force to measure everything again."
    if fault.by == "reportgen":
        message = f"{fault.part.text} failed with an error of reportgen itself: {fault.reason}"
        return InternalError(message, f"{log} {again}\n{REPORT_IT}")
    place = Location(name_file(fault, record, base), fault.line) if fault.file else None
    return ModelError(f"the model raised an error in {fault.part.text}: {fault.reason}", f"{log}\n{again}", place)


def name_file(fault: Fault, record: RunRecord, base: Path) -> str:
    """The model's file where it is on this machine, so that its line can be shown; else its name."""
    source, _, _ = record.spec.model.source.rpartition(":")
    named = Path(source)
    if named.name == fault.file:
        here = resolve_path(named, base)
        return str(here) if here.is_file() else fault.file  # of a file given by its whole path the name is kept
    beside = resolve_path(named, base).parent / fault.file
    return str(beside) if beside.is_file() else fault.file


def failures_of(report: Report, out: Path) -> list[ReportgenError]:
    """The errors that kept sections and figures from being made."""
    where = f"The traceback is in {out / LOG}; the rest of the report is made."
    room = f"Draw fewer sections (report.sections), or end other programs. {where}"
    return [
        EnvironmentTrouble(*told(thing, room))
        if thing.by_memory
        else InternalError(*told(thing, f"{where}\n{REPORT_IT}"))
        for thing in report.failed
    ]


def told(thing: Skipped, hint: str) -> tuple[str, str]:
    """The message of what was not made, and a hint."""
    return f"{thing.title}: {thing.reason[:1].lower()}{thing.reason[1:].rstrip('.')}", hint


def log_of(report: Report, raised: Raised, earlier: str, outputs: Sequence[ReportgenError]) -> str:
    """The text of the log; empty where nothing went wrong. `earlier`: the log of the build that measured the record."""
    found = list(raised)
    if report.record.faults and not raised and earlier:
        found.append(("of the build that measured this record", earlier))
    found += [(f"{thing.name}: {thing.title}", thing.details) for thing in report.failed]
    found += [(str(error), error.__cause__) for error in outputs if error.__cause__ and type(error) is InternalError]
    return write_log(found) if found else ""
