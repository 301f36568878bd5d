"""seaborn's functions as our figures use them: every number given, nothing estimated, no legend, colours by meaning.

seaborn is imported when the first of them is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

GIVEN: Mapping[str, Any] = {"errorbar": None, "estimator": None, "sort": False, "legend": False}
"""Of lines: the values are drawn as they are; seaborn would average and resample them."""


@contextmanager
def keep_names(axes: Axes) -> Iterator[Axes]:
    """The axes with names that seaborn leaves alone: to name one itself it makes and counts all ticks, which takes two
    thirds of the time of a line."""
    names = axes.get_xlabel(), axes.get_ylabel()
    axes.set(xlabel="x", ylabel="y")
    yield axes
    axes.set(xlabel=names[0], ylabel=names[1])


def draw_line(axes: Axes, x: ArrayLike, y: ArrayLike, colour: Any, **look: Any) -> None:
    """A line through points (n,), broken where one is not a number."""
    import seaborn

    across, up = np.asarray(x, np.float64), np.asarray(y, np.float64)
    gaps = np.isnan(across) | np.isnan(up)
    runs = {"units": np.cumsum(gaps)} if gaps.any() else {}
    properties = {"markeredgecolor": colour, "markeredgewidth": 1.0, "zorder": 2, **look}
    with keep_names(axes):
        seaborn.lineplot(x=across, y=up, color=colour, ax=axes, **GIVEN, **runs, **properties)


def draw_lines(axes: Axes, x: ArrayLike, lines: ArrayLike, colours: Sequence[str], **look: Any) -> None:
    """Lines (n, count) over the same places (n,), each in a colour of its own, broken where one is not a number."""
    import seaborn

    values = np.asarray(lines, np.float64)
    count = values.shape[1]
    known = np.isfinite(values)
    run = np.cumsum(~known, axis=0)[known] * count + np.broadcast_to(np.arange(count), values.shape)[known]
    places = np.broadcast_to(np.asarray(x, np.float64)[:, None], values.shape)[known]
    which = np.broadcast_to(np.arange(count), values.shape)[known]
    palette = dict(enumerate(colours))
    with keep_names(axes):
        seaborn.lineplot(
            x=places,
            y=values[known],
            hue=which,
            palette=palette,
            hue_order=sorted(palette),
            units=run,
            ax=axes,
            **GIVEN,
            **{"zorder": 2, **look},
        )


def draw_band(axes: Axes, x: ArrayLike, low: ArrayLike, high: ArrayLike, colour: Any, **look: Any) -> None:
    """Between two lines whose ends come from our own metrics; seaborn draws only bands that it estimates itself."""
    axes.fill_between(np.asarray(x), np.asarray(low), np.asarray(high), color=colour, linewidth=0, **look)


def draw_points(axes: Axes, x: ArrayLike, y: ArrayLike, colour: Any, size: float, **look: Any) -> None:
    """Marks of one look at points (n,); `size` is their diameter in points."""
    import seaborn

    properties = {"linewidth": 0, "alpha": 1.0, "zorder": 2.5, **look}
    with keep_names(axes):
        seaborn.scatterplot(
            x=np.asarray(x), y=np.asarray(y), color=colour, s=size**2, ax=axes, legend=False, **properties
        )


def draw_bars(axes: Axes, lengths: ArrayLike, colour: Any, thick: float, **look: Any) -> None:
    """Horizontal bars (n,) from zero at the heights 0, 1, 2 …, the first one above."""
    import seaborn

    values = np.asarray(lengths, np.float64)
    properties = {"linewidth": 0, "saturation": 1.0, **look}
    with keep_names(axes):
        seaborn.barplot(
            x=values,
            y=np.arange(len(values)),
            orient="h",
            native_scale=True,
            color=colour,
            width=thick,
            errorbar=None,
            legend=False,
            ax=axes,
            **properties,
        )


def draw_histogram(axes: Axes, heights: ArrayLike, edges: ArrayLike, colour: Any, **look: Any) -> None:
    """Bins that were counted before: heights (n,) over edges (n + 1,)."""
    import seaborn

    ends = np.asarray(edges, np.float64)
    middles = (ends[:-1] + ends[1:]) / 2
    with keep_names(axes):
        seaborn.histplot(
            x=middles,
            weights=np.asarray(heights),
            bins=ends.tolist(),
            color=colour,
            legend=False,
            ax=axes,
            **{"alpha": 1.0, **look},
        )


def draw_heat_map(axes: Axes, values: ArrayLike, **look: Any) -> None:
    """Cells (rows, columns), the first row above; colour scale, masks and numbers as `seaborn.heatmap` takes them."""
    import seaborn

    seaborn.heatmap(values, ax=axes, xticklabels=False, yticklabels=False, **look)
