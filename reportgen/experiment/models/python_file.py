"""Models of the user's own: a function or class in a Python file beside the spec."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from reportgen.errors import Location, ModelError
from reportgen.experiment.models.factories import call_factory, fill_classes, first_line, inside, location_in
from reportgen.plugins import ModelSource
from reportgen.spec.paths import resolve_path
from reportgen.text.suggest import nearest


def make(name: str, args: Mapping[str, Any], classes: int | None, base: Path) -> torch.nn.Module:
    """A new model from `path/to/file.py:factory`, relative to `base`.

    Raises ModelError when the file or the factory is missing, or either raises.
    """
    path, factory_name = split(name, base)
    with importable(path.parent):
        module = import_file(path)
        factory = find_factory(module, factory_name, path)
        return call_factory(factory, f"{path.name}:{factory_name}", fill_classes(factory, args, classes), path.parent)


def split(name: str, base: Path) -> tuple[Path, str]:
    """The file and the factory's name; raises ModelError when there is no such file."""
    file, _, factory = name.rpartition(":")
    if not file or not factory.isidentifier():
        raise ModelError(f"model.source {name!r} names no factory", "Write path/to/file.py:factory.")
    path = resolve_path(Path(file), base).resolve()
    if not path.is_file():
        siblings = sorted(item.name for item in path.parent.glob("*.py")) if path.parent.is_dir() else []
        hint = nearest(path.name, siblings) if siblings else "The path is relative to the spec's folder."
        raise ModelError(f"the model's file {file} does not exist", hint)
    return path, factory


def source_digest(name: str, base: Path) -> str:
    """sha256 of the file."""
    return hashlib.sha256(split(name, base)[0].read_bytes()).hexdigest()


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let the file import its neighbours; afterwards they are forgotten, so that another spec's are not mistaken."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for added in set(sys.modules) - before:
            file = getattr(sys.modules[added], "__file__", None)
            if file and added.partition(".")[0] not in before and inside(file, folder):
                del sys.modules[added]


def import_file(path: Path) -> ModuleType:
    """Execute the file as a module under a name of its own, from its text and not from cached bytecode."""
    source = path.read_bytes()
    unique = f"reportgen_model_{hashlib.sha256(str(path).encode() + source).hexdigest()[:16]}"
    module = ModuleType(unique)
    module.__file__ = str(path)
    module.__spec__ = importlib.util.spec_from_file_location(unique, path)
    sys.modules[unique] = module  # dataclasses look their module up while they are being made
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        location = location_in(error, path.parent) or Location(str(path))
        message = f"{path.name} can't be imported: {type(error).__name__}: {first_line(error)}"
        raise ModelError(message, "Fix the file, or install what it imports.", location) from error
    return module


def find_factory(module: ModuleType, name: str, path: Path) -> Callable[..., Any]:
    """The factory; a module made at import time counts as one that takes no arguments."""
    found: object = getattr(module, name, None)
    if isinstance(found, torch.nn.Module):
        return lambda: found
    if callable(found):
        return found
    own = [key for key, thing in vars(module).items() if callable(thing) and not key.startswith("_")]
    problem = "is not a function or class" if found is not None else "is not there"
    hint = nearest(name, own) if own else "Define a function that returns the model."
    raise ModelError(f"{name} {problem} in {path.name}", hint, Location(str(path)))


SOURCE = ModelSource("file", "a function or class of your own, relative to the spec", make, tuple)
