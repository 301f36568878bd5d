"""figures/: every figure of the report in its order, for papers and slides: SVG, PNG with 300 dots per inch, and the
numbers it shows as CSV.

Drawings of the network and its graph, and images, have no CSV.
"""

from __future__ import annotations

import base64
import importlib.util
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

from reportgen.errors import EnvironmentTrouble
from reportgen.outputs.markdown import code, plain
from reportgen.plugins import Output, OutputFile
from reportgen.report.model import FigureFile, Report
from reportgen.text.i18n import _, language, with_label

FOLDER = "figures"
DOTS = 300
"""Per inch of the PNG; a CSS pixel is 1/96 inch."""
OPENING = re.compile(rb"<svg\b[^>]*>")
LINK = re.compile(rb"(<a\b[^>]*?)\s(?:xlink:)?href=\"#[^\"]*\"")
"""A link into the page that the figure is cut out of."""
SIGNATURE_AND_HEADER = 33
"""Bytes of a PNG before its second chunk."""
BUNDLED = (range(0x0700), range(0x1D00, 0x2E00), range(0xFB00, 0xFF00), range(0x1D400, 0x1D800))
"""What DejaVu Sans, which comes with matplotlib, has letters for."""


def check() -> None:
    """Raise EnvironmentTrouble when the extra is not installed."""
    if importlib.util.find_spec("resvg_py") is None:
        raise EnvironmentTrouble(
            "the output figures needs resvg, which is not installed", "pip install 'reportgen-torch[figures]'"
        )


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """Two or three files a figure: `figures/NN-name.svg`, `.png`, and `.csv` where it shows numbers; and their
    captions."""
    del warn
    figures = list_figures(report)
    digits = max(2, len(str(len(figures))))
    named = {f"{place:0{digits}d}-{figure.name}": figure for place, figure in enumerate(figures, 1)}
    files = [
        OutputFile(f"{FOLDER}/{name}.{ending}", data)
        for name, figure in named.items()
        for ending, data in write_figure(figure)
    ]
    with language(report.language):
        return OutputFile(f"{FOLDER}/captions.md", write_captions(report, named).encode()), *files


def write_captions(report: Report, named: Mapping[str, FigureFile]) -> str:
    """Title and caption of every figure, and what its CSV is."""
    parts = [f"# {plain(report.title)}"]
    for name, figure in named.items():
        parts += [f"## {plain(figure.title)}", with_label(code(name), plain(figure.caption))]
        if figure.csv:
            parts.append(_("{file} holds the numbers that it is drawn from, not rounded.", file=code(f"{name}.csv")))
    if not named:
        parts.append(plain(_("The sections of this report show no figures.")))
    return "\n\n".join([*parts, ""])


def list_figures(report: Report) -> list[FigureFile]:
    """The figures that stand in the report, in its order; those of a mail, and small ones of the first page, are left
    out."""
    from reportgen.outputs import find_outputs
    from reportgen.report.sections import find_sections

    sections = find_sections().values()
    elsewhere = {name for output in find_outputs().values() for name in output.figures(report.subject)}
    elsewhere |= {name for section in sections for name in section.chosen(report.subject)}
    inside = {name for section in sections for name in section.drawn}
    return [figure for figure in report.figures if figure.name not in elsewhere - inside]


def write_figure(figure: FigureFile) -> list[tuple[str, bytes]]:
    """The files of one figure by the ending of their names."""
    drawing = stand_alone(figure)
    files = [("svg", drawing), ("png", draw_pixels(drawing))]
    return [*files, ("csv", figure.csv.encode())] if figure.csv else files


def stand_alone(figure: FigureFile) -> bytes:
    """The figure as SVG that needs no page: with its title and its alternative text, without links into the page."""
    drawing = figure.data if figure.media_type == "image/svg+xml" else wrap_image(figure)
    words = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in (("title", figure.title), ("desc", figure.alt)))
    return LINK.sub(rb"\1", OPENING.sub(lambda opening: opening[0] + words.encode(), drawing, count=1))


def wrap_image(figure: FigureFile) -> bytes:
    """An SVG of one image, its pixels enlarged without smoothing."""
    address = f"data:{figure.media_type};base64,{base64.b64encode(figure.data).decode('ascii')}"
    size = f'width="{figure.width}" height="{figure.height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {size} '
        f'viewBox="0 0 {figure.width} {figure.height}"><image {size} image-rendering="pixelated" '
        f'xlink:href="{address}"/></svg>'
    ).encode()


def draw_pixels(drawing: bytes) -> bytes:
    """The drawing on white paper as PNG that says its resolution.

    With the letters of DejaVu Sans alone the bytes are the same on every machine; the machine's own fonts are used
    where the text has others, such as Chinese ones.
    """
    import resvg_py

    text = drawing.decode()
    png = bytes(
        resvg_py.svg_to_bytes(
            svg_string=text,
            background="#ffffff",
            dpi=96,
            zoom=DOTS / 96,
            skip_system_fonts=not needs_other_fonts(text),
            font_files=[str(path) for path in bundled_fonts()],
            font_family="DejaVu Sans",
            sans_serif_family="DejaVu Sans",
            monospace_family="DejaVu Sans Mono",
        )
    )
    chunk = b"pHYs" + struct.pack(">IIB", *[round(DOTS / 0.0254)] * 2, 1)  # dots per metre, PNG 11.3.4.3
    density = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:SIGNATURE_AND_HEADER] + density + png[SIGNATURE_AND_HEADER:]


def draw_small(svg: str, height: int) -> bytes:
    """A drawing of somebody's own as PNG, so many pixels high, transparent where nothing is painted.

    Raises ImportError where resvg is not installed, and what resvg raises for a drawing that it does not know.
    """
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, height=height))


def needs_other_fonts(text: str) -> bool:
    """Whether a text has letters that DejaVu Sans has not."""
    return any(not any(ord(letter) in block for block in BUNDLED) for letter in set(text))


def bundled_fonts() -> list[Path]:
    """The files of DejaVu Sans, which come with matplotlib; that is not imported for them."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.submodule_search_locations is not None
    folder = Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    return sorted(folder.glob("DejaVuSans*.ttf"))


OUTPUT = Output(
    "figures",
    "every figure as SVG, PNG and, where it shows numbers, CSV, for papers and slides",
    (f"{FOLDER}/",),
    check,
    render,
    extra=True,
)
