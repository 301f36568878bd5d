"""layers.csv and layers.md: every module call, with the numbers of the trace."""

from __future__ import annotations

import csv
import io

import cmarkgfm
import pytest

from reportgen.outputs.layers import HEADS, OUTPUT
from reportgen.record.run import RunRecord
from reportgen.report.layer_table import list_calls
from tests.outputs.reports import plain_report


def texts(record: RunRecord) -> tuple[str, str]:
    OUTPUT.check()
    files = {file.path: file.data.decode() for file in OUTPUT.render(plain_report(record), pytest.fail)}
    assert set(files) == set(OUTPUT.files)
    return files["layers.csv"], files["layers.md"]


def test_every_call_has_its_row_and_its_numbers(record: RunRecord) -> None:
    heads, *rows = csv.reader(io.StringIO(texts(record)[0]))
    assert tuple(heads) == HEADS
    trace = record.trace
    assert [(row[0], row[1]) for row in rows] == [(call.path, call.kind) for call in trace.modules]
    assert (int(rows[0][3]), int(rows[0][5])) == (trace.parameters, trace.macs)
    assert [int(row[6]) for row in rows] == [call.activation_bytes for call in trace.modules]
    top = [int(row[3]) for row, call in zip(rows, trace.modules, strict=True) if call.parent == 0]
    assert sum(top) + trace.modules[0].own_parameters == trace.parameters
    whole = trace.modules[0].seconds
    shares = [row[7] for row in rows]
    for share, call in zip(shares, trace.modules, strict=True):
        assert (
            share == ""
            if not whole or call.seconds is None
            else float(share) == pytest.approx(100 * call.seconds / whole, rel=1e-4)
        )


def test_equal_neighbours_are_not_folded_and_unknown_times_are_empty(record: RunRecord) -> None:
    untimed = [call.model_copy(update={"seconds": None}) for call in record.trace.modules]
    trace = record.trace.model_copy(update={"modules": tuple(untimed)})
    assert len(list_calls(trace)) == len(trace.modules)
    table, text = texts(record.model_copy(update={"trace": trace}))
    assert all(line.endswith(",") for line in table.splitlines()[1:])
    assert text.count("| — |") == len(untimed)


def test_the_markdown_is_one_table_with_a_row_for_each_call(record: RunRecord) -> None:
    first, *rest = record.trace.modules
    hostile = (first, rest[0].model_copy(update={"path": "a|b`*<script>", "name": "c"}), *rest[1:])
    trace = record.trace.model_copy(update={"modules": hostile})
    page = cmarkgfm.github_flavored_markdown_to_html(texts(record.model_copy(update={"trace": trace}))[1])
    assert page.count("<tr>") == len(hostile) + 1
    assert page.count("<td") == 8 * len(hostile)
    assert "<script>" not in page
    assert "a|b`*&lt;script&gt;" in page


def test_no_name_of_a_layer_is_computed_by_a_spreadsheet(record: RunRecord) -> None:
    first, *rest = record.trace.modules
    hostile = (first, rest[0].model_copy(update={"path": "=HYPERLINK(1)\n\ud800", "kind": "@sum"}), *rest[1:])
    trace = record.trace.model_copy(update={"modules": hostile})
    rows = list(csv.reader(io.StringIO(texts(record.model_copy(update={"trace": trace}))[0])))
    assert rows[2][0].startswith("'=HYPERLINK(1) \\u{d800}")
    assert rows[2][1] == "'@sum"
