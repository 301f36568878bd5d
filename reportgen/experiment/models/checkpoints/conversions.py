"""Names that other versions and the models' authors gave to the same weights."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from reportgen.experiment.models.checkpoints.sets import WeightSet
from reportgen.experiment.models.checkpoints.stored import Damaged, Stored
from reportgen.record.message import N_, Message

PARAMETRIZED = re.compile(r"(.*?)parametrizations\.(\w+)\.original([01])$")
DENSE_LAYER = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")
"""Names of torchvision's published DenseNet files, which are older than Python modules without dots in their names."""
TIMM_FILTERS = ("checkpoint_filter_fn", "_filter_fn")
"""What timm's modules call the function that renames the weights of a model's authors."""

Converted = tuple[WeightSet, Message]


def conversions(weights: WeightSet, module: nn.Module) -> Iterator[Converted]:
    """Forms of a set under other names, each with what to say of it; nothing for a model that knows none."""
    for rename, note in renamings(weights, module):
        names = {name: rename(name) for name in weights.tensors}
        if any(old != new for old, new in names.items()) and len(set(names.values())) == len(names):
            yield replaced(weights, {names[name]: part for name, part in weights.tensors.items()}), note
    filtered = by_timm(weights, module)
    if filtered is not None:
        yield filtered


def replaced(weights: WeightSet, tensors: Mapping[str, Stored]) -> WeightSet:
    """The set with other tensors."""
    return WeightSet(weights.name, tensors, None, weights.module, weights.joined)


def renamings(weights: WeightSet, module: nn.Module) -> Iterator[tuple[Callable[[str], str], Message]]:
    """Ways to rename tensors one by one that could help this model."""
    own = module.state_dict()
    if any(name.endswith("parametrizations.weight.0._u") for name in own):
        yield (
            lambda name: new_spectral_norm(name, weights.tensors),
            N_("The file keeps spectral normalisation as weight_orig; the model has it as a parametrization."),
        )
    if any(name.endswith("weight_orig") for name in own):
        yield (
            old_spectral_norm,
            N_("The file keeps spectral normalisation as a parametrization; the model has weight_orig."),
        )
    if any(name.endswith("weight_g") for name in own):
        yield (
            old_weight_norm,
            N_("The file keeps weight normalisation as parametrizations; the model has weight_g and weight_v."),
        )
    if type(module).__module__ == "torchvision.models.densenet":
        yield (
            old_dense_layer,
            N_("The file uses the parameter names of torchvision’s first DenseNets; they were replaced by today’s."),
        )


def old_weight_norm(name: str) -> str:
    """The name that weight_norm gave before parametrizations."""
    match = PARAMETRIZED.fullmatch(name)
    return f"{match[1]}{match[2]}_{'gv'[int(match[3])]}" if match else name


SPECTRAL = {"orig": "original", "u": "0._u", "v": "0._v"}
"""What the old spectral_norm put behind "weight_", and the new one behind "parametrizations.weight."."""


def new_spectral_norm(name: str, beside: Container[str]) -> str:
    """The name that spectral_norm gives as a parametrization, where the file has what it belongs to `beside` it."""
    stem, _, last = name.rpartition("weight_")
    return (
        f"{stem}parametrizations.weight.{SPECTRAL[last]}"
        if last in SPECTRAL and f"{stem}weight_orig" in beside
        else name
    )


def old_spectral_norm(name: str) -> str:
    """The name that spectral_norm gave before parametrizations."""
    stem, found, last = name.rpartition("parametrizations.weight.")
    old = next((old for old, new in SPECTRAL.items() if new == last), "")
    return f"{stem}weight_{old}" if found and old else name


def old_dense_layer(name: str) -> str:
    """Today's name of a tensor in a dense layer of torchvision."""
    match = DENSE_LAYER.fullmatch(name)
    return f"{match[1]}{match[2]}" if match else name


def by_timm(weights: WeightSet, module: nn.Module) -> Converted | None:
    """The set as timm renames the files of a model's authors; None for other models, or where it can't.

    The function is timm's own, from the model's module, and gets a dict of tensors that are nobody else's.
    """
    home = type(module).__module__
    if not home.startswith("timm.models.") or home not in sys.modules:
        return None
    convert = next((found for name in TIMM_FILTERS if (found := getattr(sys.modules[home], name, None))), None)
    if convert is None:
        return None
    try:
        state: dict[str, Tensor] = {name: part.load() for name, part in weights.tensors.items() if not part.odd}
        given: Any = convert(state, module) if convert.__code__.co_argcount > 1 else convert(state)
        tensors = {str(name): wrap_tensor(part) for name, part in dict(given).items() if isinstance(part, Tensor)}
    except (MemoryError, Damaged):
        raise
    except Exception:  # whatever timm does not understand; the weights are then judged as they are
        return None
    return replaced(weights, tensors), N_("timm’s own conversion of the original authors’ files was applied.")


def wrap_tensor(tensor: Tensor) -> Stored:
    """A tensor in memory."""
    return Stored(tuple(tensor.shape), tensor.dtype, lambda: tensor)
