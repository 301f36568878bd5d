"""The volt-ampere plot of each layer: its response against its own drive, before and after training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from reportgen.figures._marks import draw_line
from reportgen.figures._responses import above_text, find_responses, selection_text
from reportgen.figures._style import chart, squeeze
from reportgen.figures._table import write_csv
from reportgen.metrics.characteristics import Characteristic
from reportgen.metrics.intervals import FloatArray
from reportgen.metrics.responses import Responses
from reportgen.plugins import FigureKind
from reportgen.record.probes.response import INITIAL, TRAINED
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, FULL, HAIRLINE, INK, MUTED, SOFT, TEXT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, ngettext
from reportgen.text.shorten import columns
from reportgen.text.widths import text_width

COLUMNS = 4
LEFT, RIGHT, GAP, LEGEND, TITLE, TALL, FOOT = 34, 8, 16, 26, 22, 108, 18
"""CSS pixels: room for the ticks, at the right, between panels, for the key, for a title, a panel, the lower ticks."""
BAND = "#cfe3e1"
TICKS_X, HIGHEST, LOWEST = (-1, 0, 1, 2, 3), 6.0, 1.5
"""Where the vertical axes may end: responses beyond are cut, small ones not blown up."""
TEXT_WIDTH = 6.2
"""CSS pixels of a usual character."""


@dataclass(frozen=True)
class Grid:
    """Places of the panels on the sheet, CSS pixels from its lower left."""

    count: int
    drives: FloatArray
    top: float
    """The response at which a panel ends."""

    @property
    def columns(self) -> int:
        """Panels side by side."""
        return min(COLUMNS, max(2, self.count))

    @property
    def rows(self) -> int:
        """Rows of panels."""
        return -(-self.count // self.columns)

    @property
    def height(self) -> int:
        """Of the sheet."""
        return LEGEND + self.rows * (TITLE + TALL + FOOT) + 20

    @property
    def wide(self) -> float:
        """Of one panel."""
        return (FULL - LEFT - RIGHT - GAP * (self.columns - 1)) / self.columns

    def corner(self, panel: int) -> tuple[float, float]:
        """Lower left corner of a panel."""
        row, column = divmod(panel, self.columns)
        return LEFT + column * (self.wide + GAP), self.height - LEGEND - (row + 1) * (TITLE + TALL + FOOT) + FOOT

    def x(self, panel: int, drive: FloatArray) -> FloatArray:
        """Where drives (n,) stand, in CSS pixels."""
        span = self.drives[-1] - self.drives[0]
        return np.asarray(self.corner(panel)[0] + self.wide * (drive - self.drives[0]) / span)

    def y(self, panel: int, response: FloatArray) -> FloatArray:
        """Where responses (n,) stand, in CSS pixels; above the panel's end they are cut."""
        return np.asarray(self.corner(panel)[1] + TALL * np.clip(response, 0, self.top) / self.top)


def draw(subject: Subject) -> FigureFile | Skipped:
    """One panel a layer on shared scales."""
    record = subject.record
    name, title = "response_drive", _("Response of each layer to the scale of its own input")
    responses = find_responses(record, name, title)
    if isinstance(responses, Skipped):
        return responses
    shown = responses.shown()
    drives, lines = responses.array("drives"), responses.relative("rms", TRAINED)[:, shown]
    if not np.isfinite(lines).any():
        return Skipped(name, title, _("No layer responds to the unmodified images."))
    bands = responses.array("channels")[TRAINED][:, :, shown]
    found = [responses.characteristic(place) for place in shown]
    ends = (float(np.nanmax(lines, initial=LOWEST)), float(drives[-1]))
    layout = Grid(len(shown), drives, min(HIGHEST, max(LOWEST, *ends) * 1.06))
    with chart(name, layout.height) as paper:
        axes = paper.figure.add_axes((0, 0, 1, 1))
        axes.axis("off")
        axes.set_xlim(0, FULL)
        axes.set_ylim(0, layout.height)
        draw_frames(axes, layout, responses, shown)
        draw_bands(axes, layout, bands)
        if responses.compared:
            before = responses.relative("rms", INITIAL)[:, shown]
            draw_line(axes, *joined(layout, before), SOFT)
        draw_line(axes, *joined(layout, lines), ACCENT)
        draw_marks(axes, layout, found)
        draw_key(axes, layout, responses.compared)
        return paper.svg(
            title,
            join_sentences([caption(responses, shown, found), above_text(layout.top, float(np.nanmax(lines)))]),
            describe(responses, shown, found),
            tabulate(responses, shown),
        )


def tabulate(responses: Responses, shown: Sequence[int]) -> str:
    """Every curve, relative to the response to the layer's own input as it is; not cut where the panels end."""
    moments = [("initial", INITIAL)] if responses.compared else []
    drives, bands, rows = responses.array("drives"), responses.array("channels")[TRAINED], []
    for moment, weights in (*moments, ("trained", TRAINED)):
        lines = responses.relative("rms", weights)
        for place in shown:
            ends = bands[:, (0, 2), place] if weights == TRAINED else np.full((len(drives), 2), np.nan)
            path = responses.facts.units[place].path
            points = zip(drives, lines[:, place], ends, strict=True)
            rows += [(path, moment, drive, value, *pair) for drive, value, pair in points]
    quantiles = ("10 % quantile of the channels", "90 % quantile of the channels")
    return write_csv(("layer", "weights", "drive (times the layer's own input)", "relative response", *quantiles), rows)


def joined(layout: Grid, lines: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The lines (D, panels) of all panels as one with gaps."""
    gap = np.array([np.nan])
    x = [np.r_[layout.x(panel, layout.drives), gap] for panel in range(layout.count)]
    y = [np.r_[layout.y(panel, lines[:, panel]), gap] for panel in range(layout.count)]
    return np.concatenate(x), np.concatenate(y)


def draw_frames(axes: Axes, layout: Grid, responses: Responses, shown: Sequence[int]) -> None:
    """Names, hairlines at rest and at the nominal drive, what proportion would be, and the ticks at the edges."""
    start, end = float(layout.drives[0]), float(layout.drives[-1])
    even = np.array([start, 0.0, min(end, layout.top)])
    rules: list[tuple[float, float] | None] = []
    ideal: list[tuple[float, float] | None] = []
    paths = [one.path or one.kind for one in responses.facts.units]
    for panel, place in enumerate(shown):
        unit, (left, bottom) = responses.facts.units[place], layout.corner(panel)
        name = squeeze(unit.path or unit.kind, int(layout.wide / TEXT_WIDTH), paths)
        axes.text(left, bottom + TALL + 5, name, color=INK)
        rules += [(left, bottom), (left + layout.wide, bottom), None]
        for drive in (0.0, 1.0):
            at = float(layout.x(panel, np.array(drive)))
            rules += [(at, bottom), (at, bottom + TALL), None]
        ideal += [*zip(layout.x(panel, even), layout.y(panel, np.abs(even)), strict=True), None]
        below = panel + layout.columns >= layout.count
        for tick in TICKS_X if below else ():
            at = float(layout.x(panel, np.array(float(tick))))
            axes.text(at, bottom - 5, numerals.signed(str(tick)), ha="center", va="top", color=MUTED)
        for tick in range(int(layout.top) + 1) if panel % layout.columns == 0 else ():
            at = float(layout.y(panel, np.array(float(tick))))
            axes.text(left - 6, at, str(tick), ha="right", va="center", color=MUTED)
    axes.plot(*gapped(rules), color=HAIRLINE, linewidth=0.75)
    axes.plot(*gapped(ideal), color=SOFT, linewidth=0.75, linestyle=(0, (2, 2)))
    words = _("scale of the layer’s input, 1: unmodified images")
    end = max(layout.corner(layout.count - 1)[0] + layout.wide, LEFT + text_width(words, TEXT))
    axes.text(end, 3, words, ha="right", va="bottom", color=MUTED)


def gapped(points: Sequence[tuple[float, float] | None]) -> tuple[list[float], list[float]]:
    """Points as one line, broken where there is None."""
    return [p[0] if p else np.nan for p in points], [p[1] if p else np.nan for p in points]


def draw_bands(axes: Axes, layout: Grid, bands: FloatArray) -> None:
    """Between the quantiles 0.1 and 0.9 over channels (D, 3, panels)."""
    shapes = []
    for panel in range(layout.count):
        x = layout.x(panel, layout.drives)
        low, high = (layout.y(panel, bands[:, side, panel]) for side in (0, 2))
        shapes.append(np.r_[np.c_[x, low], np.c_[x, high][::-1]])
    axes.add_collection(PolyCollection(shapes, facecolor=BAND, linewidth=0))


def draw_marks(axes: Axes, layout: Grid, found: Sequence[Characteristic | None]) -> None:
    """The linear region as a bar at the foot, threshold and saturation as marks on it, or the word for no gain."""
    bars: list[tuple[float, float] | None] = []
    begins, ends = [], []
    for panel, one in enumerate(found):
        left, bottom = layout.corner(panel)
        if one is None or one.linear is None:
            word = _("no response") if one is None else _("does not follow its input")
            axes.text(left + layout.wide, bottom + TALL - 4, word, ha="right", va="top", color=MUTED)
            continue
        bars += [*((float(layout.x(panel, np.array(end))), bottom) for end in one.linear), None]
        if one.threshold:
            begins.append((float(layout.x(panel, np.array(one.threshold))), bottom + 5))
        if one.saturation is not None:
            ends.append((float(layout.x(panel, np.array(one.saturation))), bottom + 5))
    axes.plot(*gapped(bars), color=ACCENT, linewidth=3, solid_capstyle="butt")
    axes.plot(*gapped(begins), marker=">", linestyle="", color=INK, markersize=4)
    axes.plot(*gapped(ends), marker="s", linestyle="", color=INK, markersize=3.5)


def draw_key(axes: Axes, layout: Grid, compared: bool) -> None:
    """What the marks are, in one line over the panels."""
    y, x = layout.height - 10, float(LEFT)
    items = [(_("trained"), {"color": ACCENT, "linewidth": 1.5})]
    items += [(_("initial"), {"color": SOFT, "linewidth": 1.5})] if compared else []
    items += [
        (_("middle 80 % of channels"), {"color": BAND, "linewidth": 6}),
        (_("linear region"), {"color": ACCENT, "linewidth": 3}),
        (_("threshold"), {"color": INK, "marker": ">", "linestyle": "", "markersize": 4}),
        (_("saturation"), {"color": INK, "marker": "s", "linestyle": "", "markersize": 3.5}),
    ]
    for text, style in items:
        axes.plot([x, x + 9, x + 18], [y, y, y], markevery=[1], solid_capstyle="butt", **style)  # type: ignore[arg-type]
        axes.text(x + 23, y, text, va="center", color=MUTED)
        x += 23 + 6.6 * columns(text) + 12


def caption(responses: Responses, shown: Sequence[int], found: Sequence[Characteristic | None]) -> str:
    """What most of them do, then how to read a panel."""
    known = [one for one in found if one is not None]
    whole = sum(bool(one.linear and one.linear[1] >= responses.array("drives")[-1]) for one in known)
    flat = sum(one.linear is None for one in known)
    told = [summary(len(found), whole)]
    if flat:
        told.append(
            ngettext("{count} layer does not follow its input.", "{count} layers do not follow their input.", flat)
        )
    told.append(
        _(
            "Each panel: root mean square of the layer’s output against that of its input, both relative to what they "
            "are for the unmodified images, n\u00a0=\u00a0{n}; dotted: in proportion; left of 0: the input with its "
            "sign reversed.",
            n=numerals.count(responses.facts.by_layer.images),
        )
    )
    return join_sentences((*told, selection_text(responses, len(shown))))


def summary(layers: int, linear: int) -> str:
    """How many of the layers are linear over the whole range that was tried."""
    if linear == 0 and layers == 1:
        return _("The layer does not keep its gain up to three times the usual input.")
    if linear == 0:
        return _(
            "None of {layers} layers keeps its gain up to three times the usual input.", layers=numerals.count(layers)
        )
    return ngettext(
        "{count} of {layers} layers keeps its gain up to three times the usual input.",
        "{count} of {layers} layers keep their gain up to three times the usual input.",
        linear,
        layers=numerals.count(layers),
    )


def describe(responses: Responses, shown: Sequence[int], found: Sequence[Characteristic | None]) -> str:
    """Gain, rest and linear region of every layer drawn."""
    told = []
    for place, one in zip(shown, found, strict=True):
        name = squeeze(responses.facts.units[place].path, 40)
        if one is None:
            told.append(_("{name}: no response", name=name))
            continue
        told.append(format_layer(name, one))
    return _(
        "Small charts of response against the scale of the input, one per layer. {layers}.", layers=join_rows(told)
    )


def format_layer(name: str, one: Characteristic) -> str:
    """A layer's gain, its output at rest and where it is linear."""
    gain, rest = numerals.fixed(one.gain, 2), numerals.fixed(one.rest, 2)
    if one.linear is None:
        return _(
            "{name} has a gain of {gain}, gives {rest} at rest and does not follow its input",
            name=name,
            gain=gain,
            rest=rest,
        )
    low, high = (numerals.brief(end) for end in one.linear)
    return _(
        "{name} has a gain of {gain}, gives {rest} at rest and is linear at scales from {low} to {high}",
        name=name,
        gain=gain,
        rest=rest,
        low=low,
        high=high,
    )


FIGURE = FigureKind("response_drive", draw, by_seaborn=True)
