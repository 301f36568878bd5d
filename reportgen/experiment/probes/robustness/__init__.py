"""Corruptions, transforms, attacks and other ways to preprocess."""

from reportgen.experiment.probes.robustness.measure import PROBE

__all__ = ["PROBE"]
