"""Calling what makes a model, and saying plainly why it did not."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from reportgen.errors import Location, ModelError
from reportgen.spec.factory_signature import CLASS_ARGUMENTS, check_arguments, class_argument_of
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import INTERRUPTIONS
from reportgen.text.errors import words_of


def fill_classes(factory: Callable[..., Any], args: Mapping[str, Any], classes: int | None) -> dict[str, Any]:
    """The arguments with the class count filled in, when the factory takes it by name and they don't give it."""
    name = class_argument(factory)
    if classes is None or name is None or name in args:
        return dict(args)
    return {**args, name: classes}


def class_argument(factory: Callable[..., Any]) -> str | None:
    """The name under which a factory takes the class count; None where no parameter is called so."""
    return class_argument_of(parameters_of(factory))


def hidden_class_arguments(factory: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the class count to try with a factory that takes any keyword: those that its code spells, or all."""
    kinds = [parameter.kind for parameter in parameters_of(factory).values()]
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        return ()
    made_by = factory.__init__ if isinstance(factory, type) else factory  # type: ignore[misc]
    constants = getattr(getattr(made_by, "__code__", None), "co_consts", ())
    spelt = tuple(name for name in CLASS_ARGUMENTS if name in constants)
    return spelt or CLASS_ARGUMENTS


def parameters_of(factory: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The factory's parameters; none where Python can't tell."""
    try:
        return inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return {}


def call_factory(factory: Callable[..., Any], source: str, args: Mapping[str, Any]) -> torch.nn.Module:
    """The module that a library's factory makes.

    Raises ModelError as `run_factory` does, and when it returns something else.
    """
    made = run_factory(factory, source, args)
    if not isinstance(made, torch.nn.Module):
        raise ModelError(f"{source} returns {describe(made)}, not a torch.nn.Module")
    return made


def run_factory(
    factory: Callable[..., Any], source: str, args: Mapping[str, Any], folder: Path | None = None
) -> object:
    """What the factory returns.

    Raises ModelError when the arguments don't fit, when it raises (at the line of the user's code, the last one inside
    `folder`) or when it is asynchronous.
    """
    check_call(factory, source, args)
    try:
        made = factory(**args)
    except INTERRUPTIONS:
        raise
    except BaseException as error:
        if is_memory_error(error):
            raise memory_trouble(error, f"making {source}", "Use a smaller model.") from error
        raise ModelError(
            f"{source} raises {type(error).__name__}: {first_line(error)}",
            "The model's own code failed while making it; look at model.args and at the line named here."
            if folder
            else "Look at model.args.",
            location_in(error, folder),
        ) from error
    refuse_unfinished(made, source, definition_of(factory, folder))
    return made


def refuse_unfinished(made: object, source: str, where: Location | None) -> None:
    """Raise ModelError for what an asynchronous function or a generator returns, which has not begun to run."""
    if inspect.iscoroutine(made):
        made.close()  # else Python warns that it was never awaited
    if inspect.iscoroutine(made) or inspect.isasyncgen(made) or inspect.isgenerator(made):
        raise ModelError(
            f"{source} returns {describe(made)}, not a torch.nn.Module",
            "Let the factory be a plain function, def without async, that returns the model and does not yield it.",
            where,
        )


def check_call(factory: Callable[..., Any], source: str, args: Mapping[str, Any]) -> None:
    """Raise ModelError when the arguments don't fit the factory's signature."""
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):
        return
    check_arguments(signature, source, args)


def location_in(error: BaseException, folder: Path | None) -> Location | None:
    """File and line where an error was raised, the innermost inside `folder`; of a syntax error, its own."""
    if folder is None:
        return None
    if isinstance(error, SyntaxError) and error.filename and inside(error.filename, folder):
        return Location(error.filename, error.lineno, error.offset)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if inside(frame.filename, folder)]
    return Location(frames[-1].filename, frames[-1].lineno) if frames else None


def inside(filename: str, folder: Path) -> bool:
    """Whether a file lies in the user's folder, and not in an environment below it."""
    path = Path(filename)
    return path.is_relative_to(folder) and not {"site-packages", "dist-packages"} & set(path.parts)


def definition_of(factory: Callable[..., Any], folder: Path | None) -> Location | None:
    """Where the factory is defined, when that is in the user's folder."""
    code = getattr(factory, "__code__", None)
    if code is None or folder is None or not inside(code.co_filename, folder):
        return None
    return Location(code.co_filename, code.co_firstlineno)


def first_line(error: BaseException) -> str:
    """The first line of what an exception says."""
    return next((line.strip() for line in words_of(error).splitlines() if line.strip()), "no message")


def describe(thing: object) -> str:
    """What a value is, in two words: "None", "a dict"."""
    if thing is None:
        return "None"
    name = type(thing).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
