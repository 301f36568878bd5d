"""Models made to show one thing, and what the report then says; and ones made not to."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reportgen.experiment import dynamics as recording
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.probes import dynamics
from reportgen.experiment.probes.context import Allowance
from reportgen.experiment.probes.response import measure
from reportgen.experiment.training import run_training
from reportgen.record.run import RunRecord
from reportgen.report.model import Finding
from reportgen.report.sections.response.view import SECTION as RESPONSE
from reportgen.report.sections.training.view import SECTION as TRAINING
from reportgen.spec.types import OptimizerSpec, RunSpec
from tests.experiment.cases import Heard, noise, plain_cpu
from tests.experiment.probes.cases import finished, recorded
from tests.report.sections.cases import Built, build


@pytest.fixture(autouse=True)
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is looked at, however long that takes."""
    monkeypatch.setattr(recording, "SHARE", 1e9)


def responses(record: RunRecord, module: nn.Module, initial: nn.Module | None = None) -> Built:
    """The section of the characteristic curves of a model."""
    state = initial.state_dict() if initial is not None else None
    context = finished(module, noise(test=100), state)
    return build(RESPONSE, recorded(record, "response", measure.run(context, Allowance(math.inf))))


def tone_of(built: Built, part: str) -> Finding:
    return next(finding for finding in built.findings if part in finding.text)


class Chain(nn.Module):
    """Two convolutions with one nonlinearity, with a gain in front of it."""

    def __init__(self, function: Callable[[Tensor], Tensor], gain: float = 1.0, offset: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 8, 3, stride=4), nn.Conv2d(8, 8, 3)
        self.head = nn.Linear(8, 10)
        self.function, self.gain, self.offset = function, gain, offset

    def forward(self, x: Tensor) -> Tensor:
        x = self.function(self.gain * self.first(x) + self.offset)
        x = self.function(self.gain * self.second(x) + self.offset)
        return self.head(x.mean((2, 3)))


def test_saturated_layers_are_called_so_and_others_are_not(record: RunRecord) -> None:
    built = responses(record, Chain(torch.tanh, gain=300.0))
    sentence = built.sentence("saturated")
    assert "2 of 3 layers are saturated at their usual input" in sentence
    assert "“first” (gain 0.0" in sentence
    assert tone_of(built, "saturated").tone == "caution"
    assert "saturated" not in responses(record, Chain(torch.tanh, gain=1.0)).text


def test_a_normalised_layer_is_not_called_saturated(record: RunRecord) -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=4, bias=False), nn.GroupNorm(1, 8, affine=False), nn.Flatten(), nn.Linear(512, 10)
    )
    built = responses(record, net)
    assert "saturated" not in built.text
    assert "(normalises)" in built.view.rows[0][1]  # type: ignore[attr-defined]


def test_a_softmax_over_classes_is_not_called_saturated(record: RunRecord) -> None:
    """Its outputs add up to 1 however large its input is, and are near 0 and 1 where the model is sure."""
    net = nn.Sequential(nn.Conv2d(3, 8, 3, stride=4), nn.Flatten(), nn.Linear(512, 10), nn.Softmax(1))
    with torch.no_grad():
        net[2].weight.mul_(1000.0)
    built = responses(record, net)
    assert "softmax" in built.view.rows[-1][1].lower()  # type: ignore[attr-defined]
    assert "saturated" not in built.text


def test_dead_channels_are_counted_and_compared(record: RunRecord) -> None:
    module, before = Chain(torch.relu), Chain(torch.relu)
    with torch.no_grad():
        module.first.bias[:5] = -1000.0
    built = responses(record, module, before)
    sentence = built.sentence("count as dead")
    assert "Before training there were none." in sentence
    assert "Most in “first”: 5 of 8" in sentence
    assert tone_of(built, "count as dead").tone == "caution"
    assert "No channel of the 3 layers is dead" in responses(record, before).text


def test_layers_that_use_their_linear_region_only(record: RunRecord) -> None:
    built = responses(record, Chain(torch.tanh, gain=1e-3))
    assert "2 of 2 layers with a nonlinearity work in their linear region only" in built.text
    assert tone_of(built, "linear region only").tone == "caution"
    assert "linear region only" not in responses(record, Chain(torch.relu)).text


class Bright(nn.Module):
    """Right for images as they are, and the surer the brighter they are; wrong once they are bright."""

    def __init__(self, data: LoadedData, loud: bool) -> None:
        super().__init__()
        self.body = nn.Linear(3072, 10)
        self.mean = nn.Parameter(torch.tensor(data.normalization.mean).view(1, 3, 1, 1))
        self.std = nn.Parameter(torch.tensor(data.normalization.std).view(1, 3, 1, 1))
        self.loud = loud

    def forward(self, x: Tensor) -> Tensor:
        light = (x * self.std + self.mean).mean((1, 2, 3))
        bright = (light > 0.7).float()
        pull = torch.nn.functional.one_hot((10 * bright).long().clamp(max=9), 10).float()
        usual = torch.nn.functional.one_hot(torch.zeros(len(x), dtype=torch.long), 10).float()
        sure = 2 + 6 * bright if self.loud else 2 - 1.8 * bright
        return sure[:, None] * (bright[:, None] * pull + (1 - bright[:, None]) * usual) + 0 * self.body(x.flatten(1))


@pytest.mark.parametrize("loud", [True, False])
def test_confidence_that_grows_with_the_light_without_accuracy(record: RunRecord, loud: bool) -> None:
    data = noise(test=100)
    data.test_labels.zero_()  # all of the class that dim images are called
    context = finished(Bright(data, loud), data)
    built = build(RESPONSE, recorded(record, "response", measure.run(context, Allowance(math.inf))))
    assert ("Confidence grows with the intensity, accuracy does not" in built.text) is loud
    if loud:
        assert "classifies 0.0 % of the images correctly, with a mean confidence of 99" in built.sentence(
            "Confidence grows"
        )
    assert "twice the intensity (clipped at white) by −100.0 points" in built.text


def test_what_black_is_called(record: RunRecord) -> None:
    module = Chain(torch.relu)
    with torch.no_grad():
        module.head.bias.copy_(torch.tensor([0.0, 0, 0, 50, 0, 0, 0, 0, 0, 0]))
    built = responses(record, module)
    assert "A black image is predicted as “cat” with a confidence of 100.0 %" in built.text
    assert tone_of(built, "A black image").tone == "caution"


def trained(record: RunRecord, module: nn.Module, steps: int = 12, **optimizer: float) -> Built:
    """The training section after a real pass."""
    data, initial = noise(train=64, test=40), copy.deepcopy(module.state_dict())
    given = {"lr": 1e-3, "weight_decay": 0.0, **optimizer}
    run = RunSpec(steps=steps, batch_size=16, optimizer=OptimizerSpec(name="sgd", **given), schedule="constant")  # type: ignore[arg-type]
    arrays = run_training(module, data, run, plain_cpu(), Heard()).arrays
    kept = {name: values for name, values in arrays.items() if name.startswith("dynamics.")}
    context = finished(module, data, initial, kept)
    return build(TRAINING, recorded(record, "dynamics", dynamics.run(context, Allowance(math.inf)), kept))


def deep(function: type[nn.Module], layers: int = 12, scale: float = 1.0) -> nn.Module:
    """A deep plain network; `scale` times torch's own initial weights."""
    torch.manual_seed(0)
    body = [part for _ in range(layers) for part in (nn.Linear(32, 32), function())]
    module = nn.Sequential(nn.Flatten(), nn.Linear(3072, 32), function(), *body, nn.Linear(32, 10))
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.shape == (32, 32):
                parameter.mul_(scale)
    return module


def shallow() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10))


def test_a_calm_pass_raises_no_alarm(record: RunRecord) -> None:
    built = trained(record, shallow(), lr=0.002)
    for word in (
        "explod",
        "vanish",
        "did not move",
        "No gradient reaches",
        "deactivated",
        "hardly learn",
        "tolerate more",
    ):
        assert word not in built.text
    assert "A step moves a layer by" in built.text
    assert "Hinton 2010" in built.text


def test_gradients_that_vanish_through_depth(record: RunRecord) -> None:
    built = trained(record, deep(nn.Sigmoid))
    sentence = built.sentence("Gradients vanish on their way to the input")
    assert "up to “27”" in sentence
    assert tone_of(built, "vanish").tone == "bad"


class Louder(torch.autograd.Function):
    """Nothing forward; three times the gradient on the way back."""

    @staticmethod
    def forward(context: object, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return 3 * gradient


class Amplifier(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Louder.apply(torch.relu(x)) + x - x.detach()  # type: ignore[no-untyped-call]


def test_gradients_that_grow_through_depth(record: RunRecord) -> None:
    built = trained(record, deep(Amplifier), lr=1e-30)
    assert "Gradients grow on their way to the input" in built.text
    assert "vanish" not in built.text
    assert "way to the input" not in trained(record, shallow(), lr=1e-3).text


class Jumps(nn.Module):
    """Multiplies its logits at one training call."""

    def __init__(self, at: int, by: float) -> None:
        super().__init__()
        self.inner, self.at, self.by, self.calls = shallow(), at, by, 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += self.training
        logits: Tensor = self.inner(x)
        return logits * (self.by if self.training and self.calls == self.at else 1.0)


def test_a_gradient_that_jumps_far_beyond_its_past(record: RunRecord) -> None:
    built = trained(record, Jumps(9, 1e4), lr=1e-9)
    sentence = built.sentence("exploding gradients")
    assert "at step 9," in sentence
    assert tone_of(built, "exploding").tone == "bad"
    assert "exploding" not in trained(record, Jumps(9, 2.0), lr=1e-9).text


def test_gradients_that_leave_the_finite_numbers(record: RunRecord) -> None:
    built = trained(record, Jumps(12, math.inf), steps=12, lr=1e-9)
    assert "Gradients exploded: at step" in built.text


class Split(nn.Module):
    """A layer whose output is thrown away."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.idle = shallow(), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.idle(x.mean((2, 3)))
        logits: Tensor = self.used(x)
        return logits


def test_layers_that_do_not_move(record: RunRecord) -> None:
    sentence = trained(record, Split()).sentence("did not move")
    assert sentence.startswith("1 of 3 trainable layers did not move in training: “idle”")
    assert "No gradient reaches them" in sentence


def test_a_step_too_long_for_a_layer(record: RunRecord) -> None:
    built = trained(record, shallow(), lr=30.0)
    assert "by more than 10 % of" in built.text
    assert "hardly learn" in trained(record, shallow(), lr=1e-7).text


def test_channels_that_training_kills(record: RunRecord) -> None:
    class Dies(nn.Module):
        """Loses its first channels after the first training call."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = shallow()

        def forward(self, x: Tensor) -> Tensor:
            if self.training:
                with torch.no_grad():
                    self.inner[0].bias[:4] = -1000.0
            logits: Tensor = self.inner(x)
            return logits

    built = trained(record, Dies())
    sentence = built.sentence("Training deactivated channels")
    assert "4 of 8 (50.0 %)" in sentence
    assert "0 before (n = 40 images); most in “inner.1”, from 0 to 4 of 8" in sentence
    assert tone_of(built, "deactivated").tone == "caution"


def test_numbers_of_the_tables_are_those_of_the_arrays(record: RunRecord) -> None:
    built = trained(record, shallow(), lr=0.002)
    rows = built.view.layers  # type: ignore[attr-defined]
    assert [row[0] for row in rows] == ["0", "3"]
    assert all(np.isfinite(float(row[1])) for row in rows)
