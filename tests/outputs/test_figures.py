"""figures/: the order of the report, drawings that stand alone, pixels that say their size, and the numbers."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from PIL import Image

import reportgen.figures
from reportgen.errors import EnvironmentTrouble
from reportgen.outputs import html
from reportgen.outputs.figures import OUTPUT, draw_pixels, needs_other_fonts, stand_alone
from reportgen.record.run import RunRecord
from reportgen.report.assemble import assemble
from reportgen.report.model import FigureFile, Report
from reportgen.report.sections import find_sections
from tests.outputs.reports import plain_figure, plain_report
from tests.support.records import presented

pytestmark = pytest.mark.slow
SECTIONS = ("model", "evaluation", "data")
NAME = re.compile(r"figures/(\d+)-(\w+)\.(svg|png|csv)")


@pytest.fixture(scope="module")
def report(record: RunRecord) -> Report:
    """A report of three sections with their real figures."""
    subject = presented(record)
    sections = {name: find_sections()[name] for name in SECTIONS}
    names = [name for section in sections.values() for name in section.drawn]
    return assemble(subject, reportgen.figures.draw(subject, names), sections)


@pytest.fixture(scope="module")
def files(report: Report) -> dict[str, bytes]:
    return {file.path: file.data for file in OUTPUT.render(report, pytest.fail)}


def test_every_figure_is_there_in_the_order_of_the_report(report: Report, files: dict[str, bytes]) -> None:
    named = [match for match in map(NAME.fullmatch, files) if match]
    drawn = [match[2] for match in named if match[3] == "svg"]
    assert len(drawn) >= 8
    assert [int(match[1]) for match in named if match[3] == "svg"] == list(range(1, len(drawn) + 1))
    assert [match[2] for match in named if match[3] == "png"] == drawn
    page = html.OUTPUT.render(report, pytest.fail)[0].data.decode()
    shown = re.findall(r'<figure[^>]*id="figure-(\w+)"', page)
    assert drawn == list(dict.fromkeys(name for name in shown if name in drawn))
    assert set(drawn) == {figure.name for figure in report.figures}


def test_the_declared_order_is_that_of_the_page_in_every_section(record: RunRecord) -> None:
    whole = plain_report(record)
    page = html.OUTPUT.render(whole, pytest.fail)[0].data.decode()
    for section in find_sections().values():
        shown = list(dict.fromkeys(re.findall(r'id="figure-(\w+)"', page)))
        assert [name for name in shown if name in section.drawn] == [name for name in section.drawn if name in shown]


def test_drawings_stand_alone(report: Report, files: dict[str, bytes]) -> None:
    titles = {figure.name: figure for figure in report.figures}
    for path, data in files.items():
        match = NAME.fullmatch(path)
        if match is None or match[3] != "svg":
            continue
        root = ElementTree.fromstring(data)
        assert root[0].text == titles[match[2]].title, path
        assert root[1].text == titles[match[2]].alt, path
        anchors = [node for node in root.iter() if node.tag.endswith("}a")]
        assert all(not any(key.endswith("href") for key in node.attrib) for node in anchors), path


def test_pixels_have_300_dots_per_inch_and_the_same_bytes(report: Report, files: dict[str, bytes]) -> None:
    sizes = {figure.name: (figure.width, figure.height) for figure in report.figures}
    for path, data in files.items():
        match = NAME.fullmatch(path)
        if match is None or match[3] != "png":
            continue
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
            assert image.size == pytest.approx([3.125 * side for side in sizes[match[2]]], abs=1)
            low, high = image.convert("L").getextrema()
            assert low < 128 < 250 < high, path
    small = plain_figure("a")
    assert draw_pixels(stand_alone(small)) == draw_pixels(stand_alone(small))


def test_text_is_drawn_whatever_fonts_the_machine_has(report: Report) -> None:
    figure = next(one for one in report.figures if one.name == "confusion")
    without = re.sub(rb"<text\b.*?</text>", b"", figure.data, flags=re.DOTALL)
    whole, empty = (draw_pixels(stand_alone(replace(figure, data=data))) for data in (figure.data, without))
    inked = [sum(Image.open(io.BytesIO(png)).convert("L").histogram()[:128]) for png in (whole, empty)]
    assert inked[0] > inked[1] + 1000
    assert not needs_other_fonts("Größe σ₁ → 0,5 % ‖W‖ −1 …")
    assert needs_other_fonts("狐狸")


def test_numbers_are_those_of_the_record(record: RunRecord, files: dict[str, bytes]) -> None:
    assert record.measured is not None
    path = next(path for path in files if path.endswith("-confusion.csv"))
    heads, *rows = csv.reader(io.StringIO(files[path].decode()))
    assert heads == ["true class", "called", "images", "share of the true class's images (%)"]
    counts = record.measured.confusion
    assert [int(row[2]) for row in rows] == [count for line in counts for count in line]
    assert [row[0] for row in rows[:: len(counts)]] == list(record.data.classes)
    assert float(rows[1][3]) == pytest.approx(100 * counts[0][1] / sum(counts[0]))


def test_captions_say_what_lies_beside_them(report: Report, files: dict[str, bytes]) -> None:
    text = files["figures/captions.md"].decode()
    assert text.count("\n## ") == len(report.figures)
    assert text.count(".csv") == sum(path.endswith(".csv") for path in files)
    (empty,) = OUTPUT.render(replace(report, figures=()), pytest.fail)
    assert b"no figures" in empty.data


def test_figures_of_a_mail_alone_are_left_out_and_rasters_are_wrapped(report: Report) -> None:
    png = io.BytesIO()
    Image.new("RGB", (4, 4), "#b34a00").save(png, "PNG")
    mail = FigureFile("mail_classes", "image/png", png.getvalue(), 340, 100, "t", "c", "a")
    sample = FigureFile("sample_raw", "image/png", png.getvalue(), 40, 40, "t <b>", "c", "a & b")
    paths = {file.path: file.data for file in OUTPUT.render(replace(report, figures=(mail, sample)), pytest.fail)}
    assert sorted(paths) == ["figures/01-sample_raw.png", "figures/01-sample_raw.svg", "figures/captions.md"]
    with Image.open(io.BytesIO(paths["figures/01-sample_raw.png"])) as image:
        assert image.size == (125, 125)
        assert image.convert("RGB").getpixel((60, 60)) == (0xB3, 0x4A, 0x00)


def test_a_machine_without_the_extra_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    OUTPUT.check()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EnvironmentTrouble) as trouble:
        OUTPUT.check()
    assert "reportgen-torch[figures]" in str(trouble.value.hint)
