"""The report as one page of HTML, for a browser or for the PDF."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen import __version__
from reportgen.outputs._cells import mark_long_cells
from reportgen.outputs.templating import Medium, render_template
from reportgen.report.model import Report
from reportgen.text.i18n import _, language
from reportgen.text.shorten import shorten

LONGEST_RUNNING_TITLE = 64
"""Characters that fit beside the section's name at the head of a page."""


@dataclass(frozen=True)
class Running:
    """What stands at the head and foot of every page of the PDF."""

    title: str
    commit: str


def make_page(report: Report, medium: Medium) -> str:
    """The whole page as text.

    Raises RenderError for a template that fails.
    """
    with language(report.language):
        return lay_out(report, medium)


def lay_out(report: Report, medium: Medium) -> str:
    """The whole page in the language that is being drawn."""
    authors = report.subject.presentation.card.authors
    values = {
        "report": report,
        "version": __version__,
        "byline": write_byline(report),
        "running": Running(shorten(report.title, LONGEST_RUNNING_TITLE), say_commit(report)),
        "authors": authors or (),
    }
    page = render_template("report.html.j2", values, medium, report.templates, report.language)
    return page if medium == "screen" else mark_long_cells(page)


def write_byline(report: Report) -> str:
    """Who and when, in one quiet line: authors, date, commit."""
    authors = report.subject.presentation.card.authors
    names = ", ".join(authors or ())
    return " · ".join(part for part in (names, report.created[:10], say_commit(report)) if part)


def say_commit(report: Report) -> str:
    """The commit of the model's source, or nothing outside git."""
    commit = report.record.provenance.commit
    return _("commit {commit}", commit=commit[:12]) if commit else ""
