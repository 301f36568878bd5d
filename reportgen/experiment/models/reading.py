"""How a model's output is read, found by running it on a few images, and kept on the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from reportgen.errors import ModelError
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.models.batch_groups import find_group, settle_groups
from reportgen.experiment.models.compiled import note_compiled
from reportgen.experiment.models.forward import run_once
from reportgen.experiment.models.habits import settle_habits
from reportgen.experiment.models.loading import LoadedModel
from reportgen.experiment.models.outputs import (
    MOST_LISTED,
    Leaf,
    OutputReader,
    Reading,
    choose_leaf,
    describe_output,
    distinct,
    find_leaves,
    is_probability,
    is_row,
    kind_of,
    note_output,
)
from reportgen.experiment.models.single_images import settle_single
from reportgen.experiment.models.unregistered import note_unregistered
from reportgen.experiment.snapshot import preserved
from reportgen.record.answers import OutputFacts, OutputKind
from reportgen.spec.types import ModelSpec
from reportgen.system.signals import INTERRUPTIONS, errors_passed_over

IMAGES = 4
"""That a model is tried on; one more where there are as many classes, so that axes are not mixed up."""
FAR = 100.0
"""Times the usual size of an image's values: there a logit is far from the values between 0 and 1."""
SAME = 1e-4
"""Relative difference below which two outputs are the same answer."""


def read_model(loaded: LoadedModel, spec: ModelSpec, data: LoadedData, *, trains: bool = False) -> LoadedModel:
    """The model with its outputs read on a few images of `data`, and notes on how. Raises what `read_outputs` does."""
    classes = len(data.facts.classes)
    rows = torch.arange(IMAGES + (classes == IMAGES)) % len(data.test_images)
    images = data.normalization.apply(data.test_images[rows]).contiguous()
    group = find_group(loaded.module, images)
    if group > 1:  # two or three of them, so that the number of images is not that of the classes
        rows = torch.arange(group * (3 if 2 * group == classes else 2)) % len(data.test_images)
        images = data.normalization.apply(data.test_images[rows]).contiguous()
    habits = settle_habits(loaded.module, images, group)
    facts = read_outputs(loaded.module, images, classes, spec.output, trains=trains)
    alone = settle_groups(loaded.module, images, group) if group > 1 else settle_single(loaded.module, images)
    inside = (*note_compiled(loaded.module, images), *note_unregistered(loaded.module, images))
    told = (*habits, *note_output(facts), *alone, *inside)
    return replace(loaded, output=facts, notes=(*loaded.notes, *told))


def read_outputs(
    module: torch.nn.Module, images: Tensor, classes: int, key: str | None = None, *, trains: bool = True
) -> OutputFacts:
    """Find out what `module` returns for images (n, C, H, W), and let it return logits (n, classes) from now on.

    Once for each model; n must differ from `classes`. `key`: the spec's model.output. The model is left as it was but
    for a forward hook, which only one gets that returns anything but logits. Raises ModelError where no tensor fits or
    several do; of training mode only where it `trains`.
    """
    n = len(images)
    with preserved(module):
        output = run_once(module, images)
        leaf = choose_leaf(output, key, n, classes)
        reading = Reading(leaf.steps, find_kind(module, images, leaf, classes), leaf.tensor.ndim)
        leaves = distinct(list(find_leaves(output)))
        loses = loses_axis(module, images, reading)
        facts = describe_output(leaf, reading, leaves)
        try:
            trained, others = read_training(module, images, leaf, classes, key)
        except ModelError:  # which matters where the model is trained
            if trains:
                raise
            trained, others = None, ()
    facts = facts.model_copy(update={**describe_training(reading, trained, others), "loses_axis": loses})
    plain = [is_plain(*read, n, classes) for read in ((leaf, reading), trained) if read is not None]
    if loses or not all(plain):
        module.register_forward_hook(OutputReader(reading, trained[1] if trained else None))
    return facts


def loses_axis(module: torch.nn.Module, images: Tensor, reading: Reading) -> bool:
    """Whether the answer to a single image comes without the axis of the images, as after `squeeze`."""
    with (
        errors_passed_over(),
        preserved(module),
    ):  # of one that takes no single image it is said elsewhere
        output = run_once(module, images[:1])
        return reading.find(output).ndim < (reading.axes or 0)
    return False


def is_plain(leaf: Leaf, reading: Reading, n: int, classes: int) -> bool:
    """Whether an output is logits as it is."""
    whole = not leaf.steps and tuple(leaf.tensor.shape) == (n, classes)
    return whole and reading.kind in ("logits", "log_probabilities")


def find_kind(module: torch.nn.Module, images: Tensor, leaf: Leaf, classes: int) -> OutputKind:
    """What stands in a tensor; single numbers an image are looked at for values far out too."""
    kind = kind_of(leaf, len(images), classes)
    if kind != "one_logit":
        return kind
    place = Reading(leaf.steps, kind)
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0)).to(images)
    far = [place.select(run_as_it_is(module, FAR * batch)) for batch in (images, noise, -noise)]
    return "one_probability" if is_probability([leaf.tensor, *far]) else "one_logit"


def run_as_it_is(module: torch.nn.Module, images: Tensor) -> Any:
    """What the model returns in the mode it is in, without gradients."""
    place = next(module.parameters(), torch.zeros(0))
    with torch.no_grad():
        return module(images.to(place.device))


def read_training(
    module: torch.nn.Module, images: Tensor, evaluated: Leaf, classes: int, key: str | None
) -> tuple[tuple[Leaf, Reading] | None, tuple[str, ...]]:
    """The tensor of training mode and how it is read, and the names of the others that would fit.

    None where the model does not run in training mode, which a training step says better.
    """
    try:
        with preserved(module):
            output = run_as_it_is(module.train(), images)
    except INTERRUPTIONS:
        raise
    except BaseException:  # whatever a model raises; a training step is tried too, and tells
        return None, ()
    n, leaves = len(images), distinct(list(find_leaves(output)))
    fitting = [leaf for leaf in leaves if is_row(leaf.tensor, n, classes)]
    leaf = choose_in_training(module, images, output, evaluated, classes, key)
    kind = kind_of(leaf, n, classes)
    if kind == "one_logit":
        with preserved(module):
            kind = find_kind(module.train(), images, leaf, classes)
    others = tuple(other.name for other in fitting if other.tensor is not leaf.tensor)
    return (leaf, Reading(leaf.steps, kind, leaf.tensor.ndim)), others


def choose_in_training(
    module: torch.nn.Module, images: Tensor, output: Any, evaluated: Leaf, classes: int, key: str | None
) -> Leaf:
    """The tensor of training mode: what the spec names, where there is such a one, else what is taken in evaluation.

    Of several that fit, as a classifier's and its auxiliary ones, the one that agrees with the answer of evaluation
    while torch's own layers are in evaluation mode. Raises ModelError where none does.
    """
    n = len(images)
    for wanted in (key, None) if key is not None else (None,):
        try:
            return choose_leaf(output, wanted, n, classes)
        except ModelError as error:
            refusal = error
    candidates = [leaf for leaf in distinct(list(find_leaves(output))) if is_row(leaf.tensor, n, classes)]
    for child in module.modules():
        child.training = not type(child).__module__.startswith("torch.")
    with errors_passed_over():  # whatever a model raises in a mode that it does not know
        again = {leaf.name: leaf.tensor for leaf in find_leaves(run_as_it_is(module, images))}
        same = [leaf for leaf in candidates if leaf.name in again and agrees(again[leaf.name], evaluated.tensor)]
        if len(same) == 1:
            return same[0]
    raise ModelError(f"in training mode {refusal.message}", refusal.hint)


def agrees(one: Tensor, other: Tensor) -> bool:
    """Whether two outputs are the same up to rounding."""
    if one.shape != other.shape:
        return False
    return bool((one - other).abs().max() <= SAME * other.abs().max().clamp_min(torch.finfo(other.dtype).tiny))


def describe_training(
    evaluated: Reading, trained: tuple[Leaf, Reading] | None, others: tuple[str, ...]
) -> dict[str, Any]:
    """The facts of training mode; those of evaluation where it did not run."""
    if trained is None:
        return {"training_kind": evaluated.kind}
    leaf, reading = trained
    return {"training_name": leaf.name, "training_kind": reading.kind, "training_others": others[:MOST_LISTED]}
