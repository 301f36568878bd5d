"""Why: attribution maps with their checks, feature maps, the embedding, nearest training images."""

from __future__ import annotations

from reportgen.frozen import Frozen
from reportgen.probes.sampling import Sampled


class ExplanationFacts(Frozen):
    """What the probe `explanations` found."""

    sampled: Sampled | None = None
    """The images it looked at; None where it needs none."""
