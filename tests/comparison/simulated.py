"""Simulated pairs of models on the same images, many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.comparison.accuracy import paired_changes
from reportgen.comparison.decision import decide

PAIRS = 2000
CLASSES = 10


def flips(seed: int, n: int, lost: float, gained: float, uneven: bool = True) -> NDArray[np.int8]:
    """(n, PAIRS) differences of right and wrong; where `uneven`, some classes flip four times as often as others."""
    rng = np.random.default_rng(seed)
    weight = np.linspace(0.4, 1.6, CLASSES)[np.arange(n) % CLASSES] if uneven else np.ones(n)
    chance = rng.random((n, PAIRS), np.float32)
    down = (weight * lost).astype(np.float32)[:, None]
    up = down + (weight * gained).astype(np.float32)[:, None]
    return ((chance >= down) & (chance < up)).astype(np.int8) - (chance < down).astype(np.int8)


def verdicts(differences: NDArray[np.int8], margin: float) -> dict[str, float]:
    """How often each verdict appears."""
    found = [decide(change, margin) for change in paired_changes(differences)]
    return {name: found.count(name) / len(found) for name in ("better", "worse", "equivalent", "undecided")}
