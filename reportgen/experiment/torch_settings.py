"""Settings of torch that hold for the whole process, which a model's code may change for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from reportgen.experiment.random_numbers import kept_random_numbers

Settings = tuple[torch.dtype, torch.device, bool]
"""The type and the device of new tensors, and whether gradients are recorded."""


def settings_now() -> Settings:
    """What holds."""
    return torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()


def put_back(before: Settings) -> None:
    """Let these hold again."""
    dtype, device, gradients = before
    if torch.get_default_dtype() != dtype:
        torch.set_default_dtype(dtype)
    if torch.get_default_device() != device:
        torch.set_default_device(None if device.type == "cpu" else device)
    if torch.is_grad_enabled() != gradients:
        torch.set_grad_enabled(gradients)


@contextmanager
def kept_settings() -> Iterator[None]:
    """Whatever is set inside holds inside alone."""
    before = settings_now()
    try:
        yield
    finally:
        put_back(before)


@contextmanager
def kept_process() -> Iterator[None]:
    """Leave the random numbers, the number of threads and these settings as they were, for a program that goes on."""
    threads = torch.get_num_threads()
    with kept_random_numbers(), kept_settings():
        try:
            yield
        finally:
            torch.set_num_threads(threads)


class SettingsKeeper:
    """A forward hook of a model that changes the type or the device of new tensors in its forward pass."""

    def __init__(self, before: Settings) -> None:
        self.before = before

    def __call__(self, _module: torch.nn.Module, _inputs: tuple[Any, ...], _output: Any) -> None:
        """Put them back; gradients are recorded as whoever called the model has it."""
        put_back((*self.before[:2], torch.is_grad_enabled()))


class GradientModeKeeper:
    """Forward hooks of a model that switches the recording of gradients on or off in its forward pass.

    `before` and `after` go together on one model. Who calls it without gradients gets an output without them.
    """

    def __init__(self) -> None:
        self.recorded: list[bool] = []

    def before(self, _module: torch.nn.Module, _inputs: tuple[Any, ...]) -> None:
        """Remember how the caller has it."""
        self.recorded.append(torch.is_grad_enabled())

    def after(self, _module: torch.nn.Module, _inputs: tuple[Any, ...], output: Any) -> Any:
        """Put that back, also where the forward pass raised."""
        recorded = self.recorded.pop()
        torch.set_grad_enabled(recorded)
        return output if recorded else detached(output)


def detached(value: Any) -> Any:
    """The same without the graph behind its tensors, which may stand in tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return value.detach() if value.requires_grad else value
    if type(value) in (tuple, list):
        return type(value)(map(detached, value))
    if type(value) is dict:
        return {key: detached(part) for key, part in value.items()}
    return value
