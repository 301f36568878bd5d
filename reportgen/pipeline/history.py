"""The history that a report carries: found in the report that it replaces, and in its baseline."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import RecordError
from reportgen.record.judgement import Judgement
from reportgen.record.locate import RECORD
from reportgen.record.run import RunRecord
from reportgen.record.store import RECORD_FILE, load_stored
from reportgen.record.subject import Subject
from reportgen.system.files import is_regular


def find_replaced(out: Path) -> Subject | None:
    """The report in a folder; None where there is none, or one that can't be read."""
    if not is_regular(out / RECORD / RECORD_FILE):
        return None
    try:
        return load_stored(out / RECORD).subject
    except RecordError:
        return None


def with_history(judgement: Judgement, record: RunRecord, *earlier: Subject | None) -> Judgement:
    """The judgement with the runs before this one that these reports are of or know; of what several know, the first
    has the say."""
    from reportgen.comparison.history import Earlier, continue_history

    reports = [Earlier(one.record, one.title, one.judgement.history) for one in earlier if one is not None]
    return judgement.model_copy(update={"history": continue_history(record, reports)})
