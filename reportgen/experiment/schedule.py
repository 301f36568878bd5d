"""Learning-rate schedules as functions of how much of the pass is done, so that a time budget can end them too."""

from __future__ import annotations

import math

from reportgen.record.message import N_

WARM_UP = 0.3
START, END = 1 / 25, 1 / (25 * 1e4)
"""Of one_cycle: first and last rate as shares of the highest (torch's OneCycleLR defaults)."""
DROPS = (0.5, 0.75)
"""Of step: where the rate is divided by ten (He et al. 2016 §4.2: at 32k and 48k of 64k steps)."""
NAMES = {
    "one_cycle": N_("one cycle"),
    "cosine": N_("cosine"),
    "step": N_("divided by ten at 50 % and 75 %"),
    "constant": N_("constant"),
}


def rate(schedule: str, done: float) -> float:
    """The learning rate as a share of the highest, for `done` from 0 to 1.

    `one_cycle`: cosine up over 30 % and down over the rest (Smith & Topin 2019, as torch's OneCycleLR);
    `cosine`: from 1 to 0 (Loshchilov & Hutter 2017); `step`: 1, 0.1, 0.01; `constant`: 1.
    """
    done = min(max(done, 0.0), 1.0)
    if schedule == "one_cycle":
        if done <= WARM_UP:
            return between(START, 1.0, done / WARM_UP)
        return between(1.0, END, (done - WARM_UP) / (1 - WARM_UP))
    if schedule == "cosine":
        return between(1.0, 0.0, done)
    if schedule == "step":
        return float(0.1 ** sum(done >= drop for drop in DROPS))
    return 1.0


def between(start: float, end: float, share: float) -> float:
    """Half a cosine from `start` to `end`."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
