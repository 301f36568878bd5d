"""Weights that a model computes with and does not have among its parameters, as of layers in a plain list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from reportgen.experiment.models.forward import evaluating, tensors_in
from reportgen.experiment.snapshot import preserved
from reportgen.experiment.torch_settings import kept_settings
from reportgen.record.message import N_, Message
from reportgen.system.signals import errors_passed_over

MOST_NAMED = 4


class Foreign(TorchFunctionMode):
    """Collects the parameters that are given to operators and are none of some model's."""

    def __init__(self, own: Iterable[Tensor]) -> None:
        super().__init__()
        self.own = {id(tensor) for tensor in own}
        self.found: dict[int, Tensor] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operator, and look at what it is given."""
        for tensor in tensors_in((args, kwargs or {})):
            if isinstance(tensor, nn.Parameter) and id(tensor) not in self.own:
                self.found[id(tensor)] = tensor
        return func(*args, **(kwargs or {}))


def note_unregistered(module: nn.Module, images: Tensor) -> tuple[Message, ...]:
    """What is to say of weights outside of the model's parameters, found by a pass on images (n, C, H, W); the model is
    left as it was."""
    foreign = Foreign([*module.parameters(), *module.buffers()])
    with preserved(module), kept_settings(), evaluating(module), errors_passed_over(), foreign:
        module(images.clone())
    held = [value for child in module.modules() for value in vars(child).values() if is_trained_alone(value)]
    found = {**foreign.found, **{id(tensor): tensor for tensor in held if id(tensor) not in foreign.own}}
    if not found:
        return ()
    shapes = ["×".join(map(str, tensor.shape)) or "1" for tensor in found.values()]
    return (
        N_(
            "The model computes with {values} weights that are not among its parameters, as those of layers in a plain "
            "list or dict and of tensors that are no nn.Parameter: {shapes}. They are not counted here, and neither "
            "trained, saved nor loaded; nn.ModuleList, nn.ModuleDict and nn.Parameter would make them so.",
            values=sum(tensor.numel() for tensor in found.values()),
            shapes=[*shapes[:MOST_NAMED], *(["…"] if len(shapes) > MOST_NAMED else [])],
        ),
    )


def is_trained_alone(value: object) -> bool:
    """Whether an attribute is a tensor that wants gradients and comes from no operator."""
    return isinstance(value, Tensor) and value.is_leaf and value.requires_grad
