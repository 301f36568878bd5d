"""Where the cost of the model is: parameters, MACs, activation memory and time by stage.

By matplotlib: seaborn draws no ring, and the bars beside it have the colours of its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from reportgen.figures._style import ORDER, bare, sheet, shorten, spread, squeeze
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.message import N_, Message
from reportgen.record.subject import Subject
from reportgen.record.trace import ModelTrace, ModuleCall
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK, MUTED, PAPER, SOFT
from reportgen.report.wording import count_images
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, join_terms

MOST_STAGES = 12
DOMINANT = 0.85
"""A module with this share of parameters and MACs is shown by its parts."""
WORTH_SHOWING = 0.02
"""A stage that has less than this share of every cost goes to "other"."""


ROOM = 2.6
"""Radii of the ring from its middle to the edge of its panel: one and a half are for names."""
LONG = 12
"""Characters of a name from which on the bars' names push the ring aside."""
TWO_LINES = 0.56
"""Radii that a name and its share take."""


@dataclass(frozen=True)
class Stage:
    """One row: a top-level module, or all others."""

    label: str
    costs: tuple[float, float, float, float]
    """Parameters, MACs, activation bytes, seconds."""
    other: bool = False


def tabulate(rows: Sequence[Stage]) -> str:
    """The costs of every stage; a time that was not measured is not known."""
    timed = any(row.costs[3] for row in rows)
    heads = ("stage", "parameters", "MACs", "activations (bytes)", "time (s)")
    return write_csv(
        heads, [(row.label, *(round(cost) for cost in row.costs[:3]), row.costs[3] if timed else None) for row in rows]
    )


def children_of(trace: ModelTrace, calls: Sequence[ModuleCall]) -> list[ModuleCall]:
    """The calls with the one that holds nearly everything opened, again and again, in order of execution."""
    whole, opened = trace.modules[0], list(calls)
    while True:
        heavy = [call for call in opened if not call.is_leaf and dominates(call, whole)]
        if not heavy:
            return opened
        inside = [call for call in trace.modules if call.parent == heavy[0].index]
        place = opened.index(heavy[0])
        opened[place : place + 1] = inside


def dominates(call: ModuleCall, whole: ModuleCall) -> bool:
    """True where a module holds so much of parameters and MACs that to show it as one would show nothing."""
    return call.parameters >= DOMINANT * whole.parameters and call.macs >= DOMINANT * whole.macs


def label_of(call: ModuleCall, trace: ModelTrace) -> str:
    """The module's own name; one that is a mere number takes its parent's before it."""
    if call.name.isdigit() and call.parent:
        return f"{trace.modules[call.parent].name}.{call.name}"
    return call.name


def stages(trace: ModelTrace) -> list[Stage]:
    """Costs by top-level module in order of execution, the small ones folded; what is in none of them is "other"."""
    base = trace.modules[0]
    calls = children_of(trace, [base])
    owner = {call.index: call.path for call in calls}
    sums = {call.path: np.zeros(4) for call in calls}
    for call in trace.modules:
        if call.index not in owner and call.parent in owner:
            owner[call.index] = owner[call.parent]
        if call.index in owner:
            sums[owner[call.index]][:2] += (call.own_parameters, call.own_macs)
    for call in calls:
        sums[call.path][2:] += (call.activation_bytes, call.seconds or 0.0)
    total = np.array([trace.parameters, trace.macs, base.activation_bytes, base.seconds or 0.0], dtype=np.float64)
    total = np.maximum(total, sum(sums.values(), np.zeros(4)))
    names = {call.path: label_of(call, trace) for call in calls}
    return fold([(names[path], costs) for path, costs in sums.items()], total)


def fold(rows: Sequence[tuple[str, np.ndarray]], total: np.ndarray) -> list[Stage]:
    """The rows that have a share worth showing, then everything else as one."""
    share = [float(np.max(costs / np.where(total > 0, total, 1))) for _unused, costs in rows]
    largest = sorted(range(len(rows)), key=lambda index: -share[index])[:MOST_STAGES]
    kept = sorted(index for index in largest if share[index] >= WORTH_SHOWING)
    shown = [Stage(rows[index][0], tuple(rows[index][1])) for index in kept]
    rest = total - sum((rows[index][1] for index in kept), np.zeros(4))
    if np.any(rest > 1e-3 * total):
        shown.append(Stage(_("other"), tuple(np.maximum(rest, 0)), other=True))
    return shown


def colours(rows: Sequence[Stage]) -> list[str]:
    """Light to dark in the order of execution; grey for the rest."""
    named = sum(not row.other for row in rows)
    ramp = [to_hex(ORDER(place)) for place in np.linspace(0, 1, max(named, 2))]
    return [SOFT if row.other else ramp[index] for index, row in enumerate(rows)]


def has_long_names(rows: Sequence[Stage]) -> bool:
    """Whether the names beside the bars leave little room for those beside the ring."""
    return max(len(row.label) for row in rows) > LONG


def ring(axes: Axes, rows: Sequence[Stage], paint: Sequence[str], letters: int, room: float = ROOM) -> None:
    """The shares of the parameters as a ring, each named at its side in so many letters; `room` as ROOM."""
    values = np.array([row.costs[0] for row in rows])
    share = values / values.sum()
    axes.pie(
        share,
        colors=list(paint),
        startangle=90,
        counterclock=False,
        radius=1.0,
        wedgeprops={"width": 0.24, "edgecolor": PAPER, "linewidth": 1},
    )
    axes.text(0, 0, _("{count}\nparameters", count=numerals.compact(float(values.sum()))), ha="center", va="center")
    middle = np.pi / 2 - 2 * np.pi * (np.cumsum(share) - share / 2)
    tall = 1.3
    for side in (1, -1):
        mine = [i for i in range(len(rows)) if share[i] >= WORTH_SHOWING and (np.cos(middle[i]) >= 0) == (side > 0)]
        heights = spread([1.2 * float(np.sin(middle[i])) for i in mine], TWO_LINES)
        tall = max([tall, *(abs(height) + TWO_LINES / 2 for height in heights)])
        for index, height in zip(mine, heights, strict=True):
            x, y = np.cos(middle[index]), np.sin(middle[index])
            axes.plot([x, 1.1 * x, 1.22 * side], [y, 1.1 * y, height], color=SOFT, linewidth=0.6, clip_on=False)
            name = squeeze(rows[index].label, letters, [row.label for row in rows])
            text = f"{name}\n{numerals.percent(float(share[index]))}"
            beside = axes.text(1.28 * side, height, text, ha="left" if side > 0 else "right", va="center", color=MUTED)
            beside.set_in_layout(False)
    axes.set_xlim(-room, room)
    axes.set_ylim(-tall, tall)


def bars(axes: Axes, rows: Sequence[Stage], paint: Sequence[str], which: int, title: str, longest: float) -> None:
    """One cost as horizontal bars with their shares at the ends; `longest` is the largest share of any cost."""
    values = np.array([row.costs[which] for row in rows])
    share = values / values.sum()
    axes.barh(range(len(rows)), share, color=list(paint), height=0.62)
    for index, part in enumerate(share):
        text = numerals.percent(float(part))
        axes.annotate(text, (part, index), (3, 0), textcoords="offset points", va="center", color=MUTED)
    axes.set_title(title)
    axes.set_xlim(0, 1.75 * longest)
    axes.set_xticks([])
    axes.set_yticks(range(len(rows)), [squeeze(row.label, 16, [one.label for one in rows]) for row in rows])
    axes.tick_params(axis="y", labelcolor=INK)
    bare(axes)


MEASURES: tuple[tuple[Message, Callable[[float], str]], ...] = (
    (N_("Parameters"), numerals.compact),
    (N_("MACs"), numerals.compact),
    (N_("Activations"), numerals.bytes_text),
    (N_("Time"), numerals.seconds_text),
)
"""What the four costs are called and how they are written, in the order of Stage.costs."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """Parameters as a ring; MACs, activation memory and measured time as bars; one order and one colour for a stage."""
    record = subject.record
    name, title = "cost_share", _("Where the cost is")
    rows = stages(record.trace)
    total = np.sum([row.costs for row in rows], axis=0) if rows else np.zeros(4)
    if sum(not row.other for row in rows) < 2 or not total.any():
        return Skipped(name, title, _("The model is a single layer: there is nothing to divide."))
    paint = colours(rows)
    present = [which for which in (1, 2, 3) if total[which] > 0]
    longest = max((row.costs[which] / total[which] for row in rows for which in present), default=1.0)
    with sheet(name, max(230, 60 + 24 * len(rows))) as paper:
        widths = [(3.2 if has_long_names(rows) else 2.6) if total[0] > 0 else 0.01] + [1.0] * len(present)
        axes = paper.figure.subplots(1, 1 + len(present), width_ratios=widths, squeeze=False)[0]
        if total[0] > 0:
            ring(axes[0], rows, paint, 9 if has_long_names(rows) else 11)
        else:
            axes[0].set_axis_off()
        for place, which in enumerate(present):
            label, write = MEASURES[which]
            bars(axes[place + 1], rows, paint, which, f"{label.text}\n{write(float(total[which]))}", longest)
            axes[place + 1].invert_yaxis()
            axes[place + 1].tick_params(labelleft=place == 0)
        return paper.svg(title, caption(rows, total, record.trace), describe(rows, total), tabulate(rows))


def leading(rows: Sequence[Stage], which: int) -> Stage:
    """The named row with most of one cost."""
    return max(rows, key=lambda row: (not row.other, row.costs[which]))


def caption(rows: Sequence[Stage], total: np.ndarray, trace: ModelTrace) -> str:
    """Which stage holds most of what, and how the time was taken."""
    first, busiest = leading(rows, 0), leading(rows, 1)
    some, work = (
        numerals.percent(first.costs[0] / (total[0] or 1)),
        numerals.percent(busiest.costs[1] / (total[1] or 1)),
    )
    stage, other = shorten(first.label, 40), shorten(busiest.label, 40)
    if not total[0]:
        text = _("{other} does {work} of the MACs.", other=other, work=work) if total[1] else ""
    elif not total[1]:
        text = _("{stage} holds {some} of the parameters.", stage=stage, some=some)
    elif first == busiest:
        text = _(
            "{stage} holds {some} of the parameters and does {work} of the MACs.", stage=stage, some=some, work=work
        )
    else:
        text = _(
            "{stage} holds {some} of the parameters; {other} does {work} of the MACs.",
            stage=stage,
            some=some,
            other=other,
            work=work,
        )
    reading = _("Modules in the order they run; MACs and activations (kept for the backward pass) per image.")
    if total[3] > 0 and trace.timed_batch:
        reading = _(
            "Modules in the order they run; MACs and activations (kept for the backward pass) per image; time of one "
            "forward pass of {batch}.",
            batch=count_images(trace.timed_batch),
        )
    return join_sentences([text, reading])


def describe(rows: Sequence[Stage], total: np.ndarray) -> str:
    """Every stage with its shares."""
    told = []
    for row in rows:
        shares = [
            f"{label.text} {numerals.percent(cost / whole)}"
            for (label, _unused), cost, whole in zip(MEASURES, row.costs, total, strict=True)
            if whole > 0
        ]
        told.append(_("{stage} takes {shares} of the whole", stage=shorten(row.label, 40), shares=join_terms(shares)))
    return _("Ring and bars of shares by stage. {stages}.", stages=join_rows(told))


FIGURE = FigureKind("cost_share", draw)
