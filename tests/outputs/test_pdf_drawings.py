"""Figures as operators of a page: the same image as WeasyPrint's own of the same SVG, and its text as text."""

from __future__ import annotations

import base64
import io
import re
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reportgen.outputs import page, pdf_process
from reportgen.outputs._pdf_drawings import drawing as pieces
from reportgen.outputs._pdf_drawings import styles
from reportgen.outputs._pdf_drawings.images import read_png
from reportgen.outputs._pdf_drawings.paths import NotDrawn, path, transformation
from tests.outputs.hostile import hostile_subject
from tests.outputs.reports import plain_report
from tests.support.browser import tool
from tests.support.records import small_record

HEAD = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="200" height="160"'
DPI = 144


def svg(inside: str, view: str = "0 0 200 160") -> str:
    return (
        f'<svg {HEAD} viewBox="{view}" font-family="Arial, Liberation Sans, sans-serif" font-size="12">{inside}</svg>'
    )


def document(drawing: str) -> bytes:
    """A PDF of one page that shows the drawing as the report's pages do."""
    data = base64.b64encode(drawing.encode()).decode()
    style = "<style>@page { size: 240px 200px; margin: 20px } body { margin: 0 }</style>"
    text = f'<html lang="en"><title>t</title>{style}<body><img alt="a" src="data:image/svg+xml;base64,{data}">'
    heard, made = pdf_process.set_document(text, bytes, "")
    assert not heard["failures"]
    return made


def pixels(document: bytes, folder: Path) -> NDArray[np.float64]:
    """The first page, (H, W, 3), 0 to 255."""
    (folder / "page.pdf").write_bytes(document)
    done = subprocess.run(
        [tool("pdftoppm"), "-r", str(DPI), "-png", "-singlefile", str(folder / "page.pdf")],
        capture_output=True,
        check=True,
    )
    return np.asarray(Image.open(io.BytesIO(done.stdout)).convert("RGB"), dtype=np.float64)


def both(
    drawing: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The page with the drawing converted, and as WeasyPrint draws it."""
    pieces.convert_drawing(drawing.encode())  # raises where it would be left to WeasyPrint
    ours = pixels(document(drawing), folder)
    monkeypatch.setattr(pieces, "SOURCE", re.compile(r"(?!)"))
    return ours, pixels(document(drawing), folder)


def png(array: NDArray[np.uint8], mode: str) -> str:
    buffer = io.BytesIO()
    image = Image.fromarray(array)
    (image if mode == image.mode else image.convert(mode)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


CHECKER = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
CLEAR = np.zeros((2, 2, 4), np.uint8)
SHAPES = {
    "lines and curves": '<path d="M10 10 L60 10 C80 10 80 60 60 60 Q30 90 10 60 Z" fill="#0b6b66" stroke="#b34a00"/>',
    "relative commands": '<path d="m10 10 h40 v30 h-40 z m60 5 l30 10 q10 20 -5 30 c-5 5 -20 5 -25 -9 z" fill="#abc"/>',
    "commands with many numbers": '<path d="M5,5 50,9 90,70 H20 V30 L60.5-3e0" fill="none" stroke="black"/>',
    "holes": '<path d="M10 10H90V90H10ZM30 30H70V70H30Z" fill="#123456" fill-rule="evenodd"/>',
    "boxes": '<rect x="5" y="5" width="60" height="40" rx="7" fill="#ffffff" stroke="#1b1e23" stroke-width="3"/>',
    "box without a line": '<rect x="5" y="5" width="60" height="40" fill="#cfe" stroke="#1b1e23" stroke-width="0"/>',
    "polygon": '<polygon points="10,10 90,20 40,80" fill="#0060a0"/><polyline points="5,90 60,95" stroke="#000"/>',
    "ends, corners and dashes": '<path d="M20 90L60 20L100 90" fill="none" stroke="#000" stroke-width="12" '
    'stroke-linecap="round" stroke-linejoin="bevel"/><path d="M20 120H150" stroke="#b34a00" stroke-width="4" '
    'stroke-dasharray="9,4" stroke-dashoffset="3"/>',
    "opacity of one paint": '<rect width="80" height="80" fill="#0060a0"/>'
    '<rect x="40" y="40" width="80" height="80" style="fill: #b34a00; fill-opacity: 0.4"/>'
    '<path d="M0 60H150" style="stroke: #000; stroke-width: 9; opacity: 0.3"/><rect x="99" width="9" height="9"/>',
    "transformations": '<g transform="translate(40 30) rotate(30)"><rect width="50" height="20" fill="#0b6b66"/>'
    '<g transform="scale(2 1)"><rect y="40" width="20" height="9"/></g></g>'
    '<path transform="matrix(1 .2 0 1 60 60)" d="M0 0H40V40Z" fill="#b34a00"/><rect width="5" height="5"/>',
    "clips": '<defs><clipPath id="c"><rect x="20" y="20" width="50" height="50"/></clipPath></defs>'
    '<path clip-path="url(#c)" d="M0 0L99 99L99 0Z" fill="#0060a0"/>'
    '<path clip-path="url(#c)" d="M0 40H150" stroke="#000"/>'
    '<g clip-path="url(#c)"><rect x="60" y="60" width="90" height="90" fill="#b34a00"/></g>'
    '<rect x="120" width="9" height="9"/>',
    "marks used again": '<defs><path id="m" d="M0 4C2 4 4 2 4 0H-4Z" style="stroke: #000"/></defs>'
    '<g style="fill: #0b6b66"><use xlink:href="#m" x="20" y="20"/>'
    '<use xlink:href="#m" x="60" y="33.5" style="fill: #b34a00"/></g>',
    "one rule for all": '<style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style>'
    '<g style="stroke-linecap: round; stroke: #000; stroke-width: 14"><path d="M30 30H90L40 90" fill="none"/></g>',
    "a view box of its own": '<rect x="10" y="10" width="30" height="30" fill="#0060a0"/>',
    "nothing": '<g><title>words that are not drawn</title></g><path d="" fill="#000"/>',
}


@pytest.mark.browser
@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_those_that_weasyprint_draws(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = svg(SHAPES[name], "5 5 60 90" if "view" in name else "0 0 200 160")
    ours, theirs = both(drawing, tmp_path, monkeypatch)
    assert ours.shape == theirs.shape
    assert (theirs.min() < 250) == (name != "nothing")
    assert np.abs(ours - theirs).mean() < 0.1, name


IMAGES = {
    "colour": (png(CHECKER, "RGB"), 'x="10" y="10" width="80" height="60"'),
    "grey": (png(CHECKER[:, :, 0], "L"), 'x="10" y="10" width="80" height="60"'),
    "palette": (png(CHECKER, "P"), 'x="10" y="10" width="80" height="60"'),
    "stretched": (png(CHECKER, "RGB"), 'width="120" height="40" preserveAspectRatio="none"'),
    "kept in its aspect": (png(CHECKER, "RGB"), 'width="120" height="40"'),
    "upside down": (png(CHECKER, "RGB"), 'transform="scale(1 -1) translate(0 -90)" width="80" height="60"'),
}


@pytest.mark.browser
@pytest.mark.parametrize("name", IMAGES)
def test_images_are_those_that_weasyprint_draws(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, place = IMAGES[name]
    drawing = svg(f'<image {place} image-rendering="pixelated" xlink:href="{address}"/>')
    ours, theirs = both(drawing, tmp_path, monkeypatch)
    assert theirs.min() < 100
    assert (np.abs(ours - theirs).max(2) > 2).mean() < 0.01  # a border that falls between two pixels


@pytest.mark.browser
def test_the_pixels_of_an_image_are_in_the_document_as_they_were(tmp_path: Path) -> None:
    for number, mode in enumerate(("RGB", "L", "P")):
        source = CHECKER if mode != "L" else CHECKER[:, :, 1]
        address = png(source, mode)
        held = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
        made = document(svg(f'<image width="8" height="6" xlink:href="{address}"/>'))
        (tmp_path / f"{number}.pdf").write_bytes(made)
        subprocess.run(
            [tool("pdfimages"), "-png", str(tmp_path / f"{number}.pdf"), str(tmp_path / str(number))], check=True
        )
        (kept,) = tmp_path.glob(f"{number}-*.png")
        assert (np.asarray(Image.open(kept).convert("RGB")) == np.asarray(held.convert("RGB"))).all()


def ink(picture: NDArray[np.float64]) -> tuple[int, ...]:
    """Top, bottom, left and right of what is not white."""
    rows, columns = np.flatnonzero(picture.min((1, 2)) < 200), np.flatnonzero(picture.min((0, 2)) < 200)
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


TEXTS = {
    "start": '<text x="20" y="50">Hamburgefonstiv</text>',
    "middle": '<text x="100" y="50" text-anchor="middle" font-weight="bold">Hamburgefonstiv</text>',
    "end": '<text x="190" y="50" style="text-anchor: end; font-size: 15px" fill="#b34a00">Hamburgefonstiv</text>',
    "turned": '<text x="30" y="150" transform="rotate(-90 30 150)" style="text-anchor: start">Hamburgefonstiv</text>',
    "moved": '<g transform="translate(10 20) scale(1.5)"><text transform="translate(5 30)">Hamburg</text></g>',
    "of two colours": '<text x="20" y="50">Ham  burg <tspan fill="#0b6b66" font-weight="600">efon</tspan> stiv </text>',
}


@pytest.mark.browser
@pytest.mark.parametrize("name", TEXTS)
def test_text_stands_where_weasyprint_sets_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = both(svg(TEXTS[name]), tmp_path, monkeypatch)
    assert np.abs(np.array(ink(ours)) - np.array(ink(theirs))).max() <= 3  # of 2 to a pixel: it sets no kerning
    assert np.abs(ours - theirs).mean() < 1.5


@pytest.mark.browser
def test_text_stays_text_in_one_piece(tmp_path: Path) -> None:
    words = ["Kalibrierung & <b>", "模型 🙂", "{{7*7}}"]
    lines = "".join(f'<text x="5" y="{20 + 20 * row}">{escape(line)}</text>' for row, line in enumerate(words))
    (tmp_path / "page.pdf").write_bytes(document(svg(lines)))
    done = subprocess.run([tool("pdftotext"), str(tmp_path / "page.pdf"), "-"], capture_output=True, check=True)
    text = done.stdout.decode()
    assert all(word in text for word in ("Kalibrierung & <b>", "模型", "{{7*7}}"))


@pytest.mark.slow
def test_a_character_that_no_font_has_is_heard() -> None:
    data = base64.b64encode(svg('<text x="5" y="20">a\U0010fffd</text>').encode()).decode()
    heard, _ = pdf_process.set_document(
        f'<html lang="en"><title>t</title><img alt="a" src="data:image/svg+xml;base64,{data}">', bytes, ""
    )
    assert heard["missing"] == ["\U0010fffd"]


UNKNOWN = {
    "a gradient": '<linearGradient id="g"/><rect width="9" height="9" fill="url(#g)"/>',
    "an arc": '<path d="M0 0A9 9 0 0 0 9 9"/>',
    "a command without its numbers": '<path d="M0 0L9"/>',
    "no path": '<path d="M0 0 nonsense"/>',
    "a colour by name": '<rect width="9" height="9" fill="rebeccapurple"/>',
    "another unit": '<rect width="9mm" height="9"/>',
    "an attribute": '<rect width="9" height="9" filter="url(#f)"/>',
    "a property": '<rect width="9" height="9" style="mix-blend-mode: multiply"/>',
    "a style sheet": "<style>.a { fill: #000 }</style>",
    "a transparent group": '<g opacity="0.5"><rect width="9" height="9"/></g>',
    "a drawing inside": '<svg width="9" height="9"/>',
    "an element": '<circle r="9"/>',
    "another language inside": '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">p</p></foreignObject>',
    "a skew": '<rect width="9" height="9" transform="skewX(9)"/>',
    "an unknown clip": '<rect width="9" height="9" clip-path="url(#nothing)"/>',
    "an unknown mark": '<use xlink:href="#nothing"/>',
    "text on a path": '<text><textPath href="#p">text</textPath></text>',
    "an aligned base line": '<text dominant-baseline="middle">text</text>',
    "a picture from outside": '<image width="9" height="9" xlink:href="http://127.0.0.1:9/x.png"/>',
    "a picture with opacity": f'<image width="9" height="9" xlink:href="{png(CLEAR, "RGBA")}"/>',
    "a damaged picture": '<image width="9" height="9" xlink:href="data:image/png;base64,AAAA"/>',
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_left_to_weasyprint(name: str) -> None:
    drawing = svg(UNKNOWN[name])
    with pytest.raises(NotDrawn):
        pieces.convert_drawing(drawing.encode())
    text = f'<img src="data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}">'
    assert pieces.convert_drawings(text) == (text, {})


def test_a_drawing_that_is_too_deep_is_left_to_weasyprint() -> None:
    data = base64.b64encode(svg("<g>" * 5000 + "</g>" * 5000).encode()).decode()
    text = f'<img src="data:image/svg+xml;base64,{data}">'
    assert pieces.convert_drawings(text) == (text, {})


def test_a_drawing_without_a_size_and_one_that_is_no_xml_are_left_to_weasyprint() -> None:
    for data in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<svg", svg("").replace("160", "0").encode()):
        with pytest.raises(NotDrawn):
            pieces.convert_drawing(data)


@pytest.mark.parametrize("make", [small_record, hostile_subject], ids=["small", "hostile"])
def test_every_figure_of_a_report_is_a_plate(make: object) -> None:
    record = make() if callable(make) else None
    text = page.make_page(plain_report(record), "print")
    assert text.count("data:image/svg+xml") > 20
    changed, made = pieces.convert_drawings(text)
    assert "data:image/svg+xml" not in changed
    assert len(made) == text.count("data:image/svg+xml")


@pytest.mark.browser
def test_a_photograph_is_in_the_document_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'<html lang="en"><title>t</title><body><img alt="a" width="80" height="60" src="{png(CHECKER, "RGB")}">'
    made, _ = pieces.convert_drawings(text)
    assert 'src="drawing:0"' in made
    _, ours = pdf_process.set_document(text, bytes, "")
    monkeypatch.setattr(pieces, "SOURCE", re.compile(r"(?!)"))
    _, theirs = pdf_process.set_document(text, bytes, "")
    seen = pixels(ours, tmp_path)
    assert seen.min() < 100
    assert (np.abs(seen - pixels(theirs, tmp_path)).max(2) > 2).mean() < 0.01


def test_a_path_keeps_the_numbers_it_was_given() -> None:
    assert path("M 1.25 2 L3.5,4z") == "1.25 2 m 3.5 4 l h"
    assert path("M1 2l3 4", 10, 20) == "11 22 m 14 26 l"
    assert path("M0 0Q3 0 3 3") == "0 0 m 2 0 3 1 3 3 c"


def test_transformations_follow_each_other_from_the_right() -> None:
    assert transformation("translate(10 20) scale(2)") == (2, 0, 0, 2, 10, 20)
    turned = transformation("rotate(90 5 5)")
    assert np.allclose(turned, (0, 1, -1, 0, 10, 0))


def test_properties_pass_from_element_to_element() -> None:
    assert styles.paint(styles.INHERITED | {"fill": "#f00"}).setup == (("fill", "1 0 0 rg"),)
    assert styles.paint(styles.INHERITED | {"fill": "none"}).operator == "n"


def test_a_png_that_pdf_can_not_hold_as_it_is_is_refused() -> None:
    for data in (b"", b"\x89PNG\r\n\x1a\n", b"GIF89a"):
        with pytest.raises(NotDrawn):
            read_png(data)
