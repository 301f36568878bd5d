"""report.html: the golden page, what it refers to, what it says, and what checkers and browsers say of it."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reportgen import __version__
from reportgen.outputs import json as metrics_json
from reportgen.outputs.html import OUTPUT
from reportgen.record.run import RunRecord
from reportgen.report.model import Report
from tests.outputs.hostile import NASTY, hostile_subject
from tests.outputs.reports import plain_report
from tests.support.browser import complaints_about, look

GOLDEN = Path(__file__).with_name("golden.html")
VOID = frozenset({"meta", "link", "img", "br", "hr", "input", "wbr"})


def page_of(report: Report) -> str:
    (file,) = OUTPUT.render(report, pytest.fail)
    assert file.path == "report.html"
    return file.data.decode("utf-8")


@pytest.fixture(scope="module")
def hostile() -> str:
    return page_of(plain_report(hostile_subject()))


class Reader(HTMLParser):
    """Text, references, ids, headings, and whether every element is closed in its place."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.words: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.feed(page)
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "action", "xlink:href", "srcset", "data", "poster"):
                self.references.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.stack or self.stack[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def scrub(page: str) -> str:
    """The page without what other tests look at: style, the bytes of images, the version, the digest of the numbers,
    whose last bits are the processor's."""
    page = re.sub(r"(SHA-256</dt><dd>)[0-9a-f]{64}", r"\1…", page)
    page = re.sub(r"<style>.*?</style>", "<style>…</style>", page, flags=re.DOTALL)
    page = re.sub(r"(data:image/[a-z+]+;base64,)[A-Za-z0-9+/=]+", r"\1…", page)
    return page.replace(f"reportgen {__version__}", "reportgen VERSION")


def test_the_page_of_the_small_record_is_the_golden_one(record: RunRecord, update_golden: bool) -> None:
    page = scrub(page_of(plain_report(record, leave_out="precision_recall")))
    if update_golden:
        GOLDEN.write_text(page, encoding="utf-8")
    assert page == GOLDEN.read_text(encoding="utf-8"), "look at the difference, then run pytest --update-golden"


@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_nothing_outside_the_page_is_referred_to(record: RunRecord, hostile: str, kind: str) -> None:
    page = hostile if kind == "hostile" else page_of(plain_report(record))
    reader = Reader(page)
    assert "script" not in reader.tags
    assert "iframe" not in reader.tags
    inside = [reference for reference in reader.references if reference.startswith("#")]
    rest = {reference.partition(",")[0] for reference in reader.references if not reference.startswith("#")}
    assert rest <= {"data:image/svg+xml;base64", "data:image/png;base64", "data:"}
    assert {reference[1:] for reference in inside} <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))
    assert "default-src 'none'" in page
    assert "url(" not in page
    assert "@import" not in page


def test_headings_are_in_order(record: RunRecord) -> None:
    levels = [int(tag[1]) for tag in Reader(page_of(plain_report(record))).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_number_of_the_tiles_is_that_of_metrics_json(record: RunRecord) -> None:
    report = plain_report(record)
    (file,) = metrics_json.OUTPUT.render(report, pytest.fail)
    numbers = {entry["name"]: entry["display"] for entry in json.loads(file.data)["metrics"]}
    page = page_of(report)
    tiles = re.findall(r'<dd class="tile-number">(.*?)</dd>', page)
    assert len(tiles) == 8
    assert set(tiles) <= set(numbers.values())
    text = Reader(page).text
    for name in ("accuracy", "macro_f1", "ece", "parameters", "macs", "train_accuracy", "card.completeness"):
        assert " ".join(numbers[name].split()) in text


def test_hostile_names_are_shown_as_they_are(hostile: str) -> None:
    text = Reader(hostile).text
    for name in NASTY:
        assert " ".join(name.split()) in text
    assert "49" not in Reader(hostile).text.split("Reproduce")[0].split("What was run")[0]
    assert "<script" not in hostile
    assert "javascript:" not in "".join(Reader(hostile).references)


def test_a_skipped_figure_and_section_say_why(record: RunRecord) -> None:
    text = Reader(page_of(plain_report(record, leave_out="reliability"))).text
    assert "Title of reliability. There was nothing to draw." in text


PROGRAM = """
import sys
from reportgen.outputs import find_outputs
from tests.outputs.reports import plain_report
from tests.support.records import small_record
sys.stdout.buffer.write(find_outputs()[sys.argv[1]].render(plain_report(small_record()), print)[0].data)
"""


def bytes_elsewhere(output: str, zone: str, seed: str) -> bytes:
    """The bytes that another process, in another time zone and with another hash seed, makes."""
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": root}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, output], env=env, cwd=root, capture_output=True, check=True, timeout=120
    ).stdout


@pytest.mark.browser
def test_the_html_is_valid(record: RunRecord, hostile: str, tmp_path: Path) -> None:
    assert complaints_about(tmp_path, page_of(plain_report(record)), hostile) == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("kind", "width", "dark"),  # no colour depends on the width, and no width on the colours
    [("plain", 1280, True), ("plain", 360, False), ("hostile", 1280, False), ("hostile", 360, True)],
)
def test_no_one_is_kept_out_and_nothing_overflows(
    record: RunRecord, hostile: str, kind: str, width: int, dark: bool, tmp_path: Path
) -> None:
    page = hostile if kind == "hostile" else page_of(plain_report(record))
    seen = look(page, tmp_path, width, dark=dark, axe=True)
    assert seen["violations"] == []
    assert seen["rules"] > 20, "axe-core looked at something"
    assert seen["width"] <= width
    assert seen["background"] == ("rgb(20, 23, 26)" if dark else "rgb(255, 255, 255)")
    grounds = set(seen["grounds"])
    assert grounds == ({"rgb(233, 234, 236)"} if dark else {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}), (
        "drawings, whose ink is dark, stand on a light card"
    )
