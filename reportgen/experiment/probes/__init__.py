"""A trained model in, what the probes found out: weights, responses, explanations, robustness, cost."""

from reportgen.experiment.probes.context import Allowance, Probe, ProbeContext, ProbeRefused, ProbeResult
from reportgen.experiment.probes.run import Probed, probe_model

__all__ = ["Allowance", "Probe", "ProbeContext", "ProbeRefused", "ProbeResult", "Probed", "probe_model"]
