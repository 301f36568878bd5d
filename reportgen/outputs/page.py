"""The report as one page of HTML, for a browser or for the PDF."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.outputs._cells import mark_long_cells
from reportgen.outputs._words import link_addresses, mark_languages
from reportgen.outputs.stylesheets import changed_colours
from reportgen.outputs.templating import Medium, own_sheets, render_template
from reportgen.report.model import Banner, Logo, Report, SectionView, Skipped
from reportgen.system.version import __version__
from reportgen.text.dates import format_day
from reportgen.text.i18n import _, join_terms, language
from reportgen.text.shorten import shorten

LONGEST_RUNNING_TITLE = 64
"""Characters that fit beside the section's name at the head of a page."""


@dataclass(frozen=True)
class Running:
    """What stands at the head and foot of every page of the PDF."""

    title: str
    commit: str


@dataclass(frozen=True)
class PageView:
    """What templates know as `report`: plain values, no record and no path."""

    title: str
    verdict: str
    """One sentence."""
    banners: tuple[Banner, ...]
    sections: tuple[SectionView | Skipped, ...]
    created: str
    """The date of the run, ISO 8601."""
    language: str
    paper: str
    css: str
    """The user's own style sheet."""
    logo: Logo | None
    """The user's own image above the title."""
    begins_with_summary: bool
    """Whether the contents have their place on the first page."""
    brief: bool
    """Whether it is a few pages for those who decide, whose sections have templates of their own."""

    @classmethod
    def of(cls, report: Report) -> PageView:
        """The same report without what templates are not to see."""
        sections = report.abridged or report.sections
        return cls(
            title=report.title,
            verdict=report.verdict,
            banners=report.banners,
            sections=sections,
            created=report.created,
            language=report.language,
            paper=report.paper,
            css=report.css,
            logo=report.logo,
            begins_with_summary=bool(sections) and sections[0].name == "summary",
            brief=bool(report.abridged),
        )


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
        "report": PageView.of(report),
        "version": __version__,
        "byline": write_byline(report),
        "running": Running(shorten(report.title, LONGEST_RUNNING_TITLE), format_commit(report)),
        "authors": authors or (),
    }
    colours = changed_colours(own_sheets(report.templates) + report.css)
    page = render_template("report.html.j2", values, medium, report.templates, report.language, colours)
    page = mark_languages(page, report.language)
    return page if medium == "screen" else mark_long_cells(link_addresses(page))


def write_byline(report: Report) -> str:
    """Who and when, in one quiet line: authors, date, commit."""
    authors = report.subject.presentation.card.authors
    names = join_terms(authors or ())
    return " · ".join(part for part in (names, format_day(report.created), format_commit(report)) if part)


def format_commit(report: Report) -> str:
    """The commit of the model's source, or nothing outside git."""
    commit = report.record.provenance.commit
    return _("commit {commit}", commit=commit[:12]) if commit else ""
