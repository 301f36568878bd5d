"""Sections whose answers raise before they are built are left out with the reason, and the others stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reportgen.plugins import Section
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.assemble import assemble
from reportgen.report.failing import guarded
from reportgen.report.model import SectionView, Skipped
from tests.support.records import presented


def broken(*_given: object) -> tuple[str, ...]:
    raise KeyError("no such thing")


def section(name: str) -> Section:
    return Section(name, name.title(), 5, (), lambda subject, figures: SectionView(name, name.title()))


@pytest.mark.parametrize("field", ["applies", "chosen", "values"])
def test_a_section_that_raises_before_it_is_built_is_left_out_with_its_reason(record: RunRecord, field: str) -> None:
    subject, one = presented(record), guarded(replace(section("mine"), **{field: broken}))
    asked = {"applies": one.applies, "chosen": one.chosen, "values": one.values}[field](subject)
    assert asked in (True, ())
    report = assemble(subject, {}, {"mine": one, "other": guarded(section("other"))})
    views = {view.name: view for view in report.sections}
    mine = views["mine"]
    assert isinstance(mine, Skipped)
    assert mine.is_fault
    assert "no such thing" in mine.reason
    assert "KeyError" in mine.details
    assert isinstance(views["other"], SectionView)


def test_an_error_of_a_baseline_leaves_the_section_of_the_record(record: RunRecord) -> None:
    one, other = guarded(replace(section("mine"), values=broken)), record.model_copy(update={"fingerprint": "0" * 64})
    assert one.values(presented(other)) == ()
    assert isinstance(one.build(presented(record), {}), SectionView)


def test_what_raises_nothing_is_asked_as_before(record: RunRecord) -> None:
    subject: Subject = presented(record)
    one = guarded(replace(section("mine"), applies=lambda subject: False, chosen=lambda subject: ("a",)))
    assert not one.applies(subject)
    assert one.chosen(subject) == ("a",)
    assert isinstance(one.build(subject, {}), SectionView)


def test_memory_that_runs_out_is_raised_as_it_is(record: RunRecord) -> None:
    def hungry(_subject: Subject) -> bool:
        raise MemoryError

    with pytest.raises(MemoryError):
        guarded(replace(section("mine"), applies=hungry)).applies(presented(record))
