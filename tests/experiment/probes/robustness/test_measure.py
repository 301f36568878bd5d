"""The robustness probe on models whose answers are known by hand; the plan; what a spec may choose."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.experiment.probes import Allowance, ProbeContext, ProbeRefused, ProbeResult
from reportgen.experiment.probes.robustness.benchmark import Bench, under_fgsm, under_pgd
from reportgen.experiment.probes.robustness.conditions import (
    CORE,
    FAST_IMAGES,
    FULL_IMAGES,
    CostEstimate,
    list_changes,
    make_plan,
)
from reportgen.experiment.probes.robustness.measure import PROBE
from reportgen.record.probes.robustness import CORRUPTED, RobustnessFacts
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.sections.robustness.view import SECTION
from reportgen.spec import read_spec
from reportgen.spec.probes import ProbesSpec, RobustnessOptions
from reportgen.spec.types import RunSpec
from tests.experiment.probes.cases import finished, recorded
from tests.experiment.probes.levels import Knows, Steps, levels

EVALUATE = RunSpec(mode="evaluate")


def chosen(**options: object) -> RunSpec:
    return RunSpec(mode="evaluate", probes=ProbesSpec(robustness=RobustnessOptions.model_validate(options)))


def probe(context: ProbeContext, seconds: float = math.inf, full: bool = True) -> ProbeResult:
    return PROBE.run(context, Allowance(seconds, full))


def facts_of(result: ProbeResult) -> RobustnessFacts:
    assert isinstance(result.facts, RobustnessFacts)
    return result.facts


@pytest.fixture(scope="module")
def whole() -> tuple[ProbeContext, ProbeResult]:
    context = finished(Knows(0, 1), levels(test=40), run=EVALUATE)
    return context, probe(context)


def test_full_measures_everything_on_the_same_images(whole: tuple[ProbeContext, ProbeResult]) -> None:
    context, result = whole
    facts, table = facts_of(result), result.arrays["robustness.predicted"]
    assert sorted((one.kind, one.level) for one in facts.conditions) == sorted(
        (one.kind, one.level) for one in list_changes(RobustnessOptions())
    )
    assert table.shape == (len(facts.conditions), 40)
    assert table.max() < 5
    assert {one.images for one in facts.conditions} == {40}
    assert facts.left_out == 0
    assert facts.gaps == ()
    assert sorted(result.arrays["robustness.rows"]) == list(range(40))
    assert result.arrays["robustness.examples"].shape == (1 + len(facts.examples), 16, 16, 3)
    assert facts.example_id == context.data.test_ids[result.arrays["robustness.rows"][0]]


def test_what_can_not_hurt_this_model_does_not(whole: tuple[ProbeContext, ProbeResult]) -> None:
    """It looks at the mean of red alone: moves leave that, brightness does not."""
    context, result = whole
    labels = context.data.test_labels.numpy()[result.arrays["robustness.rows"]]
    right = {
        (one.kind, one.level): float((row == labels).mean())
        for one, row in zip(facts_of(result).conditions, result.arrays["robustness.predicted"], strict=True)
    }
    for kind, level in (
        ("flip_horizontal", 0),
        ("flip_vertical", 0),
        ("shift", 1),
        ("rotation", 10),
        ("gaussian_noise", 3),
        ("pixelate", 5),
    ):
        assert right[kind, level] == 1.0
    assert right["brightness", 5] < 0.7
    assert right["pgd", 8.0] == 1.0


def test_it_comes_out_the_same_again_and_leaves_the_model_alone(whole: tuple[ProbeContext, ProbeResult]) -> None:
    context, first = whole
    before = {name: value.clone() for name, value in context.module.state_dict().items()}
    again = probe(context)
    assert again.facts == first.facts
    assert all(np.array_equal(again.arrays[name], value) for name, value in first.arrays.items())
    assert all(torch.equal(value, before[name]) for name, value in context.module.state_dict().items())
    assert all(parameter.grad is None for parameter in context.module.parameters())


def test_a_record_with_it_becomes_a_section(record: RunRecord, whole: tuple[ProbeContext, ProbeResult]) -> None:
    context, result = whole
    arrays = {
        "eval.labels": context.data.test_labels.numpy(),
        "eval.logits": np.pad(context.logits, ((0, 0), (0, 5)), constant_values=-99),
    }
    view = SECTION.build(Subject(recorded(record, "robustness", result, arrays)), {})
    assert getattr(view, "corruptions", ())


def test_an_empty_purse_still_pays_for_the_smallest_check() -> None:
    facts = facts_of(probe(finished(Knows(0, 1), levels(test=60), run=EVALUATE), 0.0, full=False))
    assert facts.preparation is not None
    assert facts.preparation.images == 20
    assert len(facts.preparation.others) >= 2
    assert facts.conditions == ()
    assert facts.left_out == len(list_changes(RobustnessOptions()))


def test_the_spec_chooses_images_corruptions_and_epsilons() -> None:
    run = chosen(images=25, corruptions=["fog", "snow"], epsilons=[16, 0.5])
    facts = facts_of(probe(finished(Knows(0, 1), levels(), run=run), 60.0, full=False))
    assert {one.images for one in facts.conditions} == {25}
    assert {one.kind for one in facts.conditions if one.family in CORRUPTED} == {"fog", "snow"}
    assert [one.level for one in facts.conditions if one.kind == "pgd"] == [0.5, 16]


def test_a_model_without_a_gradient_is_not_attacked() -> None:
    run = chosen(images=20, corruptions=["fog"])
    facts = facts_of(probe(finished(Steps(0, 1), levels(), run=run)))
    assert facts.attack is None
    assert not any(one.family == "attack" for one in facts.conditions)
    assert [gap for gap in facts.gaps if "no gradient" in gap.text]
    assert any(one.kind == "fog" for one in facts.conditions)


def test_at_chance_only_the_preparation_is_looked_at() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(768, 5))
    nn.init.zeros_(net[1].weight)
    facts = facts_of(probe(finished(net, levels(), run=EVALUATE)))
    assert facts.conditions == ()
    assert facts.preparation is not None
    assert [gap for gap in facts.gaps if "no better than chance" in gap.text]


def test_what_can_not_be_probed_is_refused() -> None:
    with pytest.raises(ProbeRefused, match="10 test images are too few"):
        probe(finished(Knows(0, 1), levels(test=10), run=EVALUATE))
    with pytest.raises(ProbeRefused, match="Not all outputs of the model are finite"):
        probe(finished(Knows(float("nan"), 1), levels(), run=EVALUATE))


@pytest.mark.parametrize(
    ("grey", "channels", "side"), [(True, 1, 28), (True, 3, 8), pytest.param(False, 3, 48, marks=pytest.mark.slow)]
)
def test_other_images_and_float64(grey: bool, channels: int, side: int) -> None:
    data = levels(grey=grey, channels=channels, side=side, test=20)
    context = finished(Knows(0, 1), data, run=chosen(images=20, epsilons=[1]), precision="float64")
    facts = facts_of(probe(context))
    assert facts.left_out == 0
    assert facts.preparation is not None
    assert {one.order for one in facts.preparation.others} == ({"rgb"} if grey else {"rgb", "bgr"})


def test_pgd_never_forgets_and_more_is_worse() -> None:
    context = finished(Knows(0, 1), levels(), run=EVALUATE)
    bench, labels = Bench(context, torch.arange(60)), context.data.test_labels.numpy()
    wrong = [under_pgd(bench, epsilon, 5, 2) != labels for epsilon in (5, 25, 60)]
    assert [int(part.sum()) for part in wrong] == sorted(int(part.sum()) for part in wrong)
    assert wrong[2].sum() > wrong[0].sum()
    assert all((low <= high).all() for low, high in itertools.pairwise(wrong))


def test_half_the_distance_between_two_classes_is_what_an_attack_needs() -> None:
    """Red decides; its levels are 48.75 of 255 apart, so that 24 are too few and 25 enough."""
    context = finished(Knows(0, 1), levels(), run=EVALUATE)
    bench, labels = Bench(context, torch.arange(60)), context.data.test_labels.numpy()
    few, enough = under_fgsm(bench, [22.0, 27.0])
    assert (few == labels).mean() > 0.9
    inner = (labels > 0) & (labels < 4)
    assert (enough == labels)[inner].mean() < 0.1
    assert bench.flat == 0


def test_the_core_has_one_corruption_of_each_family_first() -> None:
    changes = list_changes(RobustnessOptions())
    first = [one for one in changes if one.tier == 0]
    assert changes[: len(first)] == first
    assert {one.kind for one in first if one.family in CORRUPTED} == set(CORE)
    assert {one.level for one in first if one.family in CORRUPTED} == {1, 3, 5}
    assert len(changes) == len(set(changes)) == 14 * 5 + 9 + 8


def test_a_plan_is_of_counts_alone_and_fixes_what_the_mean_is_over() -> None:
    fast = make_plan(RobustnessOptions(), False, 5000)
    assert fast.images == FAST_IMAGES
    assert fast.mean_kinds == CORE
    assert [group[0].kind for group in fast.groups[:2]] == ["shift", "flip_horizontal"]
    assert {one.level for group in fast.groups for one in group if one.family in CORRUPTED} == {1, 3, 5}
    assert not any(fast.needs(group) for group in fast.groups)
    assert make_plan(RobustnessOptions(corruptions=("snow",)), False, 70).mean_kinds == ("snow",)
    assert make_plan(RobustnessOptions(), False, 70).images == 70


def test_full_and_what_the_spec_asks_for_set_the_images() -> None:
    full = make_plan(RobustnessOptions(), True, 10_000)
    assert sorted(map(str, (one for group in full.groups for one in group))) == sorted(
        map(str, list_changes(RobustnessOptions()))
    )
    assert (full.images, full.beyond) == (FULL_IMAGES, ())
    assert make_plan(RobustnessOptions(images=7000), True, 10_000).images == 7000
    assert make_plan(RobustnessOptions(images=30), False, 10_000).images == 30


def test_what_a_gate_names_is_measured_whatever_time_it_takes() -> None:
    run = chosen(images=25, epsilons=[2])
    context = finished(Knows(0, 1), levels(), run=run)
    named = frozenset({"corruption_accuracy", "pgd_accuracy"})
    facts = facts_of(PROBE.run(context, Allowance(0.0, False, named=named)))
    assert {one.kind for one in facts.conditions} == {*CORE, "pgd"}
    assert "shift" in facts.kinds_left_out
    assert not set(facts.kinds_left_out) & {*CORE, "pgd"}
    assert facts.left_out + len(facts.conditions) == len(list_changes(RobustnessOptions(epsilons=(2,))))
    named = [(one.kind, one.level) for one in (*facts.conditions, *facts.conditions_left_out)]
    assert sorted(named) == sorted((one.kind, one.level) for one in list_changes(RobustnessOptions(epsilons=(2,))))


def test_fgsm_pays_for_one_gradient_and_pgd_for_what_still_stands() -> None:
    changes = list_changes(RobustnessOptions())
    fgsm, pgd = ([one for one in changes if one.kind == kind] for kind in ("fgsm", "pgd"))
    assert CostEstimate(1.0, 10).of_all(fgsm) == 4 + 3
    assert 31 < CostEstimate(1.0, 10).of_all(pgd) < 2 * 31


def test_a_spec_says_it(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        "model: {source: builtin:two_conv}\n"
        "run: {probes: {robustness: {level: full, images: 500, corruptions: [fog, snow], epsilons: [2, 8]}}}\n",
        encoding="utf-8",
    )
    own = read_spec(path).run.probes
    assert isinstance(own, ProbesSpec)
    assert own.robustness == RobustnessOptions(level="full", images=500, corruptions=("fog", "snow"), epsilons=(2, 8))
