"""Gradients and updates of every layer over the steps of training: two heat maps on one time axis.

By matplotlib, as images: seaborn's heat map is a path for each of up to 14,400 cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, Colormap, LinearSegmentedColormap

from reportgen.figures._style import bare, sheet, squeeze
from reportgen.figures._table import write_csv
from reportgen.metrics.dynamics import Dynamics, read_dynamics
from reportgen.metrics.intervals import FloatArray
from reportgen.plugins import FigureKind
from reportgen.record.probes import why_missing
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, HAIRLINE, INK, PAPER
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

MOST_ROWS = 48
"""Layers that have a row of their own; of more, that many evenly over depth."""
TALLEST, MAP_HEIGHT, LEAST_HEIGHT = 16, 230, 90
"""CSS pixels: of a row at most, of a map about, and at least."""
LINE = 13
"""CSS pixels between two names of layers at least."""
LEVELS = 14
"""Colours of a map: few, because noise in many would weigh too much."""
ENLARGED = 4
"""Pixels of the file for one cell, in each direction: viewers smooth what they enlarge themselves."""
USUAL = -3.0
"""log₁₀ of the update-to-weight ratio that a rule of thumb calls healthy."""
KEY = (1.015, 0.025, 0.024, 0.95)
"""Left, lower end, width and height of the key of the colours, in shares of the map."""
MISSING = "#e9c9a0"
"""Cells that are not finite or zero, which a logarithm has no colour for."""
RISING = LinearSegmentedColormap.from_list("rising", (PAPER, "#bfe0dc", "#4f9e97", ACCENT, "#063d3a"))
SIGNED = LinearSegmentedColormap.from_list("ratio", ("#8a3a7d", "#d9b8d3", PAPER, "#a9cfcb", ACCENT))


def draw(subject: Subject) -> FigureFile | Skipped:
    """Rows are layers from input to output, columns the sampled steps, colour the logarithm."""
    record = subject.record
    name, title = "training_layers", _("Gradients and updates by layer")
    if record.training is None:
        return Skipped(name, title, _("The model was evaluated, not trained."))
    dynamics = read_dynamics(record)
    if dynamics is None:
        return Skipped(name, title, why_missing(record.probes, "dynamics"))
    rows = thin(len(dynamics.facts.layers))
    tall = height_of(len(rows))
    gradient, ratio = (logarithm(values)[:, rows] for values in (dynamics.gradient, dynamics.ratio))
    names = [dynamics.facts.layers[row] for row in rows]
    with sheet(name, 2 * tall + 84) as paper:
        upper, lower = paper.figure.subplots(2, 1, sharex=True)
        low, high = ends(gradient)
        draw_map(upper, gradient, names, RISING, (low, high), write_power)
        upper.set_title(_("Gradient norm"))
        reach = max(1.0, *np.abs(np.array(ends(ratio)) - USUAL))
        draw_map(lower, ratio, names, SIGNED, (USUAL - reach, USUAL + reach), write_share)
        lower.set_title(_("Update / weight, ‖ΔW‖/‖W‖; white: 0.1 %"))
        draw_steps(lower, dynamics)
        return paper.svg(title, caption(dynamics, len(rows)), describe(dynamics), tabulate(dynamics, rows))


def tabulate(dynamics: Dynamics, rows: Sequence[int]) -> str:
    """Every cell of both maps, before the logarithm."""
    gradient, ratio, names = dynamics.gradient, dynamics.ratio, dynamics.facts.layers
    cells = (
        (step, names[row], gradient[at, row], 100 * ratio[at, row])
        for row in rows
        for at, step in enumerate(dynamics.steps)
    )
    return write_csv(("step", "layer", "gradient norm", "update against weight (%)"), cells)


def height_of(layers: int) -> int:
    """CSS pixels of a map of so many layers, about."""
    return min(max(LEAST_HEIGHT, TALLEST * layers), MAP_HEIGHT)


def thin(count: int) -> list[int]:
    """All rows, or MOST_ROWS of them evenly, the first and the last among them."""
    if count <= MOST_ROWS:
        return list(range(count))
    return [round(place * (count - 1) / (MOST_ROWS - 1)) for place in range(MOST_ROWS)]


def logarithm(values: FloatArray) -> FloatArray:
    """log₁₀ of values of any shape, nan for zero and what is not finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(values)
    found: FloatArray = np.where(np.isfinite(logs), logs, np.nan)
    return found


def ends(logs: FloatArray) -> tuple[float, float]:
    """Between which the colours run: nearly all values, at least half a decade; what lies outside takes the last."""
    known = logs[np.isfinite(logs)]
    if not len(known):
        return -1.0, 0.0
    low, high = np.quantile(known, (0.005, 0.995))
    middle, half = (low + high) / 2, max(0.25, (high - low) / 2)
    return float(middle - half), float(middle + half)


def draw_map(
    axes: Axes,
    logs: FloatArray,
    names: list[str],
    colours: Colormap,
    reach: tuple[float, float],
    write: Callable[[float], str],
) -> None:
    """One heat map (S, L) as an image, layers downwards, with its key of colours."""
    low, high = reach
    scale = BoundaryNorm(np.linspace(low, high, LEVELS + 1), colours.N, clip=True)
    big = logs.T.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    steps, layers = logs.shape
    extent = (-0.5, steps - 0.5, layers - 0.5, -0.5)
    shown = colours.with_extremes(bad=MISSING)
    image = axes.imshow(
        np.ma.masked_invalid(big), cmap=shown, norm=scale, aspect="auto", interpolation="none", extent=extent
    )
    room = -(-LINE * layers // height_of(layers))
    named = list(range(0, layers, room))
    axes.set_yticks(named, [squeeze(names[row], 22, names) for row in named])
    axes.tick_params(axis="y", labelcolor=INK)
    bare(axes)
    key = axes.figure.colorbar(image, cax=axes.inset_axes(KEY))
    key.outline.set_edgecolor(HAIRLINE)
    whole = np.arange(np.ceil(low), np.floor(high) + 1)
    marks = whole if len(whole) > 1 else np.array([low, high])
    key.set_ticks(marks[:: max(1, len(marks) // 5)].tolist())
    key.ax.yaxis.set_major_formatter(lambda value, _unused: write(10.0**value))
    key.ax.minorticks_off()
    key.ax.tick_params(length=0)


def write_power(value: float) -> str:
    """A number as people read it on a logarithmic scale: "100", "0.01", "1e−6" below a ten-thousandth."""
    if 1e-4 <= value < 1e5:
        return numerals.brief(value)
    return numerals.general(value, 1)


def write_share(value: float) -> str:
    """A ratio in per cent."""
    return numerals.in_percent(write_power(100 * value))


def draw_steps(axes: Axes, dynamics: Dynamics) -> None:
    """About six ticks at sampled steps."""
    steps = dynamics.steps
    places = np.unique(np.linspace(0, len(steps) - 1, min(6, len(steps))).round().astype(int))
    axes.set_xticks(places, [numerals.count(steps[place]) for place in places])
    axes.set_xlabel(_("step"))


def caption(dynamics: Dynamics, shown: int) -> str:
    """First and last layer's gradient and the usual update, then how to read it."""
    gradient, ratio = middle(dynamics.gradient, np.nanmedian), middle(dynamics.ratio, np.nanmedian)
    first, last = dynamics.facts.layers[0], dynamics.facts.layers[-1]
    told = _(
        "In the median over the steps, the gradient of {first} has norm {low}, that of {last} {high}; a step moves a "
        "layer by {share} of its norm.",
        first=squeeze(first, 40),
        last=squeeze(last, 40),
        low=write_power(gradient[0]),
        high=write_power(gradient[-1]),
        share=write_share(float(np.nanmedian(ratio))),
    )
    reading = _(
        "Rows: weights from input to output; columns: {samples} of the steps; colours on a logarithmic scale, ochre "
        "where it is zero or not finite.",
        samples=numerals.count(len(dynamics.steps)),
    )
    count = len(dynamics.facts.layers)
    rest = (
        _("{shown} of {count} layers, taken at equal steps of depth.", shown=shown, count=count)
        if shown < count
        else ""
    )
    return join_sentences((told, reading, rest))


def middle(values: FloatArray, of: Callable[..., FloatArray]) -> FloatArray:
    """A statistic (layers,) over the steps of (steps, layers), of what is finite; 0 where nothing is."""
    finite = np.where(np.isfinite(values), values, np.nan)
    empty = ~np.isfinite(finite).any(axis=0)
    finite[:, empty] = 0.0
    return of(finite, axis=0)


def describe(dynamics: Dynamics) -> str:
    """Median gradient norm and update ratio of up to twelve layers evenly over depth."""
    gradient, ratio = middle(dynamics.gradient, np.nanmedian), middle(dynamics.ratio, np.nanmedian)
    count = len(gradient)
    places = sorted({round(place * (count - 1) / 11) for place in range(12)})
    told = [
        _(
            "{name}: gradient {gradient}, update {ratio}",
            name=squeeze(dynamics.facts.layers[place], 40),
            gradient=write_power(gradient[place]),
            ratio=write_share(ratio[place]),
        )
        for place in places
    ]
    return _(
        "Two heat maps over {steps} steps and {count} layers. Medians over the steps: {layers}.",
        steps=numerals.count(len(dynamics.steps)),
        count=count,
        layers=join_rows(told),
    )


FIGURE = FigureKind("training_layers", draw)
