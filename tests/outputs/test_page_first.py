"""Page 1: verdict, tiles, the row of small figures, gates and findings stand on it together, in HTML and PDF."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from pypdf import PdfReader

from reportgen.outputs import pdf
from reportgen.outputs.page import make_page
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.assemble import assemble
from reportgen.report.first_row import choose_first_row
from reportgen.report.model import Report, Skipped
from reportgen.report.sections import find_sections
from reportgen.report.sections.summary import SummaryView
from tests.figures.drawing import draw
from tests.outputs.reports import plain_figure, plain_report
from tests.outputs.test_comment import compared
from tests.report.sections.cases import change
from tests.support.records import presented

GATES = (
    "accuracy >= 0.70",
    "accuracy.change > -0.005 confidently",
    "class.cat.recall >= 0.5 confidently",
    "ece <= 0.05",
    "macs <= 1e9",
    "parameters.change_ratio <= 1",
    "card.completeness == 1",
)
"""As many as the pull request of the examples has."""
KINDS: dict[str, Callable[[RunRecord], Subject]] = {
    "a training": presented,
    "an evaluation": lambda record: presented(change(record, training=None)),
    "a comparison with gates": lambda record: compared(record, GATES),
}


def drawn(subject: Subject) -> Report:
    """The report of a subject with its real row and plain figures elsewhere."""
    sections = find_sections()
    plain = {name: plain_figure(name) for section in sections.values() for name in section.figures}
    return assemble(subject, plain | draw(subject, choose_first_row(subject)), sections)


def opening(report: Report) -> Report:
    """The report with the titles alone of what follows its summary: page 1 leads to the same sections by page."""
    summary, *others = report.sections
    assert isinstance(summary, SummaryView)
    led = replace(
        summary, highlights=tuple(replace(one, anchor=f"section-{one.section}") for one in summary.highlights)
    )
    return replace(report, sections=(led, *(Skipped(one.name, one.title, "Not set here.") for one in others)))


def squeezed(text: str) -> str:
    """The text without spaces and line ends."""
    return re.sub(r"\s+", "", text)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_all_of_it_is_on_the_first_page_of_the_pdf(record: RunRecord, kind: str) -> None:
    report = drawn(KINDS[kind](record))
    (document,) = pdf.OUTPUT.render(opening(report), lambda _warning: None)
    first = PdfReader(io.BytesIO(document.data)).pages[0]
    said = squeezed(first.extract_text())
    summary = report.sections[0]
    assert isinstance(summary, SummaryView)
    assert len(summary.row) == 3
    assert 3 <= len(summary.highlights) <= 5
    assert squeezed(report.verdict) in said
    assert all(squeezed(finding.text) in said for finding in summary.highlights)
    assert all(squeezed(gate.rule) in said for gate in report.gates)
    assert squeezed(summary.row[-1].figure.title) not in said  # the figures speak for themselves
    assert "✓Confidentlyright" in said or "✓Noneisconfidentlyright" in said


@pytest.mark.slow
def test_every_figure_of_the_row_is_a_link_with_its_number_in_words(record: RunRecord) -> None:
    report = drawn(KINDS["a comparison with gates"](record))
    page = make_page(report, "screen")
    row = page.partition('<ul class="first-row">')[2].partition("</ul>")[0]
    linked = re.findall(r'<a href="#(section-[a-z]+)"><span class="drawing"><img [^>]*alt="([^"]*)"', row)
    assert [anchor for anchor, _alt in linked] == ["section-baseline", "section-baseline", "section-predictions"]
    assert all(any(letter.isdigit() for letter in alt) for _anchor, alt in linked)
    assert page.index("tiles") < page.index('<ul class="first-row">') < page.index('<table class="gates"')


def test_a_reason_that_all_undecided_gates_share_is_told_once(record: RunRecord) -> None:
    rules = ("accuracy > 0.75 confidently", "macro_f1 > 0.75 confidently")
    page = make_page(plain_report(presented(record, gates=rules)), "screen")
    assert page.count("The bound lies inside the interval; more images would decide.") == 1
    assert "Rules marked “? not enough data”: The bound lies inside the interval" in page
    mixed = make_page(plain_report(presented(record, gates=(*rules, "no.such.class.recall > 1"))), "screen")
    assert mixed.count("The bound lies inside the interval; more images would decide.") == 2
