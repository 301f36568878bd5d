"""Losses against formulas written in numpy, torch's own, and torchvision's focal loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from reportgen.experiment.losses import describe_loss, distil, make_loss
from reportgen.spec.types import LossSpec, ModelSpec

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


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_focal_weighs_by_its_gamma(gamma: float) -> None:
    logits, labels = batch()
    log_p = log_softmax(logits.numpy(), axis=1)[np.arange(17), labels.numpy()]
    expected = (-((1 - np.exp(log_p)) ** gamma) * log_p).mean()
    assert float(make_loss(LossSpec(name="focal", gamma=gamma), CLASSES)(logits, labels)) == pytest.approx(expected)


def shares(seed: int = 0) -> torch.Tensor:
    """Rows of the classes' shares, (17, CLASSES)."""
    found: torch.Tensor = torch.from_numpy(np.random.default_rng(seed).dirichlet(np.ones(CLASSES), 17))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_shares_that_are_all_of_one_class_are_its_label(name: str) -> None:
    logits, labels = batch()
    smoothing = 0.0 if name in ("nll", "focal") else 0.1
    loss = make_loss(LossSpec(name=name, label_smoothing=smoothing), CLASSES)
    hot = functional.one_hot(labels, CLASSES)
    assert float(loss(logits, hot)) == pytest.approx(float(loss(logits, labels)), rel=1e-12)
    assert float(loss(logits, hot.float())) == pytest.approx(float(loss(logits, labels)), rel=1e-12)


@pytest.mark.parametrize("name", ["cross_entropy", "nll", "focal"])
def test_the_loss_of_mixed_labels_is_the_mixed_loss_as_in_the_reference_of_mixup(name: str) -> None:
    logits, labels = batch()
    others, hot = labels.flip(0), functional.one_hot(labels, CLASSES).double()
    loss = make_loss(LossSpec(name=name), CLASSES)
    mixed = 0.3 * hot + 0.7 * functional.one_hot(others, CLASSES).double()
    expected = 0.3 * float(loss(logits, labels)) + 0.7 * float(loss(logits, others))
    assert float(loss(logits, mixed)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_kl_div_and_mse_of_shares(smoothing: float) -> None:
    logits, target = batch()[0], shares().numpy() * (1 - smoothing) + smoothing / CLASSES
    spec = {name: LossSpec(name=name, label_smoothing=smoothing) for name in ("kl_div", "mse")}  # type: ignore[arg-type]
    divergence = (target * (np.log(target) - log_softmax(logits.numpy(), axis=1))).sum(1).mean()
    squared = ((softmax(logits.numpy(), axis=1) - target) ** 2).sum(1).mean()
    assert float(make_loss(spec["kl_div"], CLASSES)(logits, shares())) == pytest.approx(divergence, rel=1e-10)
    assert float(make_loss(spec["mse"], CLASSES)(logits, shares())) == pytest.approx(squared, rel=1e-12)


@pytest.mark.parametrize(("heat", "alpha", "smoothing"), [(None, None, 0.0), (1.0, 0.5, 0.1), (20.0, 1.0, 0.0)])
def test_distillation_is_hintons_sum(heat: float | None, alpha: float | None, smoothing: float) -> None:
    logits, labels = batch()
    teacher = 2 * torch.randn(17, CLASSES, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    spec = LossSpec(name="kl_div", temperature=heat, alpha=alpha, label_smoothing=smoothing)
    heat, alpha = heat or 4.0, 0.9 if alpha is None else alpha
    known = softmax(teacher.numpy() / heat, axis=1)
    guided = (known * (np.log(known) - log_softmax(logits.numpy() / heat, axis=1))).sum(1).mean()
    plain = -(targets(smoothing) * log_softmax(logits.numpy(), axis=1)).sum(1).mean()
    expected = alpha * heat**2 * guided + (1 - alpha) * plain
    assert float(distil(spec, logits, teacher, labels)) == pytest.approx(expected, rel=1e-10)
    hot = functional.one_hot(labels, CLASSES)
    assert float(distil(spec, logits, teacher, hot)) == pytest.approx(expected, rel=1e-10)
    single = distil(spec, logits.bfloat16(), teacher.bfloat16(), labels)
    assert single.dtype == torch.float32


def test_at_high_temperature_distillation_matches_logits() -> None:
    """Hinton et al. 2015 §2.1: with zero-meaned logits the gradient tends to (student − teacher) / classes."""
    student, teacher = (
        torch.randn(5, CLASSES, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in (1, 2)
    )
    student, teacher = student - student.mean(1, keepdim=True), teacher - teacher.mean(1, keepdim=True)
    student.requires_grad_()
    spec = LossSpec(name="kl_div", temperature=1000.0, alpha=1.0)
    distil(spec, student, teacher, torch.zeros(5, dtype=torch.int64)).backward()
    assert student.grad is not None
    expected = (student.detach() - teacher) / CLASSES / 5
    assert torch.allclose(student.grad, expected, rtol=0, atol=1e-4)


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


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_a_small_gamma_has_finite_gradients_of_certain_logits(gamma: float) -> None:
    logits = torch.tensor([[200.0, -200.0], [200.0, -200.0]], requires_grad=True)
    make_loss(LossSpec(name="focal", gamma=gamma), 2)(logits, torch.tensor([0, 1])).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_loss_stays_finite_for_logits_that_are_certain(name: str) -> None:
    logits = torch.tensor([[200.0, -200.0], [200.0, -200.0]], requires_grad=True)
    loss = make_loss(LossSpec(name=name), 2)(logits, torch.tensor([0, 1]))
    loss.backward()
    assert logits.grad is not None
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_a_loss_is_described_with_the_smoothing_it_has() -> None:
    assert str(describe_loss(LossSpec())) == "cross entropy"
    assert str(describe_loss(LossSpec(label_smoothing=0.1))) == "cross entropy, label smoothing 0.1"
    assert str(describe_loss(LossSpec(name="focal", label_smoothing=0.1))) == "focal loss, gamma 2"
    assert str(describe_loss(LossSpec(name="focal", gamma=0.5))) == "focal loss, gamma 0.5"
    taught = LossSpec(name="kl_div", teacher=ModelSpec(source="builtin:linear"), temperature=2.0, label_smoothing=0.1)
    assert str(describe_loss(taught)) == (
        "0.9 × Kullback–Leibler divergence from the teacher (temperature 2, times its square) + 0.1 × cross entropy "
        "with the label, label smoothing 0.1"
    )
