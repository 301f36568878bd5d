"""Driving a network, and parts of it alone, and measuring how strongly they answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from reportgen.experiment._torch_internals import is_mapped
from reportgen.experiment.hooks import after_call, before_call, hooked
from reportgen.experiment.models import logits_of, tensors_in
from reportgen.experiment.probes.response.statistics import Answered
from reportgen.experiment.probes.response.units import Unit

GROUP_PIXELS = 2**21
"""Input pixels of all drives together that go through a network at once."""

Answer = Callable[[Unit, Sequence[float], Tensor], None]
"""Hears a unit's output (drives × images, …) to some drives, those of one drive together."""


class Reached(Exception):
    """What was wanted has been seen; the rest of the forward pass is not needed."""


def drive_alone(
    module: torch.nn.Module, batch: Tensor, units: Sequence[Unit], drives: Sequence[float]
) -> dict[str, Answered]:
    """How each unit answers when its own input is multiplied by each drive, by path; n images (n, C, H, W).

    Units that can't be driven so are missing. Blocks are called alone in one forward pass; stretches are driven where
    they stand, several drives side by side in the batch where the network allows it.
    """
    found: dict[str, Answered] = {}

    def hear(unit: Unit, at: Sequence[float], output: Tensor) -> None:
        if output.dim() == 0 or len(output) != len(at) * len(batch):
            return  # what it gives is no answer to each image
        answered = found.setdefault(unit.path, Answered())
        for drive, part in zip(at, sizes_of(output).chunk(len(at)), strict=True):
            answered.hear(drive, unflattened(part, unit.shape), len(batch))

    with torch.no_grad():
        blocks = [unit for unit in units if unit.whole]
        if blocks:
            drive_blocks(module, batch, blocks, drives, hear)
        group = max(1, GROUP_PIXELS // max(1, batch.numel() // batch.shape[1]))
        for unit in units:
            if not unit.whole:
                drive_stretch(module, batch, unit, drives, group, hear)
    return {path: answered for path, answered in found.items() if len(answered.squares) == len(drives)}


def sizes_of(output: Tensor) -> Tensor:
    """Numbers that can be squared: magnitudes of complex ones, the values that quantised ones stand for."""
    if output.is_quantized:
        return output.dequantize()
    return output.abs() if output.is_complex() else output if output.is_floating_point() else output.float()


def unflattened(output: Tensor, shape: tuple[int, ...]) -> Tensor:
    """An output (n, C·h·w) as the (n, C, h, w) it was made from; others as they are."""
    if output.dim() == 2 and len(shape) > 2 and output.shape[1] == math.prod(shape[1:]):
        return output.reshape(len(output), *shape[1:])
    return output


def drive_blocks(
    module: torch.nn.Module, batch: Tensor, units: Sequence[Unit], drives: Sequence[float], hear: Answer
) -> None:
    """Call every block alone with its scaled input, when the network comes to it for the first time."""
    names, seen, busy = dict(module.named_modules()), set[str](), False

    def enter(unit: Unit) -> Callable[..., None]:
        def before(child: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            nonlocal busy
            if busy or unit.path in seen:
                return
            seen.add(unit.path)
            if rests(args, kwargs):
                return
            busy = True
            try:
                for drive in drives:
                    scaled_args, scaled_kwargs = scale_first(args, kwargs, partial(torch.mul, other=drive))
                    output = next(tensors_in(child(*scaled_args, **scaled_kwargs)), None)
                    if output is not None:
                        hear(unit, [drive], output)
            finally:
                busy = False

        return before

    with hooked(before_call(names[unit.path], enter(unit)) for unit in units):
        module(batch)


def drive_stretch(
    module: torch.nn.Module, batch: Tensor, unit: Unit, drives: Sequence[float], group: int, hear: Answer
) -> None:
    """Scale the input of a stretch where it stands; drives side by side, or one by one where that fails."""
    for size in (min(group, len(drives)), 1):
        parts = [drives[start : start + size] for start in range(0, len(drives), size)]
        try:
            outputs = [answer_of(module, batch, unit, part) for part in parts]
        except (RuntimeError, ValueError, IndexError):
            continue
        if all(
            output is not None and len(output) % len(part) == 0 for part, output in zip(parts, outputs, strict=True)
        ):
            for part, output in zip(parts, outputs, strict=True):
                if output is not None:
                    hear(unit, part, output)
            return


def answer_of(module: torch.nn.Module, batch: Tensor, unit: Unit, drives: Sequence[float]) -> Tensor | None:
    """The output (drives · n, …) of a stretch with its input multiplied by each drive, one after the other; None where
    there is none, or where the input is zero."""

    def enter(_child: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if start_calls:
            return None
        start_calls.append(1)
        if rests(args, kwargs):
            raise Reached
        return scale_first(args, kwargs, lambda x: torch.cat([x * drive for drive in drives]))

    start_calls: list[int] = []
    got: list[Tensor] = []

    def take(value: Tensor) -> None:
        if start_calls:
            got.append(value)
            raise Reached

    start = dict(module.named_modules())[unit.start]
    handle = before_call(start, enter)
    try:
        with outputs_of(module, [unit], lambda _unit, value: take(value)):
            output = module(batch)
    except Reached:
        return got[0] if got else None
    finally:
        handle.remove()
    return logits_of(output) if start_calls and unit.end is None and not unit.tail else None


@contextmanager
def outputs_of(module: torch.nn.Module, units: Sequence[Unit], take: Callable[[Unit, Tensor], None]) -> Iterator[None]:
    """Hand the output of each unit to `take` when the network comes to its end; not of one that ends with the model."""
    names, calls = dict(module.named_modules()), Counter[tuple[str, str]]()

    def give(unit: Unit, path: str, wanted: int, value: Any) -> None:
        calls[unit.path, path] += 1
        found = next(tensors_in(value), None)
        if calls[unit.path, path] == wanted + 1 and found is not None:
            take(unit, found)

    def hooks() -> Iterator[RemovableHandle]:
        for unit in units:
            path, call = unit.end if unit.end is not None else ("", 0)
            if unit.whole or unit.tail:
                path = unit.tail or unit.path

                def after(_c: Any, _a: Any, output: Any, unit: Unit = unit, path: str = path) -> None:
                    give(unit, path, 0, output)

                yield after_call(names[path], after)
            elif path:

                def before(
                    _c: Any, args: Any, kwargs: Any, unit: Unit = unit, path: str = path, call: int = call
                ) -> None:
                    give(unit, path, call, (args, kwargs))

                yield before_call(names[path], before)

    with hooked(hooks()):
        yield


def scale_first(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], change: Callable[[Tensor], Tensor]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with the first that holds tensors of a floating type changed, every tensor in it."""
    for place, value in enumerate(args):
        if holds_floats(value):
            return (*args[:place], changed(value, change), *args[place + 1 :]), dict(kwargs)
    for name, value in kwargs.items():
        if holds_floats(value):
            return args, {**kwargs, name: changed(value, change)}
    return args, dict(kwargs)


def rests(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether the input that would be scaled is zero everywhere, as the state that a loop begins with: no drive changes
    it, which says nothing of what it drives."""
    first = next((value for value in (*args, *kwargs.values()) if holds_floats(value)), None)
    scaled = [tensor for tensor in tensors_in(first) if is_scalable(tensor)]
    return bool(scaled) and not any(is_mapped(tensor) or bool(tensor.any()) for tensor in scaled)


def holds_floats(value: Any) -> bool:
    """Whether there is a tensor of a floating type in it."""
    return any(is_scalable(tensor) for tensor in tensors_in(value))


def is_scalable(tensor: Tensor) -> bool:
    """Whether numbers can be multiplied by a drive: real and complex ones."""
    return tensor.is_floating_point() or tensor.is_complex()


def changed(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The value with its floating tensors changed, in nested tuples, lists and mappings."""
    if isinstance(value, Tensor):
        return change(value) if is_scalable(value) else value
    if isinstance(value, Mapping):
        return {key: changed(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [changed(item, change) for item in value]
    if isinstance(value, tuple):
        return tuple(changed(item, change) for item in value)
    return value


def respond(module: torch.nn.Module, batch: Tensor, units: Sequence[Unit]) -> tuple[dict[str, float], Tensor]:
    """Root mean square of each unit's output in one forward pass, by path, and the logits (n, classes) float32."""
    squares: dict[str, Tensor] = {}

    def take(unit: Unit, value: Tensor) -> None:
        squares.setdefault(unit.path, sizes_of(value).square().mean().sqrt())

    with torch.no_grad(), outputs_of(module, units, take):
        logits = logits_of(module(batch))
    for unit in units:
        if unit.end is None and not unit.whole and not unit.tail:
            squares[unit.path] = logits.square().mean().sqrt()
    return {path: float(value) for path, value in squares.items()}, logits.float()
