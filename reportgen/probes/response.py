"""Characteristic curves: how each layer answers to the drive of its input."""

from __future__ import annotations

from reportgen.frozen import Frozen
from reportgen.probes.sampling import Sampled


class ResponseFacts(Frozen):
    """What the probe `response` found."""

    sampled: Sampled | None = None
    """The images it looked at; None where it needs none."""
