"""FGSM and PGD against captum's, their bounds, and models that let no gradient through."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional

from reportgen.experiment.attacks import NoGradientError, fgsm, gradient, pgd


class Net(nn.Module):
    """Smooth and small, so that few gradients are near zero."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv2d(3, 6, 3, padding=1), nn.Linear(6 * 64, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(torch.tanh(self.conv(x)).flatten(1))


@pytest.fixture
def case() -> tuple[Net, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return Net().double().eval(), torch.rand(6, 3, 8, 8, dtype=torch.float64), torch.arange(6) % 5


def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(logits, labels, reduction="sum")


def losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(logits, labels, reduction="none")


def test_the_gradient_is_that_of_each_image_alone(case: tuple[Net, torch.Tensor, torch.Tensor]) -> None:
    net, x, labels = case
    found = gradient(net, x, labels)
    step = torch.zeros_like(x)
    step[:, 1, 2, 3] = 1e-6
    with torch.no_grad():
        rise = losses(net(x + step), labels) - losses(net(x - step), labels)
    assert found[:, 1, 2, 3].tolist() == pytest.approx((rise / 2e-6).tolist(), rel=1e-5)


@pytest.mark.parametrize("epsilon", [1 / 255, 8 / 255, 0.3])
def test_fgsm_is_captums(case: tuple[Net, torch.Tensor, torch.Tensor], epsilon: float) -> None:
    from captum.robust import FGSM  # half a second that few tests need

    net, x, labels = case
    expected = FGSM(net, losses, 0.0, 1.0).perturb(x.clone().requires_grad_(), epsilon, labels).detach()
    found = fgsm(x, gradient(net, x, labels), epsilon)
    assert float((found - expected).abs().max()) < 1e-12


@pytest.mark.parametrize("steps", [1, 7])
def test_pgd_without_a_random_start_is_captums(case: tuple[Net, torch.Tensor, torch.Tensor], steps: int) -> None:
    from captum.robust import PGD

    net, x, labels = case
    tracked = x.clone().requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of its own steps after the first
        expected = PGD(net, losses, 0.0, 1.0).perturb(tracked, 8 / 255, 3 / 255, steps, labels)
    found = pgd(net, x, labels, 8 / 255, steps, 3 / 255, None)
    assert float((found - expected).abs().max()) < 1e-12


def test_pgd_stays_within_its_ball_and_the_pixels_and_is_no_weaker_than_one_step(
    case: tuple[Net, torch.Tensor, torch.Tensor],
) -> None:
    net, x, labels = case
    found = pgd(net, x, labels, 0.1, 10, 0.025, torch.Generator().manual_seed(0))
    assert float((found - x).abs().max()) <= 0.1 + 1e-12
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    once = fgsm(x, gradient(net, x, labels), 0.1)
    with torch.no_grad():
        assert float(loss(net(found), labels)) >= float(loss(net(once), labels))


def test_parameters_get_no_gradient(case: tuple[Net, torch.Tensor, torch.Tensor]) -> None:
    net, x, labels = case
    with torch.no_grad():
        pgd(net, x, labels, 0.1, 2, 0.05, None)
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not x.requires_grad


@pytest.mark.parametrize(
    "forward", [lambda x: x.detach().flatten(1)[:, :5], lambda x: (x > 0.5).double().flatten(1)[:, :5]]
)
def test_a_model_that_lets_no_gradient_through_says_so(forward: object) -> None:
    with pytest.raises(NoGradientError):
        gradient(forward, torch.rand(2, 3, 8, 8, dtype=torch.float64), torch.tensor([0, 1]))  # type: ignore[arg-type]
