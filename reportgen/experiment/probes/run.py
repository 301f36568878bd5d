"""Every probe in turn, within a price; one that can't be run leaves its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray

from reportgen.experiment.device import kept_random_state
from reportgen.experiment.probes.context import PROBE_SEED, Allowance, Probe, ProbeContext, ProbeRefused, ProbeResult
from reportgen.plugins import discover
from reportgen.record.message import N_
from reportgen.record.probes import NotProbed, Probes, ProbeTime
from reportgen.spec.probes import ProbesSpec

MIN_SECONDS = 0.5
"""Left for a probe even when those before it have used everything: enough for its smallest sample."""


@dataclass(frozen=True)
class Probed:
    """What all probes found, and the arrays that go with it."""

    probes: Probes
    arrays: Mapping[str, NDArray[Any]]


def find_probes() -> list[Probe]:
    """Every probe, in the order in which they are run."""
    found = discover("reportgen.experiment.probes", "PROBE", Probe)
    return sorted(found.values(), key=lambda probe: (probe.order, probe.name))


def probe_model(
    context: ProbeContext, pass_seconds: float, advance: Callable[[str], None] = lambda _name: None
) -> Probed:
    """Run the probes that the spec asks for; `advance` hears the title of each before it begins.

    All together take at most `run.probes.max_seconds`, or a quarter of `pass_seconds` and at least 20 s; each is
    given its share of what is left and samples accordingly.
    """
    spec = context.spec.run.probes
    budget = spec.budget(pass_seconds)
    found: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {}
    times: list[ProbeTime] = []
    missing: list[NotProbed] = []
    waiting = [probe for probe in find_probes() if wanted(probe, spec, missing)]
    for place, probe in enumerate(waiting):
        advance(probe.title)
        allowance = allow(probe, waiting[place:], spec, budget, sum(time.seconds for time in times))
        try:
            result = run_one(probe, context, allowance)
        except ProbeRefused as refusal:
            missing.append(NotProbed(name=probe.name, reason=refusal.reason))
        else:
            found[probe.name] = result.facts
            arrays |= result.arrays
        times.append(ProbeTime(name=probe.name, seconds=allowance.spent))
    probes = Probes(level=spec.level, budget_seconds=budget, times=tuple(times), missing=tuple(missing), **found)
    return Probed(probes, arrays)


def wanted(probe: Probe, spec: ProbesSpec, missing: list[NotProbed]) -> bool:
    """Whether the spec asks for a probe; one it does not want is noted as missing."""
    if spec.level_of(probe.name) != "none":
        return True
    key = "run.probes" if spec.level == "none" else f"run.probes.{probe.name}"
    reason = N_("Not measured: the spec says {key}: none.", key=key)
    missing.append(NotProbed(name=probe.name, reason=reason))
    return False


def allow(probe: Probe, waiting: list[Probe], spec: ProbesSpec, budget: float | None, spent: float) -> Allowance:
    """The time of one probe: its share, among those still waiting, of what is left of the budget."""
    full = spec.level_of(probe.name) == "full"
    if budget is None or (full and spec.max_seconds is None):
        return Allowance(float("inf"), full)
    shares = sum(other.share for other in waiting)
    return Allowance(max(MIN_SECONDS, (budget - spent) * probe.share / shares), full)


def run_one(probe: Probe, context: ProbeContext, allowance: Allowance) -> ProbeResult:
    """One probe on the placed model in evaluation mode; modes, gradients and random state are as before after it."""
    context.device.place(context.module)
    modes = [(child, child.training) for child in context.module.modules()]
    flags = [(parameter, parameter.requires_grad) for parameter in context.module.parameters()]
    context.module.eval()
    try:
        with kept_random_state():
            torch.manual_seed(PROBE_SEED)
            return probe.run(context, allowance)
    except torch.OutOfMemoryError as error:
        raise ProbeRefused(N_("The device ran out of memory.")) from error
    finally:
        for child, training in modes:
            child.training = training
        for parameter, flag in flags:
            parameter.requires_grad_(flag)
            parameter.grad = None
