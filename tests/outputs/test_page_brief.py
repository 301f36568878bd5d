"""The brief report: few pages, few bytes and what an approver needs, of every kind of record."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pikepdf
import pytest
from pypdf import PdfReader

from reportgen.outputs import html, pdf
from reportgen.outputs.page import make_page
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.assemble import assemble
from reportgen.report.model import Report
from reportgen.report.sections import find_sections
from reportgen.spec.gates import parse_rule
from reportgen.spec.types import CardSpec, ReviewSpec
from reportgen.system.fonts import chinese_fonts
from reportgen.text.i18n import language
from tests.comparison.cases import another_seed, judged, with_logits
from tests.figures.drawing import draw
from tests.outputs.hostile import hostile_subject
from tests.outputs.reports import plain_figure
from tests.report.sections.cases import change, evaluated, outputs
from tests.report.sections.training.test_seed_findings import fell, seeded
from tests.support.pdf_pages import Pages
from tests.support.records import presented

MOST_PAGES, MOST_BYTES = 4, 300_000
LONG = "A sentence of a card that goes on for longer than anybody reads. " * 20
"""What somebody may write for every entry of the card."""
WRITTEN = [name for name in CardSpec.model_fields if name not in ("authors", "review", "dataset")]
WORDY = CardSpec(
    **dict.fromkeys(WRITTEN, LONG),
    authors=("A. Author", "B. Author"),
    review=ReviewSpec(by="C. Reviewer", date="2026-11-30", decision=LONG),
    dataset="owner/name",
)
GATES = tuple(parse_rule(f"accuracy >= 0.{bound}") for bound in range(40, 70))


def full(record: RunRecord) -> Subject:
    """Everything at once: several seeds, a baseline, thirty gates and a card of long texts."""
    whole = judged(seeded(record, 430, 520), with_logits(record, another_seed()))
    return replace(whole, presentation=whole.presentation.model_copy(update={"card": WORDY, "gates": GATES}))


def many_classes(record: RunRecord) -> Subject:
    labels = np.arange(4000) % 200
    called = np.where(np.arange(4000) % 3, labels, (labels + 1) % 200)
    return presented(evaluated(record, outputs(called, 200, 0.8), labels))


KINDS: dict[str, Callable[[RunRecord], Subject]] = {
    "training": presented,
    "evaluation": lambda record: presented(change(record, training=None)),
    "everything": full,
    "diverged": lambda record: presented(change(record, training={"divergence": fell(), "ended_by": "diverged"})),
    "unfinished": lambda record: presented(record.model_copy(update={"unfinished": True, "measured": None})),
    "many classes": many_classes,
    "hostile": lambda _record: hostile_subject(),
}
SHOWN = {
    "training": ["training_curves", "brief_reliability", "brief_confusions"],
    "evaluation": ["brief_reliability", "brief_confusions"],
    "everything": ["brief_change", "brief_flips", "training_curves", "brief_reliability", "brief_confusions"],
    "diverged": ["training_curves", "brief_reliability", "brief_confusions"],
    "unfinished": ["training_curves"],
    "many classes": ["brief_reliability", "brief_confusions"],
    "hostile": ["training_curves", "brief_reliability", "brief_confusions"],
}


def brief(subject: Subject, drawn: bool = False) -> Report:
    """The brief report of a subject, with its real figures where they are to be `drawn`."""
    options = subject.presentation.report.model_copy(update={"sections": ("brief",)})
    asked = replace(subject, presentation=subject.presentation.model_copy(update={"report": options}))
    sections = find_sections()
    names = [name for one in sections.values() for name in (*(one.essential or ()), *one.chosen(asked))]
    figures = draw(asked, names) if drawn else {name: plain_figure(name) for name in names}
    return assemble(asked, figures, sections)


def figures_of(page: str) -> list[str]:
    """The figures of a page, in their order."""
    return re.findall(r'<figure class="[^"]*" id="figure-([a-z_]+)"', page)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_brief_report_is_short_and_light(record: RunRecord, kind: str) -> None:
    report = brief(KINDS[kind](record), drawn=True)
    (page,) = html.OUTPUT.render(report, pytest.fail)
    (document,) = pdf.OUTPUT.render(report, lambda _warning: None)
    with pikepdf.open(io.BytesIO(document.data)) as found, found.open_outline() as outline:
        assert len(found.pages) <= MOST_PAGES
        titles = [item.title for item in outline.root[0].children]
        assert not found.attachments
    assert len(document.data) <= MOST_BYTES
    assert Pages(document.data).faults() == []
    assert len(page.data) <= MOST_BYTES
    text = page.data.decode("utf-8")
    assert figures_of(text) == SHOWN[kind]
    assert titles == [section.title for section in report.abridged]
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r' id="([^"]+)"', text))
    reader = PdfReader(io.BytesIO(document.data))
    least = [len(sheet.extract_text()) for sheet in reader.pages]
    assert min(least) > 100, f"a page is all but empty: {least}"


@pytest.mark.slow
def test_a_brief_report_in_chinese_is_as_light(record: RunRecord) -> None:
    if not chinese_fonts():
        pytest.skip("no font with Chinese characters is installed")
    with language("zh"):
        (document,) = pdf.OUTPUT.render(brief(full(record), drawn=True), lambda _warning: None)
    assert len(PdfReader(io.BytesIO(document.data)).pages) <= MOST_PAGES
    assert len(document.data) <= MOST_BYTES


def test_what_an_approver_needs_is_there(record: RunRecord) -> None:
    report = brief(full(record))
    names = [view.name for view in report.abridged]
    assert names == ["summary", "baseline", "training", "evaluation", "card", "reproduce"]
    page = make_page(report, "screen")
    assert page.count('<tr class="gate-') == 8
    assert "22 more gates are in metrics.json." in page
    assert report.record.provenance.command.split()[0] in page
    assert {view.name for view in report.sections} > set(names)
    assert {gate.rule for gate in report.gates} == {rule.text for rule in GATES}


def test_nothing_of_a_whole_report_is_abridged(record: RunRecord) -> None:
    report = assemble(presented(record), {}, find_sections())
    assert report.abridged == ()
    assert "small-print" not in make_page(report, "screen").partition("</style>")[2]


def test_findings_whose_evidence_is_left_out_have_no_link(record: RunRecord) -> None:
    report = brief(presented(record))
    page = make_page(report, "screen")
    listed = re.findall(r'<li class="finding[^>]*>(.*?)</li>', page.partition('id="section-training"')[0], re.DOTALL)
    linked = [one for one in listed if "<a " in one]
    assert linked
    assert all(anchor in page for one in linked for anchor in re.findall(r'href="#([^"]+)"', one))


def test_the_numbers_are_those_of_the_whole_report(record: RunRecord) -> None:
    whole = assemble(full(record), {}, find_sections())
    assert brief(full(record)).metrics == whole.metrics
