"""`run.optimizer`: torch.optim's optimisers by name, each with its own arguments. No torch: a table, kept by a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from reportgen.spec.frozen import Frozen
from reportgen.spec.numbers import NonNegative, Number, PositiveFloat, PositiveInt, Share, Switch
from reportgen.spec.shorthand import Shorthand
from reportgen.text.suggest import nearest

Kind = Literal[
    "sgd",
    "adam",
    "adamw",
    "rmsprop",
    "adadelta",
    "adafactor",
    "adagrad",
    "adamax",
    "asgd",
    "muon",
    "nadam",
    "radam",
    "rprop",
]
TITLES: dict[str, str] = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "adadelta": "Adadelta",
    "adafactor": "Adafactor",
    "adagrad": "Adagrad",
    "adamax": "Adamax",
    "asgd": "ASGD",
    "muon": "Muon",
    "nadam": "NAdam",
    "radam": "RAdam",
    "rprop": "Rprop",
}
"""Name in a spec -> class in torch.optim."""
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "sgd": ("lr", "momentum", "dampening", "weight_decay", "nesterov", "foreach", "fused"),
    "adam": ("lr", "betas", "eps", "weight_decay", "amsgrad", "decoupled_weight_decay", "foreach", "fused"),
    "adamw": ("lr", "betas", "eps", "weight_decay", "amsgrad", "foreach", "fused"),
    "rmsprop": ("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "foreach"),
    "adadelta": ("lr", "rho", "eps", "weight_decay", "foreach"),
    "adafactor": ("lr", "beta2_decay", "eps", "d", "weight_decay", "foreach"),
    "adagrad": ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps", "foreach", "fused"),
    "adamax": ("lr", "betas", "eps", "weight_decay", "foreach"),
    "asgd": ("lr", "lambd", "alpha", "t0", "weight_decay", "foreach"),
    "muon": ("lr", "weight_decay", "momentum", "nesterov", "ns_coefficients", "eps", "ns_steps", "adjust_lr_fn"),
    "nadam": ("lr", "betas", "eps", "weight_decay", "momentum_decay", "decoupled_weight_decay", "foreach"),
    "radam": ("lr", "betas", "eps", "weight_decay", "decoupled_weight_decay", "foreach"),
    "rprop": ("lr", "etas", "step_sizes", "foreach"),
}
"""Of each constructor in torch.optim, without those of UNUSED."""
OWN = ("weight_decay_on",)
"""Keys of ours, no arguments of torch.optim, of every optimiser that decays."""
UNUSED: dict[str, str] = {
    "maximize": "a loss is to become small here",
    "differentiable": "it is for training through the optimiser's own steps",
    "capturable": "it is for steps recorded as CUDA graphs",
}
"""Arguments of torch.optim's constructors that a training pass has no use for, and why."""
REFUSED: dict[str, str] = {
    "lbfgs": "it evaluates the loss several times a step on the same images, which training in batches does not do",
    "sparseadam": "it takes sparse gradients only, which image classifiers don't have",
}
"""Optimisers of torch.optim that can't be used here, and why."""


def known_optimizer(name: object) -> object:
    """The name in lower case, as torch's class names and the usual short ones both come to.

    Raises PydanticCustomError `refused` for those that can't be used here.
    """
    if not isinstance(name, str):
        return name
    plain = name.lower()
    if plain in REFUSED:
        raise PydanticCustomError(
            "refused",
            "{message}",
            {
                "message": f"run.optimizer.name: {name} can't be used here: {REFUSED[plain]}",
                "hint": f"Use one of {', '.join(TITLES)}.",
            },
        )
    return plain


OptimizerName = Annotated[
    Kind, BeforeValidator(known_optimizer), WithJsonSchema({"enum": [*TITLES, *TITLES.values()], "type": "string"})
]
Pair = Field(min_length=2, max_length=2)
UpToTwo = Annotated[tuple[PositiveFloat | None, ...], Field(min_length=1, max_length=2)]


class OptimizerSpec(Frozen):
    """The optimiser and its arguments, those of its class in torch.optim; None: the usual value for that optimiser."""

    name: OptimizerName = "sgd"
    """A class of torch.optim, in any case: sgd, AdamW, RAdam."""
    lr: PositiveFloat | None = None
    """The highest of the schedule."""
    momentum: Share | None = None
    weight_decay: NonNegative | None = None
    weight_decay_on: Literal["all", "matrices"] | None = None
    """What is decayed: all parameters, as torch does, or matrices and filters alone, without biases and normalisation;
    None: all."""
    dampening: Share | None = None
    nesterov: Switch | None = None
    betas: Annotated[tuple[Share, ...], Pair] | None = None
    eps: Annotated[UpToTwo, Shorthand(PositiveFloat, lambda number: (number,))] | None = None
    """One number, or a pair for adafactor alone."""
    amsgrad: Switch | None = None
    decoupled_weight_decay: Switch | None = None
    momentum_decay: NonNegative | None = None
    alpha: Share | None = None
    centered: Switch | None = None
    rho: Share | None = None
    lr_decay: NonNegative | None = None
    initial_accumulator_value: NonNegative | None = None
    lambd: NonNegative | None = None
    t0: PositiveFloat | None = None
    etas: Annotated[tuple[PositiveFloat, ...], Pair] | None = None
    step_sizes: Annotated[tuple[PositiveFloat, ...], Pair] | None = None
    beta2_decay: Annotated[Number, Field(le=0)] | None = None
    d: Annotated[PositiveFloat, Field(ge=1)] | None = None
    ns_coefficients: Annotated[tuple[Number, ...], Field(min_length=3, max_length=3)] | None = None
    ns_steps: Annotated[PositiveInt, Field(lt=100)] | None = None
    adjust_lr_fn: Literal["original", "match_rms_adamw"] | None = None
    foreach: Switch | None = None
    fused: Switch | None = None

    @property
    def title(self) -> str:
        """The class in torch.optim."""
        return TITLES[self.name]

    @property
    def given(self) -> tuple[str, ...]:
        """The arguments that the spec gives."""
        ours = ("name", *OWN)
        return tuple(key for key in type(self).model_fields if key not in ours and getattr(self, key) is not None)

    def argument(self, key: str) -> object:
        """The value of an argument as its class takes it."""
        return self.eps[0] if key == "eps" and self.eps is not None and len(self.eps) == 1 else getattr(self, key)


def optimizer_keys(name: object) -> tuple[str, ...]:
    """The keys that `run.optimizer` may have with this name; those of any, where there is no such optimiser."""
    own = ARGUMENTS.get(name.lower() if isinstance(name, str) else "sgd" if name is None else "")
    return ("name", *own, *(OWN if decays(own) else ())) if own else tuple(OptimizerSpec.model_fields)


def decays(arguments: tuple[str, ...]) -> bool:
    """Whether an optimiser of these arguments pulls parameters towards zero."""
    return "weight_decay" in arguments


def broken_optimizer_rules(spec: OptimizerSpec) -> Iterator[tuple[str, str, str]]:
    """(argument, message, hint) of what does not go together in `run.optimizer`."""
    own = ARGUMENTS[spec.name]
    for key in spec.given:
        if key not in own:
            users = ", ".join(name for name, keys in ARGUMENTS.items() if key in keys)
            hint = f"Remove it, or use one of {users}. {spec.name} takes {', '.join(own)}."
            yield key, f"run.optimizer.{key} has no meaning with {spec.name}", hint
    if spec.weight_decay_on is not None and not decays(own):
        yield "weight_decay_on", f"run.optimizer.weight_decay_on has no meaning with {spec.name}", "Remove it."
    if spec.eps is not None and len(spec.eps) == 2 and spec.name != "adafactor":
        yield "eps", f"run.optimizer.eps is a pair, and {spec.name} takes one number", "Write one number."
    if spec.name == "adafactor" and spec.eps is not None and len(spec.eps) == 1:
        yield "eps", "run.optimizer.eps is one number, and adafactor takes a pair", "Write [null, 0.001]."
    if spec.name == "sgd" and spec.nesterov and (spec.momentum == 0 or spec.dampening):
        yield "nesterov", "run.optimizer.nesterov needs a momentum and no dampening", "Remove one of them."
    if spec.etas is not None and not spec.etas[0] < 1 < spec.etas[1]:
        yield "etas", "run.optimizer.etas are not a factor below 1 and one above", "Write [0.5, 1.2]."
    if spec.foreach and spec.fused:
        yield "fused", "run.optimizer.fused and run.optimizer.foreach exclude each other", "Remove one of them."


def hint_for(key: str, name: object) -> str:
    """What to say of a key that `run.optimizer` does not have with this name."""
    if key in UNUSED:
        return f"torch.optim has it, and this has no use for it: {UNUSED[key]}."
    return nearest(key, optimizer_keys(name))
