"""Every probe in turn, within a price; one that can't be run leaves its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from numpy.typing import NDArray

from reportgen.errors import ModelError
from reportgen.experiment.faults import Faults, describe
from reportgen.experiment.models import rows_of
from reportgen.experiment.probes.context import (
    PROBE_SEED,
    Allowance,
    Probe,
    ProbeContext,
    ProbeRefused,
    ProbeResult,
    is_mapped_over,
    lets_no_gradient,
)
from reportgen.experiment.snapshot import preserved
from reportgen.plugins import discover
from reportgen.record.meaning import named_numbers
from reportgen.record.message import N_
from reportgen.record.probe_levels import level_of
from reportgen.record.probes import NotProbed, Probes, ProbeTime
from reportgen.spec.probes import LEAST_SECONDS, ProbesSpec
from reportgen.spec.types import ReportSpec
from reportgen.system.memory import is_memory_error
from reportgen.system.signals import INTERRUPTIONS

Level = Literal["fast", "full", "none"]
MIN_SECONDS = 0.5
"""Left for a probe even when those before it have used everything: enough for its smallest sample."""


FEW = 2
WHOLE = ("response", "explanations", "cost")
"""Probes that have no limit of time where a gate names a number of theirs; `robustness` sees to single kinds."""


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
    context: ProbeContext,
    pass_seconds: float,
    advance: Callable[[str], None] = lambda _name: None,
    faults: Faults | None = None,
    take: Callable[[Probed], None] = lambda _probed: None,
    earlier: Probes | None = None,
) -> Probed:
    """Run the probes that the spec asks for; `advance` hears the title of each before it begins, `take` what there is
    after each. Those that are in `earlier`, what an interrupted run has found, are not run again.

    All together take at most `run.probes.max_seconds`, or a quarter of `pass_seconds` and at least 20 s; each is
    given its share of what is left and leaves out parts accordingly.
    """
    spec = context.spec.run.probes
    faults = faults if faults is not None else Faults()
    so_far = Found(spec.level, spec.budget(pass_seconds))
    waiting = [probe for probe in find_probes() if wanted(probe, context.spec, so_far.missing)]
    if earlier is not None:
        waiting = [probe for probe in waiting if not so_far.take_over(probe.name, earlier)]
    named = named_numbers(rule.metric for rule in context.spec.gates)
    for place, probe in enumerate(waiting):
        advance(probe.title)
        spent = sum(time.seconds for time in so_far.times)
        allowance = allow(probe, waiting[place:], spec, so_far.budget, spent, named)
        try:
            result = run_one(probe, context, allowance, faults)
        except ProbeRefused as refusal:
            so_far.missing.append(NotProbed(name=probe.name, reason=refusal.reason))
        else:
            so_far.facts[probe.name] = result.facts
            so_far.arrays |= result.arrays
        so_far.times.append(ProbeTime(name=probe.name, seconds=allowance.spent))
        if waiting[place + 1 :]:
            take(so_far.probed([other.name for other in waiting[place + 1 :]]))
    return so_far.probed(())


def none_yet(spec: ReportSpec) -> Probes:
    """What a run has of the probes before the first of them."""
    so_far = Found(spec.run.probes.level, None)
    waiting = [probe.name for probe in find_probes() if wanted(probe, spec, so_far.missing)]
    return so_far.probed(waiting).probes


@dataclass
class Found:
    """What the probes have found so far."""

    level: Level
    budget: float | None
    facts: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    times: list[ProbeTime] = field(default_factory=list)
    missing: list[NotProbed] = field(default_factory=list)

    def take_over(self, name: str, earlier: Probes) -> bool:
        """Take what an interrupted run came to with one probe; False where it did not come to it."""
        time = next((time for time in earlier.times if time.name == name), None)
        if time is None:
            return False
        self.times.append(time)
        if getattr(earlier, name) is not None:
            self.facts[name] = getattr(earlier, name)
        self.missing += [gap for gap in earlier.missing if gap.name == name]
        return True

    def probed(self, waiting: Sequence[str]) -> Probed:
        """All of it, where some probes are still waiting."""
        later = [NotProbed(name=name, reason=N_("Not measured: the run ended before it.")) for name in waiting]
        probes = Probes(
            level=self.level,
            budget_seconds=self.budget,
            times=tuple(self.times),
            missing=(*self.missing, *later),
            **self.facts,
        )
        return Probed(probes, dict(self.arrays))


def wanted(probe: Probe, spec: ReportSpec, missing: list[NotProbed]) -> bool:
    """Whether the spec asks for a probe, by its level or by a gate; one it does not want is noted as missing."""
    if level_of(spec, probe.name) != "none":
        return True
    probes = spec.run.probes
    own = getattr(probes, probe.name).level == "none" or probes.level != "none"
    key = f"run.probes.{probe.name}" if own else "run.probes"
    reason = N_("Not measured: the spec says {key}: none.", key=key)
    missing.append(NotProbed(name=probe.name, reason=reason))
    return False


def allow(
    probe: Probe,
    waiting: list[Probe],
    spec: ProbesSpec,
    budget: float | None,
    spent: float,
    named: Mapping[str, frozenset[str]],
) -> Allowance:
    """The time of one probe: its share, among those still waiting, of what is left of the budget; and the nominal time
    by which it chooses its counts, which depends on the spec alone.

    `named`: numbers that gates name, by the section that states them; a probe that is measured as one whole has no
    limit then, so that whether a gate passes does not depend on how busy the machine is.
    """
    full, own = spec.level_of(probe.name) == "full", named.get(probe.name, frozenset())
    unlimited = full and spec.max_seconds is None
    planned = float("inf") if unlimited else probe.share * (spec.max_seconds or LEAST_SECONDS)
    if budget is None or unlimited or (own and probe.name in WHOLE):
        return Allowance(float("inf"), full, named=own, planned=planned)
    shares = sum(other.share for other in waiting)
    seconds = max(MIN_SECONDS, (budget - spent) * probe.share / shares)
    return Allowance(seconds, full, named=own, planned=planned)


def run_one(probe: Probe, context: ProbeContext, allowance: Allowance, faults: Faults) -> ProbeResult:
    """One probe on the placed model in evaluation mode; afterwards the model is as it was, to the bit.

    Raises ProbeRefused with the reason for whatever the probe raises; what it should not have raised is noted.
    """
    context.device.place(context.module)
    try:
        with preserved(context.module):
            context.module.eval()
            torch.manual_seed(PROBE_SEED)
            return probe.run(context, allowance)
    except (ProbeRefused, *INTERRUPTIONS):
        raise
    except BaseException as error:
        if is_memory_error(error):
            raise ProbeRefused(N_("The device ran out of memory.")) from error
        if lets_no_gradient(error):
            reason = N_("Not measured: no gradient flows through the model ({error}).", error=describe(error))
            raise ProbeRefused(reason) from error
        if is_mapped_over(error):
            reason = N_("Not measured: the model runs layers inside torch.func.vmap, where their values can't be read.")
            raise ProbeRefused(reason) from error
        told = find_changed_output(context, error) or error
        faults.note(N_("the probe {name}", name=probe.name), told, looked_into=True)
        raise ProbeRefused(N_("Not measured: {error}.", error=describe(told))) from error


def find_changed_output(context: ProbeContext, error: BaseException) -> ModelError | None:
    """The error of a model that no longer gives rows of logits, which made one of ours; None where it still does."""
    try:
        with preserved(context.module), torch.no_grad():
            context.module.eval()
            rows = torch.arange(min(FEW, len(context.data.test_labels)))
            rows_of(context.module(context.inputs(rows)), len(rows), len(context.data.facts.classes))
    except ModelError as changed:
        changed.__cause__ = error
        return changed
    except INTERRUPTIONS:
        raise
    except BaseException:  # the error that there is says more than what is raised here
        return None
    return None
