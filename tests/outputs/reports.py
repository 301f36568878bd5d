"""Reports for the tests of outputs: real sections, and a plain drawing in the place of every figure."""

from __future__ import annotations

from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.assemble import assemble
from reportgen.report.model import FigureFile, Report, Skipped
from reportgen.report.sections import find_sections
from tests.support.records import as_subject

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    '<rect x="1" y="1" width="{inner}" height="60" fill="none" stroke="#5a626e"/></svg>'
)
WIDTH, HEIGHT = 680, 240
INLINE = frozenset({"diagram", "diagram_blocks", "diagram_blocks_2"})


def plain_figure(name: str) -> FigureFile:
    """A figure that is the same whatever version draws the real one."""
    return FigureFile(
        name=name,
        media_type="image/svg+xml",
        data=DRAWING.format(width=WIDTH, height=HEIGHT, inner=WIDTH - 2).encode(),
        width=WIDTH,
        height=HEIGHT,
        title=f"Title of {name}",
        caption=f"Caption of {name}.",
        alt=f"Alternative text of {name}.",
        inline=name in INLINE,
    )


def plain_report(record: RunRecord | Subject, leave_out: str = "") -> Report:
    """The report of a record with plain figures; the one called `leave_out` is skipped with a reason."""
    sections = find_sections()
    figures: dict[str, FigureFile | Skipped] = {
        name: plain_figure(name)
        for section in sections.values()
        for name in (*section.figures, *section.chosen(as_subject(record)))
    }
    if leave_out:
        figures[leave_out] = Skipped(leave_out, f"Title of {leave_out}", "There was nothing to draw.")
    return assemble(as_subject(record), figures, sections)
