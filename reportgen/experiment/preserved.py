"""A model that is looked into and stays what it is, to the bit, also when the look raises in the middle."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

PLAIN = (bool, int, float, complex, str, bytes, type(None))
"""Attributes of a module that are kept as they are; a container or another object may be shared with others."""


@dataclass(frozen=True)
class Kept:
    """What one module holds."""

    module: nn.Module
    dictionaries: dict[str, dict[Any, Any]]
    """Parameters, buffers, children and hooks, by the attribute that holds them, each as a copy."""
    plain: dict[str, Any]


@dataclass(frozen=True)
class Values:
    """What one tensor holds."""

    tensor: Tensor
    copy: Tensor
    requires_grad: bool
    grad: Tensor | None


@contextlib.contextmanager
def preserved(module: nn.Module) -> Iterator[None]:
    """Leave a model as it is found: parameters, buffers and plain attributes bit for bit, those that were assigned
    again included, modes, hooks, what requires gradients, the gradients, and the states of all random numbers."""
    modules = [keep_module(child) for child in module.modules()]
    tensors = [*module.parameters(), *module.buffers()]
    values = [keep_values(tensor) for tensor in {id(tensor): tensor for tensor in tensors}.values()]
    try:
        with kept_random_states():
            yield
    finally:
        for kept in modules:
            restore_module(kept)
        for value in values:
            restore_values(value)


def keep_module(module: nn.Module) -> Kept:
    """What a module holds, its dictionaries copied."""
    own = vars(module)
    dictionaries = {name: value.copy() for name, value in own.items() if name.startswith("_") and is_dict(value)}
    return Kept(module, dictionaries, {name: value for name, value in own.items() if isinstance(value, PLAIN)})


def is_dict(value: object) -> bool:
    """Whether a module keeps parameters, buffers, children or hooks in it."""
    return isinstance(value, dict)


def restore_module(kept: Kept) -> None:
    """Put back what a module held, and take away what came since."""
    own = vars(kept.module)
    for name, value in list(own.items()):
        if isinstance(value, PLAIN) and name not in kept.plain and name not in kept.dictionaries:
            del own[name]
    own.update(kept.plain)
    for name, before in kept.dictionaries.items():
        now = own.get(name)
        if isinstance(now, dict):
            now.clear()  # in place: torch's own handles refer to it
            now.update(before)
        else:
            own[name] = before


def keep_values(tensor: Tensor) -> Values:
    """A tensor with a copy of its bits; its gradient is put aside, so that none is added to it."""
    kept = Values(tensor, tensor.detach().clone(), tensor.requires_grad, tensor.grad if tensor.is_leaf else None)
    if tensor.is_leaf:
        tensor.grad = None
    return kept


def restore_values(value: Values) -> None:
    """Put the bits of a tensor back."""
    tensor, copy = value.tensor, value.copy
    with torch.no_grad():
        if tensor.shape != copy.shape or tensor.dtype != copy.dtype:
            tensor.data = copy
        elif not (is_expanded(tensor) and torch.equal(tensor, copy)):  # of which no single element can be written
            tensor.copy_(copy)
    if tensor.is_leaf:
        tensor.requires_grad_(value.requires_grad)
        tensor.grad = value.grad


def is_expanded(tensor: Tensor) -> bool:
    """Whether several elements are one place in memory."""
    return tensor.layout == torch.strided and any(
        stride == 0 and size > 1 for stride, size in zip(tensor.stride(), tensor.shape, strict=True)
    )


@contextlib.contextmanager
def kept_buffers(module: nn.Module) -> Iterator[None]:
    """Leave the buffers as they were, those that were assigned again included, also such of another shape."""
    held = [(child, vars(child).get("_buffers")) for child in module.modules()]
    owners = [(child, dict(own)) for child, own in held if isinstance(own, dict)]  # scripted modules have none
    values = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    try:
        yield
    finally:
        for child, before in owners:
            now = vars(child).get("_buffers")
            if isinstance(now, dict):
                now.clear()
                now.update(before)
        with torch.no_grad():
            for buffer, bits in values:
                buffer.copy_(bits)


@contextlib.contextmanager
def kept_random_states() -> Iterator[None]:
    """Leave the random numbers of torch, on every device, of numpy and of Python as they were."""
    own, legacy = random.getstate(), np.random.get_state()  # what a model's own code may draw from
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(own)
        np.random.set_state(legacy)
