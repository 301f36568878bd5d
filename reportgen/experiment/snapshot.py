"""A model as it stands, and back to it: for work on the model itself, where a copy is not available or not the same.

Not every model can be copied: locks, open files, generators and loggers are attributes that `copy.deepcopy` refuses,
and a copy whose parts refer to the original (a closure over `self`, a weak reference) computes with the original's
weights.
"""

from __future__ import annotations

import copy
import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from reportgen.experiment.random_numbers import kept_random_numbers

SCRIPTED = torch.jit.ScriptModule
HELD = frozenset({"_parameters", "_buffers", "_modules"})
Undo = Callable[[], None]


def copied(module: nn.Module) -> nn.Module:
    """A copy of the model, which shares with it the attributes that can't be copied."""
    try:
        return copy.deepcopy(module)
    except Exception:  # whatever an attribute's own copying raises
        values = [value for child in module.modules() for name, value in vars(child).items() if name not in HELD]
        return copy.deepcopy(module, {id(value): value for value in values if not is_copyable(value)})


def is_copyable(value: object) -> bool:
    """Whether `copy.deepcopy` takes a value."""
    try:
        copy.deepcopy(value)
    except Exception:  # whatever its own copying raises
        return False
    return True


class Reads(TorchFunctionMode):
    """Hears whether any of some tensors is given to an operator."""

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        super().__init__()
        self.known = {id(tensor) for tensor in tensors}
        self.heard = False

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operator, and look at what it is given."""
        given = (*args, *(kwargs or {}).values())
        self.heard |= any(id(value) in self.known for value in given)
        return func(*args, **(kwargs or {}))


def reads_from(module: nn.Module, original: nn.Module, images: Tensor) -> bool:
    """Whether a copy, in a forward pass on these images, computes with parameters of the original."""
    with torch.no_grad(), Reads([*original.parameters(), *original.buffers()]) as reads:
        module(images)
    return bool(reads.heard)


@contextmanager
def restored(module: nn.Module) -> Iterator[None]:
    """Inside, the model may be trained, moved, hooked and changed; afterwards it is what it was.

    Restored are its parts, parameters, buffers and other tensors with their memory formats, types, devices and
    gradients, its modes, hooks and plain attributes, the contents of lists, dicts and sets among them, and generators
    of random numbers. What an attribute that is another object holds inside is its own.
    """
    with ExitStack() as stack:
        for undo in remember(module):
            stack.callback(undo)
        yield


@contextmanager
def preserved(module: nn.Module) -> Iterator[None]:
    """The same, and the global random numbers too: for a look at a model that must not show afterwards."""
    with restored(module), kept_random_numbers():
        yield


@contextmanager
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


def remember(module: nn.Module) -> list[Undo]:
    """What puts everything back, to be done in any order."""
    undone: list[Undo] = []
    tensors: dict[int, Tensor] = {}
    for child in module.modules():
        for tensor in (*child.parameters(recurse=False), *child.buffers(recurse=False)):
            tensors[id(tensor)] = tensor
        if isinstance(child, SCRIPTED):
            undone.append(remember_scripted(child))
            continue
        attributes = dict(vars(child))
        undone.append(remember_attributes(child, attributes))
        for value in attributes.values():
            if isinstance(value, Tensor):
                tensors[id(value)] = value
            if (undo := remember_contents(value)) is not None:
                undone.append(undo)
    plain = [tensor for tensor in tensors.values() if not (nn.parameter.is_lazy(tensor) or tensor.is_inference())]
    return undone + [remember_tensor(tensor) for tensor in plain]


def remember_attributes(child: nn.Module, attributes: Mapping[str, Any]) -> Undo:
    """The names of a module's own dictionary, and the class of a module that changes it on the way."""
    kind = type(child)

    def undo() -> None:
        if type(child) is not kind:
            child.__class__ = kind
        own = vars(child)
        for name in own.keys() - attributes.keys():
            del own[name]
        own.update(attributes)

    return undo


def remember_scripted(child: nn.Module) -> Undo:
    """The buffers and the mode of a TorchScript module, whose attributes stand elsewhere."""
    buffers = dict(child.named_buffers(recurse=False))
    mode = getattr(child, "training", None)

    def undo() -> None:
        for name, buffer in child.named_buffers(recurse=False):
            if name in buffers and buffer is not buffers[name]:
                setattr(child, name, buffers[name])
        if mode is not None:
            setattr(child, "training", mode)  # noqa: B010  # train() would change those inside

    return undo


def remember_contents(value: Any) -> Undo | None:
    """What a container or a generator of random numbers holds; None for anything else."""
    if type(value) in (list, dict, OrderedDict, defaultdict, set, deque):
        held = value.copy()

        def refill() -> None:
            value.clear()
            (value.extend if isinstance(value, list | deque) else value.update)(held)

        return refill
    if isinstance(value, torch.Generator):
        return partial(set_state, value, value.get_state())
    if isinstance(value, np.random.Generator):
        return partial(setattr, value.bit_generator, "state", value.bit_generator.state)
    if isinstance(value, random.Random):
        return partial(value.setstate, value.getstate())
    return None


def set_state(generator: torch.Generator, state: Tensor) -> None:
    """Put a generator back."""
    generator.set_state(state)


def is_expanded(tensor: Tensor) -> bool:
    """Whether several elements are one place in memory."""
    return tensor.layout == torch.strided and any(
        stride == 0 and size > 1 for stride, size in zip(tensor.stride(), tensor.shape, strict=True)
    )


def has_one_memory(tensor: Tensor) -> bool:
    """Whether a tensor's elements lie in one storage; those of a sparse one do not."""
    return tensor.layout == torch.strided


def is_elsewhere(tensor: Tensor, data: Tensor) -> bool:
    """Whether a tensor was given another memory, or, as by `resize_`, another shape in it."""
    return tensor.data_ptr() != data.data_ptr() or tensor.stride() != data.stride() or tensor.shape != data.shape


def remember_tensor(tensor: Tensor) -> Undo:
    """A tensor's memory, what stands in it, its gradient and whether it wants one."""
    data, gradient = tensor.data, tensor.grad if tensor.is_leaf else None
    values, wanted = data.clone(), tensor.requires_grad
    slopes = None if gradient is None else gradient.clone()

    def undo() -> None:
        with torch.no_grad():
            if not has_one_memory(tensor) or is_elsewhere(tensor, data):
                tensor.data = data
            if not (is_expanded(data) and torch.equal(data, values)):  # of which no single element can be written
                data.copy_(values)
            if tensor.is_leaf:
                tensor.requires_grad_(wanted)
                tensor.grad = gradient
                if gradient is not None and slopes is not None:
                    gradient.copy_(slopes)

    return undo
