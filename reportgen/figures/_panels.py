"""Small charts of shares in per cent on one scale, written by hand: a grid of panels in a few strokes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.figures._album import Album
from reportgen.figures._style import ACCENT, FULL, HAIRLINE, MUTED, SOFT

MARGIN, GAP = 34, 18
"""CSS pixels: room for the scale at the left; between panels."""
HEAD, TALL, FOOT = 20, 88, 30
"""Heights of a panel's title, of its chart, and of the ticks below it."""
INSET = 8
"""Between the frame of a chart and its first and last place."""
SCALE = (0, 50, 100)


@dataclass(frozen=True)
class Mark:
    """One share with its interval."""

    place: float
    """Along the panel, 0 to 1."""
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """Marks, joined where they belong to one scale."""

    marks: tuple[Mark, ...]
    joined: bool = True
    quiet: bool = False
    """Grey and dashed: beside the one that matters."""


@dataclass(frozen=True)
class Panel:
    """One chart."""

    title: str
    curves: tuple[Curve, ...]
    reference: float
    """A dashed line across: what the marks are compared with."""
    ticks: tuple[tuple[float, str], ...]
    """Places, 0 to 1, and what is written there."""
    note: str = ""
    """At the right of the title."""


def height_of(count: int, columns: int) -> float:
    """Of so many panels, CSS pixels."""
    return -(-count // columns) * (HEAD + TALL + FOOT)


def draw_panels(album: Album, panels: Sequence[Panel], columns: int) -> None:
    """The panels in rows, the scale written at the left of each row."""
    width = (FULL - MARGIN - GAP * (columns - 1)) / columns
    for index, panel in enumerate(panels):
        row, column = divmod(index, columns)
        left, top = MARGIN + column * (width + GAP), row * (HEAD + TALL + FOOT)
        if column == 0:
            for value in SCALE:
                album.note(f"{value}", MARGIN - 6, level(top, value / 100) + 4, "end")
        draw_panel(album, panel, left, top, width)


def level(top: float, share: float) -> float:
    """Where a share stands in a panel that begins at `top`."""
    return top + HEAD + TALL * (1 - share)


def draw_panel(album: Album, panel: Panel, left: float, top: float, width: float) -> None:
    """Grid, reference, ticks and curves of one panel."""

    def across(place: float) -> float:
        return left + INSET + place * (width - 2 * INSET)

    album.text(panel.title, left, top + 13)
    album.note(panel.note, left + width, top + 13, "end")
    rules = "".join(f"M{left:.1f} {level(top, value / 100):.1f}h{width:.1f}" for value in SCALE)
    stroke(album, rules, HAIRLINE, 0.75)
    stroke(album, f"M{left:.1f} {level(top, panel.reference):.1f}h{width:.1f}", SOFT, 1.25, "4 3")
    for place, label in panel.ticks:
        album.note(label, across(place), top + HEAD + TALL + 15, "middle")
    for curve in panel.curves:
        colour = MUTED if curve.quiet else ACCENT
        points = [(across(mark.place), level(top, mark.value)) for mark in curve.marks]
        if curve.joined:
            stroke(album, "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), colour, 1.25,
                   "2 2" if curve.quiet else "")  # fmt: skip
        bars = [(across(mark.place), level(top, mark.low), level(top, mark.high)) for mark in curve.marks]
        stroke(album, "".join(f"M{x:.1f} {low:.1f}V{high:.1f}" for x, low, high in bars), colour, 0.9)
        stroke(album, "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points), colour, 5)


def stroke(album: Album, path: str, colour: str, width: float, dashes: str = "") -> None:
    """One path; strokes of no length are dots."""
    looks = f' stroke-dasharray="{dashes}"' if dashes else ""
    album.parts.append(
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round"{looks}/>'
    )
