"""The PDF is what it says: PDF/A-3a and PDF/UA-1, rule by rule, and by an independent checker.

`tests.support.pdf_rules` holds what veraPDF's profiles demand, clause by clause; `outloud` looks at the same and at
what a validator does not. What it finds where nothing is wrong is named in `MISTAKES`, with the proof that it is that.
"""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import warnings
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from reportgen.outputs import pdf, pdf_process
from reportgen.outputs.page import make_page
from reportgen.report.model import Report
from reportgen.system.fonts import chinese_fonts
from reportgen.text.i18n import language
from tests.outputs.reports import plain_report
from tests.support.browser import tool
from tests.support.pdf_rules import RULES, Seen, broken_rules
from tests.support.records import presented, small_record

pytestmark = pytest.mark.slow
EXAMPLES = sorted(Path(__file__).parents[2].glob("example_reports/*/report.pdf"))


@pytest.fixture(scope="module")
def report() -> Report:
    return plain_report(small_record())


@pytest.fixture(scope="module")
def archive(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PDF as it is made by default, with its record."""
    return written(report, tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without its record."""
    subject = presented(small_record(), report={"attach_record": False})
    return written(plain_report(subject), tmp_path_factory.mktemp("light"))


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in Chinese."""
    if not chinese_fonts():
        pytest.skip("no font with Chinese characters is installed")
    with language("zh"):
        return written(plain_report(small_record()), tmp_path_factory.mktemp("chinese"))


def written(report: Report, folder: Path) -> Path:
    (file,) = pdf.OUTPUT.render(report, pytest.fail)
    (folder / file.path).write_bytes(file.data)
    return folder / file.path


def is_running_head(seen: Seen, finding: Any) -> bool:
    """TAG-002, "prose is marked as an artifact": the words are those at the head of the page, the title beside the name
    of the section, which ISO 14289-1, 7.8, wants as an artifact. The checker takes a line for a running head only
    where the same line stands on three pages, and a section may have fewer."""
    heads = {f"{seen.pdf.docinfo.Title} {item.title}" for item in bookmarks(seen)}
    return finding.count == 1 and str(finding.evidence) in heads


def is_number_in_figure(seen: Seen, finding: Any) -> bool:
    """PAG-001, "page numbers are content": each of these numbers stands inside a figure, at one of its axes, which
    happens to be near the upper or lower edge of its page."""
    figures = [
        (seen.page_numbers[one.node.Pg.objgen] + 1, [float(side) for side in one.node.A.BBox])
        for one in seen.of("Figure")
    ]
    return bool(finding.boxes) and all(
        any(
            number == box["page"] and left <= box["x0"] <= right and bottom <= box["y0"] <= top
            for number, (left, bottom, right, top) in figures
        )
        for box in finding.boxes
    )


def is_caption(seen: Seen, finding: Any) -> bool:
    """PAG-001, "running heads are content": the line is the first of the captions that stand beside the figures which
    their pages begin with; captions of a made-up report all begin with the same words, but for their number."""
    return bool(re.match(r"(Figure \d+\.|图 \d+)", str(finding.evidence))) and bool(seen.of("Caption"))


def is_chinese(seen: Seen, finding: Any) -> bool:
    """FIG-012, "alternative text does not read as language": the checker wants half of the characters to be letters,
    and a Chinese character is a whole word of three to six of them. Every text that it means has no fewer of these
    words than numbers, and it means no other."""
    texts = [str(one.node.get("/Alt", "")) for one in seen.of("Figure")]
    meant = [text for text in texts if text and sum(map(str.isalpha, text)) < len(text) / 2]
    return (
        str(seen.root.Lang).startswith("zh")
        and finding.count == len(meant)
        and all(len(HAN.findall(text)) >= len(NUMBER.findall(text)) for text in meant)
    )


HAN, NUMBER = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"\d[\d.,]*")
MISTAKES: dict[str, Callable[[Seen, Any], bool]] = {
    "TAG-002": is_running_head,
    "PAG-001": lambda seen, finding: is_number_in_figure(seen, finding) or is_caption(seen, finding),
    "FIG-012": is_chinese,
}


def bookmarks(seen: Seen) -> list[Any]:
    with seen.pdf.open_outline() as outline:
        return [item for top in outline.root for item in (top, *top.children)]


@lru_cache(maxsize=1)
def checked(path: Path, _written: int) -> tuple[list[Any], Seen]:
    """What the checker finds, and what is seen by other means: once for the questions that a test asks of one file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own libraries
        found = importlib.import_module("outloud").check(str(path))
    assert found.error is None
    return found.findings, Seen(path.read_bytes())


def find_faults(path: Path, counted: Collection[str] = ()) -> list[str]:
    """Errors and warnings of the checker that are not shown to be its mistakes; of the rules `counted`, those too."""
    findings, seen = checked(path, path.stat().st_mtime_ns)
    return [
        f"{one.rule} page {one.page}: {one.message} {one.evidence}"
        for one in findings
        if one.severity != "info"
        and (one.rule in counted or not (one.rule in MISTAKES and MISTAKES[one.rule](seen, one)))
    ]


@pytest.mark.parametrize("clause", [rule.clause for rule in RULES if callable(rule.check)])
def test_rules_one_by_one(clause: str, rules_broken: dict[str, dict[str, list[str]]]) -> None:
    assert {name: broken.get(clause, []) for name, broken in rules_broken.items()} == {"archive": [], "light": []}


@pytest.fixture(scope="module")
def rules_broken(archive: Path, light: Path) -> dict[str, dict[str, list[str]]]:
    return {"archive": broken_rules(archive.read_bytes()), "light": broken_rules(light.read_bytes())}


def test_what_is_not_checked_has_its_reason() -> None:
    unchecked = {rule.clause: rule.check for rule in RULES if not callable(rule.check)}
    assert len(unchecked) < 10
    assert all(isinstance(reason, str) and len(reason) > 10 for reason in unchecked.values())


def test_the_rules_see_what_is_broken(archive: Path, tmp_path: Path) -> None:
    def broken_by(change: Callable[[pikepdf.Pdf], None]) -> set[str]:
        with pikepdf.open(archive) as document:
            change(document)
            document.save(tmp_path / "broken.pdf", fix_metadata_version=False)
        return set(broken_rules((tmp_path / "broken.pdf").read_bytes())) - {"A 6.1.2", "A 6.1.3"}

    def first(document: pikepdf.Pdf, role: str) -> Any:
        return next(
            thing for thing in document.objects if isinstance(thing, pikepdf.Dictionary) and thing.get("/S") == role
        )

    def rename(role: str, other: str) -> Callable[[pikepdf.Pdf], None]:
        return lambda document: first(document, role).update({"/S": pikepdf.Name(other)})

    def drop(role: str, key: str) -> Callable[[pikepdf.Pdf], None]:
        return lambda document: first(document, role).__delitem__(key)

    assert "UA 7.2 nesting" in broken_by(rename("/LI", "/Div"))
    assert "A 6.7.3, UA 7.1" in broken_by(drop("/P", "/K"))
    assert "A 6.8, UA 7.11" in broken_by(lambda document: document.Root.__delitem__("/AF"))
    assert {"A 6.2.3"} == broken_by(lambda document: document.Root.__delitem__("/OutputIntents"))


@pytest.mark.parametrize("kind", ["archive", "light", "chinese"])
def test_an_independent_checker_finds_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    assert find_faults(request.getfixturevalue(kind)) == []


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["archive", "light"])
def test_qpdf_finds_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    done = subprocess.run(
        [tool("qpdf"), "--check", str(request.getfixturevalue(kind))], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_document_in_chinese_says_so_and_holds_the_letters_it_needs(chinese: Path, archive: Path) -> None:
    assert broken_rules(chinese.read_bytes()) == {}
    with pikepdf.open(chinese) as document:
        assert str(document.Root.Lang) == "zh"
        assert "zh" in str(document.open_metadata().get("dc:language"))
        names = {
            str(thing.FontName)
            for thing in document.objects
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor"
        }
    assert all(name[7:8] == "+" for name in names)  # a subset
    assert chinese.stat().st_size < archive.stat().st_size + 150_000


def test_a_font_that_can_not_be_made_smaller_stays_as_it_was() -> None:
    if not chinese_fonts():
        pytest.skip("no font with Chinese characters is installed")
    page = '<html lang="zh"><title>t</title><body style="font-family: Noto Sans CJK SC"><h1>模型报告</h1><p>准确率 91 %'
    _heard, small = pdf_process.set_document(page, bytes, "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reportgen.outputs._pdf_fonts.keep_used", fail)
        _heard, large = pdf_process.set_document(page, bytes, "")
    shown, whole = (PdfReader(io.BytesIO(document)).pages[0].extract_text() for document in (small, large))
    assert shown == whole
    assert "准确率 91 %" in shown
    assert broken_rules(small) == broken_rules(large) == {"UA 7.8": ["it does not hold"]}  # a page without a foot
    kinds = [{str(file.Subtype) for file in font_files(document)} for document in (small, large)]
    if kinds != [set(), set()]:  # the installed font is one of TrueType
        assert kinds == [{"/CIDFontType0C"}, {"/OpenType"}]
        assert len(small) < len(large)


def font_files(document: bytes) -> list[Any]:
    """The streams of a document that hold fonts of CFF."""
    things = pikepdf.open(io.BytesIO(document)).objects
    return [one.FontFile3 for one in things if isinstance(one, pikepdf.Dictionary) and "/FontFile3" in one]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_example_is_what_it_says(path: Path) -> None:
    assert broken_rules(path.read_bytes()) == {}
    assert find_faults(path) == []
    mistakes = {"TAG-002", "FIG-012"} if path.parent.name == "zh" else {"TAG-002"}
    assert find_faults(path, MISTAKES.keys() - mistakes) == []


def test_a_line_that_only_ends_like_a_running_head_is_no_mistake_of_the_checker() -> None:
    _heard, seen = set_page('<html lang="en"><title>A title</title><body><h1>Training</h1><p>Text.')
    told = SimpleNamespace(count=1, evidence="A title Training")
    assert is_running_head(seen, told)
    assert not is_running_head(seen, SimpleNamespace(count=1, evidence="What was lost in Training"))


def test_the_whole_of_it_is_the_same_in_every_process(archive: Path, report: Report) -> None:
    (again,) = pdf.OUTPUT.render(report, pytest.fail)
    assert again.data == archive.read_bytes()


def set_page(page: str) -> tuple[dict[str, Any], Seen]:
    heard, document = pdf_process.set_document(page, bytes, "")
    return heard, Seen(document)


@pytest.mark.parametrize("text", ["a character without a glyph: \U0001fbff", "one of one's own: \ue123"])
def test_what_can_not_be_read_claims_no_standard(text: str) -> None:
    _heard, seen = set_page(f'<html lang="en"><title>t</title><body><h1>Title</h1><p>{text}')
    assert seen.property("pdfaid:part") is None
    assert seen.property("pdfaid:conformance") is None
    assert seen.property("pdfuaid:part") is None


def test_words_without_a_place_leave_the_structure_to_weasyprint() -> None:
    heard, seen = set_page(
        '<html lang="en"><title>t</title><body><h1>T</h1><div style="display: table"><tr>x</tr></div>'
    )
    assert heard["tags"] is None  # the parser leaves no row outside of a table
    assert seen.property("pdfuaid:part") == "1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reportgen.outputs._weasyprint.make_structure", fail)
        heard, seen = set_page('<html lang="en"><title>t</title><body><h1>Title</h1><ul><li>one')
    assert heard["tags"]["what"] == "failed"
    assert heard["tags"]["part"].startswith("ValueError: no place for it in ")
    assert seen.property("pdfuaid:part") is None
    assert {"H1", "L", "LI"} <= {one.role for one in seen.structure}
    assert "WeasyPrint (" in pdf.describe_untagged(**heard["tags"])


def fail(*_arguments: Any) -> Any:
    raise ValueError("no place for it")


def test_words_of_other_languages_say_so() -> None:
    report = plain_report(small_record(classes=("猫", "кошка", *(f"class {n}" for n in range(8)))))
    _heard, seen = set_page(make_page(report, "print"))
    languages = {str(one.node.Lang) for one in seen.structure if "/Lang" in one.node}
    assert languages == {"zh", "ru"}
