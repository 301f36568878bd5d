"""Logits and labels in, numbers with intervals out. numpy and scipy only."""

from reportgen.metrics.measure import measure

__all__ = ["measure"]
