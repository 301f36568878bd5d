"""Where the gradient is large against the weight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, MaxNLocator

from reportgen.figures._marks import draw_points
from reportgen.figures._style import chart, grid, shorten, squeeze
from reportgen.figures._table import write_csv
from reportgen.figures._weights import (
    AFTER,
    BEFORE,
    Grid,
    count_matrices,
    find_weights,
    moments_text,
    plain_name,
    plain_names,
)
from reportgen.plugins import FigureKind
from reportgen.record.message import draw_note
from reportgen.record.probes.weights import WeightFacts
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import HAIRLINE, HALF, INK, MUTED, PAPER
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

OUTLIERS = 3
"""Points that are named, where their names don’t meet."""
APART = 0.07
"""Share of the height between two names."""
HEIGHT = 260
FEW_DECADES = 60.0
"""Ratio of an axis’s ends below which powers of ten alone are too few ticks."""
NARROW = 5.0
"""Ratio of an axis’s ends below which one, two and five are too few or, as matplotlib then chooses, far too many."""


def sizes_of(facts: WeightFacts, places: Sequence[int], moment: str) -> tuple[Grid, Grid]:
    """Root mean square of weights and of gradients, (places,) each; not a number where either is zero or unknown."""
    weights, gradients = [], []
    for place in places:
        matrix = facts.matrices[place]
        numbers = matrix.initial if moment == "initial" else matrix.final
        gradient = matrix.initial_gradient if moment == "initial" else matrix.gradient
        known = numbers is not None and numbers.norm > 0 and gradient is not None and gradient > 0
        weights.append(numbers.norm / matrix.parameters**0.5 if known and numbers is not None else np.nan)
        gradients.append(gradient if known and gradient is not None else np.nan)
    return np.array(weights, dtype=np.float64), np.array(gradients, dtype=np.float64)


def draw_gradient(subject: Subject) -> FigureFile | Skipped:
    """A point for every matrix: size of its weights against size of its gradient."""
    record = subject.record
    name, title = "weights_gradient", _("Weight against gradient")
    facts = find_weights(record, name, title)
    if isinstance(facts, Skipped):
        return facts
    points: dict[str, tuple[Grid, Grid]] = {moment: sizes_of(facts, facts.shown, moment) for moment in facts.moments}
    finite = {moment: np.isfinite(weight) for moment, (weight, _unused) in points.items()}
    if facts.sampled is None or not finite["final"].any():
        if all(split.name != "train" for split in record.data.splits):
            return Skipped(name, title, _("No gradient was computed: there are no training images."))
        return Skipped(name, title, _("No gradient was computed: the time budget was used up, or the model gave none."))
    with chart(name, HEIGHT, HALF) as paper:
        axes = paper.figure.add_subplot()
        if "initial" in points:
            weights, gradients = (side[finite["initial"]] for side in points["initial"])
            draw_points(axes, weights, gradients, PAPER, 4, edgecolor=BEFORE, linewidth=1)
        weights, gradients = (side[finite["final"]] for side in points["final"])
        draw_points(axes, weights, gradients, AFTER, 5)
        axes.set(xscale="log", yscale="log")
        axes.margins(0.06, 0.12)  # room for names above and below
        middle = median_ratio(*points["final"])
        draw_line(axes, middle)
        name_outliers(axes, facts, *points["final"], middle)
        axes.set_xlabel(_("weight, root mean square"))
        axes.set_title(_("gradient, root mean square"), color=MUTED)
        mark_decades(axes.xaxis, *axes.get_xlim())
        mark_decades(axes.yaxis, *axes.get_ylim())
        axes.minorticks_off()
        grid(axes)
        return paper.svg(
            title, gradient_caption(facts, points, middle), gradient_alt(facts, points), tabulate(facts, points)
        )


def tabulate(facts: WeightFacts, points: dict[str, tuple[Grid, Grid]]) -> str:
    """Every matrix at each moment; what is zero or unknown is empty, as it has no point."""
    rows = [
        (facts.matrices[place].name, moment, weight, gradient)
        for moment, sizes in points.items()
        for place, weight, gradient in zip(facts.shown, *sizes, strict=True)
    ]
    return write_csv(("matrix", "weights", "weight (root mean square)", "gradient (root mean square)"), rows)


def mark_decades(axis: Axis, low: float, high: float) -> None:
    """Ticks at powers of ten, between them too where there are fewer than two decades, and anywhere in a narrow one."""
    subs = (1, 2, 5) if high < FEW_DECADES * low else (1,)
    narrow = MaxNLocator(3, steps=[1, 2, 5, 10]) if high < NARROW * low else None
    axis.set_major_locator(narrow or LogLocator(10, subs=subs, numticks=5))
    axis.set_major_formatter(power)


def power(value: float, _unused: object = None) -> str:
    """A tick's number: plain from a thousandth to a hundred, else as 1e−5."""
    return numerals.general(value) if 0.0009 < value < 999 else numerals.exponential(value, 1)


def median_ratio(weights: Grid, gradients: Grid) -> float:
    """Median of gradient over weight."""
    ratio = gradients / weights
    return float(np.median(ratio[np.isfinite(ratio)]))


def draw_line(axes: Axes, middle: float) -> None:
    """The line on which gradient over weight is the median; it asks for no room of its own."""
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    axes.plot([low, high], [middle * low, middle * high], color=HAIRLINE, linewidth=1, zorder=0)
    axes.set_xlim(low, high)
    axes.set_ylim(bottom, top)


def outliers(weights: Grid, gradients: Grid, middle: float) -> list[int]:
    """The points farthest from the median ratio, at least by a factor of two."""
    with np.errstate(invalid="ignore"):
        away = np.abs(np.log(gradients / weights / middle))
    order = sorted((place for place in range(len(away)) if away[place] >= np.log(2)), key=lambda place: -away[place])
    return order[:OUTLIERS]


def name_outliers(axes: Axes, facts: WeightFacts, weights: Grid, gradients: Grid, middle: float) -> None:
    """The number and the name beside the outliers."""
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    heights: list[float] = []
    for row in outliers(weights, gradients, middle):
        place = facts.shown[row]
        early = np.log(weights[row] / left) < 0.5 * np.log(right / left)
        height = float(np.log(gradients[row] / bottom) / np.log(top / bottom))
        if any(abs(height - other) < APART for other in heights):
            continue
        heights.append(height)
        text = f"{place + 1} {squeeze(plain_name(facts.matrices[place]), 14, plain_names(facts))}"
        above = gradients[row] > middle * weights[row]
        axes.annotate(
            text,
            (weights[row], gradients[row]),
            (3 if early else -3, 3 if above else -3),
            textcoords="offset points",
            ha="left" if early else "right",
            va="bottom" if above else "top",
            color=INK,
        )


def gradient_caption(facts: WeightFacts, points: dict[str, tuple[Grid, Grid]], middle: float) -> str:
    """Which matrix stands out, then how to read it."""
    named = outliers(*points["final"], middle)
    told = []
    if named:
        ratio = float(points["final"][1][named[0]] / points["final"][0][named[0]] / middle)
        told.append(
            _(
                "The ratio of gradient to weight of {name} is {times} times the median.",
                name=shorten(plain_name(facts.matrices[facts.shown[named[0]]]), 40),
                times=numerals.significant(ratio, 2),
            )
        )
    images = facts.sampled.images if facts.sampled is not None else 0
    told.append(
        _(
            "A point is one matrix; on the line gradient over weight is the median. Gradient of the mean loss "
            "({loss}) of {n} training images.",
            loss=draw_note(facts.loss),
            n=numerals.count(images),
        )
    )
    told.append(_("Open: initial weights; filled: after training.") if facts.trained else moments_text(facts))
    return join_sentences(told)


def gradient_alt(facts: WeightFacts, points: dict[str, tuple[Grid, Grid]]) -> str:
    """Range of gradient over weight, and the matrices at its ends."""
    weights, gradients = points["final"]
    ratio = gradients / weights
    order = [int(row) for row in np.argsort(ratio) if np.isfinite(ratio[row])]
    ends = [
        f"{shorten(plain_name(facts.matrices[facts.shown[row]]), 40)} {numerals.general(ratio[row], 2)}"
        for row in (order[0], order[-1])
    ]
    return _(
        "Scatter of {matrices}. Gradient over weight, lowest and highest: {ends}.",
        matrices=count_matrices(len(order)),
        ends=join_rows(ends),
    )


FIGURE = FigureKind("weights_gradient", draw_gradient, by_seaborn=True)
