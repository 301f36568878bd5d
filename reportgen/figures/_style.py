"""One style for every figure: colours by meaning, sizes, type, and the way a figure becomes bytes."""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from reportgen.figures._compact import compact
from reportgen.figures._layout import EDGE, lay_out
from reportgen.metrics.intervals import wilson
from reportgen.report.model import FigureFile
from reportgen.report.style import ACCENT, FULL, HAIRLINE, INK, MUTED, PAPER, SOFT, TEXT, WRONG, WRONG_SOFT, families
from reportgen.system.fonts import chinese_fonts
from reportgen.text import numerals
from reportgen.text import shorten as cut
from reportgen.text.i18n import current_language, join_parts, with_note
from reportgen.text.numerals import NBSP

POINT = 0.75
"""Points in a CSS pixel; matplotlib's SVG counts in points."""
PIXELS = 2.5
"""Of an image, for one CSS pixel."""
EAST_ASIAN = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "Microsoft YaHei",
)
STROKES = 1.0
"""Points above it, into which the strokes of Chinese characters reach."""
NAMED = 13.0
"""Points that the common name of several axes takes."""
ROOMY = 18
"""Characters from which on a squeezed name keeps its beginning."""
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
"""First strong isolate, pop directional isolate (Unicode annex 9)."""
RULES: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT * POINT,
    "text.parse_math": False,
    "text.color": INK,
    "axes.titlesize": TEXT * POINT,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.titlepad": 6,
    "axes.labelsize": TEXT * POINT,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.75,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.75,
    "xtick.labelsize": TEXT * POINT,
    "ytick.labelsize": TEXT * POINT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "xtick.major.width": 0.75,
    "legend.fontsize": TEXT * POINT,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "svg.fonttype": "none",
}
ERRORS = LinearSegmentedColormap.from_list("errors", (PAPER, WRONG_SOFT, WRONG))
"""Shares of errors: one hue, from paper to the colour of wrong."""
ORDER = LinearSegmentedColormap.from_list("order", ("#bfe0dc", "#4f9e97", ACCENT, "#063d3a"))
"""Stages of a model in their order: one hue, light to dark."""

BLACK = "#000000"
LEGIBLE = 4.5
"""The least contrast of text with what is behind it (WCAG 2.2, success criterion 1.4.3)."""


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG 2.2)."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(behind: str) -> str:
    """The colour of text on this one: ink, else paper; black where neither is legible."""
    return next((ink for ink in (INK, PAPER) if contrast(ink, behind) >= LEGIBLE), BLACK)


@dataclass(frozen=True)
class Sheet:
    """A figure under way."""

    name: str
    figure: Figure
    width: int
    """CSS pixels."""
    height: int
    margins: dict[str, float] = field(default_factory=dict)
    """Points that stay free at the edges, as `lay_out` takes them."""

    def name_axes(self, across: str, upwards: str) -> None:
        """One name for the horizontal and one for the vertical axes of all charts."""
        self.figure.text(0.5, EDGE / (self.height * POINT), across, ha="center", va="bottom", color=MUTED)
        self.figure.text(EDGE / (self.width * POINT), 0.5, upwards, va="center", rotation=90, color=MUTED)
        self.margins.update(left=NAMED, below=NAMED)

    def head(self, words: str, colour: str) -> None:
        """A line in bold letters above all charts, at the left edge."""
        self.figure.text(
            0, 1 - STROKES / (72 * self.figure.get_figheight()), words, va="top", color=colour, weight="bold"
        )
        self.margins.update(above=NAMED)

    def svg(self, title: str, caption: str, alt: str, csv: str = "") -> FigureFile:
        """The figure as SVG with its text as text; the same bytes for the same marks. `csv`: what it shows."""
        buffer = io.BytesIO()
        lay_out(self.figure, **self.margins)
        unsaid = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        self.figure.savefig(buffer, format="svg", metadata=unsaid)
        data = compact(buffer.getvalue(), self.name, families(), TEXT * POINT)
        return FigureFile(self.name, "image/svg+xml", data, self.width, self.height, title, caption, alt, csv=csv)

    def png(self, title: str, caption: str, alt: str) -> FigureFile:
        """The figure as pixels on opaque paper, for what can show no drawing; the same bytes for the same marks."""
        buffer = io.BytesIO()
        for text in self.figure.findobj(Text):
            text.set_fontfamily([*measuring_fonts(), *east_asian_fonts()])
        lay_out(self.figure, **self.margins)
        self.figure.savefig(buffer, format="png", dpi=72 * PIXELS / POINT, metadata={"Software": None})
        return FigureFile(self.name, "image/png", buffer.getvalue(), self.width, self.height, title, caption, alt)


def measuring_fonts() -> list[str]:
    """The fonts that matplotlib measures labels in this language with, and draws them where they are pixels."""
    return [RULES["font.family"], *(chinese_font() if current_language() == "zh" else ())]


@cache
def chinese_font() -> tuple[str, ...]:
    """matplotlib's name of the first installed font of Chinese that it can read; none where there is none.

    Every weight of it is made known: matplotlib remembers the fonts that there were when it was first used, and would
    measure bold lines with the regular weight where both were installed since.
    """
    from matplotlib.font_manager import fontManager

    installed = chinese_fonts()
    for font in installed:
        with suppress(OSError, RuntimeError):
            add_font(font.path)
            names = sorted({known.name for known in fontManager.ttflist if known.fname == str(font.path)})
            if names:  # before 3.11 it knows one font of a collection alone
                for other in installed:
                    if other.family == font.family:
                        with suppress(OSError, RuntimeError):
                            add_font(other.path)
                return (font.family if font.family in names else names[0],)
    return ()


def add_font(path: Path) -> None:
    """Make a font file known to matplotlib, once: the same file twice may change which of its faces is found."""
    from matplotlib.font_manager import fontManager

    if not any(known.fname == str(path) for known in fontManager.ttflist):
        fontManager.addfont(path)


@cache
def east_asian_fonts() -> tuple[str, ...]:
    """The installed fonts of Chinese, Japanese and Korean, for names in pixels: one of each family that is known."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    for path in map(Path, findSystemFonts()):
        with suppress(OSError, RuntimeError):
            add_font(path)
    installed = {font.name for font in fontManager.ttflist}
    return tuple(name for name in EAST_ASIAN if name in installed)


@contextmanager
def sheet(name: str, height: float, width: int = FULL, rules: Mapping[str, Any] = RULES) -> Iterator[Sheet]:
    """An empty figure of `width` × `height` CSS pixels in the house style, whatever the user's own settings."""
    with (
        matplotlib.style.context({**rules, "font.family": measuring_fonts(), "svg.hashsalt": name}, after_reset=True),
        warnings.catch_warnings(),
    ):
        # Text stays text in the SVG, so a glyph that the measuring font lacks is no loss.
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from", UserWarning)
        tall = round(height)
        size = (width * POINT / 72, tall * POINT / 72)
        yield Sheet(name, Figure(figsize=size, dpi=72), width, tall)


def chart(name: str, height: float, width: int = FULL) -> AbstractContextManager[Sheet]:
    """A sheet for what seaborn draws, in its style "ticks" and its context "paper" as far as ours say nothing else."""
    return sheet(name, height, width, theme())


@cache
def theme() -> Mapping[str, Any]:
    """The house style as a theme of seaborn's, without touching matplotlib's settings."""
    import seaborn  # a second that only drawing needs

    return {**seaborn.axes_style("ticks", rc=RULES), **seaborn.plotting_context("paper", rc=RULES), **RULES}


def ticks(most: int, integer: bool = False) -> MaxNLocator:
    """At most so many ticks, at numbers that people would choose."""
    return MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], integer=integer)


def measured(successes: int, n: int) -> str:
    """A proportion with its Wilson interval and n: "75.0 % (71–79, n = 500)"."""
    low, high = wilson(successes, n) or (None, None)
    ends = numerals.percent_interval(low, high, n)
    sure = join_parts([ends, f"n{NBSP}={NBSP}{numerals.count(n)}"])
    return with_note(numerals.percent(successes / n if n else None, n), sure)


def shorten(text: str, most: int, among: Sequence[str] = ()) -> str:
    """The text in one line of at most `most` characters, its end replaced by "…" where it is longer.

    A name `among` others, such as a class among all of them, stays different from each: see `shorten_family`.
    A text that runs from right to left is isolated, so that it does not turn the words and numbers beside it.
    """
    line = shorten_apart(tuple(among), most).get(text)
    if line is None:
        line = cut.one_line(text)
        line = cut.shorten(line, most, ruler(line))
    if not line:
        return numerals.DASH
    backwards = any(unicodedata.bidirectional(character) in ("R", "AL") for character in line)
    return f"{ISOLATE}{line}{END_ISOLATE}" if backwards else line


def squeeze(text: str, most: int, among: Sequence[str] = ()) -> str:
    """The text with its middle left out where it is longer than `most`, or its beginning where there is little room:
    names of layers differ at their ends. `among` as of `shorten`."""
    return shorten_apart(tuple(among), most, squeezed=True).get(text) or squeeze_line(shorten(text, 200), most)


def squeeze_line(line: str, most: float) -> str:
    """One line with its middle left out, or its beginning."""
    head = int(most) // 3 if most >= ROOMY else 0
    return cut.shorten_middle(line, most, tail=int(most) - head - 1, width=ruler(line)).replace("….", "…")


@lru_cache(maxsize=64)
def shorten_apart(names: tuple[str, ...], most: int, squeezed: bool = False) -> Mapping[str, str]:
    """Each of the names in one line of at most `most` characters, by name; names that differ stay different."""
    lines = {name: cut.one_line(name) for name in names}
    short = cut.shorten_family(tuple(lines.values()), most, squeeze_line if squeezed else None)
    return {name: short[line] for name, line in lines.items()}


def ruler(text: str) -> cut.Width:
    """What measures a text in letters: a Chinese character is as wide as two."""
    return cut.columns if cut.columns(text) > len(text) else len


def grid(axes: Axes, axis: str = "y") -> None:
    """Hairlines across one axis, whose own line is not needed then."""
    axes.grid(axis="y" if axis == "y" else "x")
    axes.spines["left" if axis == "y" else "bottom"].set_visible(False)
    axes.tick_params(axis="y" if axis == "y" else "x", length=0)


def bare(axes: Axes) -> None:
    """No lines and no tick marks: the marks carry their own labels."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def spread(wanted: list[float], gap: float) -> list[float]:
    """Positions near the wanted ones, in the same order, at least `gap` apart."""
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    groups: list[tuple[float, list[int]]] = []
    for index in order:
        centre, members = wanted[index], [index]
        while groups and centre - groups[-1][0] < gap * (len(members) + len(groups[-1][1])) / 2:
            other, before = groups.pop()
            total = len(before) + len(members)
            centre = (other * len(before) + centre * len(members)) / total
            members = before + members
        groups.append((centre, members))
    placed = [0.0] * len(wanted)
    for centre, members in groups:
        for rank, index in enumerate(members):
            placed[index] = centre + gap * (rank - (len(members) - 1) / 2)
    return placed
