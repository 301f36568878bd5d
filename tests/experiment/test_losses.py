"""Losses against formulas written in numpy, torch's own, and torchvision's focal loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from reportgen.experiment.losses import describe_loss, make_loss
from reportgen.spec.types import LossSpec

NAMES = ("cross_entropy", "kl_div", "nll", "mse", "focal")
CLASSES = 10


def batch(dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn(17, CLASSES, generator=generator, dtype=torch.float64)
    return logits.to(dtype), torch.randint(0, CLASSES, (17,), generator=generator)


def value(name: str, smoothing: float = 0.0) -> float:
    logits, labels = batch()
    return float(make_loss(LossSpec(name=name, label_smoothing=smoothing), CLASSES)(logits, labels))


def targets(smoothing: float) -> np.ndarray:
    return np.eye(CLASSES)[batch()[1].numpy()] * (1 - smoothing) + smoothing / CLASSES


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_is_minus_the_expected_log_probability(smoothing: float) -> None:
    expected = -(targets(smoothing) * log_softmax(batch()[0].numpy(), axis=1)).sum(1).mean()
    assert value("cross_entropy", smoothing) == pytest.approx(expected, rel=1e-12)


def test_nll_is_cross_entropy_without_smoothing() -> None:
    assert value("nll") == pytest.approx(float(functional.cross_entropy(*batch())), rel=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_kl_div_is_the_divergence_from_the_smoothed_label(smoothing: float) -> None:
    target = targets(smoothing)
    inner = np.where(target > 0, target * np.log(np.maximum(target, 1e-300)), 0.0)
    expected = (inner - target * log_softmax(batch()[0].numpy(), axis=1)).sum(1).mean()
    assert value("kl_div", smoothing) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_mse_is_the_brier_score(smoothing: float) -> None:
    expected = ((softmax(batch()[0].numpy(), axis=1) - targets(smoothing)) ** 2).sum(1).mean()
    assert value("mse", smoothing) == pytest.approx(expected, rel=1e-12)


def test_focal_of_two_classes_is_torchvisions() -> None:
    logits, labels = batch()
    two, binary = logits[:, :2], labels % 2
    theirs = sigmoid_focal_loss(two[:, 1] - two[:, 0], binary.double(), alpha=-1, gamma=2, reduction="mean")
    ours = make_loss(LossSpec(name="focal"), 2)(two, binary)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("given", "computed"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_a_loss_is_computed_in_float32_at_least(name: str, given: torch.dtype, computed: torch.dtype) -> None:
    assert make_loss(LossSpec(name=name), CLASSES)(*batch(given)).dtype == computed


@pytest.mark.parametrize("name", NAMES)
def test_gradients_agree_with_finite_differences(name: str) -> None:
    logits, labels = batch()
    loss = make_loss(LossSpec(name=name), CLASSES)
    assert torch.autograd.gradcheck(lambda x: loss(x, labels), (logits.requires_grad_(),))


@pytest.mark.parametrize("name", NAMES)
def test_a_loss_stays_finite_for_logits_that_are_certain(name: str) -> None:
    logits = torch.tensor([[200.0, -200.0], [200.0, -200.0]], requires_grad=True)
    loss = make_loss(LossSpec(name=name), 2)(logits, torch.tensor([0, 1]))
    loss.backward()
    assert logits.grad is not None
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_a_loss_is_described_with_the_smoothing_it_has() -> None:
    assert describe_loss(LossSpec()) == "cross entropy"
    assert describe_loss(LossSpec(label_smoothing=0.1)) == "cross entropy, label smoothing 0.1"
    assert describe_loss(LossSpec(name="focal", label_smoothing=0.1)) == "focal loss, gamma 2"
