"""Everything that can be added to reportgen, on one page, and how it is found.

To add a thing, write one module in its room that holds one object of the kind under the room's name for it:

| kind          | package                         | object in the module |
|---------------|---------------------------------|----------------------|
| Section       | reportgen.sections              | SECTION              |
| FigureKind    | reportgen.figures               | FIGURE or FIGURES    |
| Output        | reportgen.outputs               | OUTPUT               |
| DatasetKind   | reportgen.experiment.datasets   | DATASET              |
| ModelSource   | reportgen.experiment.models     | SOURCE               |
| Probe         | reportgen.experiment.probing    | PROBE                |

Modules whose name starts with an underscore, and those listed in the room's `HELPERS`, hold no such object.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from reportgen.experiment.datasets.raw import DataRequest, RawData
    from reportgen.record import RunRecord
    from reportgen.report import FigureFile, Report, SectionView, Skipped
    from reportgen.values import MetricValue


def always(record: RunRecord) -> bool:
    """True of every record."""
    del record
    return True


def no_values(record: RunRecord) -> tuple[MetricValue, ...]:
    """No numbers of any record."""
    del record
    return ()


@dataclass(frozen=True)
class Section:
    """One section of the report: a module and a template `sections/<name>.html.j2`."""

    name: str
    title: str
    order: int
    """Place in the report; REPORT's numbers times ten."""
    figures: tuple[str, ...]
    """Names of the figures it shows; only these are drawn when the spec chooses sections."""
    build: Callable[[RunRecord, Mapping[str, FigureFile | Skipped]], SectionView | Skipped]
    metrics: tuple[str, ...] = ()
    """Names of the numbers that its view adds to metrics.json, for gates to name; an N that ends a part stands for any
    number, as in `latency.batch_N.p50`."""
    applies: Callable[[RunRecord], bool] = always
    """Whether a report of this record has the section at all where the spec chooses none; one that applies and can't
    be made is Skipped with a reason."""
    values: Callable[[RunRecord], tuple[MetricValue, ...]] = no_values
    """Those numbers from a record alone, so that a baseline's can be held against them."""


@dataclass(frozen=True)
class FigureKind:
    """One figure, drawn from a record alone."""

    name: str
    draw: Callable[[RunRecord], FigureFile | Skipped]


@dataclass(frozen=True)
class OutputFile:
    """One file of the report's folder."""

    path: str
    """Relative, with '/'."""
    data: bytes


Render = Callable[["Report", Callable[[str], None]], tuple[OutputFile, ...]]
"""The files of a report; the second argument hears what the reader should know, one sentence a call."""
Begin = Callable[["Report", Callable[[str], None]], Callable[[], tuple[OutputFile, ...]]]
"""Hands a report to something that works by itself, and gives what waits for its files."""


@dataclass(frozen=True)
class Output:
    """One format."""

    name: str
    summary: str
    files: tuple[str, ...]
    """What it leaves in the report's folder."""
    check: Callable[[], None]
    """Raise EnvironmentTrouble or RenderError when this machine can't make it; quick, before any compute."""
    render: Render
    prepare: Callable[[], AbstractContextManager[Begin]] | None = None
    """Starts what takes long to start while the figures are drawn, and works while other outputs are written."""
    extra: bool = False
    """True where it needs an extra of this package: a machine without it lacks nothing until a spec asks for it."""


@dataclass(frozen=True)
class ModelSource:
    """One place that models come from; `model.source` is `<source's name>:<model's name>`."""

    name: str
    summary: str
    make: Callable[[str, Mapping[str, Any], int | None, Path], torch.nn.Module]
    """(model's name, `model.args`, class count or None, folder of the spec) -> a new model; raises ModelError."""
    names: Callable[[], tuple[str, ...]]
    """The models it can make; empty where they can't be listed."""


@dataclass(frozen=True)
class DatasetKind:
    """One data set; `data.name` is its name."""

    name: str
    summary: str
    classes: int | None
    """Known without reading it, or None."""
    load: Callable[[DataRequest], RawData]
    """Raises DataError with what to do."""


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """Unique among its kind."""


K = TypeVar("K", bound=Named)


def discover(package: str, attribute: str, kind: type[K]) -> dict[str, K]:
    """Import every module of `package` and collect its `attribute`, by name, in alphabetical order of modules.

    Raises RuntimeError, our bug, for a module without the object, an object of another kind, or a name twice.
    """
    parent = importlib.import_module(package)
    helpers: frozenset[str] = getattr(parent, "HELPERS", frozenset())
    found: dict[str, K] = {}
    for info in sorted(pkgutil.iter_modules(parent.__path__), key=lambda item: item.name):
        if info.name.startswith("_") or info.name in helpers:
            continue
        module = importlib.import_module(f"{package}.{info.name}")
        for thing in collect(module, attribute, kind):
            if thing.name in found:
                raise RuntimeError(f"two of {package} are called {thing.name!r}")
            found[thing.name] = thing
    return found


def collect(module: Any, attribute: str, kind: type[K]) -> tuple[K, ...]:
    """The objects of `kind` that a module holds under `attribute` or, several of them, under its plural."""
    one, many = getattr(module, attribute, None), getattr(module, f"{attribute}S", ())
    things = ((one,) if one is not None else ()) + tuple(many)
    if not things or not all(isinstance(thing, kind) for thing in things):
        raise RuntimeError(f"{module.__name__} holds no {attribute} of kind {kind.__name__}")
    return things
