"""Which module is the model, where a factory returns it among other things, as with its transforms or its epoch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from torch import nn

from reportgen.errors import Location, ModelError
from reportgen.experiment.models.factories import describe
from reportgen.record.message import N_, Message

DEEPEST = 4
"""How far values in values are looked into."""
MOST_LISTED = 10


@dataclass(frozen=True)
class Part:
    """One module in what a factory returns."""

    name: str
    """Dotted: `0`, `model`, `nets.student`."""
    access: str
    """The same as Python writes it behind the whole: `[0]`, `.model`, `['nets']['student']`."""
    module: nn.Module


def take_model(made: object, source: str, where: Location | None = None) -> tuple[nn.Module, tuple[Message, ...]]:
    """The model in what a factory returned, and what a reader must know of the choice.

    A module itself is the model. In a tuple, list, dict, named tuple, dataclass or namespace it is the only module that
    has parameters: losses and transforms, which are often modules too, have none. A part of another module does not
    count beside it. Raises ModelError, at the place `where` the factory is defined, where there is none or several.
    """
    if isinstance(made, nn.Module):
        return made, ()
    found = whole(list(find_modules(made)))
    if not found:
        raise ModelError(
            f"{source} returns {describe(made)}, not a torch.nn.Module",
            "Let the factory return the model itself.",
            where,
        )
    able = with_weights(found)
    if len(able) > 1:
        raise ModelError(*tell_several(able, made, source), where)
    model = able[0]
    note = N_(
        "The factory’s return value is of type {kind}; its entry “{name}” ({model}) was used as the model.",
        kind=type(made).__name__,
        name=model.name,
        model=type(model.module).__name__,
    )
    others = [part.name for part in found if part is not model]
    if not others:
        return model.module, (note,)
    return model.module, (note, N_("Entries that are modules without parameters were ignored: {names}.", names=others))


def tell_several(parts: list[Part], made: object, source: str) -> tuple[str, str]:
    """The message and the hint for several modules that could be the model."""
    listed = [f"{part.name} ({type(part.module).__name__})" for part in parts[:MOST_LISTED]]
    more = [f"and {len(parts) - MOST_LISTED:,} more"] if len(parts) > MOST_LISTED else []
    factory = source.rpartition(":")[2]
    return (
        f"{source} returns {describe(made)} with {len(parts):,} models: {', '.join(listed + more)}",
        "Choose one in a function of your own, and name that in model.source: def chosen(**args): return "
        f"{factory}(**args){parts[0].access}",
    )


def find_modules(value: object) -> Iterator[Part]:
    """Every module in a value, each once, in its order."""
    seen: set[int] = set()
    queue: list[tuple[str, str, Any, int]] = [("", "", value, 0)]
    while queue:
        name, access, current, depth = queue.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, nn.Module):
            yield Part(name, access, current)
        elif depth < DEEPEST:
            inner = list(entries(current))
            queue[:0] = [(f"{name}.{key}".lstrip("."), access + how, thing, depth + 1) for key, how, thing in inner]


def entries(value: object) -> Iterator[tuple[str, str, Any]]:
    """The name, the access and the value of each entry of what holds others; none of anything else."""
    if isinstance(value, dict):
        yield from ((str(key), f"[{key!r}]", thing) for key, thing in value.items())
    elif isinstance(value, tuple) and len(fields := getattr(value, "__match_args__", ())) == len(value) > 0:
        yield from ((key, f".{key}", thing) for key, thing in zip(fields, value, strict=True))  # a named tuple
    elif isinstance(value, tuple | list):
        yield from ((str(place), f"[{place}]", thing) for place, thing in enumerate(value))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in dataclasses.fields(value)]
        yield from ((key, f".{key}", getattr(value, key, None)) for key in names)
    elif isinstance(value, SimpleNamespace):
        yield from ((key, f".{key}", thing) for key, thing in vars(value).items())


def whole(parts: list[Part]) -> list[Part]:
    """Those that are no part of another: `(model, model.features)` holds one model."""
    inner = {id(child) for part in parts for child in part.module.modules() if child is not part.module}
    return [part for part in parts if id(part.module) not in inner]


def with_weights(parts: list[Part]) -> list[Part]:
    """Those with parameters; where none has any, those with a state, as quantised ones; else all."""
    trainable = [part for part in parts if next(part.module.parameters(), None) is not None]
    return trainable or [part for part in parts if part.module.state_dict()] or parts
