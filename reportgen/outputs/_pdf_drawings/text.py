"""Lines of text in a drawing, shaped by Pango with the fonts of the document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportgen.outputs._pdf_drawings.paths import Affine

WEIGHTS = {"normal": 400, "bold": 700}


@dataclass(frozen=True)
class Font:
    """What letters are asked for."""

    family: tuple[str, ...]
    size: float
    weight: int = 400
    style: str = "normal"


@dataclass(frozen=True)
class Run:
    """Letters of one font and one colour: three numbers of PDF."""

    text: str
    font: Font
    colour: str


@dataclass
class Set:
    """A run that was measured: what `draw_first_line` of WeasyPrint takes."""

    pango_layout: Any
    style: Any
    text: str
    width: float
    baseline: float


class Style(dict[str, Any]):
    """A computed style that knows the fonts of its document."""

    font_config: Any


class Letterer:
    """Writes lines; `fonts` is the FontConfiguration of the document."""

    def __init__(self, fonts: Any) -> None:
        self.fonts = fonts
        self.styles: dict[Font, Style] = {}
        self.layouts: dict[tuple[Font, int], Any] = {}

    def style(self, font: Font) -> Style:
        """WeasyPrint's style of a font."""
        if font not in self.styles:
            from weasyprint.css.properties import INITIAL_VALUES

            style = Style(INITIAL_VALUES)
            style.font_config = self.fonts
            style |= {
                "font_family": list(font.family), "font_size": font.size, "font_weight": font.weight,
                "font_style": font.style,
            }  # fmt: skip
            self.styles[font] = style
        return self.styles[font]

    def measure(self, run: Run, place: int) -> Set:
        """The run as one line, with its width in the units of the drawing; good until another is measured at its place.

        Making a layout takes as long as setting a word.
        """
        from weasyprint.text.line_break import Layout, line_size

        style = self.style(run.font)
        layout = self.layouts.get((run.font, place))
        if layout is None:
            layout = self.layouts[run.font, place] = Layout(style)
        layout.set_text(run.text)
        line, _ = layout.get_first_line()
        return Set(layout, style, run.text, line_size(line, style)[0], 0.0)

    def write(self, stream: Any, runs: tuple[Run, ...], x: float, y: float, anchor: str, by: Affine) -> None:
        """Put the runs side by side on a stream."""
        from weasyprint.draw.text import draw_emojis, draw_first_line
        from weasyprint.matrix import Matrix

        sets = [self.measure(run, place) for place, run in enumerate(runs)]
        x -= sum(one.width for one in sets) * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        for run, one in zip(runs, sets, strict=True):
            stream.stream.append(f"{run.colour} rg".encode("ascii"))
            stream.begin_text()
            emojis = draw_first_line(stream, one, "none", "none", Matrix(d=-1, e=x, f=y) @ Matrix(*by))
            stream.end_text()
            if emojis:
                with stream.stacked():
                    stream.transform(*by)
                    draw_emojis(stream, one.style, x, y, emojis)
            x += one.width
