"""What the attribution maps are worth: against random weights, and against deleting pixels in random order."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from reportgen.figures._marks import draw_band, draw_line, draw_points
from reportgen.figures._style import chart, grid, ticks
from reportgen.figures._table import ENDS, write_csv
from reportgen.metrics.explanations import METHODS, MapCheck, mean_estimate, read_check
from reportgen.plugins import FigureKind
from reportgen.record.probes import why_missing
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.sections.explanations.map_wording import format_gain, format_learnt
from reportgen.report.style import ACCENT, HAIRLINE, INK, MUTED, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

NAME = "explanation_checks"
MOST_POINTS = 64


def method_name(method: str) -> str:
    """What people call a kind of map."""
    return _("Grad-CAM") if method == "cam" else _("Integrated gradients")


def draw(subject: Subject) -> FigureFile | Skipped:
    """Rank correlations at the left, deletion curves at the right."""
    record = subject.record
    title = _("Checks of the attribution maps")
    if record.probes is None or record.probes.explanations is None:
        return Skipped(NAME, title, why_missing(record.probes, "explanations"))
    found = (read_check(record.arrays, method) for method in METHODS)
    checks = [check for check in found if check is not None]
    if not checks:
        return Skipped(NAME, title, _("The maps were not checked; the reasons are given below."))
    with chart(NAME, 232) as paper:
        panels = paper.figure.subplots(1, 1 + len(checks), width_ratios=[1.15] + [1] * len(checks))
        correlations(panels[0], checks, record)
        for place, (axes, check) in enumerate(zip(panels[1:], checks, strict=True)):
            curves(axes, check, record)
            axes.tick_params(labelleft=place == 0)
        return paper.svg(title, caption(checks), describe(checks), tabulate(checks, record))


def tabulate(checks: list[MapCheck], record: RunRecord) -> str:
    """The points of all panels: correlations by image, probabilities by share of pixels replaced."""
    arrays, rows = record.arrays, list[tuple[Any, ...]]()
    for check in checks:
        ranks = arrays[f"explanations.check.{check.method}.rank"]
        finite = ranks[np.isfinite(ranks)][:MOST_POINTS]
        rows += [(check.method, "rank correlation with random weights", None, value, None, None) for value in finite]
        if check.rank is not None:
            mean = (check.rank.value, check.rank.low, check.rank.high)
            rows.append((check.method, "mean rank correlation with random weights", None, *mean))
        shares = 100 * arrays["explanations.deletion.share"]
        for order, key in (("map", ""), ("random", ".control")):
            what = f"mean probability, pixels replaced in {order} order"
            for share, column in zip(shares, arrays[f"explanations.deletion.{check.method}{key}"].T, strict=True):
                point = mean_estimate(column) if order == "map" else None
                ends = (point.low, point.high) if point is not None else (None, None)
                rows.append((check.method, what, share, column.mean(), *ends))
    return write_csv(("method", "quantity", "pixels replaced (%)", "value", *ENDS), rows)


def correlations(axes: Axes, checks: list[MapCheck], record: RunRecord) -> None:
    """A point an image, and over them the mean with its interval."""
    axes.axvline(0, color=SOFT, linewidth=0.75)
    for row, check in enumerate(checks):
        values: NDArray[Any] = record.arrays[f"explanations.check.{check.method}.rank"]
        finite = values[np.isfinite(values)][:MOST_POINTS]
        wiggle = ((np.arange(len(finite)) * 0.618034) % 1 - 0.5) * 0.32
        draw_points(axes, finite, row + wiggle, SOFT, 3)
        axes.text(-1, row - 0.3, method_name(check.method), va="center", color=INK)
        if check.rank is not None and check.rank.low is not None and check.rank.high is not None:
            axes.plot([check.rank.low, check.rank.high], [row, row], color=ACCENT, linewidth=2)
            draw_points(axes, [check.rank.value], [row], ACCENT, 6.5)
    axes.set_xlim(-1.02, 1.02)
    axes.set_ylim(len(checks) - 0.55, -0.5)
    axes.set_yticks([])
    axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "0.5", "1"])
    axes.set_xlabel(_("rank correlation"))
    axes.set_title(_("With random weights"))
    grid(axes, "x")
    axes.spines["left"].set_visible(False)


def curves(axes: Axes, check: MapCheck, record: RunRecord) -> None:
    """Mean probability of the class by share of pixels replaced, with the interval of the map's own curve."""
    arrays = record.arrays
    shares = arrays["explanations.deletion.share"]
    own, chance = (
        arrays[f"explanations.deletion.{check.method}"],
        arrays[f"explanations.deletion.{check.method}.control"],
    )
    draw_line(axes, shares, chance.mean(0), MUTED, linewidth=1.25, linestyle=(0, (4, 2)))
    points = [mean_estimate(column) for column in own.T]
    ends = [(point.low, point.high) for point in points if point is not None and point.low is not None]
    if len(ends) == len(shares):
        low, high = np.array(ends, float).T
        draw_band(axes, shares, low, high, HAIRLINE)
    draw_line(axes, shares, own.mean(0), ACCENT)
    key(axes)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_locator(ticks(5))
    axes.set_xticks([0, 0.5, 1], ["0", "50", numerals.in_percent("100")])
    axes.set_xlabel(_("pixels replaced"))
    axes.set_title(_("{method} (n\u00a0=\u00a0{n})", method=method_name(check.method), n=numerals.count(check.gain.n)))
    grid(axes)


def key(axes: Axes) -> None:
    """What the two lines are, in the corner that falling curves leave free."""
    for line, (text, colour) in enumerate(((_("— highest in the map first"), ACCENT), (_("--- random order"), MUTED))):
        axes.text(0.98, 0.98 - 0.1 * line, text, transform=axes.transAxes, ha="right", va="top", color=colour)


def caption(checks: list[MapCheck]) -> str:
    """The results of each kind of map, then how to read the panels."""
    told = []
    for check in checks:
        maps = _("the maps of Grad-CAM") if check.method == "cam" else _("the maps of integrated gradients")
        told += [format_learnt(check, method_name(check.method)), format_gain(check, maps)]
    reading = _(
        "Left: rank correlation of each map with that of random weights; one point per image, bar: "
        "mean and interval. Right: mean probability of the predicted class as pixels are replaced by "
        "the mean colour, those highest in the map first (grey: interval), or in a random order of "
        "the same resolution."
    )
    return join_sentences([*told, reading])


def describe(checks: list[MapCheck]) -> str:
    """The means of both checks."""
    told = [
        _(
            "{method}: rank correlation {rank}, area under the deletion curve {area} against {chance} by chance",
            method=method_name(check.method),
            rank=numerals.fixed(check.rank.value if check.rank else None, 2),
            area=numerals.fixed(check.area.value, 3),
            chance=numerals.fixed(check.chance.value, 3),
        )
        for check in checks
    ]
    return _("Points and curves. {checks}.", checks=join_rows(told))


FIGURE = FigureKind(NAME, draw, by_seaborn=True)
