"""What a layer is called and holds where that is more than its class and parameters: parametrised, packed, scripted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from reportgen.experiment._torch_internals import hooks_before
from reportgen.experiment.hooks import is_scripted
from reportgen.record.message import N_, Message

OLD_NORMS = frozenset({"WeightNorm", "SpectralNorm"})
"""Hooks of torch that make a weight before each call, from before there were parametrisations."""


@dataclass(frozen=True)
class Packed:
    """Weights that no parameter holds: quantised and packed for their kernel, or constants of a frozen TorchScript."""

    key: int
    elements: int
    bytes: int


def kind_of(module: nn.Module) -> str:
    """The class of a layer, of a parametrised one that which it was before; TorchScript is called so."""
    if parametrize.is_parametrized(module):
        return str(parametrize.type_before_parametrizations(module).__name__)
    return "TorchScript" if is_scripted(module) else type(module).__name__


def settings_of(module: nn.Module) -> str:
    """What a layer says of itself, and how its weights are made where they are."""
    made = [f"{name} by {' and '.join(kinds)}" for name, kinds in parametrised(module)]
    return ", ".join([part for part in (str(module.extra_repr()), *made) if part])


def parametrised(module: nn.Module) -> Iterator[tuple[str, list[str]]]:
    """Each tensor of a layer that is computed from other parameters, and by what."""
    if parametrize.is_parametrized(module):
        for name, steps in module.parametrizations.items():  # type: ignore[operator, union-attr]
            yield str(name), [type(step).__name__.lstrip("_") for step in steps]
    for hook in hooks_before(module):
        if type(hook).__name__ in OLD_NORMS and type(hook).__module__.startswith("torch.nn.utils."):
            yield str(hook.name), [type(hook).__name__]


def describe_kinds(module: nn.Module) -> list[Message]:
    """What the reader must know of how parameters are counted."""
    named = dict(module.named_modules())
    made = [path or kind_of(child) for path, child in named.items() if any(True for _ in parametrised(child))]
    script = [path or kind_of(child) for path, child in named.items() if is_outermost_script(path, named)]
    packed = [path or kind_of(child) for path, child in named.items() if own_packed(child)]
    notes = []
    if made:
        notes.append(
            N_(
                "The weights of these layers are computed from other parameters; those that are stored are counted: "
                "{layers}.",
                layers=made,
            )
        )
    if script:
        notes.append(N_("TorchScript is shown as one box, whatever is inside: {layers}.", layers=script))
    if packed:
        notes.append(
            N_(
                "Weights that are no parameters of PyTorch, packed or constant, are counted as parameters that are not "
                "trained: {layers}.",
                layers=packed,
            )
        )
    if any(type(child).__module__.startswith("torch.ao.nn.") for child in named.values()):
        notes.append(N_("Multiply-accumulates of quantised layers are those of integers."))
    if not packed and not any(True for _ in module.parameters()):
        notes.append(N_("The model holds no parameters where PyTorch keeps them: how many it has is unknown."))
    if any(tensor.is_complex() for tensor in module.parameters()):
        notes.append(
            N_(
                "A complex parameter counts once, although it is two real numbers, and a product of complex numbers "
                "counts as one multiply-accumulate, although it takes three or four."
            )
        )
    return notes


def is_outermost_script(path: str, named: dict[str, nn.Module]) -> bool:
    """Whether a module is TorchScript inside something that is not."""
    parents = path.split(".")
    outer = [".".join(parents[:length]) for length in range(len(parents))] if path else []
    return is_scripted(named[path]) and not any(is_scripted(named[one]) for one in outer if one in named)


def packed_weights(module: nn.Module) -> list[Packed]:
    """Those of a module and everything inside it, each once."""
    found: dict[int, Packed] = {}
    for child in module.modules():
        for one in own_packed(child):
            found.setdefault(one.key, one)
    return list(found.values())


def own_packed(module: nn.Module) -> list[Packed]:
    """Those that a module itself holds."""
    tensors = frozen_constants(module) if is_scripted(module) else unpacked(module)
    return [Packed(-(id(module) + place), one.numel(), bytes_of(one)) for place, one in enumerate(tensors)]


def bytes_of(tensor: Tensor) -> int:
    """Of the numbers as they are stored."""
    return tensor.numel() * tensor.element_size()


def unpacked(module: nn.Module) -> list[Tensor]:
    """The tensors inside of objects that pack weights for a kernel, as torch's quantised layers hold them; those that
    are parameters of the module too left out."""
    objects = [value for value in vars(module).values() if isinstance(value, torch.ScriptObject)]
    if not objects:  # as nearly always
        return []
    known = {id(parameter) for parameter in module.parameters(recurse=False)}
    return [tensor for one in objects for tensor in parts_of(one) if id(tensor) not in known]


def parts_of(packed: torch.ScriptObject) -> list[Tensor]:
    """Weight and bias of a packed object; of one that holds others, such as a recurrent layer's, theirs, each once."""
    found: dict[int, Tensor] = {}
    waiting: list[Any] = [open_packed(packed)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Tensor):
            found.setdefault(one.data_ptr(), one)
        elif isinstance(one, torch.ScriptObject):
            waiting.append(open_packed(one))
        elif isinstance(one, tuple | list):
            waiting += list(one)
    return list(found.values())


def open_packed(packed: torch.ScriptObject) -> Any:
    """What it unpacks to, else its state; None where it tells neither."""
    for name in ("unpack", "__getstate__"):
        try:
            return getattr(packed, name)()
        except (RuntimeError, AttributeError):
            continue
    return None


def frozen_constants(module: nn.Module) -> list[Tensor]:
    """Floating tensors of more than one number among the constants of a TorchScript module without parameters."""
    if list(module.parameters()) or not hasattr(module, "graph"):
        return []
    found = []
    for node in module.graph.findAllNodes("prim::Constant"):  # type: ignore[operator, union-attr]
        if node.hasAttribute("value") and node.kindOf("value") == "t":
            tensor = node.t("value")
            if tensor.is_floating_point() and tensor.numel() > 1:
                found.append(tensor)
    return found
