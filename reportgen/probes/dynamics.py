"""Training dynamics by layer: gradients, updates, activations before and after."""

from __future__ import annotations

from reportgen.frozen import Frozen
from reportgen.probes.sampling import Sampled


class DynamicsFacts(Frozen):
    """What the probe `dynamics` found."""

    sampled: Sampled | None = None
    """The images it looked at; None where it needs none."""
