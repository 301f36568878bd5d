"""The graph of the loss, from the output back to the parameters."""

from reportgen.experiment.probes.autograd.measure import PROBE

__all__ = ["PROBE"]
