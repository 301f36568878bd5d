"""The report as one page of HTML, for a browser or for the PDF."""

from __future__ import annotations

from reportgen import __version__
from reportgen.report import Report
from reportgen.templating import Medium, render_template
from reportgen.words import say


def make_page(report: Report, medium: Medium) -> str:
    """The whole page as text.

    Raises RenderError for a template that fails.
    """
    authors = report.record.spec.card.authors
    values = {
        "report": report,
        "version": __version__,
        "byline": write_byline(report),
        "authors": (authors,) if isinstance(authors, str) else authors or (),
    }
    return render_template("report.html.j2", values, medium, report.record.spec.report.templates, report.language)


def write_byline(report: Report) -> str:
    """Who and when, in one quiet line: authors, date, commit."""
    authors = report.record.spec.card.authors
    origin = report.record.provenance
    parts = [", ".join((authors,) if isinstance(authors, str) else authors or ()), origin.created[:10]]
    if origin.commit:
        parts.append(say("commit {commit}", commit=origin.commit[:12]))
    return " · ".join(part for part in parts if part)
