"""Models of the user's own: a function, class or ready model in a Python file, in a package or in a module."""

from __future__ import annotations

import copy
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from reportgen.errors import Location, ModelError
from reportgen.experiment.models.factories import definition_of, first_line, inside, location_in, run_factory
from reportgen.experiment.models.late_imports import LATE
from reportgen.experiment.models.making import Made, Order, make_with_classes
from reportgen.experiment.models.returned import take_model
from reportgen.plugins import ModelSource
from reportgen.spec.model_code import ModelCode, find_code
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import INTERRUPTIONS
from reportgen.text.suggest import nearest

ENDS_PYTHON = (
    "It ends Python while it is imported, as a script does that asks for arguments: put what is only for its own "
    'command line under if __name__ == "__main__".'
)


def make(name: str, args: Mapping[str, Any], classes: int | None, base: Path) -> torch.nn.Module:
    """A new model from `path/to/file.py:factory` or `package.module:factory`, as `make_as_asked` makes it."""
    return make_as_asked(Order(name, args, classes, base)).module


def make_as_asked(order: Order) -> Made:
    """A new model from `path/to/file.py:factory`, relative to the spec, or from `package.module:factory`.

    Raises ModelError when the file, the module or the factory is missing, or any of them raises.
    """
    code = find_code(order.name, order.base)
    with importable(code):
        factory = find_factory(import_code(code), code)
        folder = None if code.is_installed else code.home

        def call(args: Mapping[str, Any]) -> Made:
            made = run_factory(factory, code.label, args, folder)
            return Made(*take_model(made, code.label, definition_of(factory, folder)))

        return make_with_classes(factory, order, call)


def source_digest(name: str, base: Path) -> str:
    """sha256 of the file."""
    return hashlib.sha256(find_code(name, base).path.read_bytes()).hexdigest()


@contextmanager
def importable(code: ModelCode) -> Iterator[None]:
    """Let the code import its neighbours; afterwards they are forgotten, so that another spec's are not mistaken.

    What its functions import later, when the model runs, is still found, see `late_imports`.
    """
    LATE.forget()
    before = set(sys.modules)
    first, last = ((), ()) if code.is_installed else (code.first_folders, code.last_folders)
    added_paths = [str(folder) for folder in last if str(folder) not in sys.path]
    sys.path += added_paths
    for folder in first:
        sys.path.insert(0, str(folder))
        added_paths.append(str(folder))
    importlib.invalidate_caches()
    arguments, sys.argv = sys.argv, [str(code.path)]  # a script that reads its command line gets its own defaults
    try:
        yield
    finally:
        sys.argv = arguments
        for entry in added_paths:
            sys.path.remove(entry)
        if not code.is_installed:
            folders = (*code.first_folders, *code.last_folders)
            added = {name: sys.modules[name] for name in set(sys.modules) - before}
            own = {name: module for name, module in added.items() if is_local(name, module, before, folders)}
            for name in own:
                del sys.modules[name]
            LATE.remember(code, own)


def is_local(name: str, module: ModuleType, before: set[str], folders: tuple[Path, ...]) -> bool:
    """Whether a module that was imported meanwhile lies in one of these folders."""
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    near = any(place and inside(place, folder) for place in places for folder in folders)
    return near and name.partition(".")[0] not in before


def import_code(code: ModelCode) -> ModuleType:
    """The module that the factory stands in, the packages around it imported first.

    Raises ModelError, at the line of the user's code where there is one, for whatever its import raises.
    """
    try:
        if code.is_installed:
            return importlib.import_module(code.module)
        return import_from_package(code) if code.in_package else import_file(code.path)
    except (ModelError, *INTERRUPTIONS):
        raise
    except BaseException as error:
        if is_memory_error(error):
            raise memory_trouble(error, f"importing {code.path.name}", "Use a smaller model.") from error
        location = None if code.is_installed else location_in(error, code.home) or Location(str(code.path))
        message = f"{code.path.name} can't be imported: {type(error).__name__}: {first_line(error)}"
        hint = ENDS_PYTHON if isinstance(error, SystemExit) else "Fix the file, or install what it imports."
        raise ModelError(message, hint, location) from error


def import_from_package(code: ModelCode) -> ModuleType:
    """Import a file as the part of a package that it is, so that its relative imports work."""
    top, *inner = code.path.relative_to(code.home).parent.parts
    alias = top
    if needs_alias(top, code.home):
        alias = f"reportgen_package_{hashlib.sha256(str(code.home / top).encode()).hexdigest()[:16]}"
        import_as(alias, code.home / top)
    package = ".".join([alias, *inner])
    around = importlib.import_module(package)
    if code.path.name == "__init__.py":
        return around
    last = code.path.stem.replace(".", "_")
    known = sys.modules.get(f"{package}.{last}")
    if known is not None:
        return known
    module = execute(f"{package}.{last}", code.path)
    setattr(around, last, module)
    return module


def needs_alias(top: str, home: Path) -> bool:
    """Whether the outermost package has to be imported under another name than its folder's: one that no import
    statement can spell, or one that another package has already."""
    loaded = sys.modules.get(top)
    if not top.isidentifier() or top in sys.stdlib_module_names:
        return True
    places = [getattr(loaded, "__file__", None), *getattr(loaded, "__path__", ())] if loaded else []
    return bool(places) and not any(place and Path(place).is_relative_to(home / top) for place in places)


def import_as(name: str, folder: Path) -> None:
    """Import the package in a folder under another name; one without `__init__.py` is empty."""
    if name in sys.modules:
        return
    file = folder / "__init__.py"
    if file.is_file():
        execute(name, file, [str(folder)])
        return
    module = ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module


def import_file(path: Path) -> ModuleType:
    """Execute a file that stands alone under a name of its own."""
    unique = f"reportgen_model_{hashlib.sha256(str(path).encode() + path.read_bytes()).hexdigest()[:16]}"
    return execute(unique, path)


def execute(name: str, path: Path, folders: list[str] | None = None) -> ModuleType:
    """Execute a file as the module `name`, from its text and not from cached bytecode."""
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    assert spec is not None  # it is for every .py file
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while they are being made
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def find_factory(module: ModuleType, code: ModelCode) -> Callable[..., Any]:
    """The factory; a model made at import time counts as one that takes no arguments, and is copied.

    Raises ModelError.
    """
    found: object = module
    for part in code.factory.split("."):
        found = getattr(found, part, None)
    if isinstance(found, torch.nn.Module):
        return (lambda: copy.deepcopy(found)) if code.is_installed else (lambda: found)
    if callable(found):
        return found
    own = [key for key, thing in vars(module).items() if callable(thing) and not key.startswith("_")]
    problem = "is not a function or class" if found is not None else "is not there"
    hint = nearest(code.factory, own) if own else "Define a function that returns the model."
    raise ModelError(f"{code.factory} {problem} in {code.path.name}", hint, Location(str(code.path)))


SOURCE = ModelSource(
    "file",
    "a function, class or model of your own: a file relative to the spec, or package.module:factory",
    make,
    tuple,
    make_as_asked,
)
