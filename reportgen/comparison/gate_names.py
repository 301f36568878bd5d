"""Which numbers a gate can name, and what a name stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from reportgen.errors import SpecError, about
from reportgen.record.definitions import MILLISECONDS, names_for_gates
from reportgen.record.metric_value import MetricValue
from reportgen.spec.gates import CLASS, CLASS_SCORES, Rule, split_change
from reportgen.text.suggest import nearest

NUMBERED = re.compile(r"(?<=_)N(?=\\?\.|$)")
"""In a name as `re.escape` leaves it."""


def find_value(name: str, values: Mapping[str, MetricValue]) -> tuple[MetricValue | None, float]:
    """The number that a gate names, and what it is multiplied with before it is compared.

    `latency_p50_ms` is latency_p50 in milliseconds: times 1,000, but its ratio to the baseline's is no time.
    """
    stem, change = split_change(name)
    timed = values.get(stem.removesuffix(MILLISECONDS) + change)
    if name in values or timed is None:
        return values.get(name), 1.0
    return timed, 1000.0 if timed.unit == "seconds" else 1.0


def is_named(name: str, known: Sequence[str]) -> bool:
    """Whether a number is among the known ones; an N at the end of a part of those stands for any number."""
    return any(re.fullmatch(NUMBERED.sub(r"\\d+", re.escape(one)), name) for one in known)


def check_names(gates: Sequence[Rule], more: Sequence[str] = (), baseline: bool = False) -> None:
    """Raise SpecError, pointing at its line, for a gate on a number that no report has.

    `more`: names beyond the headline metrics, of what the sections add. Without a `baseline` nothing can have
    changed. Names of classes are not known before the data is; `reportgen.spec.gates.check_classes` sees to them.
    """
    known = [*names_for_gates(), *more]
    for number, rule in enumerate(gates):
        name = rule.metric
        stem, change = split_change(name)
        found = CLASS.fullmatch(stem)
        with about(f"gates.{number}"):
            if change and not baseline:
                hint = "Name one in the spec: baseline: path/to/report."
                raise SpecError(f"the gate on {name} needs a baseline to compare with", hint, rule.location)
            if found is not None and found["score"] not in CLASS_SCORES:
                hint = nearest(found["score"], CLASS_SCORES)
                raise SpecError(
                    f"there is no number {name!r}: a class has {', '.join(CLASS_SCORES)}", hint, rule.location
                )
            if found is None and not is_named(stem, known):
                hint = nearest(stem, [*known, "class.NAME.recall"])
                raise SpecError(f"there is no number {name!r} to gate on", hint, rule.location)
