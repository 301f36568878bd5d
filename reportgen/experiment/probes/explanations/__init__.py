"""Layers with a feature map, attribution maps and their checks, embeddings."""

from reportgen.experiment.probes.explanations.measure import PROBE

__all__ = ["PROBE"]
