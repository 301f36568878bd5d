"""Accuracy against the strength of corruptions, moves and attacks, all on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from reportgen import numerals
from reportgen.figures._style import ACCENT, INK, MUTED, RIGHT, SOFT, WRONG, grid, sheet, spread
from reportgen.kinds import FigureKind
from reportgen.metrics.robustness import Outcome, read_outcomes
from reportgen.probes.robustness import CORRUPTED
from reportgen.record import RunRecord
from reportgen.report import FigureFile, Skipped
from reportgen.robustness_words import name_condition, name_kind
from reportgen.words import say

COLOURS = (ACCENT, RIGHT, WRONG, MUTED, INK)
TALL = 196
Line = tuple[str, list[Outcome]]


def measured(record: RunRecord) -> tuple[Outcome, ...]:
    """What the record holds of robustness; nothing where it was not probed."""
    facts = record.probes.robustness if record.probes else None
    if facts is None or "robustness.predicted" not in record.arrays:
        return ()
    return read_outcomes(record, facts)


def lines_of(outcomes: Sequence[Outcome]) -> list[Line]:
    """The outcomes of each kind by growing strength."""
    kinds = dict.fromkeys(one.condition.kind for one in outcomes)
    return [
        (kind, sorted((one for one in outcomes if one.condition.kind == kind), key=lambda one: one.condition.level))
        for kind in kinds
    ]


def panel(axes: Axes, title: str, lines: Sequence[Line], low: float) -> None:
    """One panel: a line a kind from the images as they are, with intervals, each named at its end."""
    ends: list[float] = []
    for (_, points), colour in zip(lines, COLOURS, strict=False):
        x = [0.0, *(one.condition.level for one in points)]
        y = [100 * (points[0].clean.value or 0.0), *(100 * (one.accuracy.value or 0.0) for one in points)]
        axes.plot(x, y, color=colour, linewidth=1.25, marker="o", markersize=3)
        for one in points:
            axes.plot([one.condition.level] * 2, [100 * (one.accuracy.low or 0.0), 100 * (one.accuracy.high or 0.0)],
                      color=colour, linewidth=0.75)  # fmt: skip
        ends.append(y[-1])
    right = max(one.condition.level for _, points in lines for one in points)
    for (kind, points), place, end, colour in zip(lines, spread(ends, (100 - low) / 9), ends, COLOURS, strict=False):
        at = points[-1].condition.level
        axes.annotate(name_kind(kind), (at, end), (right * 1.06, place), color=colour, va="center",
                      arrowprops={"arrowstyle": "-", "color": SOFT, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2},
                      annotation_clip=False)  # fmt: skip
    axes.set_title(title)
    axes.set_xlim(0, right * 1.75)
    axes.set_ylim(low, 101)
    levels = sorted({one.condition.level for _, points in lines for one in points})
    axes.set_xticks([0.0, *levels], ["0", *(f"{level:g}" for level in levels)])
    grid(axes)


def draw_panels(
    name: str, title: str, groups: Sequence[tuple[str, list[Line]]], columns: int, caption: str, alt: str
) -> FigureFile:
    """Panels on one scale of accuracy."""
    rows = -(-len(groups) // columns)
    values = [one.accuracy.low or 0.0 for _, lines in groups for _, points in lines for one in points]
    low = 10 * int(10 * min(values)) if min(values) > 0.5 else 0
    with sheet(name, TALL * rows + 10) as paper:
        cells = paper.figure.subplots(rows, columns, squeeze=False).ravel()
        for place, axes in enumerate(cells):
            if place < len(groups):
                panel(axes, *groups[place], low)
                if place % columns == 0:
                    axes.set_ylabel(say("accuracy, %"))
            else:
                axes.set_axis_off()
        return paper.svg(title, caption, alt)


def draw_corruptions(record: RunRecord) -> FigureFile | Skipped:
    """One panel a family of corruptions, accuracy against severity."""
    name, title = "robustness_corruptions", say("Accuracy under corruptions")
    outcomes = [one for one in measured(record) if one.condition.family in CORRUPTED]
    if not outcomes:
        return Skipped(name, title, say("No corruption was measured."))
    families = {"noise": say("Noise"), "blur": say("Blur"), "weather": say("Weather"), "digital": say("Digital")}
    groups = [
        (f"{label}{say(', severity')}", lines_of([one for one in outcomes if one.condition.family == family]))
        for family, label in families.items()
        if any(one.condition.family == family for one in outcomes)
    ]
    worst = max(outcomes, key=lambda one: one.drop)
    caption = say(
        "{worst} costs most: {accuracy}. Severity 0 are the same images as they are; vertical lines are 95 % Wilson "
        "intervals.",
        worst=name_condition(worst.condition), accuracy=worst.accuracy.display_full,
    )  # fmt: skip
    return draw_panels(name, title, groups, 2, caption[:1].upper() + caption[1:], describe(outcomes))


def draw_moves(record: RunRecord) -> FigureFile | Skipped:
    """Shifts, rotations and attacks, accuracy against their size."""
    name, title = "robustness_moves", say("Accuracy under moves and attacks")
    outcomes = [one for one in measured(record) if one.condition.kind in ("shift", "rotation", "fgsm", "pgd")]
    if not outcomes:
        return Skipped(name, title, say("No move or attack was measured."))
    panels = (
        (say("Shift, pixels"), ("shift",)),
        (say("Rotation, degrees"), ("rotation",)),
        (say("Attack, ε in 1/255"), ("fgsm", "pgd")),
    )
    groups = [
        (label, lines_of([one for one in outcomes if one.condition.kind in kinds]))
        for label, kinds in panels
        if any(one.condition.kind in kinds for one in outcomes)
    ]
    worst = max(outcomes, key=lambda one: one.drop)
    caption = say(
        "{worst} leaves {accuracy}. Size 0 are the same images as they are; vertical lines are 95 % Wilson intervals.",
        worst=name_condition(worst.condition), accuracy=worst.accuracy.display_full,
    )  # fmt: skip
    return draw_panels(name, title, groups, len(groups), caption[:1].upper() + caption[1:], describe(outcomes))


def describe(outcomes: Sequence[Outcome]) -> str:
    """Every accuracy in words."""
    told = "; ".join(
        f"{name_kind(kind)} " + ", ".join(f"{one.condition.level:g}: {one.accuracy.display}" for one in points)
        for kind, points in lines_of(outcomes)
    )
    clean = outcomes[0].clean
    return say("Lines of accuracy by strength, from {clean} on the images as they are. {told}.",
               clean=clean.display or numerals.DASH, told=told)  # fmt: skip


FIGURES = (FigureKind("robustness_corruptions", draw_corruptions), FigureKind("robustness_moves", draw_moves))
