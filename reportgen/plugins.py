"""The user's own sections, figures, outputs, data sets and model sources: modules with the same objects as ours."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, TypeVar

from reportgen.errors import SpecError
from reportgen.kinds import FigureKind, Named, Output, Section

GROUP = "reportgen.plugins"
"""Entry point group: each entry names a module."""

K = TypeVar("K", bound=Named)


@dataclass(frozen=True)
class Plugins:
    """Imported modules and what they add, by name."""

    modules: tuple[ModuleType, ...] = ()
    """In the order of their names; each room looks for its own kinds in them."""

    @property
    def sections(self) -> dict[str, Section]:
        """The sections they add."""
        return self.held("SECTION", Section)

    @property
    def figures(self) -> dict[str, FigureKind]:
        """The figures they add."""
        return self.held("FIGURE", FigureKind)

    @property
    def outputs(self) -> dict[str, Output]:
        """The outputs they add."""
        return self.held("OUTPUT", Output)

    def held(self, attribute: str, kind: type[K]) -> dict[str, K]:
        """What the modules hold of one kind, by name."""
        return {thing.name: thing for module in self.modules for thing in held(module, attribute, kind)}


def load_plugins(names: tuple[str, ...]) -> Plugins:
    """Import the modules named in the spec's `plugins:` and those installed as entry points.

    Raises SpecError for a module that can't be imported or that holds nothing reportgen knows.
    """
    installed = {entry.value for entry in entry_points(group=GROUP)}
    modules = tuple(load_module(name) for name in sorted({*names, *installed}))
    return Plugins(modules)


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
