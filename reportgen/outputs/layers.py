"""layers.csv and layers.md: the whole layer table, a row for every module call, for programs and for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from reportgen.outputs.markdown import code, plain
from reportgen.plugins import Output, OutputFile
from reportgen.report.layer_table import Row, list_calls
from reportgen.report.model import Report
from reportgen.report.sections.model.layers import explain_counts, format_shape
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, language, ngettext
from reportgen.text.spreadsheet import text_cell

HEADS = (
    "path",
    "type",
    "output shape",
    "parameters",
    "trainable",
    "MACs",
    "activations (bytes)",
    "share of time (%)",
)
"""Of the CSV; the same in every language, for programs to find."""
LONGEST_PATH = 200


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """Both files. Counts are for one image; a row's numbers include what is inside it, as in the report."""
    del warn
    rows = list_calls(report.record.trace)
    whole = rows[0].seconds if rows else None
    with language(report.language):
        text = write_markdown(report, rows, whole)
    return (
        OutputFile("layers.csv", write_csv(rows, whole).encode()),
        OutputFile("layers.md", text.encode()),
    )


def share_of(row: Row, whole: float | None) -> float | None:
    """Of the time of a forward pass; None where it was not timed."""
    return row.seconds / whole if row.seconds is not None and whole else None


def write_csv(rows: tuple[Row, ...], whole: float | None) -> str:
    """RFC 4180 with line feeds; shapes without the batch, sides with "x" between them; unknown cells are empty.

    Names that begin as a formula does have an apostrophe before them.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADS)
    for row in rows:
        share = share_of(row, whole)
        shape = "x".join(map(str, row.output_shape[1:])) if row.output_shape is not None else ""
        time = "" if share is None else f"{100 * share:.6g}"
        counts = (row.parameters, row.trainable, row.macs, row.activation_bytes)
        writer.writerow([text_cell(row.path), text_cell(row.kind), shape, *counts, time])
    return buffer.getvalue()


def write_markdown(report: Report, rows: tuple[Row, ...], whole: float | None) -> str:
    """A table with what its numbers count below it."""
    heads = (
        _("Path"),
        _("Type"),
        _("Output shape"),
        _("Parameters"),
        _("Trainable"),
        _("MACs"),
        _("Activations"),
        _("Share of time"),
    )
    calls = ngettext("{count} module call.", "{count} module calls.", len(rows))
    lines = [
        f"# {plain(report.title)}",
        "",
        f"| {' | '.join(heads)} |",
        "|---|---|---|--:|--:|--:|--:|--:|",
        *(f"| {' | '.join(cells_of(row, whole))} |" for row in rows),
        "",
        plain(join_sentences([calls, explain_counts(report.record.trace)])),
        "",
    ]
    return "\n".join(lines)


def cells_of(row: Row, whole: float | None) -> list[str]:
    """One row of the Markdown table."""
    return [
        code(row.path, LONGEST_PATH) if row.path else plain(_("whole model")),
        code(row.kind),
        plain(format_shape(row.output_shape)),
        plain(numerals.count(row.parameters)),
        plain(numerals.count(row.trainable)),
        plain(numerals.count(row.macs)),
        plain(numerals.bytes_text(row.activation_bytes) if row.activation_bytes else "0"),
        plain(numerals.percent(share_of(row, whole))),
    ]


def check() -> None:
    """Text can always be written."""


OUTPUT = Output(
    "layers",
    "the whole layer table as CSV and Markdown",
    ("layers.csv", "layers.md"),
    check,
    render,
    shows_figures=False,
)
