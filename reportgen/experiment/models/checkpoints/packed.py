"""Weights of quantised models, which are packed for their kernels and are no parameters: put in by the model's own
loading code, every name of its state dict from the file, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.models.checkpoints.alignment import Alignment, Shape, align, same
from reportgen.experiment.models.checkpoints.fit import listing
from reportgen.experiment.models.checkpoints.sets import WeightSet
from reportgen.experiment.models.checkpoints.stored import Damaged, Source, dtype_named, stored_tensor
from reportgen.spec.inert_pickle import Name

FACTORY = (
    "Let the factory put them in before it quantises the model, and leave model.weights out: the file that it reads "
    "is noted with its digest. Or save the state dict of the quantised model."
)


@dataclass(frozen=True)
class PackedFit:
    """A set of weights of a quantised model, and the names under which the model has them."""

    weights: WeightSet
    alignment: Alignment


def packed_layers(module: nn.Module) -> list[str]:
    """Paths of the layers whose weights are packed, which give them by a method."""
    return [
        path
        for path, child in module.named_modules()
        if type(child).__module__.startswith(("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized"))
        and callable(getattr(child, "weight", None))
    ]


def fill_packed(module: nn.Module, sets: Sequence[WeightSet], source: Source, name: str) -> list[PackedFit]:
    """Put the first set that fits into a quantised model; gives all that would fit, that one first.

    Raises ModelError where none does, and for a model whose packed weights no file can hold.
    """
    own = module.state_dict()
    for key, part in own.items():
        if part is not None and shape_of(part) is None:
            raise ModelError(
                f"{name} can't be filled into a quantised model: {key} is packed, and no tensor",
                "Let the factory fill it in, and leave model.weights out: the file that it reads is noted.",
            )
    shapes = {key: shape_of(part) or () for key, part in own.items()}
    fits = [fit for one in sets if (fit := fit_of(one, shapes)) is not None]
    if not fits:
        raise refuse(module, sets[0], shapes, name)
    used = fits[0]
    state = {key: value_of(used.weights, theirs, source) for key, theirs in used.alignment.names.items()}
    for key, part in own.items():
        theirs = state[key]
        if isinstance(part, Tensor) and isinstance(theirs, Tensor) and part.dtype != theirs.dtype:
            raise ModelError(
                f"{name} holds {bare(theirs.dtype)} numbers for {key}, where the quantised model has "
                f"{bare(part.dtype)}",
                FACTORY,
            )
    load(module, state, used, name)
    return fits


def load(module: nn.Module, state: dict[str, Any], fit: PackedFit, name: str) -> None:
    """Copy a whole state into the module by its own loading code; raises ModelError where that refuses it."""
    given = module.state_dict()  # with the versions of the modules
    given.update(state)
    if fit.weights.metadata:
        off = fit.alignment.off
        versions = {path.removeprefix(off): local for path, local in fit.weights.metadata.items()}
        given._metadata = versions  # type: ignore[attr-defined]
    try:
        module.load_state_dict(given)
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1].strip()
        raise ModelError(f"{name} can't be put into the quantised model: {reason}", FACTORY) from error


def fit_of(weights: WeightSet, own: Mapping[str, Shape]) -> PackedFit | None:
    """How a set goes with the model; None where a name is in one alone, or has another shape."""
    shapes = {key: part.shape for key, part in weights.tensors.items()}
    shapes |= {key: shape_in_file(part) for key, part in weights.others.items() if key not in shapes}
    for alignment in align(shapes, own):
        names = alignment.names
        if names.keys() == own.keys() and all(same(shapes[theirs], own[key]) for key, theirs in names.items()):
            return PackedFit(weights, alignment)
    return None


def shape_in_file(part: Any) -> Shape:
    """Of what stands for packed weights in a file: that of the weight, which comes first."""
    first = part[0] if isinstance(part, tuple) and part else None
    found = stored_tensor(first, NOWHERE)
    return found.shape if found is not None else ()


class Nowhere:
    """Where only shapes are asked for."""

    big_endian = False

    def read(self, key: str, start: int, count: int) -> bytes:
        """Nothing."""
        raise Damaged(f"{count} bytes of the storage {key} from {start} on were asked for too early")

    def nested(self, data: bytes) -> tuple[Any, Source]:
        """Nothing."""
        raise Damaged(f"a storage of {len(data)} bytes lies within packed weights")


NOWHERE = Nowhere()


def shape_of(part: Any) -> Shape | None:
    """Of an entry of a quantised model's state dict; None for one that no file of weights can hold."""
    if isinstance(part, Tensor):
        return tuple(part.shape)
    if isinstance(part, tuple) and part and isinstance(part[0], Tensor):
        return tuple(part[0].shape)
    return () if isinstance(part, torch.dtype) else None


def value_of(weights: WeightSet, key: str, source: Source) -> Any:
    """The value that the loading code of quantised layers takes: a tensor, a pair of tensors or a type of numbers."""
    if key in weights.tensors:
        return weights.tensors[key].load()
    part = weights.others[key]
    if isinstance(part, Name):
        return dtype_named(part)
    if isinstance(part, tuple):
        tensors = [stored_tensor(one, source) for one in part]
        return tuple(None if one is None else one.load() for one in tensors)
    return None


def refuse(module: nn.Module, weights: WeightSet, own: Mapping[str, Shape], name: str) -> ModelError:
    """The error for weights that are not of the quantised model."""
    layer = packed_layers(module)[0]
    if not weights.quantised:
        return ModelError(f"{name} holds no quantised weights, and the model is quantised ({layer} first)", FACTORY)
    held = {*weights.tensors, *weights.others}
    parts = [
        listing("missing in the file", (key for key in own if key not in held)),
        listing("unexpected in the file", (key for key in weights.tensors if key not in own)),
        listing(
            "of another shape",
            (
                f"{key} {weights.tensors[key].shape} instead of {shape}"
                for key, shape in own.items()
                if key in weights.tensors and not same(weights.tensors[key].shape, shape)
            ),
        ),
        listing(
            "of another shape",
            (
                f"{key} {shape_in_file(weights.others[key])} instead of {shape}"
                for key, shape in own.items()
                if key in weights.others and not same(shape_in_file(weights.others[key]), shape)
            ),
        ),
    ]
    text = "; ".join(part for part in parts if part) or "its names begin otherwise"
    return ModelError(
        f"{name} does not fit the quantised model: {text}",
        "Check model.source and model.args against how the weights were quantised and saved.",
    )


def bare(dtype: torch.dtype) -> str:
    """The name of a type of numbers."""
    return str(dtype).removeprefix("torch.")
