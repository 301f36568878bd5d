"""Which numbers a gate can name, and what a name stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.errors import SpecError, about
from reportgen.metrics.definitions import DEFINITIONS
from reportgen.nearest import nearest
from reportgen.spec.gates import CLASS, CLASS_SCORES, parse_rule, split_change

MILLISECONDS = "_ms"


@dataclass(frozen=True)
class Wanted:
    """What a gate's name asks for."""

    name: str
    """Of a MetricValue."""
    scale: float = 1.0
    """What its value is multiplied with before it is compared: 1,000 for a time asked for in milliseconds."""


def understand(name: str) -> Wanted:
    """The metric that a name stands for; `latency_p50_ms` is latency_p50 in milliseconds."""
    stem, change = split_change(name)
    timed = stem.removesuffix(MILLISECONDS)
    if timed == stem or timed not in timed_metrics():
        return Wanted(name)
    return Wanted(timed + change, 1.0 if change == ".change_ratio" else 1000.0)


def timed_metrics() -> tuple[str, ...]:
    """The metrics whose unit is seconds."""
    return tuple(definition.name for definition in DEFINITIONS if definition.unit == "seconds")


def check_names(gates: Sequence[str], more: Sequence[str] = (), baseline: bool = False) -> None:
    """Raise SpecError, pointing at its line, for a gate on a number that no report has.

    `more`: names beyond the headline metrics, of what the sections add. Without a `baseline` nothing can have
    changed. Names of classes are not known before the data is; `reportgen.spec.gates.check_classes` sees to them.
    """
    known = [definition.name for definition in DEFINITIONS] + [*more]
    for place, text in enumerate(gates):
        name = parse_rule(text).metric
        stem, change = split_change(understand(name).name)
        found = CLASS.fullmatch(stem)
        with about(f"gates.{place}"):
            if change and not baseline:
                hint = "Name one in the spec: baseline: path/to/report."
                raise SpecError(f"the gate on {name} needs a baseline to compare with", hint)
            if found is not None and found["score"] not in CLASS_SCORES:
                hint = nearest(found["score"], CLASS_SCORES)
                raise SpecError(f"there is no number {name!r}: a class has {', '.join(CLASS_SCORES)}", hint)
            if found is None and stem not in known:
                hint = nearest(stem, [*known, "class.NAME.recall"])
                raise SpecError(f"there is no number {name!r} to gate on", hint)
