"""A logo of one's own: an image that needs nothing else, or an error that says why it is none."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from reportgen.errors import SpecError
from reportgen.outputs.logos import MOST_BYTES, read_logo
from reportgen.spec.types import LogoSpec

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'


def read(path: Path) -> str:
    return read_logo(LogoSpec(file=path, alt="Ours")).uri


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_pixels_stand_in_the_page_as_they_are(kind: str, media_type: str, tmp_path: Path) -> None:
    made = io.BytesIO()
    Image.effect_noise((40, 20), 80).save(made, kind)
    (tmp_path / "logo.any").write_bytes(made.getvalue())
    assert read(tmp_path / "logo.any") == f"data:{media_type};base64,{base64.b64encode(made.getvalue()).decode()}"
    (tmp_path / "logo.any").write_bytes(made.getvalue()[: len(made.getvalue()) // 2])
    with pytest.raises(SpecError, match="can't be read as an image"):
        read(tmp_path / "logo.any")


@pytest.mark.parametrize(
    "inside",
    [
        "<circle r='4'/>",
        "<defs><linearGradient id='a'/></defs><rect fill='url(#a)' width='9' height='9'/>",
        "<image href='data:image/png;base64,AAAA'/>",
        "<style>circle { fill: red }</style><use xlink:href='#a'/>",
    ],
)
def test_a_drawing_is_taken(inside: str, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(SVG.format(inside), encoding="utf-8")
    assert read(tmp_path / "logo.svg").startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("<script>alert(1)</script>", "more than a drawing: <script>"),
        ("<circle r='4' onclick='alert(1)'/>", "more than a drawing: <circle>"),
        ("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>", "more than a drawing"),
        ("<image href='http://example.org/x.png'/>", "outside itself in <image>"),
        ("<use xlink:href='other.svg#a'/>", "outside itself in <use>"),
        ("<a href='javascript:alert(1)'><circle r='4'/></a>", "outside itself in <a>"),
        ("<rect fill='url(http://example.org/#a)'/>", "outside itself in <rect>"),
        ("<style>@import 'http://example.org/x.css';</style>", "outside itself in <style>"),
        ("<style>circle { fill: URL( 'x.svg#a' ) }</style>", "outside itself in <style>"),
        ("<circle", "can't be read as an SVG"),
    ],
)
def test_what_is_more_than_a_drawing_is_refused(inside: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(SVG.format(inside), encoding="utf-8")
    with pytest.raises(SpecError, match=told):
        read(tmp_path / "logo.svg")


def test_entities_large_files_and_no_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    with pytest.raises(SpecError, match="there is no logo"):
        read(path)
    path.write_text('<!DOCTYPE svg [<!ENTITY a "aa">]>' + SVG.format("&a;"), encoding="utf-8")
    with pytest.raises(SpecError, match="document type"):
        read(path)
    path.write_text(SVG.format("<g/>" * (MOST_BYTES // 4)), encoding="utf-8")
    with pytest.raises(SpecError, match="are allowed"):
        read(path)
    wide = io.BytesIO()
    Image.new("1", (5000, 2)).save(wide, "PNG")
    path.write_bytes(wide.getvalue())
    with pytest.raises(SpecError, match="5000×2 pixels"):
        read(path)
    path.write_bytes(b"GIF89a not one of ours")
    with pytest.raises(SpecError, match="can't be read as an image"):
        read(path)
