"""Sections and figures that raise: the report goes on without them, with the reason in their place."""

from __future__ import annotations

import traceback

from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Skipped
from reportgen.system.memory import is_memory_error
from reportgen.text.errors import describe_error
from reportgen.text.i18n import _


def skip(name: str, title: str, error: Exception, subject: Subject) -> Skipped:
    """What stands in the place of a section or figure that raised.

    In a record that is not whole it is the record's lack, else a lack of memory or an error, whose traceback is kept.
    """
    if lacks(subject.record):
        return Skipped(name, title, why_lacking(subject.record))
    details = "".join(traceback.format_exception(error))
    if is_memory_error(error):
        return Skipped(name, title, _("Not made: the machine ran out of memory."), details, by_memory=True)
    return Skipped(name, title, _("Not made: {error}.", error=describe_error(error)), details)


def lacks(record: RunRecord) -> bool:
    """Whether the run of a record did not come as far as every run does."""
    return record.unfinished or "eval.logits" not in record.arrays or record.measured is None


def why_lacking(record: RunRecord) -> str:
    """Why something of such a record is missing."""
    if record.unfinished:
        return _("The run ended before this could be measured.")
    return _("The model could not be evaluated, and this needs its predictions.")
