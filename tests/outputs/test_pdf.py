"""report.pdf: what it holds, what it refuses, and what it says when it can't be made."""

from __future__ import annotations

import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from reportgen.errors import EnvironmentTrouble, RenderError
from reportgen.outputs import json as metrics_json
from reportgen.outputs import pdf, pdf_worker
from reportgen.record.archive import PACKED_FILE
from reportgen.record.locate import find_source
from reportgen.record.run import RunRecord
from reportgen.report.model import Report
from tests.outputs.hostile import NASTY, hostile_subject
from tests.outputs.reports import plain_report
from tests.outputs.test_html import bytes_elsewhere
from tests.support.browser import tool
from tests.support.records import presented, small_record

pytestmark = pytest.mark.slow


def run_page(page: str) -> tuple[dict[str, list[str]], bytes]:
    with pdf_worker.take_worker() as child:
        return pdf.run(child, page)


@pytest.fixture(scope="module")
def report() -> Report:
    return plain_report(small_record())


@pytest.fixture(scope="module")
def document(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PDF of the small record; no installed font may lack anything in it."""
    (file,) = pdf.OUTPUT.render(report, pytest.fail)
    path = tmp_path_factory.mktemp("pdf") / file.path
    path.write_bytes(file.data)
    return path


def text_of(path: Path) -> str:
    done = subprocess.run([tool("pdftotext"), "-layout", str(path), "-"], capture_output=True, check=True)
    return done.stdout.decode("utf-8")


def words_of(text: str) -> str:
    return " ".join(text.split())


def test_this_machine_can_make_it() -> None:
    pdf.OUTPUT.check()


def test_a_machine_without_pango_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "can_load", lambda name: not name.startswith("libpangoft2"))
    with pytest.raises(EnvironmentTrouble, match="libpangoft2") as caught:
        pdf.OUTPUT.check()
    assert all(word in caught.value.hint for word in ("apt-get", "dnf", "brew"))


def test_a_library_that_is_not_there_is_not_loaded() -> None:
    assert not pdf.can_load("libnothing-of-this-name.so.9")
    assert not pdf.can_load("libnothing-of-this-name.dylib")


@pytest.mark.browser
def test_qpdf_finds_no_fault(document: Path) -> None:
    done = subprocess.run([tool("qpdf"), "--check", str(document)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_metadata_language_and_tags(document: Path, report: Report) -> None:
    with pikepdf.open(document) as found:
        assert str(found.docinfo["/Title"]) == report.title
        assert str(found.docinfo["/CreationDate"]).startswith("D:20260102030405")
        assert str(found.docinfo["/ModDate"]) == str(found.docinfo["/CreationDate"])
        assert str(found.Root.Lang) == "en"
        assert bool(found.Root.MarkInfo.Marked)
        assert bool(found.Root.ViewerPreferences.DisplayDocTitle)
        assert b"pdfuaid" in found.Root.Metadata.read_bytes()
        kinds = tags_of(found.Root.StructTreeRoot)
        sizes = {tuple(round(float(side)) for side in page.mediabox[2:]) for page in found.pages}
    assert sizes == {(595, 842)}
    assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/Figure", "/Link", "/L", "/LI"} <= kinds


def tags_of(node: Any, depth: int = 0) -> set[str]:
    """The kinds of elements in a structure tree."""
    found = {str(node.S)} if "/S" in node else set()
    inside = node.get("/K", [])
    for child in inside if isinstance(inside, pikepdf.Array) else [inside]:
        if isinstance(child, pikepdf.Dictionary) and ("/S" in child or "/K" in child) and depth < 60:
            found |= tags_of(child, depth + 1)
    return found


def test_every_figure_has_its_alternative_text(document: Path, report: Report) -> None:
    with pikepdf.open(document) as found:
        texts = {str(thing.Alt) for thing in found.objects if isinstance(thing, pikepdf.Dictionary) and "/Alt" in thing}
    assert {figure.alt for figure in report.figures} <= texts


def test_bookmarks_are_the_sections_in_order(document: Path, report: Report) -> None:
    with pikepdf.open(document) as found, found.open_outline() as outline:
        (top,) = outline.root
        titles = [item.title for item in top.children]
    assert top.title == report.title
    assert titles == [section.title for section in report.sections]


@pytest.mark.browser
def test_contents_point_at_the_pages(document: Path, report: Report) -> None:
    pages = text_of(document).split("\f")[:-1]
    found = [
        (column, number, *match)
        for number, line in enumerate(pages[0].splitlines())
        for column, match in enumerate(re.findall(r"(?<!\S)(\S+?(?: \S+?)*?) ?\.{5,} (\d+)(?=\s{2}|$)", line))
    ]
    rows = {title: page for _, _, title, page in sorted(found)}
    assert list(rows) == [section.title for section in report.sections]
    for title, number in list(rows.items())[1:]:
        assert re.search(rf"^\s*{re.escape(title)}$", pages[int(number) - 1], re.MULTILINE), title


@pytest.mark.browser
def test_every_page_says_where_one_is(document: Path, report: Report) -> None:
    pages = text_of(document).split("\f")[:-1]
    assert 3 <= len(pages) <= 30
    for number, page in enumerate(pages, 1):
        assert re.search(rf"commit 0123456789ab\s+{number} ?/ ?{len(pages)}$", page.rstrip()), number
        assert (report.title in page.lstrip().splitlines()[0]) or number == 1


@pytest.mark.browser
def test_numbers_are_those_of_metrics_json(document: Path, report: Report) -> None:
    (file,) = metrics_json.OUTPUT.render(report, pytest.fail)
    text = words_of(text_of(document))
    for entry in json.loads(file.data)["metrics"]:
        if entry["name"] in (
            "accuracy",
            "macro_f1",
            "ece",
            "parameters",
            "macs",
            "train_accuracy",
            "card.completeness",
        ):
            assert words_of(entry["display"]) in text, entry["name"]


@pytest.mark.browser
def test_nothing_stays_folded_away(document: Path) -> None:
    assert "source: builtin:tiny" in text_of(document)


@pytest.mark.browser
def test_only_installed_fonts_are_embedded(document: Path) -> None:
    done = subprocess.run([tool("pdffonts"), str(document)], capture_output=True, text=True, check=True)
    rows = done.stdout.splitlines()[2:]
    assert rows
    assert all(row.split()[-5] == "yes" for row in rows), done.stdout


def test_the_same_bytes_in_every_process(document: Path) -> None:
    assert bytes_elsewhere("pdf", "Asia/Tokyo", "1") == document.read_bytes()


def test_letter_paper(record: RunRecord, tmp_path: Path) -> None:
    letter = presented(record, report={"paper": "letter", "sections": ["summary"]})
    (file,) = pdf.OUTPUT.render(plain_report(letter), pytest.fail)
    (tmp_path / "report.pdf").write_bytes(file.data)
    with pikepdf.open(tmp_path / "report.pdf") as found:
        assert [round(float(side)) for side in found.pages[0].mediabox[2:]] == [612, 792]


@pytest.mark.browser
def test_hostile_names_come_out_or_are_reported(tmp_path: Path) -> None:
    heard: list[str] = []
    (file,) = pdf.OUTPUT.render(plain_report(hostile_subject()), heard.append)
    (tmp_path / "report.pdf").write_bytes(file.data)
    done = subprocess.run([tool("qpdf"), "--check", str(tmp_path / "report.pdf")], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    text = words_of(text_of(tmp_path / "report.pdf"))
    for name in ("<script>alert(1)</script>", "{{7*7}}{% raw %}", "</style><b>&amp;", "{braces} %(percent)s"):
        assert name in text, name
    boxes = subprocess.run(
        [tool("pdftotext"), "-bbox", str(tmp_path / "report.pdf"), "-"], capture_output=True, check=True
    ).stdout.decode("utf-8", "replace")
    right_edges = [float(edge) for edge in re.findall(r'xMax="([0-9.]+)"', boxes)]
    assert len(right_edges) > 1000
    assert max(right_edges) <= 595.28 - 15 / 25.4 * 72 + 1, "a word stands in the right margin"
    assert NASTY[2][0] in text or any(f"U+{ord(NASTY[2][0]):04X}" in line for line in heard)


def test_a_character_without_a_font_is_reported(record: RunRecord) -> None:
    heard: list[str] = []
    titled = presented(record, title="A \U0001fae8\U00013000\ue123 title", report={"sections": ["summary"]})
    pdf.OUTPUT.render(plain_report(titled), heard.append)
    assert len(heard) == 1
    assert "(U+E123)" in heard[0]
    assert heard[0].startswith("No installed font has")


SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='http://127.0.0.1:9/b.png'/></svg>"


@pytest.mark.parametrize(
    "page",
    [
        '<img src="http://127.0.0.1:9/a.png">',
        '<img src="file:///etc/hostname">',
        '<link rel="stylesheet" href="https://example.org/a.css">',
        '<link rel="attachment" href="file:///etc/hostname">',
        '<style>@import "ftp://example.org/a.css";</style>',
        "<style>@font-face { font-family: x; src: url(https://example.org/a.woff) }</style>",
        '<p style="background: url(file:///etc/hostname)">x',
        f'<img src="data:image/svg+xml,{SVG}">',
    ],
)
def test_nothing_outside_the_page_is_opened(page: str) -> None:
    heard, _ = run_page(f'<html lang="en"><title>t</title><body>{page}<p>text')
    assert len(heard["refused"]) >= 1


def test_a_page_that_refers_outside_fails_the_build(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "make_page", lambda *_: '<html lang="en"><title>t</title><img src="http://127.0.0.1:9/x">')
    with pytest.raises(RenderError, match=r"outside itself: http://127\.0\.0\.1:9/x"):
        pdf.OUTPUT.render(report, pytest.fail)


def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "SECONDS", 0.05)
    with pytest.raises(RenderError, match=r"longer than 0\.05 s"):
        run_page("<p>text")


def test_a_page_that_needs_too_much_memory_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_worker, "MEBIBYTES", 150)
    with pytest.raises(RenderError, match="the PDF can't be made"):
        run_page("<p>text" * 50_000)


def test_an_image_that_can_not_be_drawn_fails_the_build(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        pdf, "make_page", lambda *_: '<html lang="en"><title>t</title><img alt="a" src="data:image/png;base64,AAAA">'
    )
    with pytest.raises(RenderError, match="could not be set"):
        pdf.OUTPUT.render(report, pytest.fail)


def attached(data: bytes) -> dict[str, bytes]:
    with pikepdf.open(io.BytesIO(data)) as found:
        return {name: found.attachments[name].get_file().read_bytes() for name in found.attachments}


def test_the_record_is_inside_and_comes_back_whole(document: Path, report: Report) -> None:
    found = find_source(document)
    subject = found.load().subject
    assert (subject.presentation, subject.judgement) == (report.subject.presentation, report.subject.judgement)
    again = subject.record
    assert len(again.arrays["images"]) < 600  # as many as fit
    assert again.model_copy(update={"arrays": report.record.arrays}) == report.record
    assert (again.arrays["eval.logits"] == report.record.arrays["eval.logits"]).all()
    assert found.name == document.parent.name
    with pikepdf.open(document) as opened:
        (name,) = opened.attachments
        assert name == PACKED_FILE
        spec = opened.attachments[name]
        assert spec.obj.F == spec.obj.UF == PACKED_FILE
        assert spec.description
        assert str(spec.get_file().obj.Params.ModDate).startswith("D:20260102030405")


def test_the_record_can_be_left_out(record: RunRecord) -> None:
    without = presented(record, report={"attach_record": False, "sections": ["summary"]})
    (file,) = pdf.OUTPUT.render(plain_report(without), pytest.fail)
    assert attached(file.data) == {}


def test_a_record_that_does_not_fit_is_left_out_and_said(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "pack_small", lambda _subject: None)
    said: list[str] = []
    assert pdf.pack(plain_report(record), said.append) == b""
    assert said == ["The PDF does not carry its record, which does not fit into 1.43\u00a0MiB."]
