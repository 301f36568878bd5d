"""Style sheets: what one's own may say, and the colours that figures take from it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.errors import RenderError, SpecError
from reportgen.outputs.page import make_page
from reportgen.outputs.stylesheets import COLOURS, MOST_BYTES, changed_colours, check_sheet, read_sheet, recolour
from reportgen.outputs.templating import template_root
from reportgen.record.run import RunRecord
from tests.outputs.reports import plain_report

SCREEN = (template_root() / "screen.css").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a {}\n@import 'x.css';", "my.css:2:1"),
        ("@\\69mport 'x.css';", "my.css:1:1"),
        ("@media print { @import url(x.css); }", "my.css:1:16"),
        ("a { background: url(http://example.org/x.png) }", "my.css:1:17"),
        ("a { background: URL( 'x.png' ) }", "my.css:1:17"),
        ("a { background: u\\72l(x.png) }", "my.css:1:17"),
        ("a { background: url(//example.org/x) }", "my.css:1:17"),
        ("@font-face { src: local(A), url(a.woff2) }", "my.css:1:29"),
        ("a { background: image-set('x.png' 1x) }", "my.css:1:17"),
        ("a { background: -webkit-image-set('x.png' 1x) }", "my.css:1:17"),
        ("a { background: src(var(--x)) }", "my.css:1:17"),
        ("@supports (a: b) { a { b: url(x) } }", "my.css:1:27"),
        ("a { color: red }\n}", "my.css:2:1"),
        ("a { b: 'open\n }", "my.css:1:8"),
        ("/* </STYLE><script> */", "my.css:1"),
        ("@namespace url(http://www.w3.org/2000/svg);", "my.css:1:12"),
    ],
)
def test_what_would_need_something_else_is_refused_with_its_place(text: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(RenderError) as caught:
        check_sheet(text, "my.css")
    assert str(caught.value.location) == place
    assert caught.value.hint
    (tmp_path / "my.css").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as told:
        read_sheet(tmp_path / "my.css")
    assert str(told.value.location) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a { background: url(data:image/png;base64,AA==) }",
        '@font-face { font-family: A; src: url("data:font/woff2;base64,AA==") format("woff2") }',
        "/* url(http://example.org) @import */ a::before { content: 'url(x)' }",
        "@media (prefers-color-scheme: dark) { :root { --accent: #f00 } }",
        "a { background: image-set(url(data:image/png;base64,AA==) 1x) }",
        "@page { margin: 10mm; @top-left { content: none } }",
    ],
)
def test_what_needs_nothing_else_is_taken(text: str, tmp_path: Path) -> None:
    check_sheet(text, "my.css")
    (tmp_path / "my.css").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_sheet(tmp_path / "my.css") == text


def test_a_sheet_that_is_missing_too_large_or_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "my.css"
    with pytest.raises(SpecError, match="there is no style sheet") as caught:
        read_sheet(path)
    assert "--set report.css=" in caught.value.hint
    path.write_bytes(b"a { color: red }".ljust(MOST_BYTES + 1))
    with pytest.raises(SpecError, match="500,001 bytes, and 500,000 are allowed"):
        read_sheet(path)
    path.write_bytes(b"\xff")
    with pytest.raises(SpecError, match="UTF-8"):
        read_sheet(path)


def test_the_colours_of_the_sheet_are_those_of_the_figures() -> None:
    assert changed_colours(SCREEN) == {}
    declared = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", SCREEN.partition("}")[0]))
    assert declared == COLOURS


def test_every_colour_has_a_dark_one_and_none_is_written_twice() -> None:
    dark = SCREEN.partition("(prefers-color-scheme: dark)")[2].partition("}")[0]
    assert set(re.findall(r"--([a-z]+): #", dark)) == set(COLOURS)
    rest = SCREEN.partition("}")[2].replace(dark, "") + (template_root() / "print.css").read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-f]{6}", rest) == ["#e9eaec"]  # the card under a figure in the dark
    assert all(f"var(--{name})" in rest for name in COLOURS if name != "baseline")


def test_changed_colours_are_those_of_root_on_light_ground() -> None:
    text = """
    :root { --accent: #C00; --ink: rgb(0, 0, 0); --right: var(--accent); --wrong: rgba(1, 2, 3, 0.5); --own: red }
    html { --muted: navy; color: red }
    p { --paper: #123456 }
    @media (prefers-color-scheme: dark) { :root { --accent: #fff } }
    """
    assert changed_colours(text) == {"accent": "#cc0000", "ink": "#000000", "muted": "#000080"}


def test_figures_take_the_colours(record: RunRecord) -> None:
    svg = '<path fill="#0b6b66" style="stroke: #0060A0; fill: #123456"/><text>#0b6b66</text>'
    changed = {"accent": "#cc0000", "right": "#00cc00"}
    assert recolour(svg, changed) == '<path fill="#cc0000" style="stroke: #00cc00; fill: #123456"/><text>#0b6b66</text>'
    report = plain_report(record)
    assert "#0060a0" not in cards_of(make_page(replace(report, css=":root { --right: #010203 }"), "print"))
    assert "#010203" in cards_of(make_page(replace(report, css=":root { --right: #010203 }"), "print"))


def cards_of(page: str) -> str:
    """The drawings of the cards."""
    import base64

    found = re.findall(r'card-row" src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert found
    return "".join(base64.b64decode(one).decode() for one in found)


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_ones_own_sheet_comes_last(record: RunRecord, medium: str) -> None:
    page = make_page(replace(plain_report(record), css="p > a { color: red }"), medium)  # type: ignore[arg-type]
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert style.rstrip().endswith("p > a { color: red }")


def rows_by_page(rows: int, above: int, sheet: str) -> list[int]:
    """How many rows of a table each page has on which some stand; `above`: height in points of what precedes it."""
    import weasyprint

    body = "".join(f'<tr><th scope="row">row</th><td>{row}</td></tr>' for row in range(rows))
    page = (
        "<style>@page { size: 100mm 60mm; margin: 5mm } body, tr { font: 8pt/12pt sans-serif; margin: 0 }</style>"
        f'<style>{sheet}</style><p style="height: {above}pt; margin: 0">x</p>'
        f"<table><thead><tr><th>Head</th></tr></thead><tbody>{body}</tbody></table>"
    )
    pages = weasyprint.HTML(string=page).render().pages
    texts = [[box.text for box in one._page_box.descendants() if getattr(box, "text", None)] for one in pages]
    assert all("row" in text for text in texts if "Head" in text)  # no head alone
    return [text.count("row") for text in texts if "row" in text]


@pytest.mark.slow
def test_three_rows_of_a_table_stay_together_where_a_page_ends() -> None:
    sheet = (template_root() / "print.css").read_text("utf-8")
    rules = [line for line in sheet.splitlines() if line.startswith("tbody tr")]
    counts = [rows_by_page(10, above, "\n".join(rules)) for above in range(4, 100, 24)]
    assert min(min(one) for one in counts) >= 3
    assert any(len(one) > 1 for one in counts)  # pages did end inside
    assert min(min(rows_by_page(10, above, "")) for above in range(4, 100, 24)) < 3  # as they would without
