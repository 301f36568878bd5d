"""What training did, layer by layer: the norms recorded on the way get their names, activations before and after.

What is measured, and how each quantity is defined: `reportgen.record.probes.dynamics`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from reportgen.experiment._torch_internals import is_mapped
from reportgen.experiment.dynamics import watched
from reportgen.experiment.models import tensors_in
from reportgen.experiment.nominal import halved, nominal_seconds
from reportgen.experiment.probes.context import Allowance, Probe, ProbeContext, ProbeRefused, ProbeResult
from reportgen.experiment.probes.initial_model import initial_model
from reportgen.experiment.probes.response.statistics import SAME, channel_axis
from reportgen.record.message import N_
from reportgen.record.probes.dynamics import Activations, ActivationSite, DynamicsFacts
from reportgen.record.trace import ModelTrace

KINDS = frozenset(
    {
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "gelu",
        "silu",
        "mish",
        "hardswish",
        "hardtanh",
        "sigmoid",
        "tanh",
        "softplus",
        "softsign",
        "prelu",
        "rrelu",
    }
)
"""Nonlinearities that are watched, by the operator's plain name."""
MOST_SITES = 100
IMAGES, FULL_IMAGES, LEAST_IMAGES = 1000, 10_000, 16
BATCH = 100


def run(context: ProbeContext, allowance: Allowance) -> ProbeResult:
    """The dynamics of a pass that trained; raises ProbeRefused where nothing was trained."""
    if context.initial is None:
        raise ProbeRefused(N_("The model was evaluated as it is; this run trained nothing."))
    if "dynamics.steps" not in context.history:
        raise ProbeRefused(N_("No weight of two or more dimensions was trained, so nothing was recorded."))
    names = [name for name, _unused in watched(context.module)]
    if len(names) != context.history["dynamics.gradient"].shape[1]:
        raise ProbeRefused(N_("The set of trainable weights has changed since training began."))
    order = order_layers(context.trace, names)
    layers = tuple(names[place].removesuffix(".weight") for place in order)
    sites = find_sites(context.trace)
    if not sites:
        return ProbeResult(DynamicsFacts(layers=layers, order=order))
    most = FULL_IMAGES if allowance.full else IMAGES
    number = halved(most, LEAST_IMAGES, allowance.plans(2 * nominal_seconds(context.trace))) or LEAST_IMAGES
    rows, sampled = context.sample(number)
    before, why = initial_model(context, context.inputs(rows[:BATCH]))
    after, seen = Tally(sites), Tally(sites)
    sides = [(context.module, after)] + ([(before, seen)] if before is not None else [])
    if not show(context, sides, rows, allowance):
        return ProbeResult(DynamicsFacts(layers=layers, order=order, left_out=len(every_site(context.trace))))
    found = [describe(site, after, seen if before is not None else None) for site in sites]
    kept = tuple(site for site in found if site is not None)
    return ProbeResult(
        DynamicsFacts(
            sampled=sampled,
            layers=layers,
            order=order,
            sites=kept,
            why_alone=why,
            left_out=len(every_site(context.trace)) - len(sites),
        )
    )


def order_layers(trace: ModelTrace, names: Sequence[str]) -> tuple[int, ...]:
    """Places of parameters in the order in which their modules are first called; unknown ones stay in front."""
    first: dict[str, int] = {}
    for call in trace.modules:
        first.setdefault(call.path, call.index)

    def called(place: int) -> tuple[int, int]:
        return first.get(names[place].rpartition(".")[0], 0), place

    return tuple(sorted(range(len(names)), key=called))


@dataclass(frozen=True)
class Site:
    """One call of a nonlinearity in a forward pass."""

    number: int
    """Its place among all calls of watched operators."""
    path: str
    kind: str


def every_site(trace: ModelTrace) -> list[Site]:
    """All calls of watched operators in order."""
    calls = [op for op in trace.operators if op.name in KINDS]
    return [Site(number, trace.modules[op.module].path, op.name) for number, op in enumerate(calls)]


def find_sites(trace: ModelTrace) -> list[Site]:
    """The calls that are watched, evenly over depth where there are too many."""
    sites = every_site(trace)
    if len(sites) <= MOST_SITES:
        return sites
    return [sites[round(place * (len(sites) - 1) / (MOST_SITES - 1))] for place in range(MOST_SITES)]


@dataclass
class Sums:
    """Of one site over all images so far, on the device."""

    count: int = 0
    total: Tensor | None = None
    squares: Tensor | None = None
    low: Tensor | None = None
    """Least value by channel, (C,)."""
    high: Tensor | None = None

    def add(self, output: Tensor) -> None:
        """Take in one batch of outputs (n, …)."""
        values = output.detach().float() if output.dtype != torch.float64 else output.detach()
        axis = channel_axis(tuple(values.shape))
        around = [place for place in range(values.dim()) if place != axis]
        least, most = values.amin(around), values.amax(around)
        total, squares = values.sum(), values.square().sum()
        self.count += values.numel()
        self.total = total if self.total is None else self.total + total
        self.squares = squares if self.squares is None else self.squares + squares
        self.low = least if self.low is None else torch.minimum(self.low, least)
        self.high = most if self.high is None else torch.maximum(self.high, most)

    def told(self) -> Activations | None:
        """Mean, spread and dead channels; None where nothing was seen or it is not finite."""
        if self.total is None or self.squares is None or self.low is None or self.high is None:
            return None
        mean, power = float(self.total) / self.count, float(self.squares) / self.count
        if not all(map(torch.isfinite, (self.total, self.squares))):
            return None
        span = SAME * power**0.5
        dead = int((self.high - self.low <= span).sum())
        return Activations(mean=mean, spread=max(0.0, power - mean**2) ** 0.5, dead=dead)

    @property
    def channels(self) -> int:
        """Of the output."""
        return 0 if self.low is None else len(self.low)


@dataclass
class Tally:
    """The sums of every watched site of one set of weights."""

    sites: Sequence[Site]
    sums: dict[int, Sums] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sums = {site.number: Sums() for site in self.sites}


class Watcher(TorchFunctionMode):
    """Hears every call of a watched operator in one forward pass, functional ones too."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally, self.number = tally, 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run `func` and take in what a watched one gives; nothing is heard of what happens in here."""
        output = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "").strip("_") in KINDS:
            sums = self.tally.sums.get(self.number)
            self.number += 1
            found = next(tensors_in(output), None)
            if sums is not None and found is not None and not is_mapped(found):
                sums.add(found)
        return output


def show(
    context: ProbeContext, sides: Sequence[tuple[torch.nn.Module, Tally]], rows: Tensor, allowance: Allowance
) -> bool:
    """Show images to every set of weights; False where the first of them tell that there is no time for all."""
    shown, took = 0, 0.0
    for here in batches(rows):
        if shown == LEAST_IMAGES and not allowance.fits(took):
            return False
        start = time.perf_counter()
        batch = context.inputs(here)
        for module, tally in sides:
            with torch.no_grad(), Watcher(tally):
                module(batch)
        shown += len(here)
        took = (time.perf_counter() - start) * (len(rows) - shown) / len(here)
    return True


def batches(rows: Tensor) -> Iterator[Tensor]:
    """Rows (batch,) of each batch, the first the least that is shown."""
    yield rows[:LEAST_IMAGES]
    yield from torch.split(rows[LEAST_IMAGES:], BATCH) if len(rows) > LEAST_IMAGES else ()


def describe(site: Site, after: Tally, before: Tally | None) -> ActivationSite | None:
    """A site as the record keeps it; None where its numbers are not finite."""
    sums = after.sums[site.number]
    told = sums.told()
    if told is None:
        return None
    earlier = before.sums[site.number].told() if before is not None else None
    return ActivationSite(path=site.path, kind=site.kind, channels=sums.channels, after=told, before=earlier)


PROBE = Probe("dynamics", "Training dynamics", 30, 0.05, run)
