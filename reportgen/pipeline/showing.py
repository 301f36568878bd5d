"""An outcome as a notebook and a Python prompt show it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from reportgen.errors import ReportgenError
from reportgen.record.locate import find_source
from reportgen.text.i18n import SOURCE, _, current_language, language

if TYPE_CHECKING:
    from reportgen.record.gate_result import GateResult
    from reportgen.report.model import Report
    from reportgen.report.sections.summary import Tile

TEMPLATE = "outcome.html.j2"


class Outcome(Protocol):
    """What is shown: a report in its folder (`reportgen.pipeline.api.Outcome`)."""

    @property
    def folder(self) -> Path:
        """The report's folder."""

    @property
    def report(self) -> Report:
        """What the outputs print. Raises RecordError."""

    @property
    def gates(self) -> tuple[GateResult, ...]:
        """Results of the gates."""

    @property
    def errors(self) -> tuple[ReportgenError, ...]:
        """What went wrong after the measurement."""

    @property
    def html(self) -> Path | None:
        """The page, where there is one."""

    @property
    def pdf(self) -> Path | None:
        """The PDF, where there is one."""


def report_in(folder: Path) -> Report:
    """The report in a folder, put together again from its record; figures come from the cache where they can.

    Raises RecordError where there is no record.
    """
    from reportgen.pipeline.figure_cache import draw_once
    from reportgen.pipeline.registry import Registry, load_own
    from reportgen.report.assemble import assemble

    stored = find_source(folder).load()
    spec = stored.subject.spec  # its templates and style sheet say nothing of the numbers, and may be elsewhere
    plain = spec.report.model_copy(update={"templates": None, "css": None, "logo": None})
    registry = Registry.load(spec.model_copy(update={"report": plain}), load_own(spec))
    with language(spec.report.language):
        figures = draw_once(stored, registry.figures_of_sections(stored.subject), registry.plugins.figures)
        return assemble(stored.subject, figures, registry.sections)


def as_text(outcome: Outcome) -> str:
    """A few lines: folder, verdict, headline numbers, gates."""
    head = f"<reportgen report in {outcome.folder}>"
    try:
        report = outcome.report
    except ReportgenError as error:
        return f"{head}\n{error.message}"
    with language(report.language):
        lines = [head, report.verdict, *(f"{one.label}: {one.value.display_full}" for one in tiles(report))]
        lines += [f"{gate.mark} {gate.rule}: {gate.display} ({gate.word})" for gate in outcome.gates]
    return "\n  ".join(lines)


def as_html(outcome: Outcome) -> str:
    """The same as a piece of HTML of its own: no script, no style sheet, and colours that go with a dark page."""
    from reportgen.outputs.templating import render_template

    try:
        report, trouble = outcome.report, ""
    except ReportgenError as error:
        report, trouble = None, error.message
    with language(report.language if report else SOURCE):
        values = {
            "title": report.title if report else str(outcome.folder),
            "verdict": report.verdict if report else trouble,
            "banners": [banner.text for banner in report.banners] if report else [],
            "tiles": tiles(report) if report else (),
            "gates": outcome.gates,
            "errors": [error.message for error in outcome.errors],
            "links": [(name, address(path)) for name, path in pages(outcome)],
        }
        return render_template(TEMPLATE, values, language=current_language())


def tiles(report: Report) -> tuple[Tile, ...]:
    """The headline numbers of the first page; none where the summary is left out."""
    from reportgen.report.sections.summary import SummaryView

    return next((section.tiles for section in report.sections if isinstance(section, SummaryView)), ())


def pages(outcome: Outcome) -> list[tuple[str, Path]]:
    """What there is to read, with its name."""
    found = ((_("Report"), outcome.html), (_("PDF"), outcome.pdf))
    return [(name, path) for name, path in found if path is not None]


def address(path: Path) -> str:
    """A link: relative to the current folder, which is where a notebook's own links start, else absolute."""
    try:
        return quote(Path(os.path.relpath(path)).as_posix())
    except ValueError:  # another drive
        return path.absolute().as_uri()
