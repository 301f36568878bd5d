"""Forward passes that are asynchronous functions: what they return has not been computed, and nobody waits for it."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from reportgen.errors import Location, ModelError
from reportgen.experiment.snapshot import preserved
from reportgen.experiment.torch_settings import kept_settings
from reportgen.system.signals import errors_passed_over

HINT = "Let it be a plain function: def forward, without async and without yield."
FEW = 2


def refuse_unfinished_forward(module: nn.Module, source: str) -> None:
    """Raise ModelError for a model whose forward returns a coroutine or a generator in the place of an output."""
    kind = kind_of_forward(module)
    if kind is not None:
        message = f"the forward of {source} is {kind}, which computes nothing when it is called"
        raise ModelError(message, HINT, place_of_forward(module))


def refuse_unawaited(module: nn.Module, image_shape: tuple[int, int, int], source: str) -> None:
    """Raise ModelError for a module whose forward is an async function that a pass on images (C, H, W) does not await.

    Only a model with such a module is run, and left as it was.
    """
    found = async_modules(module)
    if not found:
        return
    with kept_coroutines(found) as kept, preserved(module), errors_passed_over(), kept_settings(), torch.no_grad():
        module.eval()
        module(torch.randn(FEW, *image_shape))
    forgotten = next((at for at, coroutine in kept if inspect.getcoroutinestate(coroutine) == "CORO_CREATED"), None)
    for _at, coroutine in kept:
        coroutine.close()  # else Python warns that it was never awaited
    if forgotten is not None:
        path, child = found[forgotten]
        raise ModelError(
            f"the forward of {path or type(child).__name__} in {source} is an async function, and what calls it does "
            "not await it",
            HINT,
            place_of_forward(child),
        )


def async_modules(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Paths and modules whose forward is an async function, decorators aside: some decorators await it."""
    return [
        (path, child)
        for path, child in module.named_modules()
        if inspect.iscoroutinefunction(inspect.unwrap(getattr(child, "forward", len)))
    ]


@contextmanager
def kept_coroutines(modules: list[tuple[str, nn.Module]]) -> Iterator[list[tuple[int, Coroutine[Any, Any, Any]]]]:
    """The coroutines that calls of these modules return inside the block, each with the module's place in the list."""
    kept: list[tuple[int, Coroutine[Any, Any, Any]]] = []

    def keep(at: int, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if inspect.iscoroutine(output):
            kept.append((at, output))

    hooks = [child.register_forward_hook(partial(keep, at)) for at, (_path, child) in enumerate(modules)]
    try:
        yield kept
    finally:
        for hook in hooks:
            hook.remove()


def kind_of_forward(module: nn.Module) -> str | None:
    """What a model's forward is where it is no plain function; None where it is one."""
    forward = getattr(module, "forward", None)
    if inspect.iscoroutinefunction(forward) or inspect.isasyncgenfunction(forward):
        return "an async function"
    return "a generator" if inspect.isgeneratorfunction(forward) else None


def place_of_forward(module: nn.Module) -> Location | None:
    """Where a module's forward is defined; None where Python does not tell."""
    code = getattr(inspect.unwrap(module.forward), "__code__", None)
    if code is None or not Path(code.co_filename).is_file():
        return None
    return Location(code.co_filename, code.co_firstlineno)
