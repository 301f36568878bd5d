"""Which tensor of what a model returns holds the classes, and what stands in it.

Found once, on a few images, for evaluation and for training mode. Where a model returns anything but a plain tensor of
logits (n, classes), a hook on it gives those in its place from then on, so that training, evaluation, probes and timing
read the same.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from reportgen.errors import ModelError, about
from reportgen.record.answers import OutputFacts, OutputKind
from reportgen.record.message import N_, Message

FROM_END = re.compile(r"-\d+")
"""An index that counts from the end."""
USUAL_NAMES = ("logits", "out")
"""Where models that return several tensors put the logits; the first that fits is taken where several tensors fit."""
DEEPEST = 6
MOST_LISTED = 20
SUM_TOLERANCE = 1e-4
"""How far probabilities may be from a sum of 1 in float32; in coarser types four of their steps."""

CONVERTS = ContextVar("CONVERTS", default=True)
"""Whether the hook makes logits of the tensor."""

Step = tuple[str, Any]
"""("key", of a mapping), ("index", of a sequence) or ("attribute", of an object)."""


@dataclass(frozen=True)
class Leaf:
    """One tensor in what a model returns."""

    steps: tuple[Step, ...]
    places: tuple[int, ...]
    """The same by position."""
    tensor: Tensor

    @property
    def name(self) -> str:
        """Dotted: `logits`, `1`, `heads.0`."""
        return ".".join(str(step) for _how, step in self.steps)

    @property
    def last(self) -> str:
        """The end of its name."""
        return str(self.steps[-1][1]) if self.steps else ""


@dataclass(frozen=True)
class Reading:
    """The way to the tensor, and what is made of it."""

    steps: tuple[Step, ...]
    kind: OutputKind
    axes: int | None = None
    """Of the tensor, that of the images included; None: not known."""

    def select(self, output: Any) -> Tensor:
        """The tensor as the model gives it, of a single image too with the axis of the images."""
        tensor = self.find(output)
        return tensor if tensor.ndim + 1 != self.axes else tensor.unsqueeze(0)

    def find(self, output: Any) -> Tensor:
        """The tensor as the model gives it."""
        for how, step in self.steps:
            output = getattr(output, step) if how == "attribute" else output[step]
        if not isinstance(output, Tensor):
            raise TypeError(f"there is {type(output).__name__} where a tensor was")
        return output

    def logits(self, tensor: Tensor) -> Tensor:
        """Logits (n, classes) of the tensor; of probabilities their logarithms, whose softmax they are."""
        if self.kind == "one_logit":
            single = tensor.reshape(len(tensor))
            return torch.stack([torch.zeros_like(single), single], 1)
        if self.kind == "one_probability":
            single = precise(tensor.reshape(len(tensor)))
            return logarithm(torch.stack([1 - single, single], 1))
        rows = tensor.flatten(1)
        return logarithm(precise(rows)) if self.kind == "probabilities" else rows


class OutputReader:
    """A forward hook that puts logits in the place of what a model returns, by its mode."""

    def __init__(self, evaluation: Reading, training: Reading | None) -> None:
        self.evaluation, self.training = evaluation, training

    def __call__(self, module: torch.nn.Module, _inputs: Any, output: Any) -> Tensor:
        """The logits; the tensor that they are made of while `unconverted`."""
        reading = self.training if module.training and self.training is not None else self.evaluation
        try:
            tensor = reading.select(output)
        except (KeyError, IndexError, AttributeError, TypeError) as error:
            mode = "training" if module.training else "evaluation"
            raise ModelError(
                f"the model returns something other than before in {mode} mode: {error}",
                "Let it return the same structure for every batch.",
            ) from error
        return reading.logits(tensor) if CONVERTS.get() else tensor


def precise(tensor: Tensor) -> Tensor:
    """The tensor, of any shape, in float32 at least."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()


def logarithm(probabilities: Tensor) -> Tensor:
    """Natural logarithms, of any shape; a probability of 0 counts as the smallest normal number, of which it is −87 in
    float32."""
    return probabilities.clamp_min(torch.finfo(probabilities.dtype).tiny).log()


@contextmanager
def unconverted() -> Iterator[None]:
    """Inside, models give the tensor that is read as it is, without what is made of it."""
    token = CONVERTS.set(False)
    try:
        yield
    finally:
        CONVERTS.reset(token)


def find_leaves(value: Any, steps: tuple[Step, ...] = (), places: tuple[int, ...] = ()) -> Iterator[Leaf]:
    """Every tensor in nested tuples, lists, mappings, dataclasses and other objects, in order."""
    if isinstance(value, Tensor):
        yield Leaf(steps, places, value)
    elif len(steps) < DEEPEST:
        for place, (step, part) in enumerate(parts_of(value)):
            yield from find_leaves(part, (*steps, step), (*places, place))


def parts_of(value: Any) -> list[tuple[Step, Any]]:
    """What a value holds, and how it is reached."""
    if isinstance(value, Mapping):
        return [(("key", key), part) for key, part in value.items()]
    named = getattr(type(value), "__match_args__", ())  # of a named tuple its fields
    if isinstance(value, tuple) and len(named) == len(value):
        return [(("attribute", name), getattr(value, name)) for name in named]
    if isinstance(value, tuple | list):
        return [(("index", index), part) for index, part in enumerate(value)]
    if isinstance(value, type | torch.nn.Module) or callable(value):
        return []
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
    else:
        names = list(getattr(value, "__dict__", ()))
    return [(("attribute", name), getattr(value, name, None)) for name in names]


def distinct(leaves: list[Leaf]) -> list[Leaf]:
    """The leaves, each tensor once, under the first of its names that is a usual one."""
    usual = sorted(leaves, key=lambda leaf: leaf.last not in USUAL_NAMES)
    first = {id(leaf.tensor): leaf for leaf in reversed(usual)}
    return [leaf for leaf in leaves if first[id(leaf.tensor)] is leaf]


def is_row(tensor: Tensor, n: int, classes: int) -> bool:
    """Whether it is (n, classes), axes of length 1 aside."""
    shape = tuple(tensor.shape)
    if len(shape) < 2 or shape[0] != n or not tensor.is_floating_point():
        return False
    return shape[1:] == (classes,) or (len(shape) > 2 and tuple(side for side in shape[1:] if side != 1) == (classes,))


def is_single(tensor: Tensor, n: int, classes: int) -> bool:
    """Whether it holds one number an image where there are two classes."""
    shape = tuple(tensor.shape)
    return classes == 2 and shape[:1] == (n,) and tensor.numel() == n and tensor.is_floating_point()


def choose_leaf(output: Any, key: str | None, n: int, classes: int) -> Leaf:
    """The tensor that holds the classes. Raises ModelError where none fits, or several and `key` says nothing."""
    leaves = distinct(list(find_leaves(output)))
    if not leaves:
        raise ModelError(
            f"the model returns {type(output).__name__}, which holds no tensor",
            "Return the logits, or a dict or tuple that holds them.",
        )
    if key is not None and not isinstance(output, Tensor):
        return named_leaf(list(find_leaves(output)), key, n, classes)
    for fits in (is_row, is_single):
        found = [leaf for leaf in leaves if fits(leaf.tensor, n, classes)]
        if len(found) == 1:
            return found[0]
        for name in USUAL_NAMES if found else ():
            usual = [leaf for leaf in found if leaf.last == name]
            if len(usual) == 1:
                return usual[0]
        if found:
            raise several_fit(found, n, classes)
    raise none_fits(leaves, n, classes)


def named_leaf(leaves: list[Leaf], key: str, n: int, classes: int) -> Leaf:
    """The tensor that model.output names. Raises ModelError where there is none or it does not fit."""
    count = 1 + max((leaf.places[0] for leaf in leaves if leaf.places), default=0)
    wanted = str(count + int(key)) if FROM_END.fullmatch(key) else key
    by_name = [leaf for leaf in leaves if leaf.name == wanted]
    found = by_name or [leaf for leaf in leaves if ".".join(map(str, leaf.places)) == wanted]
    with about("model.output"):
        if not found:
            raise ModelError(
                f"model.output: {key} is not among what the model returns", f"It returns {list_leaves(leaves)}."
            )
        tensor = found[0].tensor
        if not is_row(tensor, n, classes) and not is_single(tensor, n, classes):
            raise ModelError(
                f"model.output: {key} has shape {tuple(tensor.shape)} for {n} images, not ({n}, {classes:,})",
                f"The model returns {list_leaves(leaves)}.",
            )
    return found[0]


def list_leaves(leaves: list[Leaf]) -> str:
    """Names and shapes of tensors for a message."""
    shown = [f"{leaf.name} {tuple(leaf.tensor.shape)}" for leaf in leaves[:MOST_LISTED]]
    return ", ".join(shown) + (", …" if len(leaves) > MOST_LISTED else "")


def several_fit(found: list[Leaf], n: int, classes: int) -> ModelError:
    """Why none of several tensors was taken."""
    return ModelError(
        f"the model returns {len(found)} tensors that could be the logits of {n} images and {classes:,} classes: "
        f"{list_leaves(found)}",
        f"Say in the spec which it is, such as model: {{output: {found[0].name}}}.",
    )


def none_fits(leaves: list[Leaf], n: int, classes: int) -> ModelError:
    """Why no tensor can be read as the classes, by what is nearest."""
    rows = [leaf.tensor for leaf in leaves if leaf.tensor.is_floating_point() and is_matrix(leaf.tensor, n)]
    usual = [leaf.tensor for leaf in leaves if leaf.last in USUAL_NAMES and is_matrix(leaf.tensor, n)]
    if not rows:
        tensor = leaves[0].tensor
        return ModelError(
            f"the model gives {tensor.dtype} {tuple(tensor.shape)} for {n} images, not logits of shape "
            f"({n}, {classes})",
            f"A classification model returns one row of logits per image{likely_reason(tensor, n, classes)}.",
        )
    width = (usual or rows)[0].flatten(1).shape[1]
    beside = "" if len(leaves) == 1 else f" It returns {list_leaves(leaves)}."
    return ModelError(
        f"the model gives {width:,} {'class' if width == 1 else 'classes'} and the data set has {classes:,}",
        hint_for(width, classes) + beside,
    )


def likely_reason(tensor: Tensor, n: int, classes: int) -> str:
    """What a tensor that is no row an image most likely holds, to be added to a sentence."""
    shape = tuple(tensor.shape)
    if shape == (n,) and not tensor.is_floating_point():
        return "; these look like the numbers of the classes, which tell nothing of how sure the model is"
    if len(shape) == 3 and shape[1:] == (n, classes):
        return f"; these look like {shape[0]} time steps: return their mean or the last"
    if len(shape) == 3 and (shape[0], shape[2]) == (n, classes):
        return f"; these look like {shape[1]} steps, views or places of each image: return their mean"
    return ""


def is_matrix(tensor: Tensor, n: int) -> bool:
    """Whether it is (n, anything), axes of length 1 aside."""
    return tensor.ndim >= 2 and tensor.shape[0] == n and sum(side != 1 for side in tensor.shape[1:]) <= 1


def hint_for(width: int, classes: int) -> str:
    """What to do about another number of outputs than classes."""
    own = (
        f"it was made for another number of classes: set in the spec, under model: args: {{num_classes: {classes}}} "
        "(or the name your factory gives it)"
    )
    if width < classes:
        return f"With fewer outputs than classes no image of the others can be right; most likely {own}."
    head = (
        "it has the head of another data set, as ImageNet’s of 1,000: give it a new last layer of the right width "
        "with model: {head: replace}"
    )
    background = "one output is a background or “none of these” class that the data set does not have: leave it out"
    if width == classes + 1:
        reasons = (background, own, head)
    else:
        reasons = (head, own, background) if width == 1000 else (own, head, background)
    return f"Likely one of three: {'; '.join(reasons)}."


def kind_of(leaf: Leaf, n: int, classes: int) -> OutputKind:
    """What stands in a tensor, by its values on several images; logits where in doubt.

    Of a single number an image this is `one_logit`; see `is_probability`.
    """
    tensor = leaf.tensor.detach()
    if not is_row(tensor, n, classes):
        return "one_logit"
    step = torch.finfo(tensor.dtype).eps
    rows, tolerance = tensor.flatten(1).double(), max(SUM_TOLERANCE, 4 * step)
    if not bool(torch.isfinite(rows).all()):
        return "log_probabilities" if are_logs(rows, tolerance) else "logits"
    if bool((rows >= 0).all()) and bool(((rows.sum(1) - 1).abs() <= tolerance).all()):
        return "probabilities"
    return "log_probabilities" if are_logs(rows, tolerance) else "logits"


def are_logs(rows: Tensor, tolerance: float) -> bool:
    """Whether the exponentials of rows (n, c) sum to 1; −∞ stands for a probability of 0."""
    return bool((rows <= tolerance).all()) and bool((rows.logsumexp(1).abs() <= tolerance).all())


def is_probability(tensors: list[Tensor]) -> bool:
    """Whether single numbers, of usual and of far too large images, all lie between 0 and 1."""
    return all(bool(((tensor >= 0) & (tensor <= 1)).all()) for tensor in tensors)


def describe_output(leaf: Leaf, reading: Reading, leaves: list[Leaf]) -> OutputFacts:
    """The facts of an evaluation's output."""
    others = tuple(other.name for other in leaves if other.tensor is not leaf.tensor)[:MOST_LISTED]
    shape = (1, *tuple(leaf.tensor.shape)[1:])
    return OutputFacts(name=leaf.name, kind=reading.kind, shape=shape, others=others)


def note_output(facts: OutputFacts) -> tuple[Message, ...]:
    """What the reader has to know of how the output was read."""
    notes = []
    if facts.name:
        notes.append(
            N_("The model returns several values; “{name}” was used as its output.", name=facts.name)
            if facts.others
            else N_("“{name}” of what the model returns was used as its output.", name=facts.name)
        )
    if sum(side != 1 for side in facts.shape) < len(facts.shape) - 1 and len(facts.shape) > 2:
        notes.append(
            N_(
                "The model gives an output of shape {shape} for each image; the axes of length 1 were removed.",
                shape="×".join(map(str, facts.shape[1:])),
            )
        )
    if facts.loses_axis:
        notes.append(
            N_("For a single image the model’s output has no batch axis, as after squeeze(); the axis was restored.")
        )
    notes += note_kind(facts.kind)
    if set(facts.training_others) - set(facts.others):
        notes.append(
            N_(
                "In training mode the model returns further outputs ({others}), as auxiliary classifiers do; the "
                "training loss is that of “{name}” alone.",
                others=facts.training_others,
                name=facts.training_name,
            )
        )
    if facts.training_kind != facts.kind:
        notes.append(N_("In training mode the model gives {kind}.", kind=KINDS[facts.training_kind]))
    return tuple(notes)


KINDS: dict[str, Message] = {
    "logits": N_("logits"),
    "probabilities": N_("probabilities"),
    "log_probabilities": N_("logarithms of probabilities"),
    "one_logit": N_("one logit"),
    "one_probability": N_("one probability"),
}


def note_kind(kind: OutputKind) -> list[Message]:
    """What was made of an output that is no logits."""
    told = {
        "probabilities": N_(
            "The model gives probabilities, not logits: its rows are not negative and sum to 1. Likelihood, confidence "
            "and calibration are those of the probabilities themselves, a loss takes their logarithms, and where this "
            "report says logit it means the logarithm of a probability."
        ),
        "log_probabilities": N_(
            "The model gives logarithms of probabilities, as LogSoftmax does; likelihood, confidence and calibration "
            "are those of these probabilities."
        ),
        "one_logit": N_(
            "The model gives one number for two classes; it was taken as the logit of the second class, and that of "
            "the first is 0, so that the loss is binary cross entropy."
        ),
        "one_probability": N_(
            "The model gives one number between 0 and 1 for two classes; it was taken as the probability of the second "
            "class."
        ),
    }
    return [told[kind]] if kind in told else []
