"""Latency, memory, machine limits and the training step in parts."""

from reportgen.experiment.probes.cost.measure import PROBE

__all__ = ["PROBE"]
