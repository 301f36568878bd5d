"""Accuracy under corruptions, shifts, attacks and other preprocessing."""

from __future__ import annotations

from reportgen.frozen import Frozen
from reportgen.probes.sampling import Sampled


class RobustnessFacts(Frozen):
    """What the probe `robustness` found."""

    sampled: Sampled | None = None
    """The images it looked at; None where it needs none."""
