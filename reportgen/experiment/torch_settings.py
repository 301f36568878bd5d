"""Settings of torch that hold for the whole process, which a model's code may change for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

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


class SettingsKeeper:
    """A forward hook of a model that changes the type or the device of new tensors in its forward pass."""

    def __init__(self, before: Settings) -> None:
        self.before = before

    def __call__(self, _module: torch.nn.Module, _inputs: tuple[Any, ...], _output: Any) -> None:
        """Put them back; gradients are recorded as whoever called the model has it."""
        put_back((*self.before[:2], torch.is_grad_enabled()))
