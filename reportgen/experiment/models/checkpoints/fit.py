"""Whether a set of weights is of a model, and plain words where it is not."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.models.checkpoints.alignment import (
    Alignment,
    Shape,
    align,
    beginnings,
    same,
    without_wrappers,
)
from reportgen.experiment.models.checkpoints.sets import WeightSet, is_average
from reportgen.experiment.models.checkpoints.stored import META, NESTED, SPARSE, WRAPPED, Stored

LISTED = 8
"""Names listed in an error; the rest is counted."""
NEAREST = 3
LEARNT = ("running_mean", "running_var")
"""Buffers that training fills: a model without them is another one."""
BUFFERS = (
    *LEARNT,
    "num_batches_tracked",
    "position_ids",
    "relative_position_index",
    "relative_coords_table",
    "attn_mask",
    "mask",
    "inv_freq",
    "n_averaged",
    "mean",
    "std",
    "pixel_mean",
    "pixel_std",
    "total_ops",
    "total_params",
    "_extra_state",
)
"""Last parts of names under which files keep what is no parameter; the last two but one are a counter's (thop)."""
AUXILIARY = {"GoogLeNet": ("aux1.", "aux2."), "Inception3": ("AuxLogits.",)}
"""Classifiers of torchvision's models that only training uses."""
SHARD = re.compile(r"-(\d+)-of-(\d+)\.")
FEW = 4
"""A model of fewer parameters has no names by which a part of a file could be known."""


@dataclass(frozen=True)
class Own:
    """The model's tensors by name."""

    shapes: Mapping[str, Shape]
    dtypes: Mapping[str, torch.dtype]
    parameters: frozenset[str]
    ties: Mapping[str, frozenset[str]]
    """Name -> every name of the same tensor."""
    auxiliary: tuple[str, ...]
    """Beginnings of the names of what only training uses."""
    replaced: str = ""
    """Beginning of the names of a last layer that is replaced by a new one; empty where it stays."""

    def is_replaced(self, name: str) -> bool:
        """Whether a tensor is of the last layer that is replaced."""
        return bool(self.replaced) and name.startswith(self.replaced)


def own_tensors(module: nn.Module, head: str = "") -> Own:
    """What the model's state dict holds, and which of it is the same tensor; `head` is a layer that is replaced."""
    state = {name: part for name, part in module.state_dict(keep_vars=True).items() if isinstance(part, Tensor)}
    groups: dict[int, set[str]] = {}
    for name, part in state.items():
        groups.setdefault(id(part), set()).add(name)
    torchvision = type(module).__module__.startswith("torchvision.models.")
    return Own(
        shapes={name: tuple(part.shape) for name, part in state.items()},
        dtypes={name: part.dtype for name, part in state.items()},
        parameters=frozenset(name for name, part in state.items() if isinstance(part, nn.Parameter)),
        ties={name: frozenset(groups[id(part)]) for name, part in state.items()},
        auxiliary=AUXILIARY.get(type(module).__name__, ()) if torchvision else (),
        replaced=f"{head}." if head else "",
    )


@dataclass(frozen=True)
class Fit:
    """How a set of weights and a model go together, by the model's names where both have one."""

    weights: WeightSet
    alignment: Alignment
    missing: tuple[str, ...]
    """Of the model, not in the file."""
    unexpected: tuple[str, ...]
    """Of the file, under its beginning, not in the model."""
    differing: tuple[str, ...]
    """Of another shape."""
    own_buffers: tuple[str, ...]
    """Buffers that keep the values the model was made with."""
    left_buffers: tuple[str, ...]
    """Buffers of the file that the model does not have."""
    outside: tuple[str, ...]
    """Of the file, not under its beginning."""
    auxiliary: tuple[str, ...]
    """Of classifiers that only training uses, in the file or in the model alone."""
    replaced: tuple[str, ...]
    """Of the model's last layer, where that is replaced, and not or not in this shape in the file."""
    heads: tuple[str, ...]
    """Of the file's last layers, where the model's is replaced and they are not those of the model."""

    @property
    def fits(self) -> bool:
        """Whether every parameter is in both, with one shape."""
        return not (self.missing or self.unexpected or self.differing)

    @property
    def name(self) -> str:
        """What `model.weights_key` calls it: with the beginning that is taken off where all that is used has it."""
        off, short = self.alignment.off, self.alignment.short
        under = all(short[theirs].startswith(off) for theirs in self.alignment.names.values())
        return ".".join(part for part in (self.weights.name, off.rstrip(".") if under else "") if part)

    @property
    def faults(self) -> int:
        """Names that speak against it."""
        return len(self.missing) + len(self.unexpected) + len(self.differing)

    def pairs(self) -> dict[str, Stored]:
        """The tensors of the file under the model's names, of one shape."""
        return {
            own: self.weights.tensors[theirs]
            for own, theirs in self.alignment.names.items()
            if own not in self.differing and own not in self.own_buffers and own not in self.replaced
        }


def fits_of(weights: WeightSet, own: Own) -> list[Fit]:
    """Ways in which a set goes with a model, the best first; those by other beginnings only where they fit wholly."""
    shapes = {name: part.shape for name, part in weights.tensors.items()}
    found = [compare(weights, alignment, own) for alignment in align(shapes, own.shapes)]
    good = [fit for fit in found if fit.fits and (not fit.outside or len(own.parameters) >= FEW)]
    if not good and found[0].missing and not found[0].differing and len(own.parameters) >= FEW:
        good = [fit for fit in (compare(weights, whole, own) for whole in completed(found[0], own)) if fit.fits]
    if any(fit.alignment.is_plain for fit in good):
        good = [fit for fit in good if not fit.alignment.on]
    good.sort(key=lambda fit: (is_average(fit.alignment.off), bool(fit.alignment.off and fit.outside)))
    return good or nearest_fits(found, own)


def completed(fit: Fit, own: Own) -> list[Alignment]:
    """The alignment with partners for all parameters that lack one, which have another beginning in common, such as
    those of a classifier beside a backbone; empty unless that is possible in one way only."""
    names, tensors = fit.alignment.names, fit.weights.tensors
    off, on, short = fit.alignment.off, fit.alignment.on, fit.alignment.short
    moved = sum(short[theirs].startswith(off) and mine.startswith(on) for mine, theirs in names.items())
    if moved <= len(own.shapes) / 2:
        return []
    shapes = {name: tensors[name].shape for name in tensors if name not in names.values()}
    found = {frozenset(one.items()) for one in rest_of(shapes, {name: own.shapes[name] for name in fit.missing})}
    if len(found) != 1:
        return []
    more = dict(found.pop())
    bare = fit.alignment.bare | set(more.values())
    agreeing = fit.alignment.agreeing + len(more)
    return [replace(fit.alignment, names={**names, **more}, agreeing=agreeing, bare=bare)]


def rest_of(file: Mapping[str, Shape], model: Mapping[str, Shape]) -> Iterator[dict[str, str]]:
    """Ways to give every name of the model one of the file, of its shape, by one beginning for another."""
    short = without_wrappers(file) or {name: name for name in file}
    shapes = {name: file[full] for name, full in short.items()}
    for off, on in beginnings(shapes, model):
        pairs = {name: off + name.removeprefix(on) for name in model if name.startswith(on)}
        if len(pairs) == len(model) and all(same(shapes.get(pairs[name], ()), model[name]) for name in model):
            yield {name: short[other] for name, other in pairs.items() if other in short}


def nearest_fits(found: Sequence[Fit], own: Own) -> list[Fit]:
    """Of ways that all don't fit those to go on with: the names as they are, before it one that explains far more."""
    plain = next(fit for fit in found if fit.alignment.is_plain)
    best = min(found, key=lambda fit: (-fit.alignment.agreeing, fit.faults))
    least = max(1.5 * plain.alignment.agreeing + 1, len(own.shapes) / 2)
    return [best, plain] if best.alignment.agreeing > least else [plain]


def compare(weights: WeightSet, alignment: Alignment, own: Own) -> Fit:
    """Which names and shapes of a set and of a model differ."""
    names = alignment.names
    absent = [name for name in own.shapes if not (own.ties[name] & names.keys())]
    other = [name for name, theirs in names.items() if not same(weights.tensors[theirs].shape, own.shapes[name])]
    used = set(names.values())
    rest = [name for name in weights.tensors if name not in used and name in alignment.bare]
    bare = {name: name.removeprefix(alignment.off) for name in rest}
    lost = tuple(name for name in (*absent, *other) if own.is_replaced(name))
    heads = heads_in(rest, alignment, own, absent)
    return Fit(
        weights=weights,
        alignment=alignment,
        missing=tuple(name for name in absent if is_needed(name, own) and not own.is_replaced(name)),
        unexpected=tuple(
            name
            for name in rest
            if not (is_buffer(name, weights.tensors[name]) or bare[name].startswith(own.auxiliary))
            and name not in heads
        ),
        differing=tuple(
            name for name in other if (name in own.parameters or is_learnt(name)) and not own.is_replaced(name)
        ),
        own_buffers=tuple(
            name
            for name in (*absent, *other)
            if name not in own.parameters and not is_learnt(name) and not name.endswith("num_batches_tracked")
        ),
        left_buffers=tuple(
            name for name in rest if is_buffer(name, weights.tensors[name]) and not bare[name].startswith(own.auxiliary)
        ),
        outside=tuple(name for name in weights.tensors if name not in used and name not in alignment.bare),
        auxiliary=tuple(
            name for name in (*rest, *absent) if own.auxiliary and (bare.get(name, name)).startswith(own.auxiliary)
        ),
        replaced=lost,
        heads=(*(names[name] for name in lost if name in names), *heads),
    )


def heads_in(rest: Sequence[str], alignment: Alignment, own: Own, absent: Sequence[str]) -> tuple[str, ...]:
    """Of the file's tensors without a partner those of a last layer that is replaced in the model: under its name, or,
    where none is, in parts that the model does not have."""
    if not own.replaced:
        return ()
    parts = {name.partition(".")[0] for name in own.shapes}
    renamed = {name: alignment.renamed(name) for name in rest}
    under = tuple(name for name in rest if own.is_replaced(renamed[name]))
    if under or not any(own.is_replaced(name) for name in absent):
        return under
    return tuple(name for name in rest if renamed[name].partition(".")[0] not in parts)


def is_needed(name: str, own: Own) -> bool:
    """Whether a model without this tensor would be another one."""
    return (name in own.parameters or is_learnt(name)) and not (own.auxiliary and name.startswith(own.auxiliary))


def is_learnt(name: str) -> bool:
    """Whether a buffer is one that training fills."""
    return name.rpartition(".")[2] in LEARNT


def is_buffer(name: str, tensor: Stored) -> bool:
    """Whether a tensor of a file is no parameter: by its type, which no gradient has, or by its name."""
    number = tensor.dtype.is_floating_point or tensor.dtype.is_complex
    return (not number and not tensor.odd) or name.rpartition(".")[2] in BUFFERS


class HoldsMore(ModelError):
    """A file has all weights of the model and others, which may be of layers that the model makes later."""


def refuse_misfit(fit: Fit, own: Own, name: str) -> ModelError:
    """The error for weights that are not of the model."""
    tensors, names = fit.weights.tensors, fit.alignment.names
    where = f"{name} ({fit.name})" if fit.name else name
    if not (fit.missing or fit.unexpected) and (classes := class_counts(fit, own)):
        return ModelError(
            f"{where} has {classes[0]:,} classes and the model {classes[1]:,} ({fit.differing[0]})",
            "To go on from them with a new last layer for other classes, set model.head: replace.\n"
            f"Else use data of {classes[0]:,} classes, or weights trained for {classes[1]:,}.",
        )
    if first := fit.weights.quantised:
        return ModelError(
            f"{where} holds quantised weights ({first} first), and the model is not quantised",
            "Name a factory that makes the quantised model, as torch.ao.quantization.convert does, or save the weights "
            "of the model before it was converted.",
        )
    if odd := next((key for key in fit.differing if tensors[names[key]].odd), None):
        return odd_error(odd, tensors[names[odd]], own.dtypes[odd], name)
    if headless(fit, own):
        return ModelError(
            f"{where} holds no classifier: of the model it lacks {', '.join(fit.missing)}, and nothing else",
            "These are weights of a backbone alone. Set model.head: replace to train a new last layer on them, or use "
            "weights that were saved with the classifier.",
        )
    differing = [f"{key} {tensors[names[key]].shape} instead of {own.shapes[key]}" for key in fit.differing]
    parts = [
        listing("missing in the file", fit.missing),
        listing("unexpected in the file", fit.unexpected),
        listing("of another shape", differing),
        nearest_names(fit, own),
    ]
    text = f"{where} does not fit the model: " + "; ".join(part for part in parts if part)
    holds_more = bool(fit.unexpected) and not (fit.missing or fit.differing)
    return (HoldsMore if holds_more else ModelError)(text, hint_of(fit, own, name))


def odd_error(key: str, part: Stored, wanted: torch.dtype, name: str) -> ModelError:
    """The error for a tensor of a kind whose values can't be copied into a parameter."""
    return ModelError(
        f"{key} in {name} is {part.odd}, where the model has {str(wanted).removeprefix('torch.')} numbers",
        ODD_HINTS.get(part.odd, "Save the weights of the model before it was converted."),
    )


ODD_HINTS = {
    META: "Its values were never in the file: fill the model with its weights, then save it.",
    NESTED: "Save it as a plain tensor: tensor.to_padded_tensor(0).",
    WRAPPED: "Save plain tensors: tensor.full_tensor() of each distributed one, or get_model_state_dict of "
    "torch.distributed.checkpoint.state_dict with full_state_dict=True.",
    SPARSE: "Save it as a plain tensor: tensor.to_dense().",
}
"""What to do about each kind of tensor."""
CHANGED = re.compile(r"weight_(g|v|orig|u|mask)$|parametrizations\..*\.original\d?$")
"""Names of what takes the place of a weight that is computed anew each time."""


def hint_of(fit: Fit, own: Own, name: str) -> str:
    """What to do about weights that don't fit."""
    shard = SHARD.search(name)
    if shard and fit.missing:
        which = f"file {int(shard[1])} of {int(shard[2])} of a sharded checkpoint"
        return f"This is {which}: name its .index.json in model.weights."
    both, wanted = shared_shapes(fit, own)
    if both < wanted / 2:
        return (
            f"Of the model's {wanted:,} weights only {both:,} have a shape that is in the file: these are the weights "
            "of another architecture. Check model.source."
        )
    if len(fit.alignment.names) < len(own.shapes) / 2:
        return (
            f"{both:,} of the model's {wanted:,} weights have a shape that is in the file, but under other names: "
            "rename the keys of the state dict, or use the code that the weights were saved with."
        )
    if any(CHANGED.search(key) for key in fit.unexpected) and not any(map(CHANGED.search, own.shapes)):
        return (
            "The file was saved under weight normalisation, spectral normalisation or pruning, which the model does "
            "not have: build the model with it, or take it off before saving (remove_parametrizations, "
            "remove_weight_norm, remove_spectral_norm, prune.remove)."
        )
    usual = "Check model.source, model.args and model.stem against how the weights were trained."
    parts = {name.partition(".")[0] for name in own.shapes}
    alone = all(fit.alignment.renamed(name).partition(".")[0] not in parts for name in fit.unexpected)
    if fit.unexpected and alone and not (fit.missing or fit.differing):
        return f"{usual} If only training used what is unexpected, save the file again without it."
    return usual


def shared_shapes(fit: Fit, own: Own) -> tuple[int, int]:
    """How many of the model's weights have a partner of the same shape in the file, of how many.

    Matrices and kernels count; where the model has none, everything does.
    """
    wanted = Counter(own.shapes[name] for name in own.parameters if len(own.shapes[name]) > 1)
    wanted = wanted or Counter(own.shapes.values())
    held = Counter(tensor.shape for tensor in fit.weights.tensors.values())
    return sum((wanted & held).values()), sum(wanted.values())


def class_counts(fit: Fit, own: Own) -> tuple[int, int] | None:
    """(classes in the file, classes in the model) when only the outputs of classifiers differ."""
    held = {key: fit.weights.tensors[fit.alignment.names[key]].shape for key in fit.differing}
    sizes = {(held[key][:1], own.shapes[key][:1]) for key in fit.differing}
    inner_equal = all(held[key][1:] == own.shapes[key][1:] for key in fit.differing)
    if len(sizes) != 1 or not inner_equal:
        return None
    ((theirs, ours),) = sizes
    return (theirs[0], ours[0]) if theirs and ours else None


def headless(fit: Fit, own: Own) -> bool:
    """Whether all that the file lacks is the model's last layer, the whole of it."""
    layers = {name.rpartition(".")[0] for name in fit.missing}
    final = [name for name in own.shapes if name in own.parameters][-1:]
    whole = {name for name in own.parameters if name.rpartition(".")[0] in layers}
    shapes = {own.shapes[name] for name in fit.missing if len(own.shapes[name]) > 1}
    return (
        whole <= set(fit.missing)
        and len(layers) == 1
        and bool(layers & {name.rpartition(".")[0] for name in final})
        and not (fit.unexpected or fit.differing)
        and not any(fit.weights.tensors[name].shape in shapes for name in fit.outside)
        and len(own.parameters) > len(fit.missing)
    )


def nearest_names(fit: Fit, own: Own) -> str:
    """The first few of the model's names without a partner, each beside the nearest of the file, shapes in both."""
    tensors = fit.weights.tensors
    free = list(fit.unexpected) or [name for name in tensors if name not in fit.alignment.names.values()]
    said = []
    for name in fit.missing[:NEAREST]:
        near = nearest_to(name, own.shapes[name], {key: tensors[key].shape for key in free or tensors})
        if near is not None:
            said.append(f"{name} {own.shapes[name]} in the model, {near} {tensors[near].shape} in the file")
    return f"nearest: {', '.join(said)}" if said else ""


def nearest_to(name: str, shape: Shape, choices: Mapping[str, Shape]) -> str | None:
    """The name most like this one, among those of its shape where there are any."""
    alike = [key for key, other in choices.items() if other == shape]
    if alike and len(alike) < LISTED * LISTED:
        return max(alike, key=lambda key: difflib.SequenceMatcher(None, name, key).ratio())
    return next(iter(difflib.get_close_matches(name, alike or choices, n=1, cutoff=0.3)), None)


def listing(title: str, items: Iterable[str]) -> str:
    """The count and the first few, or nothing."""
    listed = list(items)
    if not listed:
        return ""
    more = f", … and {len(listed) - LISTED:,} more" if len(listed) > LISTED else ""
    return f"{len(listed):,} {title}: {', '.join(listed[:LISTED])}{more}"
