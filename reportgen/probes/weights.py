"""The weights of every layer as matrices: norms, spectra, distributions, pictures; initial and trained."""

from __future__ import annotations

from reportgen.frozen import Frozen
from reportgen.probes.sampling import Sampled


class WeightFacts(Frozen):
    """What the probe `weights` found."""

    sampled: Sampled | None = None
    """The images it looked at; None where it needs none."""
