"""What was recorded by layer while a model trained, as arrays: what figures draw and sections tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.intervals import FloatArray
from reportgen.record.arrays import Arrays
from reportgen.record.probes.dynamics import DynamicsFacts
from reportgen.record.run import RunRecord


@dataclass(frozen=True)
class Dynamics:
    """The facts of the probe and its arrays, the layers in the order of `facts.layers`."""

    facts: DynamicsFacts
    arrays: Arrays

    @property
    def steps(self) -> NDArray[np.int64]:
        """The sampled steps (S,), 1-based."""
        return np.asarray(self.arrays["dynamics.steps"], np.int64)

    def norms(self, name: str) -> FloatArray:
        """`gradient`, `weight` or `update` norms (S, L)."""
        return np.asarray(self.arrays[f"dynamics.{name}"], np.float64)[:, list(self.facts.order)]

    @property
    def gradient(self) -> FloatArray:
        """L2 norm of the gradient of each layer (S, L)."""
        return self.norms("gradient")

    @property
    def ratio(self) -> FloatArray:
        """‖ΔW‖/‖W‖ (S, L), the update of a step against the weight before it; nan where the weight is zero."""
        weight = self.norms("weight")
        with np.errstate(invalid="ignore", divide="ignore"):
            found: FloatArray = np.where(weight > 0, self.norms("update") / weight, np.nan)
        return found


def read_dynamics(record: RunRecord) -> Dynamics | None:
    """The dynamics of a record, or None where there are none."""
    facts = record.probes.dynamics if record.probes is not None else None
    if facts is None or not facts.layers or "dynamics.steps" not in record.arrays:
        return None
    return Dynamics(facts, record.arrays)
