"""The characteristic curves, each quantity against the same thing done step by step."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from reportgen.experiment.models.builtin import NETWORKS
from reportgen.experiment.probes import ProbeContext, ProbeRefused
from reportgen.experiment.probes.context import Allowance
from reportgen.experiment.probes.response import measure as measure_module
from reportgen.experiment.probes.response.drive import drive_alone, respond
from reportgen.experiment.probes.response.measure import PLANS, choose_plan, run
from reportgen.experiment.probes.response.statistics import Answered, channel_axis
from reportgen.experiment.probes.response.units import find_units
from reportgen.record.probes.response import ResponseFacts
from reportgen.spec.probes import ProbesSpec, ResponseOptions
from reportgen.spec.types import RunSpec
from tests.experiment.cases import noise
from tests.experiment.probes.cases import finished
from tests.experiment.probes.response.test_units import Loop

TwoConv = NETWORKS["two_conv"]

FREE = Allowance(math.inf)


class Residual(nn.Module):
    """A block that takes a list, as dense blocks do, and gives a tuple."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.norm = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        self.two = nn.Conv2d(width, width, 1)

    def forward(self, parts: list[Tensor], scale: float = 1.0) -> tuple[Tensor, str]:
        x = sum(parts[1:], parts[0])
        return functional.relu(x + scale * self.two(functional.gelu(self.norm(self.one(x))))), "done"


class Net(nn.Module):
    """A stretch with functions, a block, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.block = Residual(6)
        self.head = nn.Linear(6 * 8 * 8, 10)

    def stem_of(self, x: Tensor) -> Tensor:
        return functional.avg_pool2d(self.act(self.stem(x)), 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem_of(x)
        out, _ = self.block([x, 0.5 * x], scale=0.7)
        return self.head(out.flatten(1))


@pytest.fixture
def context() -> ProbeContext:
    torch.manual_seed(0)
    net = Net()
    initial = copy.deepcopy(net.state_dict())
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(1.3)
    return finished(net, noise(test=40), initial)


def found(context: ProbeContext, allowance: Allowance = FREE) -> tuple[ResponseFacts, dict[str, np.ndarray]]:
    result = run(context, allowance)
    assert isinstance(result.facts, ResponseFacts)
    assert all(name.startswith("response.") for name in result.arrays)
    return result.facts, {name.removeprefix("response."): values for name, values in result.arrays.items()}


def alone_by_hand(net: Net, x: Tensor) -> dict[str, Callable[[float], Tensor]]:
    """What each unit gives for its own input times a."""
    stem = net.stem_of(x)
    out = net.block([stem, 0.5 * stem], scale=0.7)[0]
    return {
        "stem": lambda a: net.stem_of(a * x),
        "block": lambda a: net.block([a * stem, a * 0.5 * stem], scale=0.7)[0],
        "head": lambda a: net.head(a * out.flatten(1)),
    }


def test_responses_to_the_own_drive_are_those_of_a_loop(context: ProbeContext) -> None:
    facts, arrays = found(context)
    rows = context.sample(facts.by_layer.images)[0]
    net, x = context.module, context.inputs(rows)
    assert isinstance(net, Net)
    assert [unit.path for unit in facts.units] == ["stem", "block", "head"]
    with torch.no_grad():
        for place, (path, answer) in enumerate(alone_by_hand(net, x).items()):
            own = answer(1.0).double()
            axes = tuple(axis for axis in range(own.dim()) if axis != 1)
            for step, drive in enumerate(arrays["drives"]):
                y = answer(float(drive)).double()
                assert arrays["rms"][0, step, place] == pytest.approx(float(y.square().mean().sqrt()), rel=1e-4), path
                by_channel = (y.square().mean(axes) / own.square().mean(axes)).sqrt()
                expected = np.quantile(by_channel.numpy(), (0.1, 0.5, 0.9))
                np.testing.assert_allclose(arrays["channels"][0, step, :, place], expected, rtol=1e-3)
            for step, drive in enumerate((0.9, 1.0, 1.1)):
                power = answer(drive).double().flatten(1).square().mean(1)
                np.testing.assert_allclose(arrays["power"][0, step, place], power, rtol=1e-4)
            back, rest = answer(-1.0).double(), answer(0.0).double()
            bend = float((own + back - 2 * rest).norm() / (own - back).norm())
            assert arrays["bend"][0, place] == pytest.approx(bend, abs=2e-4)


def test_responses_to_light_are_those_of_a_loop(context: ProbeContext) -> None:
    facts, arrays = found(context)
    rows = context.sample(facts.sampled.images)[0]
    near = rows[: facts.by_layer.images]
    data, net = context.data, context.module
    assert isinstance(net, Net)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (data.normalization.mean, data.normalization.std))
    assert arrays["exposures"][0] == 0
    with torch.no_grad():
        for place, exposure in enumerate(arrays["exposures"]):
            for side in (0, 1):
                pixels = data.test_images.permute(0, 3, 1, 2) / 255 * float(exposure)
                x = ((pixels.clamp(max=1) if side == 0 else pixels) - mean) / std
                stem = net.stem_of(x[near])
                assert arrays["layers"][0, side, place, 0] == pytest.approx(
                    float(stem.square().mean().sqrt()), rel=1e-3
                )
                logits = net(x[near])
                assert arrays["layers"][0, side, place, 2] == pytest.approx(
                    float(logits.square().mean().sqrt()), rel=1e-3
                )
                shares = net(x[rows]).softmax(1)
                np.testing.assert_array_equal(arrays["right"][side, place], shares.argmax(1) == data.test_labels[rows])
                np.testing.assert_allclose(arrays["confidence"][side, place], shares.amax(1), rtol=1e-3)
        black = net(-(mean / std).expand(1, 3, 32, 32)).softmax(1)[0]
    assert facts.black.label == int(black.argmax())
    assert facts.black.confidence == pytest.approx(float(black.max()), rel=1e-4)


def test_the_initial_weights_are_measured_beside_the_trained_ones(context: ProbeContext) -> None:
    facts, arrays = found(context)
    rows = context.sample(facts.by_layer.images)[0]
    before = Net()
    before.load_state_dict(context.initial or {})
    before.block.norm.momentum = None
    x = context.inputs(rows)
    with torch.no_grad():
        before.train()(x)  # fresh batch normalisation takes its statistics from the sample
        expected = float(before.eval()(x).square().mean().sqrt())
    one = int(np.flatnonzero(arrays["drives"] == 1)[0])
    assert arrays["rms"].shape[0] == 2
    assert arrays["rms"][1, one, 2] == pytest.approx(expected, rel=1e-3)
    assert facts.why_alone is None
    assert all(unit.dead_before is not None for unit in facts.units)


def test_the_model_is_left_as_it_was(context: ProbeContext) -> None:
    before = copy.deepcopy(context.module.state_dict())
    found(context)
    for name, tensor in context.module.state_dict().items():
        assert torch.equal(tensor, before[name])
    for module in context.module.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_what_was_not_trained_has_no_initial_curve() -> None:
    facts, arrays = found(finished(TwoConv(), noise(test=20)))
    assert "not trained" in str(facts.why_alone)
    assert arrays["rms"].shape[0] == 1
    assert facts.units[0].dead_before is None


def test_flattened_outputs_keep_their_channels() -> None:
    facts, _ = found(finished(TwoConv(), noise(test=20)))
    assert [unit.channels for unit in facts.units] == [32, 64, 10]


def test_dead_channels_are_counted_over_images_positions_and_drives() -> None:
    torch.manual_seed(1)
    net = TwoConv()
    with torch.no_grad():
        net.conv1.bias[:5] = -100.0
        net.conv1.weight[5:8] = 0.0
        net.conv1.bias[5:8] = 1.0
    facts, arrays = found(finished(net, noise(test=20)))
    assert facts.units[0].dead == 8
    assert np.isfinite(arrays["channels"]).all()


def test_a_channel_that_wakes_up_when_driven_harder_is_not_dead() -> None:
    net = nn.Sequential(nn.Conv2d(3, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 10))
    data = noise(test=20)
    with torch.no_grad():
        net[0].weight.fill_(1.0)
        net[0].bias.fill_(-float(data.normalization.apply(data.test_images).sum(1).max()) * 1.5)
    facts, _ = found(finished(net, data))
    assert facts.units[0].dead == 0


class Crossing(nn.Module):
    """A shortcut from before a stretch to behind it, written out flat: drives can't stand side by side there."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.head = nn.Linear(3, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.a(x))
        return self.head((torch.relu(self.b(y)) + x).mean((2, 3)))


def test_a_shortcut_across_a_stretch_is_driven_one_drive_at_a_time() -> None:
    net = Crossing()
    context = finished(net, noise(test=20))
    facts, arrays = found(context)
    x = context.inputs(context.sample(facts.by_layer.images)[0])
    with torch.no_grad():
        y = torch.relu(net.a(x))
        for step, drive in enumerate(arrays["drives"]):
            expected = (torch.relu(net.b(float(drive) * y)) + x).mean((2, 3))
            assert arrays["rms"][0, step, 1] == pytest.approx(float(expected.square().mean().sqrt()), rel=1e-4)


@pytest.mark.slow
def test_double_precision_stays_double() -> None:
    facts, arrays = found(finished(TwoConv().double(), noise(test=20), precision="float64"))
    assert len(facts.units) == 3
    assert all(values.dtype in (np.float32, np.uint8) for values in arrays.values())


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((2, 16, 8, 8), 1), ((2, 8, 8, 16), 3), ((2, 8, 8, 8), 1), ((2, 50, 16), 2), ((2, 10), 1), ((2, 4, 5, 6), 1)],
)
def test_where_the_channels_are(shape: tuple[int, ...], axis: int) -> None:
    assert channel_axis(shape) == axis


def test_a_rectifier_bends_and_a_line_does_not() -> None:
    torch.manual_seed(2)
    x = torch.randn(50, 20)
    for function, bend in ((torch.relu, 1.0), (lambda v: 3 * v + 2, 0.0)):
        answered = Answered()
        for drive in (-1.0, 0.0, 1.0):
            answered.hear(drive, function(drive * x), 50)
        assert answered.bend() == pytest.approx(bend, abs=1e-6)


def test_nothing_is_driven_that_is_not_there() -> None:
    with pytest.raises(ProbeRefused, match="No layer"):
        run(finished(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), noise(test=20)), FREE)


def test_outputs_that_are_not_finite_are_refused() -> None:
    net = TwoConv()
    with torch.no_grad():
        net.linear.bias[0] = math.nan
    with pytest.raises(ProbeRefused, match="not finite"):
        run(finished(net, noise(test=20)), FREE)


def test_the_plan_is_finer_with_more_time_and_each_has_its_number_of_images(context: ProbeContext) -> None:
    units = find_units(context.trace)
    assert choose_plan(FREE, units, 1.0, 40, True) == (PLANS[0], 40)
    assert choose_plan(FREE, units, 1.0, 500, True) == (PLANS[0], measure_module.BY_LAYER)
    costs = [plan.cost(units) for plan in PLANS]
    assert costs == sorted(costs, reverse=True)
    share = measure_module.DRAFT * measure_module.LAYER_SHARE
    enough = Allowance(0.0, planned=41 * costs[0] / share)
    assert choose_plan(enough, units, 1.0, 40, True) == (PLANS[0], 40)
    assert choose_plan(Allowance(0.0, planned=41 * costs[1] / share), units, 1.0, 40, True) == (PLANS[1], 40)
    assert choose_plan(Allowance(1.1 * costs[2]), units, 1.0, 40, True) == (PLANS[2], PLANS[2].images)
    with pytest.raises(ProbeRefused, match="response: full"):
        choose_plan(Allowance(0.1 * costs[2]), units, 1.0, 40, True)


def test_a_large_model_is_shown_few_images_and_the_report_says_so(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure_module, "nominal_seconds", lambda _trace: 0.01)
    facts, arrays = found(context, Allowance(0.5))
    assert facts.by_layer.images == PLANS[2].images
    assert facts.sampled.images == arrays["right"].shape[2]
    assert "time budget did not allow" in str(facts.why_alone)


def test_a_slow_machine_leaves_out_whole_parts(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, arrays = found(context, Allowance(1e6, planned=2.0))
    plan = next(plan for plan in PLANS if len(plan.drives) == len(arrays["drives"]) and plan.sets == 2)
    one_set = usual.by_layer.images * plan.cost(find_units(context.trace)) / plan.sets
    monkeypatch.setattr(measure_module, "time_image", lambda *_: 3 * 60.0 / one_set)
    slow, fewer = found(context, Allowance(60.0, planned=2.0))
    assert usual.why_alone is None
    assert "time budget did not allow" in str(slow.why_alone)
    assert slow.by_layer == usual.by_layer
    assert [unit.dead for unit in slow.units] == [unit.dead for unit in usual.units]
    shown = fewer["right"].shape[2]
    assert np.array_equal(fewer["right"], arrays["right"][:, :, :shown])
    with pytest.raises(ProbeRefused, match="response: full"):
        found(context, Allowance(1.0, planned=2.0))


def test_the_spec_sets_the_number_of_images() -> None:
    run_spec = RunSpec(probes=ProbesSpec(response=ResponseOptions(images=7)))
    facts, _ = found(finished(TwoConv(), noise(test=20), run=run_spec))
    assert facts.sampled.images == facts.by_layer.images == 7


def test_a_stretch_whose_end_is_never_reached_is_left_out() -> None:
    class Shy(nn.Module):
        """Takes the last layer only where the image is dim."""

        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 10), nn.Linear(10, 10)

        def forward(self, x: Tensor) -> Tensor:
            y = self.a(x.mean((2, 3)))
            return self.b(y) if float(y.abs().max()) < self.limit else y

        limit = 1e9

    net = Shy()
    context = finished(net, noise(test=20))
    net.limit = 0.0
    answered = drive_alone(net, context.inputs(torch.arange(4)), find_units(context.trace), (0.0, 1.0))
    assert list(answered) == []


def test_a_pass_without_drive_gives_every_units_response(context: ProbeContext) -> None:
    x = context.inputs(torch.arange(5))
    responses, logits = respond(context.module, x, find_units(context.trace))
    assert set(responses) == {"stem", "block", "head"}
    with torch.no_grad():
        torch.testing.assert_close(logits, context.module(x))


@pytest.mark.slow
def test_everything_is_the_same_again(context: ProbeContext) -> None:
    first: dict[str, Any] = found(context)[1]
    second = found(context)[1]
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


def test_a_state_that_begins_with_zeros_is_not_said_to_be_saturated() -> None:
    torch.manual_seed(0)
    module = Loop().eval()
    data = noise(train=32, test=20)
    found = run(finished(module, data), FREE)
    facts = found.facts
    assert isinstance(facts, ResponseFacts)
    assert facts.unmeasured == ("loop",), "its input is zero: no drive changes what it gives"
    stem = next(one for one in facts.units if one.path == "stem")
    assert stem.dead == 0, "it answers to every image, and the state that takes its shape is none of its answers"
