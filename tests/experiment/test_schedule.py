"""Schedules and optimisers against torch's."""

from __future__ import annotations

import warnings

import pytest
import torch

from reportgen.experiment.optimizers import make_optimizer, resolve_optimizer
from reportgen.experiment.schedule import rate
from reportgen.spec.types import OptimizerSpec

STEPS = 1000


def theirs(make: type[torch.optim.lr_scheduler.LRScheduler], **given: object) -> list[float]:
    """Rates that a scheduler of torch gives before each of STEPS steps, and after them."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer, **given)
    found = [optimizer.param_groups[0]["lr"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants optimizer.step() in between
        for _ in range(STEPS):
            scheduler.step()
            found.append(optimizer.param_groups[0]["lr"])
    return found


def test_cosine_is_torchs() -> None:
    expected = theirs(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=STEPS)
    assert [rate("cosine", step / STEPS) for step in range(STEPS + 1)] == pytest.approx(expected, abs=1e-9)


def test_step_is_torchs_with_two_milestones() -> None:
    expected = theirs(torch.optim.lr_scheduler.MultiStepLR, milestones=[STEPS // 2, 3 * STEPS // 4], gamma=0.1)
    assert [rate("step", step / STEPS) for step in range(STEPS + 1)] == pytest.approx(expected, rel=1e-12)


def test_one_cycle_is_torchs() -> None:
    # Torch ends the warm-up one step before 30 % of total_steps; with 301 of 1001 steps both turn at the same place.
    expected = theirs(
        torch.optim.lr_scheduler.OneCycleLR, max_lr=1.0, total_steps=STEPS + 1, pct_start=301 / (STEPS + 1)
    )
    assert [rate("one_cycle", step / STEPS) for step in range(STEPS + 1)] == pytest.approx(expected, abs=1e-9)


def test_constant_is_constant() -> None:
    assert {rate("constant", step / 10) for step in range(11)} == {1.0}


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "step", "constant"])
def test_a_pass_that_is_over_keeps_the_last_rate(schedule: str) -> None:
    assert rate(schedule, 1.3) == rate(schedule, 1.0)
    assert rate(schedule, -0.1) == rate(schedule, 0.0)


TORCHS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.05),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.05),
}


@pytest.mark.parametrize("name", TORCHS)
def test_an_optimizer_moves_a_matrix_as_torchs_plain_one_does(name: str) -> None:
    start = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    optimizer = make_optimizer(resolve_optimizer(OptimizerSpec(name=name, lr=0.05)), [ours])  # type: ignore[arg-type]
    plain = TORCHS[name]([theirs])
    for step in range(5):
        ours.grad = torch.sin(ours.detach() + step)
        theirs.grad = torch.sin(theirs.detach() + step)
        optimizer.step()
        plain.step()
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-6)
    assert not torch.allclose(ours, start, atol=1e-3)


@pytest.mark.parametrize("name", TORCHS)
def test_decay_shrinks_matrices_and_leaves_vectors(name: str) -> None:
    matrix, vector = torch.nn.Parameter(torch.ones(2, 2)), torch.nn.Parameter(torch.ones(2))
    spec = OptimizerSpec(name=name, lr=0.1, weight_decay=0.5)  # type: ignore[arg-type]
    optimizer = make_optimizer(resolve_optimizer(spec), [matrix, vector])
    matrix.grad, vector.grad = torch.zeros(2, 2), torch.zeros(2)
    optimizer.step()
    assert (matrix < 1).all()
    assert (vector == 1).all()


def test_defaults_are_filled_in_and_told() -> None:
    assert (
        resolve_optimizer(OptimizerSpec()).describe()
        == "SGD, highest learning rate 0.1, momentum 0.9 (Nesterov), weight decay 0.0005"
    )
    given = OptimizerSpec(name="sgd", lr=0.2, momentum=0.0, weight_decay=0.0)
    assert resolve_optimizer(given).describe() == "SGD, highest learning rate 0.2, momentum 0, weight decay 0"
    assert (
        resolve_optimizer(OptimizerSpec(name="adam")).describe() == "Adam, highest learning rate 0.001, weight decay 0"
    )
