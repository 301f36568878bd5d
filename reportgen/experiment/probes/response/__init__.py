"""How layers respond to their drive and to the light of the image."""

from reportgen.experiment.probes.response.measure import PROBE

__all__ = ["PROBE"]
