"""The training loop against a loop written plainly, and what it promises about order, seeds and limits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reportgen.experiment.train import Plan, batches, plan_steps, train
from reportgen.spec.types import DataSpec, OptimizerSpec, RunSpec
from tests.experiment.cases import load, noise, plain_cpu


def model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 8, 5, stride=3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(800, 10))


def weights(run: RunSpec, module: nn.Module, augment: tuple[str, ...] = ("crop", "flip", "cutout")) -> torch.Tensor:
    data = noise(spec=DataSpec(augment=augment))  # type: ignore[arg-type]
    total = plan_steps(run, 64).steps
    for _ in train(module, data, run, plain_cpu(), lambda step: step / total):
        pass
    return torch.cat([value.detach().flatten().double() for value in module.state_dict().values()])


def test_the_loop_computes_what_a_plain_loop_computes() -> None:
    data = noise()
    run = RunSpec(steps=6, batch_size=16, optimizer=OptimizerSpec(lr=0.05, weight_decay=0.0), schedule="cosine")
    ours, theirs = model().double(), model().double()
    steps = list(train(ours, data, run, plain_cpu("float64"), lambda step: step / 6))
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (data.normalization.mean, data.normalization.std))
    for step in steps:
        pictures = (data.train_images[step.rows].permute(0, 3, 1, 2).double() / 255 - mean) / std
        loss = nn.functional.cross_entropy(theirs(pictures), data.train_labels[step.rows])
        optimizer.zero_grad()
        loss.backward()
        norm = torch.cat([p.grad.flatten() for p in theirs.parameters() if p.grad is not None]).norm()
        assert float(step.loss) == pytest.approx(loss.item(), rel=1e-6)
        assert float(step.grad_norm) == pytest.approx(float(norm), rel=1e-6)
        assert step.lr == pytest.approx(scheduler.get_last_lr()[0], rel=1e-9)
        optimizer.step()
        scheduler.step()
    for name, value in ours.state_dict().items():
        assert torch.allclose(value, theirs.state_dict()[name], rtol=1e-5, atol=1e-7), name


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_spec_that_names_an_optimiser_is_torchs_with_one_cycle(name: str) -> None:
    """`{name: sgd, momentum: 0.9}` and torch.optim.SGD(momentum=0.9) with OneCycleLR: no Nesterov, decay of all."""
    data, steps = noise(), 12
    given = {"lr": 0.05, "weight_decay": 0.01} | ({"momentum": 0.9} if name == "sgd" else {})
    optimizer_spec = OptimizerSpec.model_validate({"name": name, **given})
    run = RunSpec(steps=steps, batch_size=16, optimizer=optimizer_spec)
    ours, theirs = model().double(), model().double()
    taken = list(train(ours, data, run, plain_cpu("float64"), lambda step: step / steps))
    kind = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[name]
    optimizer = kind(theirs.parameters(), **given)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, total_steps=steps)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (data.normalization.mean, data.normalization.std))
    for step in taken:
        images = (data.train_images[step.rows].permute(0, 3, 1, 2).double() / 255 - mean) / std
        assert step.lr == pytest.approx(scheduler.get_last_lr()[0], rel=1e-9)
        optimizer.zero_grad()
        nn.functional.cross_entropy(theirs(images), data.train_labels[step.rows]).backward()
        optimizer.step()
        if step.number < steps:
            scheduler.step()
    for key, value in ours.state_dict().items():
        assert torch.allclose(value, theirs.state_dict()[key], rtol=1e-6, atol=1e-6), key


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    first = weights(RunSpec(epochs=2, batch_size=16), model())
    torch.manual_seed(99)
    kept = model()
    torch.manual_seed(99)  # numbers drawn elsewhere don't matter
    assert torch.equal(first, weights(RunSpec(epochs=2, batch_size=16), kept))
    assert not torch.equal(first, weights(RunSpec(epochs=2, batch_size=16, seed=1), model()))


def test_augmentation_reaches_the_model() -> None:
    run = RunSpec(steps=2, batch_size=16)
    assert not torch.equal(weights(run, model(), ()), weights(run, model(), ("flip",)))


def test_frozen_parameters_stay() -> None:
    module = model()
    assert isinstance(module[0], nn.Conv2d)
    module[0].requires_grad_(False)
    before = module[0].weight.clone()
    last = module[4].weight.clone()
    weights(RunSpec(steps=3, batch_size=16), module)
    assert torch.equal(module[0].weight, before)
    assert not torch.equal(module[4].weight, last)


@pytest.mark.parametrize(
    ("given", "images", "plan"),
    [
        ({}, 1000, Plan(7, 7, 128)),
        ({"epochs": 3}, 1000, Plan(21, 7, 128)),
        ({"epochs": 0.5}, 1024, Plan(4, 8, 128)),
        ({"epochs": 0.001}, 1024, Plan(1, 8, 128)),
        ({"epochs": 3, "steps": 5}, 1000, Plan(5, 7, 128)),
        ({"epochs": 1, "steps": 50}, 1000, Plan(7, 7, 128)),
        ({"epochs": 2, "max_minutes": 1}, 1000, Plan(14, 7, 128)),
        ({"epochs": 2}, 100, Plan(2, 1, 100)),
        ({"max_minutes": 1}, 1000, Plan(1_000_000, 7, 128)),
    ],
)
def test_the_first_limit_plans_the_pass(given: dict[str, float], images: int, plan: Plan) -> None:
    assert plan_steps(RunSpec(**given), images) == plan  # type: ignore[arg-type]


def test_an_epoch_shows_every_image_once_in_a_new_order() -> None:
    plan = Plan(steps=9, per_epoch=4, batch=16)
    found = list(batches(67, plan, torch.Generator().manual_seed(0)))
    assert len(found) == 9
    first, second = torch.cat(found[:4]), torch.cat(found[4:8])
    assert len(first.unique()) == len(second.unique()) == 64
    assert not torch.equal(first, second)


def test_steps_are_numbered_and_the_caller_may_stop() -> None:
    numbers = []
    for step in train(model(), noise(), RunSpec(epochs=5, batch_size=16), plain_cpu(), lambda step: 0.0):
        numbers.append((step.number, step.epoch))
        if step.number == 3:
            break
    assert numbers == [(1, 0.25), (2, 0.5), (3, 0.75)]


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "epochs"), [("float32", 3), ("bfloat16", 2)])
def test_two_conv_learns_the_digits_in_seconds(precision: str, epochs: int) -> None:
    """Without bfloat16 in hardware an epoch of it takes a hundred times longer, so that there are fewer."""
    from reportgen.experiment.evaluate import evaluate
    from reportgen.experiment.models.builtin import NETWORKS

    data = load(DataSpec(name="digits"))
    torch.manual_seed(0)
    module, device = NETWORKS["two_conv"](), plain_cpu(precision, reason="trial")
    run = RunSpec(epochs=epochs, batch_size=64, optimizer=OptimizerSpec(lr=0.02))
    for _ in train(module, data, run, device, lambda step: step / plan_steps(run, len(data.train_labels)).steps):
        pass
    logits = evaluate(module, data.test_images, data.normalization, device)
    assert (logits.argmax(1) == data.test_labels.numpy()).mean() > 0.85
