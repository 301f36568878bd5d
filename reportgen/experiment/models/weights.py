"""A file of weights put into a model: which of its sets, under which names, and what was done to make it fit."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.models.checkpoints.conversions import conversions
from reportgen.experiment.models.checkpoints.files import Contents, read_contents
from reportgen.experiment.models.checkpoints.fit import Fit, Own, fits_of, own_tensors, refuse_misfit
from reportgen.experiment.models.checkpoints.packed import fill_packed, packed_layers
from reportgen.experiment.models.checkpoints.sets import USUAL, WeightSet, find_sets
from reportgen.experiment.models.checkpoints.stored import Damaged
from reportgen.experiment.models.weights_notes import (
    MOST_SETS,
    Choice,
    note_of_input,
    note_of_names,
    note_of_set,
    note_of_types,
    notes_of_rest,
)
from reportgen.record.message import N_, Message
from reportgen.spec.inert_pickle import Made, entries_of
from reportgen.spec.weights_contents import OF_OPTIMIZER, damaged, only_optimizer
from reportgen.system.memory import is_memory_error
from reportgen.system.shards import files_of_weights
from reportgen.text.suggest import nearest


@dataclass(frozen=True)
class Filled:
    """What was put into a model."""

    file: str
    """File name only."""
    sha256: str
    """Of the file; of a sharded checkpoint, of the list of its files that sha256sum would print."""
    key: str
    """The set that was used, as `model.weights_key` names it; empty for the file itself."""
    notes: tuple[Message, ...]
    """For readers of the report."""
    not_finite: int
    """Parameters and values of buffers that are not finite numbers."""


def fill_weights(module: nn.Module, path: Path, key: str | None = None, head: str = "") -> Filled:
    """Copy the weights of a file into the module; `key` chooses among several sets in it, and `head` is the last layer
    where that is replaced afterwards, so that the file may have another or none.

    Raises ModelError when the file is missing, damaged, holds code or no weights, or when they are not the module's;
    EnvironmentTrouble when it may not be read.
    """
    contents = read_contents(path)
    try:
        sets = chosen_sets(contents, key, path.name)
        choice, notes = filled_in(module, sets, contents, path.name, head)
        if key is not None and not choice.others:
            choice = replace(choice, others=beside_it(choice.fit, contents, module, head))
    except (Damaged, RecursionError) as error:
        raise damaged(path.name, error) from error
    digest = digest_of(path)
    whole = choice.fit.weights.module
    return Filled(
        file=path.name,
        sha256=digest,
        key=choice.fit.name,
        notes=(
            *note_of_set(choice, key, path.name),
            *(
                [
                    N_(
                        "{file} is a whole pickled model ({kind}); only its tensors were read.",
                        file=path.name,
                        kind=whole,
                    )
                ]
                if whole
                else []
            ),
            *notes,
            *note_of_input(module, digest),
        ),
        not_finite=count_not_finite(module),
    )


def filled_in(
    module: nn.Module, sets: Sequence[WeightSet], contents: Contents, name: str, head: str
) -> tuple[Choice, tuple[Message, ...]]:
    """Put the first of the sets that fits into the module: which that was, and what to say of it; raises ModelError."""
    if not packed_layers(module):
        choice = choose(sets, module, name, head)
        return choice, (*choice.notes, *put_in(module, choice.fit, name))
    used, *others = fill_packed(module, sets[:MOST_SETS], contents.source, name)
    fit = Fit(used.weights, used.alignment, (), (), (), (), (), (), (), (), ())
    choice = Choice(fit, tuple(dict.fromkeys(other.weights.name for other in others)))
    return choice, tuple(note_of_names(fit, name))


def digest_of(path: Path) -> str:
    """sha256 of a file, or of the list of a sharded checkpoint's files."""
    digests = {}
    for part in files_of_weights(path):
        with part.open("rb") as file:
            digests[part.name] = hashlib.file_digest(file, "sha256").hexdigest()
    if len(digests) == 1:
        return digests[path.name]
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()).hexdigest()


def chosen_sets(contents: Contents, key: str | None, name: str) -> list[WeightSet]:
    """The sets of a file that may be used; raises ModelError where there is none, or none under the key."""
    sets = find_sets(contents)
    if not sets and (entries_of(contents.root) or {}).keys() >= OF_OPTIMIZER:
        raise only_optimizer(name)
    if not sets:
        raise ModelError(
            f"{name} holds no state dict ({describe(contents.root)})",
            f"It may be under one of {', '.join(USUAL)}, or any other key: then name it in model.weights_key.",
        )
    if key is None:
        return sets
    under = [one for one in sets if one.name == key] or [part for one in sets for part in parts_under(one, key)]
    if not under:
        names = list(dict.fromkeys(one.name for one in sets if one.name))
        raise ModelError(
            f"{name} holds no weights under the key {key!r}",
            nearest_keys(key, sets) or nearest(key, names) or "It has one set only; remove model.weights_key.",
        )
    return under


def nearest_keys(key: str, sets: Sequence[WeightSet]) -> str:
    """Where the tensors lie that begin with a key within some set."""
    found = [f"{one.name}.{key}" for one in sets if one.name and any(n.startswith(f"{key}.") for n in one.tensors)]
    return f"Did you mean {found[0]}?" if found else ""


def parts_under(weights: WeightSet, key: str) -> Iterator[WeightSet]:
    """The part of a set whose names begin with what the key has beyond the set's own name."""
    rest = key.removeprefix(f"{weights.name}.") if weights.name else key
    if weights.name and rest == key:
        return
    inside = {name: part for name, part in weights.tensors.items() if name.startswith(f"{rest}.")}
    if inside:
        bare = {name.removeprefix(f"{rest}."): part for name, part in inside.items()}
        yield WeightSet(key, bare, None, weights.module, weights.joined)


def describe(root: Any) -> str:
    """What a file without weights holds."""
    if isinstance(root, dict):
        return f"only {', '.join(repr(key) for key in list(root)[:8])}" if root else "an empty dict"
    if isinstance(root, Made):
        return "a tensor" if "_rebuild_" in root.name else f"an object of {root.name or 'some class'}"
    return type(root).__name__


def choose(sets: Sequence[WeightSet], module: nn.Module, name: str, head: str) -> Choice:
    """The first set that fits, and the names of the others that would.

    In order: sets that fit by their names; those that fit by the names other versions and authors gave; those that the
    model's own loading code takes. Raises ModelError where none does.
    """
    own = own_tensors(module, head)
    found = [fit for one in sets[:MOST_SETS] for fit in fits_of(one, own)]
    good = [fit for fit in found if fit.fits]
    if good:
        return Choice(good[0], others_of(good[0], found))
    for one in sets[:MOST_SETS]:
        for converted, note in conversions(one, module):
            fits = [fit for fit in fits_of(converted, own) if fit.fits]
            if fits:
                return Choice(fits[0], others_of(fits[0], found, one), (note,))
    for fit in found:
        if loads_by_itself(module, fit, own):
            return Choice(
                fit, others_of(fit, found), (N_("The model’s own loading code renamed weights of {file}.", file=name),)
            )
    raise refuse_misfit(best_of(found), own, name)


def best_of(found: Sequence[Fit]) -> Fit:
    """What comes nearest to the model, for a message about it; the first of equal ones."""
    return max(found, key=lambda fit: (fit.alignment.agreeing, -fit.faults))


def others_of(used: Fit, found: Sequence[Fit], before: WeightSet | None = None) -> tuple[str, ...]:
    """Names of the sets that fit, or have the names and shapes of the one that was used."""
    form = signature(before or used.weights)
    single = [fit for fit in found if not fit.weights.joined]
    names = [fit.name for fit in single if fit.fits]
    names += [fit.weights.name for fit in single if not fit.fits and signature(fit.weights) == form]
    return tuple(name for name in dict.fromkeys(names) if name not in (used.name, used.weights.name))


def beside_it(used: Fit, contents: Contents, module: nn.Module, head: str) -> tuple[str, ...]:
    """Names of the other sets of a file of which the spec names one."""
    own = own_tensors(module, head)
    return others_of(used, [fit for one in find_sets(contents)[:MOST_SETS] for fit in fits_of(one, own)])


def signature(weights: WeightSet) -> frozenset[tuple[str, tuple[int, ...]]]:
    """Names and shapes of a set."""
    return frozenset((name, part.shape) for name, part in weights.tensors.items())


def loads_by_itself(module: nn.Module, fit: Fit, own: Own) -> bool:
    """Whether the module's own loading code, which may rename, takes the set; nothing is changed where it does not."""
    before = {name: part.detach().clone() for name, part in module.state_dict().items() if isinstance(part, Tensor)}
    if not all(part.shape == own.shapes.get(name, part.shape) for name, part in fit.pairs().items()):
        return False
    if any(fit.weights.tensors[name].odd for name in fit.alignment.bare):
        return False
    try:
        lacking, left = load(module, everything(fit), fit.weights.metadata, fit.alignment.off)
        lacking = {name for name in lacking if name in own.parameters or name in fit.missing}
    except Damaged:
        raise
    except Exception:  # whatever the model's code says to weights that it does not know
        lacking, left = {""}, set()
    if not lacking and not left:
        return True
    with torch.no_grad():
        for name, part in module.state_dict().items():
            if name in before and before[name].shape == part.shape:
                part.copy_(before[name])
    return False


def everything(fit: Fit) -> dict[str, Tensor]:
    """Every tensor of the set, under the model's name where it has one and else without the file's beginning."""
    by_file = {theirs: own for own, theirs in fit.alignment.names.items()}
    return {
        by_file.get(name, fit.alignment.renamed(name)): part.load()
        for name, part in fit.weights.tensors.items()
        if not part.odd and name in fit.alignment.bare
    }


def load(
    module: nn.Module, state: Mapping[str, Tensor], metadata: Mapping[str, Any] | None, off: str
) -> tuple[set[str], set[str]]:
    """Copy tensors into the module by its own loading code; what it lacks and what it left."""
    given: OrderedDict[str, Tensor] = OrderedDict(state)
    if metadata is not None:
        given._metadata = {path.removeprefix(off): local for path, local in metadata.items()}  # type: ignore[attr-defined]
    result = module.load_state_dict(given, strict=False)
    return set(result.missing_keys), set(result.unexpected_keys)


def put_in(module: nn.Module, fit: Fit, name: str) -> tuple[Message, ...]:
    """Copy a set into the module, and say what the reader should know of it; raises ModelError for wrong types."""
    pairs, own = fit.pairs(), own_tensors(module)
    notes = [*note_of_types(pairs, own, name), *note_of_names(fit, name), *notes_of_rest(fit, name)]
    if not fit.fits:
        return tuple(notes)  # the model's own loading code has put it in
    try:
        state = {key: part.load() for key, part in pairs.items()}
        refuse_untied(state, own, name)
        load(module, state, fit.weights.metadata, fit.alignment.off)
    except ModelError:
        raise
    except Exception as error:  # whatever the loading code of the model's parts raises
        if isinstance(error, Damaged | RecursionError) or is_memory_error(error):
            raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1].strip()
        raise ModelError(
            f"{name} can't be put into the model: {type(error).__name__}: {reason}",
            "The model's own loading code refuses it.",
        ) from error
    return tuple(notes)


def refuse_untied(state: Mapping[str, Tensor], own: Own, name: str) -> None:
    """Raise ModelError where a file has different values for what is one tensor in the model: torch would take the last
    of them, and none of the others would be in the model."""
    for key, values in state.items():
        for twin in sorted(own.ties[key] & state.keys() - {key}):
            if not torch.equal(comparable(values), comparable(state[twin])):
                raise ModelError(
                    f"{name} has different values for {min(key, twin)} and {max(key, twin)}, which are one tensor in "
                    "the model",
                    "They were saved by a model that does not share it: use its code.",
                )


def comparable(values: Tensor) -> Tensor:
    """Values that are equal where they are the same, those that are not numbers included."""
    return values.double().nan_to_num() if values.is_floating_point() else values


def count_not_finite(module: nn.Module) -> int:
    """Values of parameters that are not finite, and others that are not numbers: masks keep infinity on purpose."""
    learnt = {name for name, part in module.named_parameters(remove_duplicate=False) if part.requires_grad}
    found = 0
    for name, part in module.state_dict().items():
        if isinstance(part, Tensor) and (part.is_floating_point() or part.is_complex()) and not part.is_quantized:
            bad = ~part.isfinite() if name in learnt else part.isnan()
            found += int(bad.sum())
    return found
