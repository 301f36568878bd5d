"""The autograd graph of the loss, from the outputs back to named parameters."""

from __future__ import annotations

from reportgen.frozen import Frozen
from reportgen.probes.sampling import Sampled


class AutogradFacts(Frozen):
    """What the probe `autograd` found."""

    sampled: Sampled | None = None
    """The images it looked at; None where it needs none."""
