"""How far each probe of a spec goes: as `run.probes` says, but what a gate names is measured."""

from __future__ import annotations

from typing import Literal

from reportgen.record.meaning import named_numbers
from reportgen.spec.types import ReportSpec

Level = Literal["fast", "full", "none"]


def level_of(spec: ReportSpec, name: str) -> Level:
    """The level of one probe.

    Where `run.probes` is none as a whole, a probe whose number a gate names is run at level fast; one that is none by
    its own key is not, as its spec says so.
    """
    probes = spec.run.probes
    level = probes.level_of(name)
    if level != "none" or getattr(probes, name).level == "none":
        return level
    return "fast" if name in named_numbers(rule.metric for rule in spec.gates) else "none"
