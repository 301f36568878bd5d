"""The roofline: what each module achieves against the most that its work allows on this machine.

By matplotlib: seaborn would draw the marks alone, and neither the roofs nor the names beside the chart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from reportgen.figures._style import bare, sheet, shorten, spread
from reportgen.figures._table import write_csv
from reportgen.metrics.cost import whole_pass
from reportgen.metrics.roofline import Group, Limit, group_calls, place
from reportgen.plugins import FigureKind
from reportgen.record.probes.cost import Roofs
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.naming import name_device, name_group, name_limit
from reportgen.report.style import ACCENT, HAIRLINE, INK, MUTED, PAPER, SOFT
from reportgen.report.wording import count_images
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

MOST_POINTS = 40
"""Groups drawn, those that take most time."""
NAMED = 6
LONGEST_NAME = 22
FILLS: dict[Limit, str] = {
    "arithmetic": ACCENT,
    "memory": "#8cc4bd",
    "overhead": SOFT,
    "none": PAPER,
    "beyond": "#d9c9a3",
}
USUAL: tuple[Limit, ...] = ("arithmetic", "memory", "overhead", "none")
"""Limits that have a bar even where nothing lies under them."""
LARGEST, SMALLEST = 16.0, 3.0
"""Diameter of the mark of a group that takes all the time, points; smaller ones by halves of the area."""
GIGA = 1e9
NAME_WIDTH, NAME_LINE = 0.58, 0.065
"""What the name of the flat roof takes of the chart's width and height."""
NAME_LINES = tuple(NAME_LINE * line for line in (0.65, -0.65, 1.65, -1.65, -2.65))
"""From the roof to the middle of its name."""
LEADER = {"arrowstyle": "-", "color": SOFT, "linewidth": 0.6, "shrinkB": 4, "shrinkA": 1, "relpos": (0.0, 0.5)}
"""From the left end of a name to its mark."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """Groups of equal modules under the machine's roofs, and the time by what limits it."""
    record = subject.record
    name, title = "roofline", _("Modules against the machine’s limits (roofline)")
    roofs = record.probes.cost.roofs if record.probes and record.probes.cost else None
    if roofs is None:
        return Skipped(name, title, _("The machine’s limits were not measured."))
    groups = group_calls(record.trace, roofs.element_bytes)
    shown = [group for group in groups if group.rate and group.intensity][:MOST_POINTS]
    if not shown:
        return Skipped(name, title, _("No timed module has MACs that are known."))
    with sheet(name, 300) as paper:
        left, right = paper.figure.subplots(1, 2, width_ratios=(3.1, 1.2))
        roof_panel(left, shown, roofs, sum(group.seconds for group in groups))
        shares = limit_shares(groups, roofs)
        limit_panel(right, shares)
        return paper.svg(
            title, caption(record, roofs, len(groups) - len(shown)), describe(shown, roofs), tabulate(shown, roofs)
        )


def tabulate(groups: Sequence[Group], roofs: Roofs) -> str:
    """Every mark; the two roofs stand in rows of their own, the memory's as the rate at one operation per byte."""
    heads = ("modules", "operations per byte (FLOP/B)", "rate (GFLOP/s)", "time (s)", "limited by")
    rows = [
        (name_group(one), one.intensity, (one.rate or 0.0) / GIGA, one.seconds, place(one, roofs).limit)
        for one in groups
    ]
    limits = (
        ("(matrix products)", None, roofs.flops_per_second / GIGA, None, ""),
        ("(memory copies)", 1, roofs.bytes_per_second / GIGA, None, ""),
    )
    return write_csv(heads, (*rows, *limits))


def limit_shares(groups: Sequence[Group], roofs: Roofs) -> dict[Limit, float]:
    """The share of the time that is spent under each limit."""
    found: dict[Limit, float] = dict.fromkeys(FILLS, 0.0)
    for group in groups:
        found[place(group, roofs).limit] += group.seconds
    whole = sum(found.values()) or 1.0
    return {limit: seconds / whole for limit, seconds in found.items() if seconds or limit in USUAL}


def roof_panel(axes: Axes, groups: Sequence[Group], roofs: Roofs, whole: float) -> None:
    """Achieved operations per second against operations per byte, with the two roofs."""
    x = np.array([group.intensity for group in groups], dtype=np.float64)
    y = np.array([group.rate for group in groups], dtype=np.float64) / GIGA
    peak, ridge = roofs.flops_per_second / GIGA, roofs.flops_per_second / roofs.bytes_per_second
    ends = min(x.min() / 2, ridge / 8), max(x.max(), ridge) * 2
    axes.plot([ends[0], ridge, ends[1]], [peak * ends[0] / ridge, peak, peak], color=INK, linewidth=1)
    draw_marks(axes, groups, roofs, whole)
    axes.set_xscale("log")
    axes.set_yscale("log")
    low = min(y.min(), peak * ends[0] / ridge if ends[0] > 0 else y.min())
    axes.set_ylim(max(low, peak / 1e5) / 2, 2.4 * max(peak, y.max()))
    axes.set_xlim(*ends)
    top = _("matrix products {rate}", rate=numerals.compact(roofs.flops_per_second, "FLOP/s"))
    name_peak(axes, top, peak, (x, y))
    slant = _("memory {rate}", rate=numerals.compact(roofs.bytes_per_second, "B/s"))
    start = 1.15 * ends[0], 1.15 * 1.15 * peak * ends[0] / ridge
    axes.text(
        *start,
        slant,
        rotation=math.degrees(math.atan2(start[1], start[0])),
        rotation_mode="anchor",
        color=MUTED,
        transform_rotates_text=True,
    )
    name_points(axes, groups[:NAMED], x, y)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(10, numticks=8))
        axis.set_major_formatter(FuncFormatter(lambda value, _unused: numerals.brief(value, 12)))
        axis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="minor", length=0)
    axes.grid(color=HAIRLINE)
    axes.set_xlabel(_("FLOP per byte moved"))
    axes.set_title(_("Achieved GFLOP/s"))


def name_peak(axes: Axes, words: str, peak: float, marks: tuple[np.ndarray, np.ndarray]) -> None:
    """The name of the flat roof at its right end, in the line above or below it that the fewest marks are in."""
    (left, right), (low, high) = np.log(axes.get_xlim()), np.log(axes.get_ylim())
    across = (np.log(marks[0]) - left) / (right - left)
    up = (np.log(marks[1]) - np.log(peak)) / (high - low)
    inside = across > 1 - NAME_WIDTH
    free = min(NAME_LINES, key=lambda line: int(np.sum(inside & (np.abs(up - line) < 0.75 * NAME_LINE))))
    at = 1.0, float((np.log(peak) - low) / (high - low)) + free
    axes.annotate(
        words,
        at,
        (-2, 0),
        "axes fraction",
        "offset points",
        ha="right",
        va="center",
        color=MUTED,
        zorder=4,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.5},
    )


def draw_marks(axes: Axes, groups: Sequence[Group], roofs: Roofs, whole: float) -> None:
    """A disc a group; those of equal style as one series, which is a tenth of the bytes."""
    by_style: dict[tuple[str, float], list[Group]] = {}
    for group in groups:
        halvings = round(math.log2(max(whole / group.seconds, 1.0)))
        wide = max(LARGEST / 2 ** (halvings / 2), SMALLEST)
        by_style.setdefault((FILLS[place(group, roofs).limit], wide), []).append(group)
    for (fill, wide), alike in by_style.items():
        axes.plot(
            [group.intensity or 0.0 for group in alike],
            [(group.rate or 0.0) / GIGA for group in alike],
            color=fill,
            linestyle="",
            marker="o",
            markersize=wide,
            markeredgecolor=ACCENT,
            markeredgewidth=0.75,
        )


def name_points(axes: Axes, groups: Sequence[Group], x: np.ndarray, y: np.ndarray) -> None:
    """The names of the groups that take most time in a column at the right, each with a line to its mark."""
    low, high = np.log(axes.get_ylim())
    heights = [float((np.log(y[place]) - low) / (high - low)) for place in range(len(groups))]
    for index, height in enumerate(spread([min(max(height, 0.04), 0.86) for height in heights], 0.075)):
        axes.annotate(
            shorten(name_group(groups[index]), LONGEST_NAME, [name_group(group) for group in groups]),
            (x[index], y[index]),
            (1.03, height),
            textcoords="axes fraction",
            va="center",
            color=INK,
            annotation_clip=False,
            arrowprops=LEADER,
        )


def limit_panel(axes: Axes, shares: dict[Limit, float]) -> None:
    """Bars of the time by what limits it."""
    labels = [name_limit(limit) for limit in shares]
    axes.barh(
        range(len(shares)),
        list(shares.values()),
        color=[FILLS[limit] for limit in shares],
        edgecolor=ACCENT,
        linewidth=0.75,
        height=0.6,
    )
    for row, share in enumerate(shares.values()):
        axes.annotate(
            numerals.percent(share), (share, row), (4, 0), textcoords="offset points", va="center", color=MUTED
        )
    axes.set_yticks(range(len(shares)), labels)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(shares) - 0.4, -0.6)
    axes.set_xlim(0, 1.9 * max(shares.values()))
    axes.set_xticks([])
    axes.set_title(_("Time limited by"))
    bare(axes)


def caption(record: RunRecord, roofs: Roofs, left_out: int) -> str:
    """The whole pass against the peak, then how to read it."""
    told = []
    whole = whole_pass(record.trace, roofs)
    if whole is not None:
        told.append(
            _(
                "The whole pass of {batch} reaches {rate}, {share} of the measured rate of matrix products.",
                batch=count_images(whole.batch_size),
                rate=numerals.compact(whole.flops_per_second, "FLOP/s"),
                share=numerals.percent(whole.share),
            )
        )
    told.append(
        _(
            "Marks: groups of equal modules, their area proportional to their time. Lines: the rates of "
            "matrix products ({size} rows) and of memory copies as measured here; they are not upper "
            "bounds: a mark above a line is faster than what was measured, for example because of caches "
            "or because the machine was busy with something else.",
            size=numerals.count(roofs.matrix_size),
        )
    )
    if left_out:
        told.append(_("Modules without MACs are shown in the bars only."))
    told.append(_("{device}.", device=name_device(record.device, roofs.precision)))
    return join_sentences(told)


def describe(groups: Sequence[Group], roofs: Roofs) -> str:
    """The groups that take most time, with what they achieve."""
    rows = [
        _(
            "{name}: {rate} at {intensity} FLOP per byte, {share} of its limit, {limit}",
            name=shorten(name_group(group), 40),
            rate=numerals.compact(group.rate, "FLOP/s"),
            intensity=numerals.significant(group.intensity, 2),
            share=numerals.percent(place(group, roofs).reach),
            limit=name_limit(place(group, roofs).limit),
        )
        for group in groups[:NAMED]
    ]
    return _("Modules against the machine’s limits, the slowest first. {rows}.", rows=join_rows(rows))


FIGURE = FigureKind("roofline", draw)
