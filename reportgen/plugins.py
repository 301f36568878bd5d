"""Everything that can be added to reportgen, on one page, and how it is found: ours, and a user's own.

To add a thing of ours, write one module in its package that holds one object of the kind under the package's name for
it, or several under its plural:

| kind          | package                         | object in the module |
|---------------|---------------------------------|----------------------|
| Section       | reportgen.report.sections       | SECTION              |
| FigureKind    | reportgen.figures               | FIGURE               |
| Output        | reportgen.outputs               | OUTPUT               |
| DatasetKind   | reportgen.experiment.datasets   | DATASET              |
| ModelSource   | reportgen.experiment.models     | SOURCE               |
| Probe         | reportgen.experiment.probes     | PROBE                |
| Metric        | reportgen.metrics               | METRIC               |

A topic that needs several modules is a package whose `__init__` imports the object. A user's own modules, named in the
spec's `plugins:` or installed under the entry point group `reportgen.plugins`, hold the same objects, without probes
and metrics; a DEFINITION (`reportgen.record.definitions`) says what a number of their sections is called.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from reportgen.errors import SpecError
from reportgen.record.definitions import Definition, add_definitions
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import INTERRUPTIONS

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from reportgen.experiment.datasets.raw import DataRequest, RawData
    from reportgen.experiment.models.making import Made, Order
    from reportgen.record.message import Message
    from reportgen.record.metric_value import MetricValue
    from reportgen.record.subject import Subject
    from reportgen.report.model import FigureFile, Report, SectionView, Skipped
    from reportgen.spec.types import DataSpec


def always(subject: Subject) -> bool:
    """True of every subject."""
    del subject
    return True


def no_files(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...]:
    """No files: the data comes with a library."""
    del spec, data_root, base
    return ()


def nothing_to_examine(_spec: DataSpec, _data_root: Path | None, _base: Path, _evaluating: bool) -> tuple[str, ...]:
    """Of a data set whose files need no look before they are read."""
    return ()


def no_names(_spec: DataSpec, _data_root: Path | None, _base: Path, _evaluating: bool) -> None:
    """Of a data set that has to be read for the names of its classes."""


def no_figures(subject: Subject) -> tuple[str, ...]:
    """No figures of any subject."""
    del subject
    return ()


def no_values(subject: Subject) -> tuple[MetricValue, ...]:
    """No numbers of any subject."""
    del subject
    return ()


@dataclass(frozen=True)
class Section:
    """One section of the report: a module and, unless the default one is enough, a template
    `sections/<name>.html.j2`."""

    name: str
    title: str
    order: int
    """Place in the report; sections are set in its order where the spec does not list them."""
    figures: tuple[str, ...]
    """Names of the figures it shows, in their order; only these are drawn when the spec chooses sections."""
    build: Callable[[Subject, Mapping[str, FigureFile | Skipped]], SectionView | Skipped]
    metrics: tuple[str, ...] = ()
    """Names of the numbers that its view adds to metrics.json, for gates to name; an N that ends a part stands for any
    number, as in `latency.batch_N.p50`."""
    applies: Callable[[Subject], bool] = always
    """Whether a report of this subject has the section at all where the spec chooses none; one that applies and can't
    be made is Skipped with a reason."""
    values: Callable[[Subject], tuple[MetricValue, ...]] = no_values
    """Those numbers from a subject alone, so that a baseline's can be held against them."""
    further: tuple[str, ...] = ()
    """Names of figures that stand at its end, so that its view and its template need not know them."""
    essential: tuple[str, ...] | None = None
    """Names of the figures that a brief report shows of it; None where it has no place in one."""
    chosen: Callable[[Subject], tuple[str, ...]] = no_figures
    """Names of figures that it shows of this subject beside those, in a whole report and in a brief one."""

    @property
    def drawn(self) -> tuple[str, ...]:
        """Every figure that it shows."""
        return (*self.figures, *self.further)

    def shown(self, brief: bool) -> tuple[str, ...]:
        """Every figure that it shows in a whole report, or in a brief one."""
        return (self.essential or ()) if brief else self.drawn


@dataclass(frozen=True)
class FigureKind:
    """One figure, drawn from a record and what was judged of it."""

    name: str
    draw: Callable[[Subject], FigureFile | Skipped]
    by_seaborn: bool = False
    """Drawn with seaborn, which takes long to import: where two processes draw, one of them draws all of these."""


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

Gather = Callable[["Report", Callable[[str], None], Mapping[str, bytes]], tuple[OutputFile, ...]]
"""The files of a report of which some enclose files of other outputs: the third argument holds what these have made, by
path, empty for what one of them could not make."""


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
    gather: Gather | None = None
    """What is called in the place of `render` when all others are written, of an output that encloses their files."""
    figures: Callable[[Subject], tuple[str, ...]] = no_figures
    """Names of figures that it shows and no section does; it finds them among the report's."""
    shows_figures: bool = True
    """False where it shows no figure of a section: a report in such formats alone draws none of them."""
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
    make_as_asked: Callable[[Order], Made] | None = None
    """The same for a source that has more to say of what it made, or that knows weights trained elsewhere."""


@dataclass(frozen=True)
class DatasetKind:
    """One data set; `data.name` is its name."""

    name: str
    summary: str
    classes: int | None
    """Known without reading it, or None."""
    load: Callable[[DataRequest], RawData]
    """Raises DataError with what to do."""
    title: str | Message = ""
    """As people write it, such as "CIFAR-10", or a message where it is words; empty where it depends on the files."""
    files: Callable[[DataSpec, Path | None, Path], tuple[Path, ...] | None] = no_files
    """(`data:` of the spec, --data-root, folder of the spec) -> the files that `load` would read, None where they are
    not here. Empty for data that comes with a library. What is measured is measured again when one of them changes."""
    sizes: tuple[int, int] | None = None
    """Training and test images, where they are known without reading it."""
    download: str = ""
    """How much `load` would fetch when the files are not here, such as "170 MB"; empty where it fetches nothing."""
    examine: Callable[[DataSpec, Path | None, Path, bool], tuple[str, ...]] = nothing_to_examine
    """The same arguments -> what `reportgen check` has to say of files that are here, found in some seconds; of data
    that is downloaded also where they are not. Raises DataError for what `load` would refuse."""
    advice: Callable[[], str] = lambda: "Give its folder with --data-root or data.root."
    """What to do where the files are not here."""
    name_classes: Callable[[DataSpec, Path | None, Path, bool], tuple[str, ...] | None] = no_names
    """The same arguments -> the names of the classes that `load` would give, where they can be known without reading
    the images, None where not. Raises DataError for files that can't be used."""
    hub: str = ""
    """What the Hugging Face Hub calls its authors' copy, such as "owner/name"; empty where there is none."""


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """Unique among its kind."""


K = TypeVar("K", bound=Named)


def discover(package: str, attribute: str, kind: type[K], among: Collection[str] | None = None) -> dict[str, K]:
    """Import every module of `package` that holds an `attribute` and collect it, by name, in alphabetical order.

    Modules are read before they are imported, so that those which hold none, some of them slow to import, are not;
    `among`: only those of these names. Raises RuntimeError, our bug, for an object of another kind, or a name twice.
    """
    parent = importlib.import_module(package)
    found: dict[str, K] = {}
    for info in sorted(pkgutil.iter_modules(parent.__path__), key=lambda item: item.name):
        name = f"{package}.{info.name}"
        if (among is not None and info.name not in among) or not binds(name, attribute):
            continue
        for thing in collect(importlib.import_module(name), attribute, kind):
            if thing.name in found:
                raise RuntimeError(f"two of {package} are called {thing.name!r}")
            found[thing.name] = thing
    return found


def binds(module: str, attribute: str) -> bool:
    """Whether a module's source assigns or imports a name, or its plural, at its top level."""
    spec = find_spec(module)
    source = getattr(spec.loader, "get_source", lambda _name: None)(module) if spec else None
    pattern = rf"^({attribute}S?\b\s*[:=]|from [\w.]+ import .*\b{attribute}S?\b)"
    return source is not None and re.search(pattern, source, re.MULTILINE) is not None


def collect(module: ModuleType, attribute: str, kind: type[K]) -> tuple[K, ...]:
    """The objects of `kind` that a module holds under `attribute` or, several of them, under its plural.

    Raises RuntimeError for a module that holds none.
    """
    one, many = getattr(module, attribute, None), getattr(module, f"{attribute}S", ())
    things = ((one,) if one is not None else ()) + tuple(many)
    if not things or not all(isinstance(thing, kind) for thing in things):
        raise RuntimeError(f"{module.__name__} holds no {attribute} of kind {kind.__name__}")
    return things


GROUP = "reportgen.plugins"
"""Entry point group: each entry names a module."""
COMPUTING = ("DATASET", "SOURCE")
"""What a run is measured with."""


@dataclass(frozen=True)
class Plugins:
    """Imported modules and what they add, by name; loaded once, and carried with a build."""

    modules: tuple[ModuleType, ...] = ()
    """In the order of their names; each package looks for its own kinds in them."""

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

    @property
    def datasets(self) -> dict[str, DatasetKind]:
        """The data sets they add."""
        return self.held("DATASET", DatasetKind)

    @property
    def sources(self) -> dict[str, ModelSource]:
        """The model sources they add."""
        return self.held("SOURCE", ModelSource)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """What the numbers of their sections are called."""
        return tuple(one for module in self.modules for one in find_parts(module, "DEFINITION", Definition))

    @property
    def computing(self) -> tuple[ModuleType, ...]:
        """The modules that what is measured depends on; the others only draw."""
        names = [name for attribute in COMPUTING for name in (attribute, f"{attribute}S")]
        return tuple(module for module in self.modules if any(hasattr(module, name) for name in names))

    def held(self, attribute: str, kind: type[K]) -> dict[str, K]:
        """What the modules hold of one kind, by name."""
        return {thing.name: thing for module in self.modules for thing in find_parts(module, attribute, kind)}


def load_plugins(names: tuple[str, ...]) -> Plugins:
    """Import the modules named in the spec's `plugins:` and those installed as entry points.

    Raises SpecError for a module that can't be imported or that holds nothing reportgen knows.
    """
    installed = {entry.value for entry in entry_points(group=GROUP)}
    plugins = Plugins(tuple(load_module(name) for name in sorted({*names, *installed})))
    add_definitions(plugins.definitions)
    return plugins


def load_module(name: str) -> ModuleType:
    """One plugin's module; whatever its import raises becomes a SpecError."""
    try:
        module = importlib.import_module(name)
    except INTERRUPTIONS:
        raise
    except BaseException as error:
        if is_memory_error(error):
            raise memory_trouble(
                error, f"importing the plug-in {name}", "Leave it out, or end other programs."
            ) from error
        raise SpecError(
            f"plugins: the module {name!r} can't be imported: {type(error).__name__}: {error}",
            "Install it into this environment, or put its folder on PYTHONPATH.",
        ) from error
    known = ("SECTION", "FIGURE", "OUTPUT", "DATASET", "SOURCE")
    if not any(hasattr(module, attribute) or hasattr(module, attribute + "S") for attribute in known):
        raise SpecError(f"plugins: the module {name!r} adds nothing", f"It should hold one of {', '.join(known)}.")
    return module


def find_parts(module: ModuleType, attribute: str, kind: type[K]) -> tuple[K, ...]:
    """The objects of `kind` under `attribute` or its plural; none is fine; raises SpecError."""
    things: list[Any] = [getattr(module, attribute)] if hasattr(module, attribute) else []
    things += getattr(module, f"{attribute}S", ())
    for thing in things:
        if not isinstance(thing, kind):
            raise SpecError(
                f"plugins: {module.__name__}.{attribute} is not a {kind.__name__}", "See reportgen.plugins."
            )
    return tuple(things)
