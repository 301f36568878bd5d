"""The user's own sections, figures, outputs, data sets and model sources: modules with the same objects as ours."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, TypeVar

from reportgen.errors import SpecError
from reportgen.kinds import FigureKind, Output, Section

GROUP = "reportgen.plugins"
"""Entry point group: each entry names a module."""

K = TypeVar("K")


@dataclass(frozen=True)
class Plugins:
    """What the plugins add, by name."""

    sections: dict[str, Section] = field(default_factory=dict)
    figures: dict[str, FigureKind] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    modules: tuple[ModuleType, ...] = ()
    """For the rooms left of the wall, which look for their own kinds in them."""


def load_plugins(names: tuple[str, ...]) -> Plugins:
    """Import the modules named in the spec's `plugins:` and those installed as entry points.

    Raises SpecError for a module that can't be imported or that holds nothing reportgen knows.
    """
    installed = {entry.value for entry in entry_points(group=GROUP)}
    modules = tuple(load_module(name) for name in sorted({*names, *installed}))
    return Plugins(
        sections={thing.name: thing for module in modules for thing in held(module, "SECTION", Section)},
        figures={thing.name: thing for module in modules for thing in held(module, "FIGURE", FigureKind)},
        outputs={thing.name: thing for module in modules for thing in held(module, "OUTPUT", Output)},
        modules=modules,
    )


def load_module(name: str) -> ModuleType:
    """One plugin's module; whatever its import raises becomes a SpecError."""
    try:
        module = importlib.import_module(name)
    except Exception as error:
        raise SpecError(
            f"plugins: the module {name!r} can't be imported: {type(error).__name__}: {error}",
            "Install it into this environment, or put its folder on PYTHONPATH.",
        ) from error
    known = ("SECTION", "FIGURE", "OUTPUT", "DATASET", "SOURCE")
    if not any(hasattr(module, attribute) or hasattr(module, attribute + "S") for attribute in known):
        raise SpecError(f"plugins: the module {name!r} adds nothing", f"It should hold one of {', '.join(known)}.")
    return module


def held(module: ModuleType, attribute: str, kind: type[K]) -> tuple[K, ...]:
    """The objects of `kind` under `attribute` or its plural; none is fine."""
    things: list[Any] = [getattr(module, attribute)] if hasattr(module, attribute) else []
    things += getattr(module, f"{attribute}S", ())
    for thing in things:
        if not isinstance(thing, kind):
            raise SpecError(f"plugins: {module.__name__}.{attribute} is not a {kind.__name__}", "See reportgen.kinds.")
    return tuple(things)
