"""Running probes: order, price, refusals, and a model left as it was."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch

from reportgen.experiment.faults import Faults
from reportgen.experiment.probes import Probe, ProbeRefused, ProbeResult, probe_model, run
from reportgen.experiment.probes.context import Allowance
from reportgen.record.message import N_
from reportgen.record.probes.weights import WeightFacts
from reportgen.spec.gates import Rule, parse_rule
from reportgen.spec.probes import ProbesSpec, WeightsOptions
from reportgen.spec.types import RunSpec


def context(probes: object, gates: tuple[Rule, ...] = ()) -> SimpleNamespace:
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(0.5))
    module.train()
    device = SimpleNamespace(place=lambda module: module)
    run = RunSpec.model_validate({"probes": probes})
    return SimpleNamespace(module=module, device=device, spec=SimpleNamespace(run=run, gates=gates))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Allowance]:
    """Two probes in place of the real ones; what each was allowed."""
    seen: dict[str, Allowance] = {}

    def weights(context: object, allowance: Allowance) -> ProbeResult:
        seen["weights"] = allowance
        context.module.train()
        context.module[0].weight.requires_grad_(False)
        torch.rand(3)
        return ProbeResult(WeightFacts(), {"weights.x": torch.zeros(2).numpy()})

    def cost(context: object, allowance: Allowance) -> ProbeResult:
        seen["cost"] = allowance
        assert not context.module.training
        raise ProbeRefused(N_("No clock."))

    probes = [Probe("weights", "Weights", 10, 1.0, weights), Probe("cost", "Cost", 20, 3.0, cost)]
    monkeypatch.setattr(run, "find_probes", lambda: probes)
    return seen


def test_what_is_found_and_what_is_refused(given: dict[str, Allowance]) -> None:
    here = context("fast")
    state = torch.random.get_rng_state()
    probed = probe_model(here, pass_seconds=200)
    assert probed.probes.weights == WeightFacts()
    assert probed.probes.cost is None
    assert [(gap.name, gap.reason.text) for gap in probed.probes.missing] == [("cost", "No clock.")]
    assert [time.name for time in probed.probes.times] == ["weights", "cost"]
    assert list(probed.arrays) == ["weights.x"]
    assert here.module.training
    assert here.module[0].weight.requires_grad
    assert torch.equal(state, torch.random.get_rng_state())


def test_the_price_is_a_quarter_of_the_pass_and_at_least_twenty_seconds(given: dict[str, Allowance]) -> None:
    probe_model(context("fast"), pass_seconds=200)
    assert given["weights"].seconds == pytest.approx(12.5)
    assert given["cost"].seconds == pytest.approx(50, abs=0.5)
    probe_model(context("fast"), pass_seconds=4)
    assert given["weights"].seconds == pytest.approx(5)
    probe_model(context(ProbesSpec(max_seconds=8.0)), pass_seconds=4)
    assert given["weights"].seconds == pytest.approx(2)


def test_full_has_no_limit_and_none_no_probe(given: dict[str, Allowance]) -> None:
    probe_model(context("full"), pass_seconds=4)
    assert math.isinf(given["weights"].seconds)
    assert given["weights"].full
    given.clear()
    probed = probe_model(context(ProbesSpec(weights=WeightsOptions(level="none"))), pass_seconds=4)
    assert "weights" not in given
    assert "run.probes.weights: none" in probed.probes.missing[0].reason.text
    assert not probe_model(context("none"), pass_seconds=4).probes.times


def test_what_a_gate_names_is_told_to_its_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Allowance] = {}

    def keep(name: str) -> Probe:
        def look(_context: object, allowance: Allowance) -> ProbeResult:
            seen[name] = allowance
            raise ProbeRefused(N_("No clock."))

        return Probe(name, name, 10, 1.0, look)

    monkeypatch.setattr(run, "find_probes", lambda: [keep(name) for name in ("response", "robustness", "weights")])
    rules = ("response.dead_share.change <= 0", "pgd_accuracy >= 0.1 confidently", "accuracy >= 0.5")
    probe_model(context("fast", tuple(map(parse_rule, rules))), pass_seconds=4)
    assert math.isinf(seen["response"].seconds)
    assert not seen["response"].full
    assert seen["robustness"].named == {"pgd_accuracy"}
    assert math.isfinite(seen["robustness"].seconds)
    assert seen["weights"].named == frozenset()


def test_every_probe_fills_a_field_and_has_a_key() -> None:
    from reportgen.record.probes import Probes

    for probe in run.find_probes():
        assert probe.name in Probes.model_fields
        assert probe.name in ProbesSpec.model_fields
        assert probe.share > 0


def test_an_error_of_ours_that_a_model_makes_by_giving_something_else_is_the_models(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Changes(torch.nn.Module):
        wrong = False

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.flatten(1)[:, : 5 if Changes.wrong else 10]

    def weights(context: SimpleNamespace, allowance: Allowance) -> ProbeResult:
        Changes.wrong = spoils
        raise IndexError("index 7 is out of bounds")

    monkeypatch.setattr(run, "find_probes", lambda: [Probe("weights", "Weights", 10, 1.0, weights)])
    for spoils, by in ((False, "reportgen"), (True, "model")):
        here, faults = context("fast"), Faults()
        here.module = Changes()
        here.data = SimpleNamespace(test_labels=torch.zeros(3), facts=SimpleNamespace(classes=range(10)))
        here.inputs = lambda rows: torch.zeros(len(rows), 3, 4, 4)
        probe_model(here, pass_seconds=200, faults=faults)
        assert [fault.by for fault in faults.found] == [by]
        assert ("(2, 5) for 2 images" in faults.found[0].reason) == spoils


@pytest.mark.parametrize(
    ("probes", "gate", "run_too"),
    [
        ("none", "latency.batch_8.p50_ms <= 5", True),
        ({"level": "none", "cost": {"processes": 2}}, "throughput.best.change >= 0", True),
        ({"level": "none", "cost": {"level": "none"}}, "throughput.best >= 1", False),
        ({"cost": "none"}, "throughput.best >= 1", False),
        ("none", "accuracy >= 0.5", False),
        ("none", "corruption_accuracy >= 0.5", False),
    ],
)
def test_a_probe_whose_number_a_gate_names_is_run_unless_it_is_none_itself(
    given: dict[str, Allowance], probes: object, gate: str, run_too: bool
) -> None:
    found = probe_model(context(probes, (parse_rule(gate),)), pass_seconds=200)
    assert ("cost" in given) is run_too
    told = {gap.name: gap.reason.text for gap in found.probes.missing}
    own = isinstance(probes, dict) and "cost" in probes
    assert run_too or told["cost"] == f"Not measured: the spec says run.probes{'.cost' if own else ''}: none."
