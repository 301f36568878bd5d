"""The fence around WeasyPrint: whatever of it is missing, changed or broken, the PDF has every figure, and says so."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reportgen.outputs import _weasyprint, pdf, pdf_process
from reportgen.outputs._weasyprint import (
    CALLS,
    ImageOfDocument,
    ImageOfPage,
    PageCanvas,
    Parts,
    SlowWay,
    StructureWriter,
    find_parts,
)
from reportgen.pipeline.write import attempt
from reportgen.record.run import RunRecord
from reportgen.report.model import Report
from tests.outputs import reports
from tests.outputs.reports import plain_report
from tests.support.browser import tool
from tests.support.records import presented

LABELS = ("First figure", "Second figure", "Third figure")
WITH_FIGURES = ["training", "evaluation"]
"""Sections that hold half of the figures of a report."""


def png() -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def figure(label: str) -> str:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="300" height="80" '
        f'viewBox="0 0 300 80"><text x="5" y="20" font-family="sans-serif" font-size="14">{label}</text>'
        '<g transform="translate(5 30)"><rect width="40" height="40" fill="#b34a00" fill-opacity="0.5"/></g>'
        f'<image x="60" y="30" width="40" height="40" xlink:href="data:image/png;base64,{png()}"/></svg>'
    )
    return f'<p><img alt="{label}" src="data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"></p>'


PAGE = f'<html lang="en"><title>t</title><body><h1>Title</h1>{"".join(figure(label) for label in LABELS)}'


def pages(document: bytes, folder: Path) -> list[NDArray[np.float64]]:
    """Every page, (H, W, 3), 0 to 255."""
    (folder / "seen.pdf").write_bytes(document)
    subprocess.run([tool("pdftoppm"), "-r", "40", "-png", str(folder / "seen.pdf"), str(folder / "seen")], check=True)
    found = sorted(folder.glob("seen-*.png"))
    seen = [np.asarray(Image.open(path).convert("RGB"), dtype=np.float64) for path in found]
    for path in found:
        path.unlink()
    return seen


def same_to_the_eye(ours: bytes, theirs: bytes, folder: Path) -> bool:
    one, other = pages(ours, folder), pages(theirs, folder)
    return len(one) == len(other) and all(np.abs(a - b).mean() < 0.5 for a, b in zip(one, other, strict=True))


def words(document: bytes, folder: Path) -> str:
    (folder / "read.pdf").write_bytes(document)
    done = subprocess.run([tool("pdftotext"), str(folder / "read.pdf"), "-"], capture_output=True, check=True)
    return " ".join(done.stdout.decode("utf-8").split())


@pytest.fixture(scope="module")
def fast() -> bytes:
    heard, document = pdf_process.set_document(PAGE, bytes, "")
    assert heard == {"missing": [], "failures": [], "refused": [], "tags": None, "slow": None}
    return document


def check_slow(heard: dict[str, Any], document: bytes, fast: bytes, folder: Path) -> None:
    """It was the slow way, and every figure is there as it was."""
    assert {name: value for name, value in heard.items() if value} == {"slow": heard["slow"]}
    assert all(label in words(document, folder) for label in LABELS)
    assert same_to_the_eye(document, fast, folder)


def pretend(monkeypatch: pytest.MonkeyPatch, name: str, make: Callable[[], Any]) -> None:
    """Another version, in which a part is what `make` gives or raises."""
    look_up = _weasyprint.look_up
    monkeypatch.setattr(_weasyprint, "look_up", lambda asked: make() if asked == name else look_up(asked))


def gone() -> Any:
    raise AttributeError("gone")


def test_the_installed_version_has_every_part() -> None:
    assert isinstance(find_parts(), Parts)


@pytest.mark.parametrize("name", [*CALLS, "weasyprint.css.properties:INITIAL_VALUES", "weasyprint:DEFAULT_OPTIONS"])
def test_a_part_that_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, name, gone)
    assert find_parts() == SlowWay("missing", name.replace(":", "."))


@pytest.mark.parametrize("name", CALLS)
def test_a_part_that_takes_other_arguments_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in (lambda: None, lambda *, wanted: wanted):
        pretend(monkeypatch, name, lambda other=other: other)
        assert find_parts() == SlowWay("changed", name.replace(":", "."))


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("weasyprint.css.properties:INITIAL_VALUES", {"font_size": 1}, "weasyprint.css.properties.INITIAL_VALUES"),
        ("weasyprint:DEFAULT_OPTIONS", {}, "weasyprint.DEFAULT_OPTIONS['cache']"),
        ("pydyf:Stream", lambda _stream, _extra: None, "pydyf.Stream"),
    ],
)
def test_a_part_of_another_shape_is_named(name: str, value: Any, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, name, lambda: value)
    found = find_parts()
    assert isinstance(found, SlowWay)
    assert found.part == part


@pytest.mark.browser
@pytest.mark.parametrize("name", ["weasyprint.text.line_break:line_size", "pydyf:Stream"])
def test_without_a_part_the_page_is_set_the_documented_way(
    name: str, fast: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, name, gone)
    heard, document = pdf_process.set_document(PAGE, bytes, "")
    assert heard["slow"] == {"what": "missing", "part": name.replace(":", ".")}
    check_slow(heard, document, fast, tmp_path)


def fail(*_arguments: Any, **_options: Any) -> Any:
    raise RuntimeError("something else in this version")


@pytest.mark.browser
@pytest.mark.parametrize(
    "name", ["layout", "line_size", "draw_first_line", "matrix", "stream", "dictionary", "initial_values"]
)
def test_a_part_that_fails_in_the_middle(name: str, fast: bytes, tmp_path: Path) -> None:
    parts = find_parts()
    assert isinstance(parts, Parts)
    heard, document = pdf_process.set_document(PAGE, bytes, "", dataclasses.replace(parts, **{name: fail}))
    assert heard["slow"]["what"] == "failed"
    check_slow(heard, document, fast, tmp_path)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (ImageOfPage, "get_intrinsic_size"),
        (ImageOfPage, "draw"),
        (ImageOfDocument, "get_x_object"),
        (PageCanvas, "transform"),
        (PageCanvas, "set_alpha"),
        (PageCanvas, "show_raster"),
        (PageCanvas, "show_line"),
        (Parts, "compress"),
    ],
)
def test_a_drawing_that_fails_in_the_middle(
    owner: type, method: str, fast: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, method, fail)
    heard, document = pdf_process.set_document(PAGE, bytes, "")
    assert heard["slow"]["what"] == "failed"
    assert heard["slow"]["part"].startswith("RuntimeError: something else in this version in ")
    check_slow(heard, document, fast, tmp_path)


@pytest.mark.browser
@pytest.mark.parametrize("blind", [lambda *_: {}, lambda *_: Unasked()], ids=["not looked at", "never drawn"])
def test_drawings_that_are_not_used_are_noticed(
    blind: Callable[..., Any], fast: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Blind(_weasyprint.Images):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made = blind()
            for name in list(self):
                if isinstance(made, Unasked):
                    self.drawings[name].is_laid_out = True
                    self[name] = made
                else:
                    del self[name]

    monkeypatch.setattr(pdf_process, "Images", Blind)
    heard, document = pdf_process.set_document(PAGE, bytes, "")
    assert heard["slow"]["part"].startswith("DrawingsIgnored: the images in its cache were not used")
    check_slow(heard, document, fast, tmp_path)


class Unasked:
    """An image that draws nothing, as if another version drew images in another way."""

    def get_intrinsic_size(self, *_: Any) -> tuple[float, float, float]:
        return 300, 80, 300 / 80

    def draw(self, *_: Any) -> None:
        return


def test_memory_that_ran_out_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(ImageOfPage, "draw", run_out)
    with pytest.raises(MemoryError):
        pdf_process.set_document(PAGE, bytes, "")


def test_a_page_that_hides_a_figure_is_no_failure() -> None:
    heard, _ = pdf_process.set_document(PAGE.replace('alt="First figure"', 'alt="" style="display: none"'), bytes, "")
    assert heard["slow"] is None


def another_weasyprint(folder: Path, change: Callable[[str], str]) -> None:
    """A copy of WeasyPrint whose sources are changed."""
    import weasyprint

    source = Path(weasyprint.__file__).parent
    shutil.copytree(source, folder / "weasyprint")  # with what Python compiled of it
    for path in (folder / "weasyprint").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if change(text) != text:
            path.write_text(change(text), encoding="utf-8")


def render_with(folder: Path, report: Report, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, tuple[str, ...]]:
    """The PDF of a report and the warnings, made with the WeasyPrint in a folder."""
    monkeypatch.setenv("PYTHONPATH", str(folder))
    written = attempt(pdf.OUTPUT, report, {})
    assert written.failure is None
    (file,) = written.files
    return file.data, written.warnings


@pytest.mark.browser
@pytest.mark.slow
def test_a_report_is_whole_with_another_weasyprint(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = '<text x="9" y="30" font-family="sans-serif">Label</text></svg>'
    monkeypatch.setattr(reports, "DRAWING", reports.DRAWING.replace("</svg>", label))
    report = plain_report(presented(record, report={"sections": WITH_FIGURES}))
    assert len(report.figures) > 10
    (tmp_path / "same").mkdir()
    ours, said = render_with(tmp_path / "same", report, monkeypatch)
    assert said == ()
    renamed, broken = tmp_path / "renamed", tmp_path / "broken"
    another_weasyprint(renamed, lambda text: re.sub(r"\bdraw_first_line\b", "draw_a_line", text))
    document, said = render_with(renamed, report, monkeypatch)
    assert len(said) == 1
    assert "weasyprint.draw.text.draw_first_line is not in the installed version" in said[0]
    assert same_to_the_eye(document, ours, tmp_path)
    crash = "def draw_first_line(stream, textbox, *rest):\n    import os, signal\n"
    crash += "    if type(textbox).__name__ == 'MeasuredRun': os.kill(os.getpid(), signal.SIGSEGV)\n"
    crash += "    return draw_as_before(stream, textbox, *rest)\n\n\ndef draw_as_before("
    another_weasyprint(broken, lambda text: text.replace("def draw_first_line(", crash))
    document, said = render_with(broken, report, monkeypatch)
    assert len(said) == 1
    assert "SIGSEGV" in said[0]
    assert words(document, tmp_path).count("Label") == words(ours, tmp_path).count("Label") >= len(report.figures)
    assert same_to_the_eye(document, ours, tmp_path)


@pytest.mark.parametrize("what", ["missing", "changed", "failed"])
def test_the_warning_is_one_sentence_that_names_the_part(what: str) -> None:
    said = pdf.describe_slow(what, "weasyprint.some.part")
    assert "weasyprint.some.part" in said
    assert said.endswith("nothing is missing.")
    assert "\n" not in said


@pytest.mark.browser
@pytest.mark.parametrize(
    ("owner", "method"), [(StructureWriter, "write"), (StructureWriter, "finish_links"), (pdf_process, "finish")]
)
def test_a_document_that_can_not_be_finished_is_whole_and_claims_nothing(
    owner: Any, method: str, fast: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert b"pdfaid:part" in fast
    monkeypatch.setattr(owner, method, fail)
    heard, document = pdf_process.set_document(PAGE, bytes, "")
    assert {name: value for name, value in heard.items() if value} == {"tags": heard["tags"]}
    assert heard["tags"]["what"] == "failed"
    assert heard["tags"]["part"].startswith("RuntimeError: something else in this version in ")
    assert b"pdfaid:" not in document
    assert b"pdfuaid:" not in document
    assert all(label in words(document, tmp_path) for label in LABELS)
    assert same_to_the_eye(document, fast, tmp_path)
