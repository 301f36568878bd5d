"""Learning-rate schedules as functions of how much of the pass is done, so that a time budget can end them too."""

from __future__ import annotations

import math

from reportgen.record.message import N_

WARM_UP = 0.3
START, END = 1 / 25, 1 / (25 * 1e4)
"""Of one_cycle: first and last rate as shares of the highest (torch's OneCycleLR defaults)."""
CYCLED = (0.85, 0.95)
"""Least and most momentum of one_cycle (torch's defaults)."""
DROPS = (0.5, 0.75)
"""Of step: where the rate is divided by ten (He et al. 2016 §4.2: at 32k and 48k of 64k steps)."""
NAMES = {
    "one_cycle": N_("one cycle"),
    "cosine": N_("cosine"),
    "step": N_("divided by ten at 50 % and 75 %"),
    "constant": N_("constant"),
}


def rate(schedule: str, done: float, steps: int | None = None) -> float:
    """The learning rate as a share of the highest, for `done` from 0 to 1.

    `one_cycle`: cosine up over 30 % and down over the rest (Smith & Topin 2019), as torch's OneCycleLR of so many
    `steps`: of T steps the first has the lowest rate, the last the end's, the highest falls on step 0.3 T − 1, counted
    from 0. Where the number of steps is not known, as if there were many. `cosine`: from 1 to 0 (Loshchilov & Hutter
    2017); `step`: 1, 0.1, 0.01; `constant`: 1.
    """
    done = min(max(done, 0.0), 1.0)
    if schedule == "one_cycle":
        rising, share = one_cycle_phase(done, steps)
        return between(START, 1.0, share) if rising else between(1.0, END, share)
    if schedule == "cosine":
        return between(1.0, 0.0, done)
    if schedule == "step":
        return float(0.1 ** sum(done >= drop for drop in DROPS))
    return 1.0


def one_cycle_momentum(done: float, steps: int | None = None) -> float:
    """The momentum of one_cycle, as torch's OneCycleLR cycles it: down while the rate rises, and up again."""
    low, high = CYCLED
    rising, share = one_cycle_phase(min(max(done, 0.0), 1.0), steps)
    return between(high, low, share) if rising else between(low, high, share)


def one_cycle_phase(done: float, steps: int | None) -> tuple[bool, float]:
    """Whether the rate still rises, and how much of the rise or of the fall is behind, 0 to 1."""
    if steps is None:
        return (True, done / WARM_UP) if done <= WARM_UP else (False, (done - WARM_UP) / (1 - WARM_UP))
    step, top, last = done * steps, WARM_UP * steps - 1, steps - 1
    if step <= top:
        return True, step / top if top else 1.0
    return False, min(1.0, (step - top) / (last - top))


def between(start: float, end: float, share: float) -> float:
    """Half a cosine from `start` to `end`."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
