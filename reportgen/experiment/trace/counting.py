"""Parameters by module call: each tensor once, wherever it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from reportgen.experiment.trace.drafts import CallDraft, Recording
from reportgen.experiment.trace.kinds import own_packed, packed_weights


@dataclass(frozen=True)
class ParameterCounts:
    """What one row of the layer table says about parameters."""

    parameters: int
    own: int
    trainable: int
    shared: bool


def count_parameters(model: torch.nn.Module, calls: Sequence[CallDraft]) -> tuple[ParameterCounts, ...]:
    """Counts for every call. `own` is charged to the first call whose module holds the tensor; parameters of modules
    that are never called go to the nearest enclosing call, so that `own` sums to the model's total."""
    own = own_parameters(model, calls)
    holders: dict[int, set[int]] = {}
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            holders.setdefault(id(parameter), set()).add(id(module))
    several = {key for key, modules in holders.items() if len(modules) > 1}
    totals: dict[int, tuple[int, int, bool]] = {}
    for call in calls:
        if id(call.module) not in totals:
            parameters = list(call.module.parameters())
            tied = several & {id(parameter) for parameter in parameters}
            inside = {id(module) for module in call.module.modules()} if tied else set()
            totals[id(call.module)] = (
                sum(parameter.numel() for parameter in parameters)
                + sum(one.elements for one in packed_weights(call.module)),
                sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
                any(holders[key] - inside for key in tied),
            )
    return tuple(
        ParameterCounts(totals[id(call.module)][0], count, totals[id(call.module)][1], totals[id(call.module)][2])
        for call, count in zip(calls, own, strict=True)
    )


def own_parameters(model: torch.nn.Module, calls: Sequence[CallDraft]) -> list[int]:
    """Elements charged to each call."""
    counted: set[int] = set()
    own = [0] * len(calls)
    first_call: dict[str, int] = {}
    for call in calls:
        first_call.setdefault(call.path, call.index)
        own[call.index] += count_new(call.module, counted)
    for path, module in model.named_modules():
        while path not in first_call and path:
            path = path.rpartition(".")[0]
        own[first_call.get(path, 0)] += count_new(module, counted)
    return own


def count_new(module: torch.nn.Module, counted: set[int]) -> int:
    """Elements of the module's own tensors that were not counted before."""
    fresh = [parameter for parameter in module.parameters(recurse=False) if id(parameter) not in counted]
    counted.update(map(id, fresh))
    packed = [one for one in own_packed(module) if one.key not in counted]
    counted.update(one.key for one in packed)
    return sum(parameter.numel() for parameter in fresh) + sum(one.elements for one in packed)


def own_elements(model: torch.nn.Module, paths: Sequence[str]) -> int:
    """Elements of the parameters that modules hold themselves, each tensor once."""
    named, counted = dict(model.named_modules()), set[int]()
    return sum(count_new(named[path], counted) for path in paths)


def unused_modules(model: torch.nn.Module, recording: Recording) -> tuple[str, ...]:
    """Paths of modules with parameters of their own that were neither called nor had a parameter read."""
    called = {id(call.module) for call in recording.calls}
    return tuple(
        path
        for path, module in model.named_modules()
        if id(module) not in called
        and (own := {id(parameter) for parameter in module.parameters(recurse=False)})
        and not own & recording.used_parameters
    )
