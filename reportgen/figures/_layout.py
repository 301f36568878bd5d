"""Where the charts of a figure stand: each as large as their labels leave room for, measured once.

matplotlib's constrained layout measures every label twice and solves for the places, which took a third of the time
of all drawing, and its solver's last digits differ between processes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, SubplotSpec
from numpy.typing import ArrayLike, NDArray

EDGE = 3.0
"""Points between a chart's labels and the edge of the figure."""
BETWEEN = 7.0
"""Points between the labels of one chart and the next."""
Sides = NDArray[np.float64]


def lay_out(figure: Figure, left: float = 0.0, below: float = 0.0, above: float = 0.0) -> None:
    """Place the charts that stand in one grid, in its ratios of widths and heights; charts placed by hand stay.

    `left`, `below` and `above` are points kept free at the edges.
    """
    charts = [(axes, spec) for axes in figure.axes if (spec := axes.get_subplotspec()) is not None]
    if not charts:
        return
    grid = charts[0][1].get_gridspec()
    assert isinstance(grid, GridSpec)
    margins = [measure_labels(axes) for axes, _unused in charts]
    columns = [spec.colspan for _unused, spec in charts]
    rows = [spec.rowspan for _unused, spec in charts]
    wide, tall = (float(side) * 72 for side in figure.get_size_inches())
    x = place(grid.ncols, columns, [one[:2] for one in margins], grid.get_width_ratios(), wide - left) + left
    room = tall - below - above
    y = tall - above - place(grid.nrows, rows, [one[2:] for one in margins], grid.get_height_ratios(), room)
    for axes, spec in charts:
        box = inside(spec, x, y)
        axes.set_position((box[0] / wide, box[1] / tall, (box[2] - box[0]) / wide, (box[3] - box[1]) / tall))


def measure_labels(axes: Axes) -> tuple[float, float, float, float]:
    """How far the labels of a chart reach beyond it, points: left, right, above, below."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    canvas = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    box = axes.get_position(original=True).transformed(figure.transFigure)
    whole = axes.get_tightbbox(canvas.get_renderer(), for_layout_only=True)  # type: ignore[no-untyped-call]
    if whole is None:
        return 0.0, 0.0, 0.0, 0.0
    reach = (box.x0 - whole.x0, whole.x1 - box.x1, whole.y1 - box.y1, box.y0 - whole.y0)
    left, right, above, below = (max(0.0, float(side)) for side in reach)
    return left, right, above, below


def place(
    count: int,
    spans: Sequence[range],
    margins: Sequence[tuple[float, float]],
    ratios: ArrayLike,
    room: float,
) -> Sides:
    """Beginning and end of each of `count` columns, (count, 2) points, from the margins before and after each chart."""
    before, after = np.zeros(count), np.zeros(count)
    for span, (first, last) in zip(spans, margins, strict=True):
        before[span.start] = max(before[span.start], first)
        after[span.stop - 1] = max(after[span.stop - 1], last)
    free = room - 2 * EDGE - (count - 1) * BETWEEN - before.sum() - after.sum()
    sizes = max(free, 1.0) * np.asarray(ratios, np.float64) / np.sum(ratios)
    steps = before + sizes + after + BETWEEN
    starts = EDGE + np.concatenate([[0.0], np.cumsum(steps)[:-1]]) + before
    return np.column_stack([starts, starts + sizes])


def inside(spec: SubplotSpec, x: Sides, y: Sides) -> tuple[float, float, float, float]:
    """Left, lower, right and upper end of a chart, points."""
    columns, rows = spec.colspan, spec.rowspan
    return x[columns.start, 0], y[rows.stop - 1, 1], x[columns.stop - 1, 1], y[rows.start, 0]
