"""Schedules against torch's."""

from __future__ import annotations

import warnings

import pytest
import torch

from reportgen.experiment.schedule import rate

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
