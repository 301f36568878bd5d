"""Which images a probe looked at."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.spec.frozen import Frozen


class Sampled(Frozen):
    """A sample of a split's images, the classes in equal shares, known by its seed."""

    images: int
    split: Literal["train", "test"]
    seed: int


def count_turns(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,): how many of the same group, a number from 0 on, came before each."""
    turns = np.empty(len(groups), np.int64)
    seen = np.zeros(int(groups.max(initial=-1)) + 1, np.int64)
    for place, group in enumerate(groups):
        turns[place], seen[group] = seen[group], seen[group] + 1
    return turns
