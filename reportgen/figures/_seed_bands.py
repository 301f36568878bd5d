"""Bands over seeds: where the same curve of every training lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from reportgen.figures._marks import draw_band
from reportgen.record.run import RunRecord, Training
from reportgen.text.i18n import _

Array = NDArray[np.float64]
Points = Sequence[tuple[float, float]]
OPACITY = 0.18


def trainings(record: RunRecord) -> tuple[Training, ...]:
    """Of every seed, the first one's before the others'."""
    first = () if record.training is None else (record.training,)
    return (*first, *(run.training for run in record.seeds))


def band(curves: Sequence[Points]) -> tuple[Array, Array, Array] | None:
    """Lowest and highest of several curves at the points of the first, straight lines between their own.

    Arrays (points,) of the places where at least two curves are; None where there are none. A curve says nothing
    outside of its ends.
    """
    if len(curves) < 2 or not all(curves):
        return None
    columns = [np.array(curve, np.float64).T for curve in curves]
    grid = columns[0][0]
    values = np.array([np.interp(grid, x, y, left=np.nan, right=np.nan) for x, y in columns])
    shared = np.isfinite(values).sum(0) > 1
    if not shared.any():
        return None
    return grid[shared], np.nanmin(values[:, shared], 0), np.nanmax(values[:, shared], 0)


def draw_seed_band(axes: Axes, curves: Sequence[Points], colour: str) -> None:
    """Fill between the lowest and the highest of several curves."""
    found = band(curves)
    if found is not None:
        draw_band(axes, *found, colour, alpha=OPACITY, zorder=2)


def format_band(record: RunRecord) -> str:
    """What line and band are, for a caption; empty for a single seed."""
    if not record.seeds:
        return ""
    seeds = record.spec.run.seeds
    return _("Lines: seed {first}; bands: lowest to highest of all {count} seeds.", first=seeds[0], count=len(seeds))
