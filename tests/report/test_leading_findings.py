"""What a section states before its evidence: at most five findings, none that every report has."""

from __future__ import annotations

import pytest

from reportgen.outputs.templating import render_template
from reportgen.record.run import RunRecord
from reportgen.report.model import Finding, SectionView
from reportgen.report.sections.summary import SummaryView
from tests.outputs.reports import plain_report
from tests.report.register.training import TRAINING

WEIGHTS = (0.1, 0.9, 0.3, 0.8, 0.2, 0.7, 0.6)
FINDINGS = tuple(Finding(f"finding {at}.", weight, "section-a") for at, weight in enumerate(WEIGHTS))
ALWAYS = Finding("a description.", 1.0, "section-a", always=True)


def texts(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.text.split()[-1].rstrip(".") for finding in findings]


def test_the_five_heaviest_are_stated_in_the_order_of_the_text() -> None:
    view = SectionView("a", "A", findings=(ALWAYS, *FINDINGS))
    assert texts(view.leading) == ["1", "2", "3", "5", "6"]
    assert texts(view.folded) == ["0", "4", "description"]


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_others_are_folded_and_none_is_lost(medium: str) -> None:
    view = SectionView("a", "A", findings=(ALWAYS, *FINDINGS))
    page = render_template("sections/_default.html.j2", {"section": view}, medium)  # type: ignore[arg-type]
    stated, title, folded = page.partition("Further findings")
    assert title
    assert stated.count("finding ") + folded.count("finding ") >= len(FINDINGS)
    assert [f"finding {at}." in stated for at in range(7)] == [at in (1, 2, 3, 5, 6) for at in range(7)]
    assert all(text in folded for text in ("finding 0.", "finding 4.", "a description."))
    assert ("<details>" in page) == (medium == "screen")


def test_few_findings_are_not_folded() -> None:
    view = SectionView("a", "A", findings=FINDINGS[:5])
    assert "Further findings" not in render_template("sections/_default.html.j2", {"section": view})


@pytest.mark.parametrize("make", [TRAINING.records["plain"], TRAINING.records["stages"]])
def test_what_every_report_says_is_on_no_first_page_and_leads_no_section(record: RunRecord, make: object) -> None:
    report = plain_report(make(record))  # type: ignore[operator]
    views = [view for view in report.sections if isinstance(view, SectionView)]
    described = {finding.text for view in views for finding in view.findings if finding.always}
    summary = next(view for view in views if isinstance(view, SummaryView))
    assert described
    assert not described & {highlight.text for highlight in summary.highlights}
    assert not described & {finding.text for view in views for finding in view.leading}
    assert max(len(view.leading) for view in views) <= 5
