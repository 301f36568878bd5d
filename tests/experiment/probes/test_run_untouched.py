"""Every probe, raising at each of its calls into the model, leaves it to the bit as it was."""

from __future__ import annotations

import contextlib

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from reportgen.experiment.faults import Faults
from reportgen.experiment.probes import ProbeContext, ProbeRefused, run
from reportgen.experiment.probes.context import Allowance, Probe
from reportgen.spec.types import RunSpec
from tests.experiment.cases import noise
from tests.experiment.probes.cases import finished

FIRST_CALLS, MOST_CALLS = 4, 8
"""Of each probe, the first ones and the last and some between them; the others are of the same loops."""


class Tripped(RuntimeError):
    """What the model raises."""


class Counting(nn.Module):
    """A small network with every kind of state, which raises at one of its calls; copies of it count with it."""

    calls, at = 0, -1

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.act = nn.ReLU()
        self.second = nn.Conv2d(6, 6, 3, padding=1, stride=2)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(6, 10)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = self.seen + 1
        Counting.calls += 1
        if Counting.calls == Counting.at:
            raise Tripped("here")
        return self.head(self.drop(self.act(self.second(self.act(self.norm(self.conv(x)))))).mean((2, 3)))  # type: ignore[no-any-return]


def state(module: nn.Module) -> list[object]:
    tensors = [*module.named_parameters(), *module.named_buffers()]
    return [
        [
            (name, id(one), one.detach().numpy().tobytes(), one.requires_grad, one.is_inference())
            for name, one in tensors
        ],
        [(name, child.training, len(child._forward_hooks), id(child)) for name, child in module.named_modules()],
        [parameter.grad is None for parameter in module.parameters()],
        torch.random.get_rng_state().tolist(),
    ]


def ready(kind: type[Counting] = Counting) -> ProbeContext:
    torch.manual_seed(0)
    module = kind()
    initial = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    data = noise(train=64, test=40)
    context = finished(module, data, initial, run=RunSpec(steps=3, batch_size=16))
    context.logits[range(40), data.test_labels.numpy()] += 5.0  # better than chance, so that corruptions are measured
    return context


def attempt(probe: Probe, context: ProbeContext, at: int) -> None:
    """Run a probe whose `at`-th call into the model raises; the seed of every attempt is the same."""
    Counting.calls, Counting.at = 0, at
    faults = Faults()
    before = state(context.module)
    with contextlib.suppress(ProbeRefused):
        run.run_one(probe, context, Allowance(1.0), faults)
    assert state(context.module) == before


@pytest.mark.slow
@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("name", [probe.name for probe in run.find_probes()])
def test_raising_at_each_call(name: str) -> None:
    probe = next(probe for probe in run.find_probes() if probe.name == name)
    context = ready()
    attempt(probe, context, -1)
    calls = Counting.calls
    assert calls or name in ("autograd", "dynamics")
    step = max(1, -(-calls // MOST_CALLS))
    for at in sorted({*range(1, min(calls, FIRST_CALLS) + 1), *range(1, calls + 1, step), calls}):
        attempt(probe, context, at)


def test_what_is_raised_is_kept_with_its_reason() -> None:
    def fail(_context: ProbeContext, _allowance: Allowance) -> None:
        raise ValueError("no /home/somebody/model.pt")

    faults = Faults()
    with pytest.raises(ProbeRefused) as refused:
        run.run_one(Probe("weights", "Weights", 1, 1.0, fail), ready(), Allowance(1.0), faults)  # type: ignore[arg-type]
    assert refused.value.reason.text == "Not measured: ValueError: no model.pt."
    (fault,) = faults.found
    assert (fault.part.text, fault.by) == ("the probe weights", "reportgen")
    assert isinstance(faults.raised[0][1], ValueError)


def test_a_model_without_gradients_is_nobodys_error() -> None:
    def fail(_context: ProbeContext, _allowance: Allowance) -> None:
        torch.ones(1).sum().backward()

    faults = Faults()
    with pytest.raises(ProbeRefused) as refused:
        run.run_one(Probe("weights", "Weights", 1, 1.0, fail), ready(), Allowance(1.0), faults)  # type: ignore[arg-type]
    assert "no gradient flows through the model" in refused.value.reason.text
    assert not faults.found


def test_a_value_inside_vmap_is_nobodys_error() -> None:
    def keep(_context: ProbeContext, _allowance: Allowance) -> None:
        kept: list[torch.Tensor] = []
        torch.func.vmap(lambda image: kept.append(image) or image)(torch.ones(2, 3))
        (kept[0] + 1).sum()

    def read(_context: ProbeContext, _allowance: Allowance) -> None:
        torch.func.vmap(lambda image: image * float(image.sum()))(torch.ones(2, 3))

    faults = Faults()
    for at_fault in (keep, read):
        with pytest.raises(ProbeRefused) as refused:
            run.run_one(Probe("weights", "Weights", 1, 1.0, at_fault), ready(), Allowance(1.0), faults)  # type: ignore[arg-type]
        assert "inside torch.func.vmap" in refused.value.reason.text
    assert not faults.found


class Growing(Counting):
    """A buffer that is longer after each call."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("log", torch.zeros(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.log = torch.cat([self.log, x.mean().detach()[None]])
        return super().forward(x)


class Caching(Counting):
    """A tensor kept for each size of batch, computed when that size comes first."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[int, torch.Tensor] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) not in self.cache:
            self.cache[len(x)] = torch.ones(len(x), 1) * self.head.bias.detach().mean()
        return super().forward(x) + self.cache[len(x)]


class Checkpointed(Counting):
    """Activations computed again in the backward pass, in the old way."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return checkpoint(super().forward, x, use_reentrant=True)  # type: ignore[no-any-return]


class Frozen(Counting):
    """Nothing lets a gradient through."""

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x)


@pytest.mark.slow
@pytest.mark.usefixtures("small_limits")
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("kind", [Counting, Growing, Caching, Checkpointed, Frozen])
def test_no_probe_fails_on_a_model_that_keeps_what_it_computes(kind: type[Counting]) -> None:
    Counting.at = -1
    context, faults, refused = ready(kind), Faults(), set()
    before = state(context.module)
    for probe in run.find_probes():
        try:
            run.run_one(probe, context, Allowance(1.0), faults)
        except ProbeRefused:
            refused.add(probe.name)
    assert not faults.found
    refused.discard("dynamics")  # which needs the history of a training
    assert refused <= ({"autograd", "explanations"} if kind in (Checkpointed, Frozen) else set())
    assert state(context.module) == before
