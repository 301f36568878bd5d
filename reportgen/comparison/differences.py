"""What is not the same in two records beside their numbers: spec, architecture, weights, data, machine, versions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reportgen.record.comparison import Difference
from reportgen.record.message import N_, Message
from reportgen.record.run import RunRecord
from reportgen.record.trace import ModelTrace, ModuleCall

Words = dict[str | Message, str | Message]
"""Key -> value, as the report shows them; messages where they are words of ours."""


def find_differences(candidate: RunRecord, baseline: RunRecord) -> tuple[Difference, ...]:
    """Everything that differs, the spec first and versions last; in every part by key, the architecture by layer."""
    return (
        *differing("spec", spec_of(baseline), spec_of(candidate)),
        *differing("weights", weights_of(baseline), weights_of(candidate)),
        *differing("source", source_of(baseline), source_of(candidate)),
        *differing("architecture", layers_of(baseline.trace), layers_of(candidate.trace)),
        *differing("data", data_of(baseline), data_of(candidate)),
        *differing("device", device_of(baseline), device_of(candidate)),
        *differing("versions", versions_of(baseline), versions_of(candidate)),
    )


def differing(part: Any, before: Words, after: Words) -> Iterator[Difference]:
    """The keys whose values differ or that only one side has, in the order of the candidate, then of the baseline."""
    for key in dict.fromkeys([*after, *before]):
        one, other = before.get(key, ""), after.get(key, "")
        if one != other:
            yield Difference(part=part, key=key, before=one, after=other)


def spec_of(record: RunRecord) -> Words:
    """Dotted key -> value of what makes the run."""
    spec = record.spec.model_dump(mode="json")
    return {key: value for part in spec for key, value in leaves(spec[part], part)}


def leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(dotted key, value as text) of every key below a value; what is not set is left out."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}")
    elif value is not None:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def layers_of(trace: ModelTrace) -> Words:
    """Path -> layer of every leaf module of the model, and what holds layers by its kind; reused ones once."""
    return {call.path or N_("(whole model)"): describe_layer(call) for call in trace.modules if not call.call}


def describe_layer(call: ModuleCall) -> str:
    """Kind, settings and parameters of a layer; of one that holds others its kind alone, so that nothing tells twice.

    Output shapes are left out: they follow from the layers before.
    """
    return f"{call.kind}({call.settings})" if call.is_leaf or call.own_parameters else call.kind


def weights_of(record: RunRecord) -> Words:
    """The file that the weights came from, and its digest."""
    origin = record.provenance
    known: Words = {N_("file"): origin.weights_file or "", "sha256": origin.weights_sha256 or ""}
    return {key: value for key, value in known.items() if value}


def source_of(record: RunRecord) -> Words:
    """The commit and the digest of the model's own source."""
    origin = record.provenance
    commit = origin.commit or ""
    known: Words = {
        N_("commit"): N_("{commit} with changes", commit=commit) if commit and origin.dirty else commit,
        N_("source of the model, sha256"): origin.model_source_sha256 or "",
    }
    return {key: value for key, value in known.items() if value}


def data_of(record: RunRecord) -> Words:
    """How many training images were used, and the digests of the files."""
    names = {"train": N_("train images"), "test": N_("test images")}
    known: Words = {}
    if record.training is not None:
        known |= {names[split.name]: str(split.n) for split in record.data.splits}
    known.update(record.data.digests.items())
    return known


def device_of(record: RunRecord) -> Words:
    """What the run was computed on."""
    device = record.device
    return {
        N_("device"): device.name,
        N_("kind"): device.kind,
        N_("threads"): str(device.threads),
        N_("numerical precision"): device.precision,
        N_("platform"): record.provenance.platform,
    }


def versions_of(record: RunRecord) -> Words:
    """The version of every library."""
    return dict(record.provenance.versions.items())
