"""The runs before: lines of records that show each claim."""

from __future__ import annotations

from reportgen.comparison.history import Earlier, continue_history
from reportgen.record.judgement import Judgement
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.sections.history import SECTION
from tests.comparison.cases import improved
from tests.report.register.case import Cases, Make
from tests.support.records import presented


def after(better: int, *, held: bool = True) -> Make:
    """A run that calls so many images right that the one before did not; `held` against it or only listed."""

    def make(record: RunRecord) -> Subject:
        origin = record.provenance.model_copy(update={"created": "2026-01-01T00:00:00Z"})
        before = record.model_copy(update={"provenance": origin, "fingerprint": "f" * 64})
        last = improved(record, better)
        history = continue_history(last, [Earlier(before, "A net", None)])
        assert history is not None
        return presented(last, Judgement(history=history if held else history.model_copy(update={"step": None})))

    return make


HISTORY = Cases(
    {"better": after(40), "alike": after(3), "only listed": after(40, held=False)},
    {
        "history.changed": ("better", "alike"),
        "history.unchanged": ("alike", "better"),
        "history.untested": ("only listed", "alike"),
    },
    SECTION,
)
