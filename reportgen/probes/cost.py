"""Latency, throughput, memory and time by module, and how near the machine's peak."""

from __future__ import annotations

from reportgen.frozen import Frozen
from reportgen.probes.sampling import Sampled


class CostFacts(Frozen):
    """What the probe `cost` found."""

    sampled: Sampled | None = None
    """The images it looked at; None where it needs none."""
