"""Activations before and after training against hooks and loops, and the names of what was recorded."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from reportgen.experiment.models.builtin import NETWORKS
from reportgen.experiment.probes import ProbeContext, ProbeRefused
from reportgen.experiment.probes import dynamics as dynamics_module
from reportgen.experiment.probes.context import Allowance
from reportgen.experiment.probes.dynamics import run
from reportgen.record.probes.dynamics import DynamicsFacts
from tests.experiment.cases import noise
from tests.experiment.probes.cases import finished

TwoConv = NETWORKS["two_conv"]


class Net(nn.Module):
    """Calls nonlinearities as modules, as functions, in place, and one module twice."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(6, 10)
        self.second = nn.Conv2d(6, 6, 1)
        self.first = nn.Conv2d(3, 6, 3, stride=2)
        self.norm = nn.BatchNorm2d(6)
        self.act = nn.ReLU(inplace=True)
        self.scale = nn.Parameter(torch.ones(1, 6, 1, 1))

    def parts(self, x: Tensor) -> list[Tensor]:
        a = self.act(self.norm(self.first(x)))
        kept = [a.clone()]
        b = functional.gelu(self.second(a) * self.scale)
        kept.append(b.clone())
        c = self.act(b - 0.1)
        kept.append(c.clone())
        return kept

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.parts(x)[-1].mean((2, 3)))


def history(weights: int, steps: int = 4) -> dict[str, np.ndarray]:
    values = np.arange(1.0, 1 + steps * weights, dtype=np.float32).reshape(steps, weights)
    names = ("gradient", "weight", "update")
    return {"dynamics.steps": np.arange(1, steps + 1)} | {f"dynamics.{name}": values for name in names}


@pytest.fixture
def context() -> ProbeContext:
    torch.manual_seed(0)
    net = Net()
    initial = copy.deepcopy(net.state_dict())
    with torch.no_grad():
        net.first.weight.mul_(1.5)
        net.norm.bias[:2] = -50.0
        net.norm.num_batches_tracked += 1
    return finished(net, noise(test=200), initial, history(4))


def facts_of(context: ProbeContext, seconds: float = math.inf) -> DynamicsFacts:
    facts = run(context, Allowance(seconds)).facts
    assert isinstance(facts, DynamicsFacts)
    return facts


def test_layers_have_names_in_the_order_of_execution(context: ProbeContext) -> None:
    facts = facts_of(context)
    assert facts.layers == ("scale", "first", "second", "head")
    assert facts.order == (0, 3, 2, 1)


def test_activations_are_those_of_a_loop(context: ProbeContext) -> None:
    facts, net = facts_of(context), context.module
    assert isinstance(net, Net)
    assert [(site.path, site.kind, site.channels) for site in facts.sites] == [
        ("act", "relu", 6),
        ("", "gelu", 6),
        ("act", "relu", 6),
    ]
    assert facts.sampled is not None
    rows = context.sample(facts.sampled.images)[0]
    assert len(rows) == 200
    before = Net()
    before.load_state_dict(context.initial or {})
    before.norm.momentum = None
    with torch.no_grad():
        before.train()(context.inputs(rows[: dynamics_module.BATCH]))
        for module, late in ((net, True), (before.eval(), False)):
            for site, values in zip(facts.sites, module.parts(context.inputs(rows)), strict=True):
                seen = site.after if late else site.before
                assert seen is not None
                exact = values.double()
                assert seen.mean == pytest.approx(float(exact.mean()), rel=1e-4)
                assert seen.spread == pytest.approx(float(exact.std(correction=0)), rel=1e-3)
                spans = [float(exact[:, channel].max() - exact[:, channel].min()) for channel in range(6)]
                assert seen.dead == sum(span < 1e-9 for span in spans)
    assert facts.sites[0].after.dead == 2


def test_little_time_shows_few_images(context: ProbeContext) -> None:
    facts = facts_of(context, -1.0)
    assert facts.sampled is not None
    assert facts.sampled.images == dynamics_module.LEAST_IMAGES


def test_too_many_sites_are_thinned_evenly(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    every = facts_of(context).sites
    monkeypatch.setattr(dynamics_module, "MOST_SITES", 2)
    facts = facts_of(context)
    assert facts.sites == (every[0], every[2])
    assert facts.left_out == 1


def test_nothing_trained_is_refused() -> None:
    with pytest.raises(ProbeRefused, match="trained nothing"):
        run(finished(TwoConv(), noise(test=20)), Allowance(math.inf))
    with pytest.raises(ProbeRefused, match="nothing was recorded"):
        run(finished(TwoConv(), noise(test=20), TwoConv().state_dict()), Allowance(math.inf))


def test_a_network_without_nonlinearities_keeps_its_gradients() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    facts = facts_of(finished(net, noise(test=20), copy.deepcopy(net.state_dict()), history(1)))
    assert facts.layers == ("1",)
    assert (facts.sites, facts.sampled) == ((), None)


def test_the_model_is_left_as_it_was(context: ProbeContext) -> None:
    before = copy.deepcopy(context.module.state_dict())
    facts_of(context)
    assert all(torch.equal(tensor, before[name]) for name, tensor in context.module.state_dict().items())
    assert not context.module.training
