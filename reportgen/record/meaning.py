"""What the name of a value says: which metric it is, of what, and whether it is a change against the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from inspect import signature
from typing import Literal

from reportgen.record.definitions import MILLISECONDS, Definition, compared_by, find_definition
from reportgen.text.i18n import _
from reportgen.text.units import Unit


def named_numbers(metrics: Iterable[str]) -> dict[str, frozenset[str]]:
    """The numbers of sections that gates on these metrics need, by section: without what says that it is a change, or
    that it is in milliseconds."""
    found: dict[str, set[str]] = {}
    for metric in metrics:
        meaning = find_meaning(metric.replace(MILLISECONDS, "") if MILLISECONDS in metric else metric)
        if meaning.definition is not None and meaning.definition.section:
            found.setdefault(meaning.definition.section, set()).add(meaning.name)
    return {section: frozenset(names) for section, names in found.items()}


def names_times(metrics: Iterable[str]) -> bool:
    """Whether one of the metrics of gates is timed: how often it is timed may then not depend on time."""
    given = list(metrics)
    names = {find_meaning(metric.replace(MILLISECONDS, "")).name for metric in given}
    return bool(names & set(compared_by("timed"))) or "cost" in named_numbers(given)


@dataclass(frozen=True)
class Meaning:
    """What the name of a value says."""

    name: str
    """Without what says that it is a change."""
    change: Literal["", "change", "change_ratio"]
    """Whether it is a difference to the baseline's, or a multiple of it."""
    definition: Definition | None
    """None for a number that nothing defines, such as a plug-in's that is not installed."""
    arguments: tuple[str, ...] = ()
    """What the placeholders stand for."""

    @property
    def unit(self) -> Unit | None:
        """Of the number itself, whatever that of its change; None for one that nothing defines."""
        return self.definition.unit if self.definition is not None else None

    def label(self, conditions: Mapping[str, object], over_seeds: bool = False) -> str:
        """What people call a value of this name; `over_seeds`: a change of means over seeds."""
        metric = self.label_of_number(conditions)
        if self.change == "change":
            if over_seeds:
                return _("{metric}, change in the mean over seeds", metric=metric)
            return _("{metric}, change", metric=metric)
        return _("{metric}, ratio", metric=metric) if self.change == "change_ratio" else metric

    def label_of_number(self, conditions: Mapping[str, object]) -> str:
        """What people call the number itself, also where the value is its change."""
        if self.definition is None:
            return self.name
        said = {name: value for name, value in conditions.items() if name in said_by(self.definition.label)}
        return self.definition.label(*self.arguments, **said)


@lru_cache(maxsize=256)
def said_by(label: Callable[..., str]) -> frozenset[str]:
    """The conditions that a label says; a number may have more, by which alone it is told apart from others."""
    return frozenset(signature(label).parameters)


def find_meaning(name: str) -> Meaning:
    """What a name says, such as that `class.cat.recall.change` is the change of a class's recall."""
    defined, arguments = find_definition(name)
    if defined is not None:
        return Meaning(name, "", defined, arguments)
    stem, _unused, end = name.rpartition(".")
    if stem and end in ("change", "change_ratio"):
        defined, arguments = find_definition(stem)
        return Meaning(stem, "change" if end == "change" else "change_ratio", defined, arguments)
    return Meaning(name, "", None)
