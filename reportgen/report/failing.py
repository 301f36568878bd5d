"""Sections and figures that raise: the report goes on without them, with the reason in their place."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from reportgen.plugins import Section
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, SectionView, Skipped
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


Answer = TypeVar("Answer")


def guarded(section: Section) -> Section:
    """The section, which is left out with the reason also where what is asked of it before it is built raises: whether
    it applies, which figures it chooses, what its numbers are. What it raises of a baseline is no fault of this record:
    there the numbers are missing. Memory that runs out is raised as it is."""
    raised: list[tuple[RunRecord, Exception]] = []

    def instead(call: Callable[[Subject], Answer], answer: Answer) -> Callable[[Subject], Answer]:
        def ask(subject: Subject) -> Answer:
            try:
                return call(subject)
            except Exception as error:  # whatever a section raises, the others are worth having
                if is_memory_error(error):
                    raise
                raised.append((subject.record, error))
                return answer

        return ask

    def build(subject: Subject, figures: Mapping[str, FigureFile | Skipped]) -> SectionView | Skipped:
        for record, error in raised:
            if record is subject.record:
                raise error
        return section.build(subject, figures)

    numbers: tuple[MetricValue, ...] = ()
    names: tuple[str, ...] = ()
    return replace(
        section,
        applies=instead(section.applies, True),
        chosen=instead(section.chosen, names),
        values=instead(section.values, numbers),
        build=build,
    )


def lacks(record: RunRecord) -> bool:
    """Whether the run of a record did not come as far as every run does."""
    return record.unfinished or "eval.logits" not in record.arrays or record.measured is None


def why_lacking(record: RunRecord) -> str:
    """Why something of such a record is missing."""
    if record.unfinished:
        return _("The run ended before this could be measured.")
    return _("The model could not be evaluated, and this needs its predictions.")
