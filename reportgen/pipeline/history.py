"""The history that a report carries: found in the report that it replaces, and in its baseline."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import RecordError
from reportgen.record.judgement import Judgement
from reportgen.record.locate import find_source
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject


def find_subject(out: Path) -> Subject | None:
    """What the report in a folder was drawn from; None where there is none, or one that can't be read."""
    try:
        return find_source(out).load().subject
    except RecordError:
        return None


def with_history(
    judgement: Judgement, record: RunRecord, replaced: Subject | None, baseline: Subject | None
) -> Judgement:
    """The judgement with the runs before this one that these reports are of or know, and with the builds of the branch
    that the baseline is from; of what both know, the replaced one has the say."""
    from reportgen.comparison.history import Earlier, continue_history, list_builds

    before, against = (
        Earlier(one.record, one.title, one.judgement.history) if one is not None else None
        for one in (replaced, baseline)
    )
    reports = [one for one in (before, against) if one is not None]
    target = list_builds(against) if against is not None else ()
    return judgement.model_copy(update={"history": continue_history(record, reports), "target": target})
