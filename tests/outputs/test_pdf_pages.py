"""The pages of the PDF are full, and what belongs together stands together, as measured from the PDF itself.

`REPORTGEN_TEST_REPORTS` names another folder of reports, to be looked at instead of those in example_reports.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from reportgen.outputs import pdf
from reportgen.outputs.pdf_worker import take_worker
from tests.outputs.reports import plain_report
from tests.support.pdf_pages import Pages
from tests.support.records import presented, small_record

pytestmark = pytest.mark.slow
FOLDER = Path(os.environ.get("REPORTGEN_TEST_REPORTS") or Path(__file__).parents[2] / "example_reports")
REPORTS = sorted(FOLDER.glob("*/report.pdf"))
MOST_PAGES = 26

FULL = "<p>" + "<br>".join(["Words that fill the page"] * 11)
HEAD = '<thead><tr><th scope="col">Head</th></tr></thead>'
SVG = "%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E%3Cpath d='M0 0h9v9z'/%3E%3C/svg%3E"
IMAGE = f'<img alt="A triangle" style="height: 50mm" src="data:image/svg+xml,{SVG}">'
LONG = "<br>".join(["A finding"] * 9)
ROWS = "<tr><td>1<tr><td>2<tr><td>3"
FAULTY = f"""<!DOCTYPE html><html lang="en"><title>Faults</title><style>
@page {{ size: 200mm 100mm; margin: 10mm }} body {{ margin: 0; font: 10pt/12pt sans-serif }}
.new {{ break-before: page }}
</style><body>
<h1>Well set</h1>{FULL}<h2>Kept</h2><p>Text
<h2 class="new">An empty page</h2><p>Text
<section class="new">{FULL}<h2>A heading</h2></section>
<section class="new">{FULL}<p><strong>Bold words</strong></section>
<section class="new">{FULL}
<table><caption>Caption</caption>{HEAD}
<tbody><tr><td>1<tr><td>2<tr class="new"><td>3<tr><td>4<tr><td>5</table></section>
<section class="new">{FULL}
<table><caption>Caption<br>of several<br>lines<br>that are many<br>too many</caption>{HEAD}
<tbody>{ROWS}</table></section>
<figure class="new">{IMAGE}<figcaption class="new">Caption</figcaption></figure>
<section class="new">{FULL}<h2>Begun</h2><ul><li>{LONG}</ul></section>
"""


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.parent.name)
def test_every_example_is_set_well(path: Path) -> None:
    pages = Pages(path.read_bytes())
    assert pages.faults() == []
    assert pages.count <= MOST_PAGES


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_a_small_report_is_set_well(paper: str) -> None:
    (file,) = pdf.OUTPUT.render(plain_report(presented(small_record(), report={"paper": paper})), pytest.fail)
    assert Pages(file.data).faults() == []


def test_the_measure_sees_what_is_wrong() -> None:
    with take_worker() as child:
        _heard, document = pdf.run(child, FAULTY)
    assert [re.sub(r"\d+%", "hardly", fault) for fault in Pages(document).faults()] == [
        "page 2 is hardly full",
        "page 6 is hardly full",
        "page 10 is hardly full",
        "page 3 ends in a heading",
        "page 4 ends in a heading",
        "page 11 has the title of a section without its first finding",
        "page 5 has 2 rows of a table",
        "page 7 has the head of a table without its rows",
        "page 9 has a figure whose caption is on another",
    ]
