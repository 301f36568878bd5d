"""Whether a factory makes a new model at each call, or hands out one that this process has trained already."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

from reportgen.errors import ModelError, about
from reportgen.experiment.random_numbers import kept_random_numbers
from reportgen.record.message import N_, Message

NEW_EACH_TIME = (
    "Let the factory make a new model at each call, inside the function: without an instance at the level of a module, "
    "and without functools.cache."
)
_trained: WeakValueDictionary[int, Tensor] = WeakValueDictionary()
"""id() -> parameter of a model that was trained in this process."""


def remember_trained(module: nn.Module) -> None:
    """Keep in mind that the parameters of a model have been trained."""
    _trained.update({id(parameter): parameter for parameter in module.parameters() if parameter.requires_grad})


def refuse_trained(module: nn.Module, source: str) -> None:
    """Raise ModelError for a model of which a parameter has been trained in this process, so that it is not new."""
    if any(_trained.get(id(parameter)) is parameter for parameter in module.parameters()):
        raise ModelError(f"{source} gives a model that was trained before, in this same process", NEW_EACH_TIME)


def check_fresh(
    module: nn.Module, make_again: Callable[[], nn.Module], source: str, *, begins_given: bool
) -> tuple[Message, ...]:
    """Raise ModelError where a factory gives the same parameters again, so that a second seed would go on from the
    first; says where a second seed begins with equal ones, unless `begins_given`: with weights that the spec names."""
    with kept_random_numbers():
        other = make_again()
    mine = [parameter for parameter in module.parameters() if parameter.requires_grad]
    places = {parameter.untyped_storage().data_ptr() for parameter in mine}
    theirs = [parameter for parameter in other.parameters() if parameter.requires_grad]
    if any(parameter.untyped_storage().data_ptr() in places for parameter in theirs):
        with about("run.seeds"):
            raise ModelError(
                f"run.seeds: {source} gives the same model at each call, so that the training with a second seed "
                "would go on from the weights of the first",
                NEW_EACH_TIME,
            )
    if begins_given or not mine or len(mine) != len(theirs) or not all(map(equal, mine, theirs)):
        return ()
    return (
        N_(
            "The model begins with the same weights whatever the seed, as its code sets the random numbers itself or "
            "copies one model: the seeds differ in the order and the augmentation of the images alone, and the spread "
            "between them leaves out what other initial weights would add."
        ),
    )


def equal(one: Tensor, other: Tensor) -> bool:
    """Whether two parameters have the same values, wherever they lie."""
    return one.shape == other.shape and torch.equal(one.detach().cpu(), other.detach().cpu().to(one.dtype))
