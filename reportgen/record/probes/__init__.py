"""What the probes found: how the model was looked into beyond its predictions. Values only; no torch."""

from __future__ import annotations

from typing import Literal

from reportgen.record.message import Message
from reportgen.record.probes.autograd import AutogradFacts
from reportgen.record.probes.cost import CostFacts
from reportgen.record.probes.dynamics import DynamicsFacts
from reportgen.record.probes.explanations import ExplanationFacts
from reportgen.record.probes.response import ResponseFacts
from reportgen.record.probes.robustness import RobustnessFacts
from reportgen.record.probes.weights import WeightFacts
from reportgen.spec.frozen import Frozen
from reportgen.text.i18n import _


class NotProbed(Frozen):
    """A probe that was not run or could not be, and why."""

    name: str
    reason: Message
    """One plain sentence."""


class ProbeTime(Frozen):
    """What one probe cost."""

    name: str
    seconds: float


class Probes(Frozen):
    """Everything the probes found. A probe that was not run is None here and has its reason in `missing`."""

    level: Literal["fast", "full", "none"]
    budget_seconds: float | None
    """For all probes together; None: no limit."""
    times: tuple[ProbeTime, ...] = ()
    missing: tuple[NotProbed, ...] = ()
    weights: WeightFacts | None = None
    response: ResponseFacts | None = None
    dynamics: DynamicsFacts | None = None
    autograd: AutogradFacts | None = None
    explanations: ExplanationFacts | None = None
    robustness: RobustnessFacts | None = None
    cost: CostFacts | None = None

    @property
    def seconds(self) -> float:
        """What all probes together took."""
        return sum(time.seconds for time in self.times)


def why_missing(probes: Probes | None, name: str) -> str:
    """Why a record has nothing of a probe, as the sentence that a report shows in its place."""
    if probes is None:
        return _("The record was made before this could be measured.")
    found = next((gap.reason.text for gap in probes.missing if gap.name == name), "")
    return found or _("The probe {name} was not run.", name=name)
