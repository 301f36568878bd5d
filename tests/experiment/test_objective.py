"""What a step makes small: mixing against its formula and its distribution, a teacher that is only listened to."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import beta, kstest
from torch import nn
from torch.nn import functional

from reportgen.experiment.losses import distil, make_loss
from reportgen.experiment.objective import Mixer, Objective
from reportgen.experiment.train import plan_steps, train
from reportgen.spec.types import DataSpec, LossSpec, ModelSpec, OptimizerSpec, RunSpec
from tests.experiment.cases import noise, plain_cpu


def model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))


def images(number: int = 6) -> torch.Tensor:
    return torch.randn(number, 3, 32, 32, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_images_and_labels_are_mixed_in_the_same_shares_and_pairs(dtype: torch.dtype) -> None:
    labels = torch.arange(6)
    mixed, shares = Mixer(1.0, 10, seed=3).mix(images().to(dtype), labels)
    assert mixed.dtype == shares.dtype == dtype
    assert torch.allclose(shares.sum(1), torch.ones(6, dtype=dtype))
    assert torch.allclose(mixed, torch.einsum("bk,kchw->bchw", shares[:, :6], images().to(dtype)), atol=1e-6)
    assert sorted((shares > 0).sum(1).tolist())[-1] == 2


def test_shares_come_from_the_beta_distribution_again_for_each_batch() -> None:
    mixer, found = Mixer(0.4, 2, seed=0), []
    for _ in range(800):
        _, shares = mixer.mix(torch.zeros(2, 1, 1, 1), torch.tensor([0, 1]))
        if float(shares[0, 1]) > 0:  # the order has changed the two, as it does half the time
            found.append(float(shares[0, 0]))
    assert len(found) > 300
    assert kstest(found, beta(0.4, 0.4).cdf).pvalue > 0.01


def test_mixing_is_seeded_and_apart_from_order_and_augmentation() -> None:
    def last(seed: int, mixup: float | None, steps: int = 4) -> tuple[float, list[int]]:
        data = noise(spec=DataSpec(augment=("flip",), mixup=mixup))
        run = RunSpec(steps=steps, batch_size=16, seed=seed, optimizer=OptimizerSpec(lr=1e-3))
        done = list(train(model(), data, run, plain_cpu(), lambda step: step / steps))
        return float(done[-1].loss), done[-1].rows.tolist()

    assert last(1, 0.5) == last(1, 0.5)
    assert last(1, 0.5)[0] != last(1, None)[0]
    assert last(1, 0.5)[1] == last(1, None)[1]
    assert last(1, 0.5)[0] != last(2, 0.5)[0]


@pytest.mark.parametrize("name", ["cross_entropy", "kl_div", "nll", "mse", "focal"])
def test_the_loss_of_a_mixed_batch(name: str) -> None:
    data, run = noise(spec=DataSpec(mixup=0.7, augment=())), RunSpec(loss=LossSpec(name=name), seed=5)  # type: ignore[arg-type]
    labels, module = torch.arange(6), model()
    found = Objective(run, data, plain_cpu(), None)(module, images(), labels)
    mixed, shares = Mixer(0.7, 10, 5).mix(images(), labels)
    assert found.item() == pytest.approx(make_loss(run.loss, 10)(module(mixed), shares).item())


class Listener(nn.Module):
    """A teacher that remembers in which mode it was asked, and what."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.norm, self.heard = model(9), nn.BatchNorm2d(3), []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.heard.append((self.training, torch.is_grad_enabled(), x.detach().clone()))
        logits: torch.Tensor = self.inner(self.norm(x))
        return logits


@pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
def test_a_teacher_sees_what_its_student_sees_and_does_not_change(precision: str) -> None:
    spec = LossSpec(name="kl_div", teacher=ModelSpec(source="x:y"), temperature=3.0, alpha=0.7)
    data, run = noise(spec=DataSpec(augment=(), mixup=0.5)), RunSpec(loss=spec, steps=3, batch_size=8)
    teacher, student, device = Listener().train(), model(), plain_cpu(precision)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    steps = list(train(student, data, run, device, lambda step: step / 3, teacher))
    assert plan_steps(run, 64).steps == len(steps) == len(teacher.heard)
    assert {(training, graded) for training, graded, _ in teacher.heard} == {(False, False)}
    assert all(torch.equal(value.double(), before[name].double()) for name, value in teacher.state_dict().items())
    assert all(parameter.grad is None for parameter in teacher.parameters())
    fresh, mixer = device.place(model()), Mixer(0.5, 10, 0)
    batch = data.normalization.apply(data.train_images[steps[0].rows], device.dtype)
    mixed, shares = mixer.mix(batch, data.train_labels[steps[0].rows])
    assert torch.equal(teacher.heard[0][2], mixed)
    with torch.no_grad(), device.autocast():
        expected = distil(spec, fresh(mixed), device.place(teacher)(mixed), shares)
    assert float(steps[0].loss) == pytest.approx(float(expected), rel=1e-5)
    assert steps[0].loss.dtype == (torch.float64 if precision == "float64" else torch.float32)


@pytest.mark.slow
def test_a_student_comes_to_agree_with_its_teacher() -> None:
    data, teacher = noise(train=64, spec=DataSpec(augment=())), model(9)
    spec = LossSpec(name="kl_div", teacher=ModelSpec(source="x:y"), alpha=1.0, temperature=1.0)
    run = RunSpec(loss=spec, steps=150, batch_size=64, optimizer=OptimizerSpec(name="adam", lr=1e-3))
    student = model(1)
    for _ in train(student, data, run, plain_cpu(), lambda step: step / 150, teacher):
        pass
    with torch.no_grad():
        seen = data.normalization.apply(data.train_images)
        agree = (student(seen).argmax(1) == teacher(seen).argmax(1)).double().mean()
        apart = functional.kl_div(
            student(seen).log_softmax(1), teacher(seen).log_softmax(1), reduction="batchmean", log_target=True
        )
    assert agree > 0.95
    assert apart < 0.05
