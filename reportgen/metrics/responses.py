"""The characteristic curves of a record as arrays: what figures draw and sections tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.metrics.characteristics import Characteristic, characterise, gain_change, gain_interval
from reportgen.metrics.intervals import FloatArray
from reportgen.record.arrays import Arrays
from reportgen.record.probes.response import INITIAL, TRAINED, ResponseFacts
from reportgen.record.run import RunRecord

MOST_PANELS = 12


@dataclass(frozen=True)
class Responses:
    """The facts of the probe and its arrays in float64."""

    facts: ResponseFacts
    arrays: Arrays

    def array(self, name: str) -> FloatArray:
        """One of the arrays of the probe, of the shape that `ResponseFacts` states."""
        return np.asarray(self.arrays[f"response.{name}"], dtype=np.float64)

    @property
    def compared(self) -> bool:
        """Whether the initial weights are there as well."""
        return not self.facts.why_alone

    def shown(self) -> list[int]:
        """Units that are drawn: those that bend, at most twelve evenly over depth; all where none bends."""
        units = [place for place, unit in enumerate(self.facts.units) if unit.bends]
        units = units or list(range(len(self.facts.units)))
        if len(units) <= MOST_PANELS:
            return units
        return [units[round(place * (len(units) - 1) / (MOST_PANELS - 1))] for place in range(MOST_PANELS)]

    def relative(self, name: str, weights: int) -> FloatArray:
        """Responses (…, U) of one set of weights relative to those to the images as they are; nan where there is none.

        `name`: "rms", by drive (D, U), or "layers", by exposure (2, E, U).
        """
        values = self.array(name)[weights]
        at = self.array("drives" if name == "rms" else "exposures")
        nominal = values[..., int(np.argmin(np.abs(at - 1))), :][..., None, :]
        with np.errstate(invalid="ignore", divide="ignore"):
            found: FloatArray = np.where(nominal > 0, values / nominal, np.nan)
        return found

    def characteristic(self, unit: int, weights: int = TRAINED) -> Characteristic | None:
        """What the curve of a unit by its own drive says; None where it is silent."""
        return characterise(self.array("drives"), self.array("rms")[weights, :, unit])

    def gain_interval(self, unit: int, weights: int = TRAINED) -> tuple[float, float] | None:
        """95 % interval over images of the unit's gain at the nominal drive."""
        return gain_interval(self.array("power")[weights, :, unit])

    def gain_change(self, unit: int) -> tuple[float, float] | None:
        """How training changed the unit's gain at the nominal drive, paired by image, and the p of no change."""
        power = self.array("power")
        return gain_change(power[INITIAL, :, unit], power[TRAINED, :, unit])

    def exposure(self, wanted: float) -> int | None:
        """The place of an exposure, None where it was not shown."""
        found = np.flatnonzero(np.abs(self.array("exposures") - wanted) < 1e-6)
        return int(found[0]) if len(found) else None


def read_responses(record: RunRecord) -> Responses | None:
    """The curves of a record, or None where there are none."""
    facts = record.probes.response if record.probes is not None else None
    return Responses(facts, record.arrays) if facts is not None else None
