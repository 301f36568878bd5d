"""Hooks on modules that are gone when a block is left, on those too that take none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.nn.utils.parametrize import ParametrizationList
from torch.utils.hooks import RemovableHandle


@contextmanager
def hooked(handles: Iterable[RemovableHandle]) -> Iterator[None]:
    """Remove the hooks of these handles at the end, in the order of their registration.

    A generator registers them one by one inside of the block, so that a failure leaves none of them behind.
    """
    held: list[RemovableHandle] = []
    try:
        for handle in handles:
            held.append(handle)  # noqa: PERF402  # what was registered before a failure is known
        yield
    finally:
        for handle in held:
            handle.remove()


def is_scripted(module: torch.nn.Module) -> bool:
    """Whether a module is TorchScript: Python sees it called, and not what is inside."""
    return isinstance(module, torch.jit.ScriptModule)


def callable_modules(model: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module]]:
    """Path and module of everything that a report calls a module of the model, each once.

    Nothing inside TorchScript, which Python does not see, and nothing inside parametrisations: they make the weight of
    the layer that they belong to.
    """
    inside: tuple[str, ...] = ()
    for path, module in model.named_modules():
        if inside and path.startswith(inside):
            continue
        if isinstance(module, ParametrizationList):
            inside = (*inside, f"{path}.")
            continue
        if is_scripted(module):
            inside = (*inside, f"{path}." if path else "")
        yield path, module


def before_call(module: torch.nn.Module, hook: Callable[..., Any]) -> RemovableHandle:
    """Let `hook(module, args, kwargs)` run before each call; what it returns, (args, kwargs), takes their place.

    TorchScript takes no hooks of its own: there one on all modules waits for this one, without keyword arguments.
    """
    if not is_scripted(module):
        return module.register_forward_pre_hook(hook, with_kwargs=True)

    def wait(called: torch.nn.Module, args: Any) -> Any:
        changed = hook(called, args, {}) if called is module else None
        return None if changed is None else changed[0]

    return register_module_forward_pre_hook(wait)


def after_call(module: torch.nn.Module, hook: Callable[..., Any], always: bool = False) -> RemovableHandle:
    """Let `hook(module, args, output)` run after each call, where `always` also after one that raised; what it returns
    takes the output's place."""
    if not is_scripted(module):
        return module.register_forward_hook(hook, always_call=always)

    def wait(called: torch.nn.Module, args: Any, output: Any) -> Any:
        return hook(called, args, output) if called is module else None

    return register_module_forward_hook(wait, always_call=always)
