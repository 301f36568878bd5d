"""Equal values of a sorted array."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.predictions import FloatArray, IntArray


def tie_ends(ordered: FloatArray) -> tuple[IntArray, IntArray]:
    """For each place of a sorted array (n,), the first and the last place with the same value, (n,) each."""
    new = np.r_[True, ordered[1:] != ordered[:-1]]
    starts = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    ends = np.r_[starts[1:], len(ordered)] - 1
    return starts[group], ends[group]
