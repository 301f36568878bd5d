"""What is asked of a model source, and what it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from reportgen.errors import ModelError
from reportgen.experiment.models.factories import class_argument, hidden_class_arguments
from reportgen.experiment.models.pretrained import Fetching, Pretrained
from reportgen.record.message import N_, Message

USUAL = "num_classes"
"""The one name of the class count that is too common to be told."""


@dataclass(frozen=True)
class Order:
    """A model as a spec asks for it."""

    name: str
    """Within its source."""
    args: Mapping[str, Any]
    classes: int | None
    """Of the data set; None leaves the factory its own."""
    base: Path
    """The folder of the spec."""
    pretrained: Pretrained | None = None
    """The weights to start from; None for fresh ones."""
    new_head: bool = False
    """Whether the last layer of pretrained weights is replaced even where its width fits."""
    fetching: Fetching = field(default_factory=Fetching)


@dataclass(frozen=True)
class Origin:
    """The file that pretrained weights were read from."""

    file: str
    """Its name."""
    sha256: str
    url: str
    path: Path


@dataclass(frozen=True)
class Made:
    """A model, and what a reader of the report has to know of how it was made."""

    module: torch.nn.Module
    notes: tuple[Message, ...] = ()
    origin: Origin | None = None


def make_with_classes(factory: Callable[..., Any], order: Order, call: Callable[[Mapping[str, Any]], Made]) -> Made:
    """What `call` makes with the class count under the name that the factory takes it by, if it takes one.

    Of a factory that hands `**kwargs` on, the usual names are tried until one is accepted.
    """
    classes, args = order.classes, order.args
    if classes is None:
        return call(args)
    name = class_argument(factory)
    if name is not None:
        return call(args) if name in args else filled(call, args, name, classes)
    for hidden in hidden_class_arguments(factory):
        if hidden in args:
            break
        state = torch.random.get_rng_state()
        try:
            return filled(call, args, hidden, classes)
        except ModelError as error:
            if not refuses(error, hidden):
                raise
            torch.random.set_rng_state(state)
    return call(args)


def filled(call: Callable[[Mapping[str, Any]], Made], args: Mapping[str, Any], name: str, classes: int) -> Made:
    """What is made with the class count, and a note where its name is not the usual one."""
    note = N_("The factory’s argument {name} was set to the {count} classes of the data.", name=name, count=classes)
    made = call({**args, name: classes})
    return made if name == USUAL else replace(made, notes=(note, *made.notes))


def refuses(error: ModelError, name: str) -> bool:
    """Whether a factory failed because something in it takes no argument of this name."""
    cause = error.__cause__
    return isinstance(cause, TypeError) and "unexpected keyword" in str(cause) and repr(name) in str(cause)
