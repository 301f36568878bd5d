"""What a reader of the report should know of how weights were put into a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from reportgen.errors import ModelError
from reportgen.experiment.models.checkpoints.alignment import differing_beginnings
from reportgen.experiment.models.checkpoints.fit import Fit, Own, odd_error
from reportgen.experiment.models.checkpoints.stored import Stored
from reportgen.record.message import N_, Message, nN_

MOST_SETS = 12
"""Sets of one file that are tried or named."""
NAMED = 5
"""Names in a note; the rest is counted."""


@dataclass(frozen=True)
class Choice:
    """The set that is used and the others that would fit as well."""

    fit: Fit
    others: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()


def note_of_types(pairs: Mapping[str, Stored], own: Own, name: str) -> list[Message]:
    """A note where numbers are stored in other floating types; raises ModelError where they are of another kind."""
    others: dict[str, int] = {}
    for key, part in pairs.items():
        wanted = own.dtypes[key]
        if part.odd:
            raise odd_error(key, part, wanted, name)
        if part.dtype == wanted:
            continue
        if key in own.parameters and rank(part.dtype) != rank(wanted):
            raise ModelError(
                f"{name} holds {plain(part.dtype)} numbers for {key}, where the model has {plain(wanted)}",
                "Casting them would change them. Save the weights of the model itself; quantised ones "
                "need their scales, and the quantised model.",
            )
        if key in own.parameters:
            others[plain(part.dtype)] = others.get(plain(part.dtype), 0) + 1
        elif rank(part.dtype) > rank(wanted) and not is_whole(part):
            raise ModelError(
                f"{name} holds {plain(part.dtype)} numbers for {key}, which the model keeps as {plain(wanted)}",
                "Check model.source against how the weights were trained.",
            )
    if not others:
        return []
    return [
        nN_(
            "Stored as {types} in {file} and converted to the model’s own type: {cast} of {count} tensor.",
            "Stored as {types} in {file} and converted to the model’s own type: {cast} of {count} tensors.",
            len(pairs),
            cast=sum(others.values()),
            file=name,
            types=sorted(others),
        )
    ]


def plain(dtype: torch.dtype) -> str:
    """The name of a type of numbers."""
    return str(dtype).removeprefix("torch.")


def rank(dtype: torch.dtype) -> int:
    """2 for complex types, 1 for floating ones, 0 for whole numbers and truth values."""
    return 2 if dtype.is_complex else int(dtype.is_floating_point)


def is_whole(part: Stored) -> bool:
    """Whether all values are whole numbers."""
    values = part.load()
    return not values.is_complex() and bool((values == values.round()).all())


def note_of_set(choice: Choice, key: str | None, name: str) -> list[Message]:
    """Which of several sets was used."""
    used = choice.fit.name
    if choice.others:
        return [
            N_(
                "The weights are those under {used} in {file}; {others} would fit as well (model.weights_key chooses).",
                used=used or N_("no key"),
                file=name,
                others=choice.others[:MOST_SETS],
            )
        ]
    if choice.fit.weights.is_average and key is None:
        return [N_("The weights are those under {used} in {file}, an average of trained ones.", used=used, file=name)]
    if choice.fit.weights.joined:
        return [N_("The weights were assembled from several state dicts in {file}.", file=name)]
    return []


def note_of_names(fit: Fit, name: str) -> list[Message]:
    """What was put before the names, or taken off."""
    notes = []
    for theirs, own in differing_beginnings(fit.alignment.names)[:3]:
        if theirs and own:
            notes.append(
                N_(
                    "“{theirs}” in the names of {file} stands for “{own}” of the model and was replaced.",
                    theirs=f"{theirs}.",
                    own=f"{own}.",
                    file=name,
                )
            )
        elif theirs:
            notes.append(N_("“{theirs}” was removed from the names in {file}.", theirs=f"{theirs}.", file=name))
        else:
            notes.append(N_("“{own}” was put before the names in {file}.", own=f"{own}.", file=name))
    return notes


def notes_of_rest(fit: Fit, name: str) -> list[Message]:
    """What the file or the model has beyond the other."""
    notes = []
    if fit.outside:
        notes.append(
            nN_(
                "{count} tensor of {file} is not under {off} and was left out: {names}.",
                "{count} tensors of {file} are not under {off} and were left out: {names}.",
                len(fit.outside),
                file=name,
                off=fit.alignment.off,
                names=some(fit.outside),
            )
        )
    if fit.auxiliary:
        notes.append(
            nN_(
                "{count} tensor of an auxiliary classifier, for training only, is only in the file or only in the "
                "model.",
                "{count} tensors of auxiliary classifiers, for training only, are only in the file or only in the "
                "model.",
                len(fit.auxiliary),
            )
        )
    if fit.heads:
        notes.append(
            nN_(
                "{count} tensor of the last layers in {file} was left out, as the model gets a new one: {names}.",
                "{count} tensors of the last layers in {file} were left out, as the model gets a new one: {names}.",
                len(fit.heads),
                file=name,
                names=some(fit.heads),
            )
        )
    elif fit.replaced:
        notes.append(N_("{file} has no weights of the last layer, which is replaced by a new one.", file=name))
    return notes + notes_of_buffers(fit, name)


def notes_of_buffers(fit: Fit, name: str) -> list[Message]:
    """Which buffers the file or the model has beyond the other."""
    notes = []
    left = [buffer for buffer in fit.left_buffers if not buffer.endswith("num_batches_tracked")]
    if left:
        notes.append(
            nN_(
                "{count} buffer of {file} is not in the model and was left out: {names}.",
                "{count} buffers of {file} are not in the model and were left out: {names}.",
                len(left),
                file=name,
                names=some(left),
            )
        )
    if fit.own_buffers:
        notes.append(
            nN_(
                "{count} buffer keeps its initial value, as {file} has none of its shape: {names}.",
                "{count} buffers keep their initial values, as {file} has none of their shapes: {names}.",
                len(fit.own_buffers),
                file=name,
                names=some(fit.own_buffers),
            )
        )
    return notes


def some(names: Sequence[str]) -> tuple[str, ...]:
    """The first few names."""
    return (*names[:NAMED], *(["…"] if len(names) > NAMED else []))


def note_of_input(module: nn.Module, digest: str) -> list[Message]:
    """What torchvision's ports of Google's networks do to the image, which their published weights need.

    The flag is no weight: `transform_input` turns ImageNet's normalisation into that of the original. It is set for a
    file whose sha256 begins as torchvision's published one does, and else said.
    """
    home = type(module).__module__
    if home not in ("torchvision.models.googlenet", "torchvision.models.inception") or module.transform_input:
        return []
    if digest.startswith(published_digests(home)):
        module.transform_input = True  # type: ignore[assignment]
        return [N_("These are torchvision’s published weights, so `transform_input` was turned on, as they need it.")]
    return [
        N_(
            "`transform_input` is off: right for weights that were trained from scratch, and wrong for those that "
            "began with torchvision’s published ones, which need model.args: {args}.",
            args="{transform_input: true}",
        )
    ]


def published_digests(home: str) -> tuple[str, ...]:
    """The first digits of the sha256 of a model's published files, which torchvision puts into their names."""
    from torchvision import models

    name = "googlenet" if home.endswith("googlenet") else "inception_v3"
    urls = [weights.url for weights in models.get_model_weights(name)]
    return tuple(url.rpartition("-")[2].partition(".")[0] for url in urls)
