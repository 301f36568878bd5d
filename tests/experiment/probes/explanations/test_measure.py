"""The whole probe: what it leaves in a record, what it refuses and why, and how it keeps to its time."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.experiment.probes import ProbeRefused, ProbeResult
from reportgen.experiment.probes.context import Allowance
from reportgen.experiment.probes.explanations import measure as measuring
from reportgen.experiment.probes.explanations import plan as planning
from reportgen.experiment.probes.explanations.measure import PROBE
from reportgen.experiment.probes.explanations.plan import FAST, FULL, make_plan, seconds_each
from reportgen.record.probes.explanations import ExplanationFacts
from tests.experiment.probes.explanations.explained import Awkward, Conv, Patches, context_of, make


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pass takes a millisecond, so that the plan is the same wherever the tests run."""
    monkeypatch.setattr("reportgen.experiment.probes.explanations.measure.seconds_each", lambda _run: 0.001)


def run(module: nn.Module, seconds: float = 4.0, probes: object = "fast", full: bool = False) -> ProbeResult:
    return PROBE.run(context_of(module, probes), Allowance(seconds, full))


def facts_of(result: ProbeResult) -> ExplanationFacts:
    assert isinstance(result.facts, ExplanationFacts)
    return result.facts


@pytest.mark.slow
def test_everything_is_kept_as_the_facts_say(cheap: None) -> None:
    module = make(Conv)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    context = context_of(module)
    result = PROBE.run(context, Allowance(4.0))
    facts, arrays = facts_of(result), {name.removeprefix("explanations."): a for name, a in result.arrays.items()}
    assert all(name.startswith("explanations.") for name in result.arrays)
    assert not facts.gaps
    assert facts.layer is not None
    n = len(arrays["rows"])
    assert n == FAST.explained.most
    assert arrays["cam"].shape == arrays["cam_random"].shape == arrays["cam_label"].shape == (n, 8, 8)
    assert arrays["ig"].shape == arrays["ig_random"].shape == (n, 32, 32)
    labels, called = context.data.test_labels.numpy(), context.logits.argmax(1)
    wrong = labels[arrays["rows"]] != called[arrays["rows"]]
    assert np.array_equal(~np.isnan(arrays["cam_label"]).all((1, 2)), wrong)
    assert (np.diff(wrong.astype(int)) >= 0).all()
    assert facts.sampled is not None
    assert len(arrays["check.cam.rows"]) == len(arrays["check.cam.rank"]) == facts.sampled.images
    assert arrays["deletion.cam"].shape == arrays["deletion.cam.control"].shape == (facts.sampled.images, 7)
    share = torch.softmax(torch.from_numpy(context.logits), 1).numpy()[arrays["check.cam.rows"]].max(1)
    np.testing.assert_allclose(arrays["deletion.cam"][:, 0], share, atol=1e-5)
    np.testing.assert_allclose(arrays["deletion.ig"][:, -1], arrays["deletion.ig.control"][:, -1])
    assert [arrays[f"stage.{place}"].shape[0] for place in range(len(facts.stages))] == [
        len(stage.shown) for stage in facts.stages
    ]
    own = facts.embedding
    assert own is not None
    assert (own.path, own.dimensions, own.images.images, own.train.images) == ("head", 8, 60, 80)
    assert arrays["embedding.xy"].shape == arrays["embedding.pca"].shape == (60, 2)
    near = arrays["neighbours.ids"]
    assert near.shape == (own.mistakes, 5)
    assert np.array_equal(arrays["neighbours.labels"], context.data.train_labels.numpy()[near])
    pictured = arrays["neighbours.images"]
    assert np.array_equal(pictured[1, 2], context.data.train_images[near[1, 2]].numpy())
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert not module.training


def test_a_model_without_places_keeps_its_gradients(cheap: None) -> None:
    """Logistic regression: integrated gradients are exactly weight times distance from the mean colour."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    context = context_of(module.eval())
    result = PROBE.run(context, Allowance(4.0))
    facts = facts_of(result)
    assert {(gap.part, gap.reason) for gap in facts.gaps} == {("grad_cam", "no_grid"), ("stages", "no_grid")}
    assert facts.layer is None
    assert "explanations.cam" not in result.arrays
    assert "explanations.deletion.ig" in result.arrays
    rows = torch.from_numpy(result.arrays["explanations.rows"])
    images, targets = context.inputs(rows), torch.from_numpy(context.logits[rows].argmax(1))
    given = context.data.facts
    mean = [(m - s) / d for m, s, d in zip(given.channel_mean, given.normalize_mean, given.normalize_std, strict=True)]
    away = images - torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1)
    wanted = (module[1].weight.detach()[targets].view(-1, 3, 32, 32) * away).sum(1)
    np.testing.assert_allclose(result.arrays["explanations.ig"], wanted.numpy(), atol=1e-4)
    assert facts.completeness == pytest.approx(0, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "arguments"), [(Awkward, ()), (Patches, (1,))])
def test_awkward_models_are_explained_whole(kind: type[nn.Module], arguments: tuple[int, ...], cheap: None) -> None:
    facts = facts_of(run(make(kind, *arguments)))
    assert not facts.gaps
    assert facts.layer is not None


def test_no_time_leaves_the_maps_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.experiment.probes.explanations.measure.seconds_each", lambda _run: 0.4)
    result = run(make(Conv), seconds=1.0)
    facts = facts_of(result)
    assert {gap.part for gap in facts.gaps if gap.reason == "time"} == {
        "checks",
        "embedding",
        "integrated_gradients",
    }
    assert len(result.arrays["explanations.rows"]) == FAST.explained.most
    assert "explanations.cam_random" in result.arrays
    assert facts.steps == 0
    assert facts.embedding is None
    assert facts.sampled is None


@pytest.mark.slow
def test_the_spec_chooses_how_many_and_which_embedding(cheap: None) -> None:
    result = run(make(Conv), probes={"explanations": {"images": 30, "embedding": "tsne"}})
    own = facts_of(result).embedding
    assert own is not None
    assert (own.images.images, own.method) == (30, "tsne")
    assert not np.allclose(result.arrays["explanations.embedding.xy"], result.arrays["explanations.embedding.pca"])


def test_outputs_that_are_not_finite_are_refused() -> None:
    context = context_of(make(Conv))
    broken = context.logits.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ProbeRefused, match="not finite"):
        PROBE.run(replace(context, logits=broken), Allowance(1.0))


@pytest.mark.slow
def test_the_same_again_is_the_same(cheap: None) -> None:
    first, second = (run(make(Conv)).arrays for _ in range(2))
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name], equal_nan=first[name].dtype.kind == "f") for name in first)


def spent(plan: planning.Plan, forward: float, backward: float) -> float:
    """What a plan takes, added up by hand."""
    maps = plan.explained * (planning.MAPS + 2 * plan.steps) * backward
    checks = plan.checked * (2 * backward + planning.DELETIONS * forward)
    paths = plan.checked_paths * (2 * plan.steps * backward + planning.DELETIONS * forward)
    features = 3 * plan.embedded * forward + (planning.MISTAKES * forward if plan.embedded else 0)
    return maps + checks + paths + features


@pytest.mark.parametrize("seconds", [1.0, 4.0, 20.0, 60.0])
@pytest.mark.parametrize("forward", [0.0002, 0.002, 0.01, 0.3])
def test_a_plan_keeps_to_its_time(seconds: float, forward: float) -> None:
    backward = 3 * forward
    plan = make_plan(seconds, forward, backward, FAST)
    least = FAST.explained.least * planning.MAPS * backward
    assert spent(plan, forward, backward) <= max(1.15 * seconds, least)
    missing = {gap.part for gap in plan.gaps}
    assert (plan.steps == 0) == ("integrated_gradients" in missing)
    assert (plan.checked == 0) == ("checks" in missing)
    assert (plan.embedded == 0) == ("embedding" in missing)


def test_without_a_limit_everything_is_done_at_most() -> None:
    plan = make_plan(math.inf, 0.01, 0.03, FULL)
    assert not plan.gaps
    counts = (plan.explained, plan.steps, plan.checked, plan.checked_paths, plan.embedded)
    most = FULL.checked.most
    assert counts == (FULL.explained.most, FULL.steps.most, most, most, FULL.embedded.most)


def test_what_the_spec_asks_for_is_done() -> None:
    plan = make_plan(1.0, 0.1, 0.3, FAST, images=400)
    assert plan.embedded == 400
    assert make_plan(100.0, 0.001, 0.003, FAST, images=20).checked == 20
    assert make_plan(100.0, 0.001, 0.003, FAST, mapped=False).checked == 0


def test_the_time_of_an_image_is_the_best_of_a_few() -> None:
    clock: list[Any] = []
    seconds = seconds_each(lambda number: clock.append(number))
    assert set(clock) == {2, 16}
    assert 0 <= seconds < 0.01


@pytest.mark.parametrize("method", ["grad_cam", "integrated"])
def test_memory_that_runs_out_is_no_lack_of_gradients(
    monkeypatch: pytest.MonkeyPatch, cheap: None, method: str
) -> None:
    def large(*_arguments: object) -> None:
        raise MemoryError

    if method == "grad_cam":
        monkeypatch.setattr(measuring, "choose_layer", large)
    else:
        monkeypatch.setattr(measuring.Mapper, "integrated", large)
    with pytest.raises(MemoryError):
        run(Conv())
