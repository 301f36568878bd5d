"""Older records in today's words: one function for each step from a format to the next, in memory.

| format | what was new                                                                              |
|-------:|-------------------------------------------------------------------------------------------|
|      1 | the first                                                                                 |
|      2 | `probes`; comparison, ranking and gates in the record                                     |
|      3 | the record holds what was measured alone; judgement and presentation have files beside it |
|        | and numbers have no texts; images and ranks are called so                                 |

Format 3 also keeps messages with their arguments where formats 1 and 2 have texts; a text is read as a message without
arguments (`reportgen.record.message`), so that no step has to change it. What a step can't make up is left at the
default of its field. Nothing is computed again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from reportgen.record.stored_text import drop_stored_text

OLD_DECAY = re.compile(r"weight decay (\{value\}|[0-9.e-]+)")
"""How weight decay was told as long as it was put on matrices and filters alone."""
MEASURED_WITH = ("model", "data", "run")
"""Of a spec, what a record of format 3 keeps."""
JUDGED = ("comparison", "ranking", "gates")
"""Fields of format 2 that are the judgement of format 3."""
ARRAYS_OF_COMPARISON = "comparison."
RENAMED_ARRAYS = {
    "pictures": "images",
    "pictures.ids": "images.ids",
    "comparison.pictures": "comparison.images",
    "weights.pictures": "weights.matrices",
    "explanations.neighbours.pictures": "explanations.neighbours.images",
}
"""Arrays of format 2 by the names of format 3."""
ON_HUB = {"cifar10": "uoft-cs/cifar10", "cifar100": "uoft-cs/cifar100"}
"""What the model card knew of data sets when records did not yet say it; today it is a field of the data set's kind."""
RENAMED_FIELDS = {"place": "rank", "picture": "image"}
"""Fields of comparison and ranking of format 2 by the names of format 3."""


@dataclass(frozen=True)
class Fields:
    """What the files of a record hold, as JSON and as arrays by name, not yet checked."""

    record: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    judgement: dict[str, Any] = field(default_factory=dict)
    judgement_arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    presentation: dict[str, Any] = field(default_factory=dict)


def upgrade(fields: Fields, version: int) -> Fields:
    """The same in today's format, from the format `version`; today's comes back as it is."""
    while version in STEPS:
        fields, version = STEPS[version](fields), version + 1
    return with_hub(with_stages(with_recipe(fields)))


def from_1_to_2(fields: Fields) -> Fields:
    """Format 2 has probes; of a run of format 1 none was made, whatever the default of a spec is today."""
    record = {**fields.record, "format": 2}
    spec = as_object(record.get("spec"))
    record["spec"] = {**spec, "run": {**as_object(spec.get("run")), "probes": "none"}}
    return Fields(record, fields.arrays)


def from_2_to_3(fields: Fields) -> Fields:
    """Format 3 keeps apart what was measured, what was judged and how it is drawn."""
    record = {name: value for name, value in fields.record.items() if name not in (*JUDGED, "title")}
    spec = as_object(record.get("spec"))
    record["spec"] = {name: spec[name] for name in MEASURED_WITH if name in spec}
    record["format"] = 3
    if record.get("probes"):
        record["probes"] = with_reasons(as_object(record["probes"]))
    presentation = {name: value for name, value in spec.items() if name not in MEASURED_WITH}
    judgement = {name: renamed(fields.record[name], RENAMED_FIELDS) for name in JUDGED if name in fields.record}
    judgement = {name: without(part, "resamples", "seed") for name, part in judgement.items()}
    record["measured"] = without(record.get("measured"), "resamples")
    arrays = {RENAMED_ARRAYS.get(name, name): array for name, array in fields.arrays.items()}
    judged = {name: array for name, array in arrays.items() if name.startswith(ARRAYS_OF_COMPARISON)}
    measured = {name: array for name, array in arrays.items() if name not in judged}
    return Fields(drop_stored_text(record), measured, drop_stored_text(judgement), judged, presentation)


def with_recipe(fields: Fields) -> Fields:
    """A record of the time in which SGD was Nesterov's unless a spec said otherwise, decay left biases alone and
    one_cycle left the momentum as it was: its spec with the keys that say so today.

    Such a record tells its weight decay without what it was put on.
    """
    training, spec = as_object(fields.record.get("training")), as_object(fields.record.get("spec"))
    run = as_object(spec.get("run"))
    terms = training.get("optimizer")
    told = [as_object(term).get("id", term) for term in terms if term] if isinstance(terms, list) else []
    if not any(isinstance(term, str) and OLD_DECAY.fullmatch(term) for term in told):
        return fields
    optimizer = {"weight_decay_on": "matrices", **without_none(as_object(run.get("optimizer")))}
    if any(isinstance(term, str) and "Nesterov" in term for term in told):
        optimizer.setdefault("nesterov", True)
    cycled = {"cycle_momentum": False} if run.get("schedule", "one_cycle") == "one_cycle" else {}
    changed = {**spec, "run": {**run, "optimizer": optimizer, **cycled}}
    return replace(fields, record={**fields.record, "spec": changed})


def with_stages(fields: Fields) -> Fields:
    """A record of the time in which the stages of the preprocessing check were called looks."""
    probes = as_object(fields.record.get("probes"))
    robustness = as_object(probes.get("robustness"))
    check = as_object(robustness.get("preparation"))
    if "looks" not in check:
        return fields
    changed = {**robustness, "preparation": renamed(check, {"looks": "stages"})}
    return replace(fields, record={**fields.record, "probes": {**probes, "robustness": changed}})


def with_hub(fields: Fields) -> Fields:
    """A record of the time in which it did not say what the Hugging Face Hub calls the data."""
    data = as_object(fields.record.get("data"))
    known = ON_HUB.get(str(data.get("name")))
    if "hub" in data or known is None:
        return fields
    return replace(fields, record={**fields.record, "data": {**data, "hub": known}})


def without_none(thing: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in thing.items() if value is not None}


def renamed(thing: Any, names: Mapping[str, str]) -> Any:
    """Lists and objects with other names of fields, at any depth."""
    if isinstance(thing, list):
        return [renamed(one, names) for one in thing]
    if isinstance(thing, dict):
        return {names.get(name, name): renamed(value, names) for name, value in thing.items()}
    return thing


def with_reasons(probes: Mapping[str, Any]) -> dict[str, Any]:
    """Results of probes with today's word for the reason that no image could be explained."""
    explained = as_object(probes.get("explanations"))
    if not explained.get("gaps"):
        return dict(probes)
    gaps = [{**gap, "reason": "no_image"} if gap.get("reason") == "no_picture" else gap for gap in explained["gaps"]]
    return {**probes, "explanations": {**explained, "gaps": gaps}}


def without(part: Any, *names: str) -> Any:
    """An object without these fields, which say how intervals were drawn; anything else as it is."""
    return {name: value for name, value in part.items() if name not in names} if isinstance(part, Mapping) else part


def as_object(value: Any) -> Mapping[str, Any]:
    """A JSON object; an empty one in the place of anything else, which the check of the whole refuses."""
    return value if isinstance(value, Mapping) else {}


STEPS: dict[int, Callable[[Fields], Fields]] = {1: from_1_to_2, 2: from_2_to_3}
