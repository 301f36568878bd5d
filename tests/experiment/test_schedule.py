"""Schedules against torch's."""

from __future__ import annotations

import warnings

import pytest
import torch

from reportgen.experiment.schedule import one_cycle_momentum, rate

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


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 10, 100, 391])
@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_one_cycle_is_torchs_step_for_step_rate_and_momentum(name: str, steps: int) -> None:
    kind = getattr(torch.optim, name)
    optimizer = kind([torch.nn.Parameter(torch.zeros(1))], lr=1.0, **({"momentum": 0.9} if name == "SGD" else {}))
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=steps)
    for step in range(steps):
        group = optimizer.param_groups[0]
        momentum = group["betas"][0] if "betas" in group else group["momentum"]
        assert rate("one_cycle", step / steps, steps) == pytest.approx(group["lr"], abs=1e-9)
        assert one_cycle_momentum(step / steps, steps) == pytest.approx(momentum, abs=1e-9)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it wants optimizer.step() in between
            if step + 1 < steps:
                scheduler.step()


def test_one_cycle_of_a_time_budget_turns_at_three_tenths_of_it() -> None:
    assert [rate("one_cycle", done) for done in (0.0, 0.3, 1.0)] == pytest.approx([1 / 25, 1.0, 4e-6])
    assert [one_cycle_momentum(done) for done in (0.0, 0.3, 1.0)] == pytest.approx([0.95, 0.85, 0.95])


def test_constant_is_constant() -> None:
    assert {rate("constant", step / 10) for step in range(11)} == {1.0}


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "step", "constant"])
def test_a_pass_that_is_over_keeps_the_last_rate(schedule: str) -> None:
    assert rate(schedule, 1.3) == rate(schedule, 1.0)
    assert rate(schedule, -0.1) == rate(schedule, 0.0)
