"""What models do besides answering: what they write into, what they keep, how many images they take."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from reportgen.errors import ModelError
from reportgen.experiment.models.habits import settle_habits

IMAGES = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).relu().mean((2, 3)))


class NormalisesInPlace(Net):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.sub_(0.5).div_(0.2))


class TakesSigns(Net):
    def forward(self, x: Tensor) -> Tensor:
        x.data = x.data.sign()
        return super().forward(x)


class AddsNoiseInTraining(Net):
    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            x += 0.1 * torch.randn_like(x)
        return super().forward(x)


@pytest.mark.parametrize("kind", [NormalisesInPlace, TakesSigns, AddsNoiseInTraining])
def test_a_model_that_writes_into_images_gets_copies(kind: type[nn.Module]) -> None:
    model = kind().eval()
    (note,) = settle_habits(model, IMAGES)
    assert "writes into the images" in note.text
    given = IMAGES.clone()
    first = model(given)
    torch.testing.assert_close(model(given), first, rtol=0, atol=0)
    model.train()(given)
    torch.testing.assert_close(given, IMAGES, rtol=0, atol=0)
    wanted = given.requires_grad_()
    if kind is not TakesSigns:  # which has no gradient
        model(wanted).sum().backward()
        assert wanted.grad is not None


class MakesBinary(Net):
    """The weights that are learnt lie beside the parameters, as in binarized networks."""

    def forward(self, x: Tensor) -> Tensor:
        weight = self.conv.weight
        if not hasattr(weight, "org"):
            weight.org = weight.data.clone()
        weight.data = weight.org.sign()
        return super().forward(x)


class StartsByTheFirstBatch(Net):
    """Parameters that the first batch sets, as of activation normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.ready = nn.Parameter(torch.ones(())), False

    def forward(self, x: Tensor) -> Tensor:
        if not self.ready:
            self.scale.data.copy_(1 / x.std())
            self.ready = True
        return super().forward(x * self.scale)


def test_parameters_that_a_forward_pass_assigns_are_named() -> None:
    model = MakesBinary().eval()
    before = model.conv.weight.detach().clone()
    (note,) = settle_habits(model, IMAGES)
    assert "(conv.weight)" in note.text
    torch.testing.assert_close(model.conv.weight.detach(), before, rtol=0, atol=0)


class MakesItAgain(Net):
    def forward(self, x: Tensor) -> Tensor:
        self.conv.weight = nn.Parameter(self.conv.weight.detach().clone())
        return super().forward(x)


def test_a_parameter_that_a_forward_pass_replaces_by_an_equal_one_is_named() -> None:
    (note,) = settle_habits(MakesItAgain().eval(), IMAGES)
    assert "(conv.weight)" in note.text


def test_a_weight_that_is_no_number_is_not_assigned_by_the_forward_pass() -> None:
    model = Net().eval()
    model.conv.weight.data[0] = float("nan")
    assert settle_habits(model, IMAGES) == ()


@pytest.mark.parametrize("kind", [Net, StartsByTheFirstBatch])
def test_usual_models_are_left_as_they_are(kind: type[nn.Module]) -> None:
    model = kind().eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert settle_habits(model, IMAGES) == ()
    assert not model._forward_pre_hooks
    assert getattr(model, "ready", False) is False
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)


class HiddenOfOneSize(nn.Module):
    def __init__(self, batch: int = 6) -> None:
        super().__init__()
        self.rnn, self.fc = nn.LSTM(24, 5, batch_first=True), nn.Linear(5, 10)
        self.register_buffer("hidden", torch.zeros(1, batch, 5))

    def forward(self, x: Tensor) -> Tensor:
        found, _ = self.rnn(x.transpose(1, 2).flatten(2), (self.hidden, self.hidden))
        return self.fc(found[:, -1])


class ViewsOneSize(Net):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).view(7, 4, 64).mean(2))


class AsksForOneSize(Net):
    def __init__(self) -> None:
        super().__init__()
        self.batch_size = 48

    def forward(self, x: Tensor) -> Tensor:
        assert len(x) == self.batch_size
        return super().forward(x)


class TakesEights(Net):
    def forward(self, x: Tensor) -> Tensor:
        groups = x.view(-1, 8, *x.shape[1:])
        return super().forward((x.view_as(groups) - groups.mean(1, keepdim=True)).view_as(x))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (HiddenOfOneSize, "exactly 6 images"),
        (ViewsOneSize, "exactly 7 images"),
        (AsksForOneSize, "exactly 48 images"),
        (TakesEights, "multiples of 8 images"),
    ],
)
def test_a_model_of_one_batch_size_is_refused_by_the_size_it_wants(kind: type[nn.Module], words: str) -> None:
    with pytest.raises(ModelError, match=f"takes {words} at once, and was given 4"):
        settle_habits(kind().eval(), IMAGES)


class KeepsItsMembrane(Net):
    def __init__(self) -> None:
        super().__init__()
        self.membrane: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.membrane is None:
            self.membrane = torch.zeros(len(x), 4, 8, 8)
        self.membrane = 0.9 * self.membrane + self.conv(x)
        return self.fc(self.membrane.mean((2, 3)))


class KeepsItsHidden(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.fc = nn.LSTM(24, 5, batch_first=True), nn.Linear(5, 10)
        self.hidden: tuple[Tensor, Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        found, self.hidden = self.rnn(x.transpose(1, 2).flatten(2), self.hidden)
        return self.fc(found[:, -1])


@pytest.mark.parametrize(("kind", "name"), [(KeepsItsMembrane, "membrane"), (KeepsItsHidden, "hidden")])
def test_a_state_that_another_batch_does_not_fit_is_named(kind: type[nn.Module], name: str) -> None:
    model = kind().eval()
    with pytest.raises(ModelError, match=rf"keeps a state between calls \({name}\)") as caught:
        settle_habits(model, IMAGES)
    assert "resetting" in caught.value.hint
    assert getattr(model, name) is None


def test_any_other_error_stays_what_it_is() -> None:
    class Breaks(Net):
        def forward(self, x: Tensor) -> Tensor:
            return functional.linear(x, self.fc.weight)

    with pytest.raises(ModelError, match="can't take 3×8×8 images"):
        settle_habits(Breaks().eval(), IMAGES)


class SwitchesGradients(Net):
    """Gradients off for the backbone and on again, as if they had been on; or off, and left so."""

    def __init__(self, now: bool, afterwards: bool) -> None:
        super().__init__()
        self.now, self.afterwards = now, afterwards

    def forward(self, x: Tensor) -> Tensor:
        torch.set_grad_enabled(self.now)
        found = self.conv(x).relu().mean((2, 3))
        torch.set_grad_enabled(True)
        found = self.fc(found)
        torch.set_grad_enabled(self.afterwards)
        return found


class RecordsAlways(Net):
    def forward(self, x: Tensor) -> Tensor:
        with torch.enable_grad():
            return super().forward(x)


class RaisesWithoutGradients(Net):
    def forward(self, x: Tensor) -> Tensor:
        torch.set_grad_enabled(not self.training)
        if len(x) == 1:
            raise ValueError("one")
        return super().forward(x)


@pytest.mark.parametrize(
    "model",
    [
        SwitchesGradients(False, True),
        SwitchesGradients(True, False),
        SwitchesGradients(True, True),
        RecordsAlways(),
        RaisesWithoutGradients(),
    ],
)
def test_gradients_are_recorded_as_the_caller_has_it(model: nn.Module) -> None:
    (note,) = settle_habits(model.eval(), IMAGES)
    assert "recording of gradients" in note.text
    for recorded in (True, False):
        with torch.set_grad_enabled(recorded):
            output = model(IMAGES)
            assert torch.is_grad_enabled() == recorded
            assert output.requires_grad == recorded
            if isinstance(model, RaisesWithoutGradients):
                with pytest.raises(ValueError, match="one"):
                    model(IMAGES[:1])
                assert torch.is_grad_enabled() == recorded
