from __future__ import annotations

import time

import torch
from torch import Tensor, nn

from reportgen.experiment.trace import time_modules, trace_model


class Sleepy(nn.Module):
    """Takes a known time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def forward(self, x: Tensor) -> Tensor:
        time.sleep(self.seconds)
        return x


def test_each_call_has_its_own_median_time() -> None:
    model = nn.Sequential(Sleepy(0.02), Sleepy(0.001), nn.Flatten())
    waits = []
    trace = trace_model(model, torch.randn(1, 3, 4, 4), "sleepy")
    timed = time_modules(model, torch.randn(5, 3, 4, 4), trace, 0.2, synchronise=lambda: waits.append(1))
    whole, slow, fast, flat = (row.seconds for row in timed.modules)
    assert None not in (whole, slow, fast, flat)
    assert slow >= 0.02
    assert fast >= 0.001
    assert slow > fast > flat
    assert whole >= slow + fast
    assert timed.timed_batch == 5
    assert len(waits) >= 2 * 4 * 3  # before and after each of four calls in each of at least three passes
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_own_time_is_without_the_children() -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Sleepy(0.01)

        def forward(self, x: Tensor) -> Tensor:
            time.sleep(0.002)
            return self.inner(x)

    model = nn.Sequential(Outer(), Sleepy(0.001))
    trace = trace_model(model, torch.randn(1, 3, 4, 4), "sleepy")
    timed = time_modules(model, torch.randn(5, 3, 4, 4), trace, 0.001)
    whole, outer, inner, after = timed.modules
    assert timed.timed_passes == 6
    assert timed.timed_low is not None
    assert timed.timed_low <= (whole.seconds or 0) <= (timed.timed_high or 0)
    assert inner.own_seconds == inner.seconds
    assert 0.002 <= (outer.own_seconds or 0) < (outer.seconds or 0) - 0.009
    assert all(row.own_low <= row.own_seconds <= row.own_high for row in timed.modules)  # type: ignore[operator]
    assert after.own_high is not None


def test_calls_that_the_batch_does_not_make_stay_unknown() -> None:
    class Picky(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.many = nn.Identity(), nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            return self.one(x) if len(x) == 1 else self.many(x)

    model = Picky()
    trace = trace_model(model, torch.randn(1, 3, 4, 4), "picky")
    timed = time_modules(model, torch.randn(2, 3, 4, 4), trace, 0.01)
    assert [row.seconds is None for row in timed.modules] == [False, True]
