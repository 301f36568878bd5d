"""How the matrices of a model are found, measured and drawn."""

from reportgen.experiment.probes.weights.measure import PROBE

__all__ = ["PROBE"]
