"""The change of the test accuracy in the last quarter of a pass, and its paired interval."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from reportgen.metrics.paired import score_interval
from reportgen.metrics.progress import Progress, measure_progress
from tests.metrics.covering import outside


def of(right: np.ndarray, steps: tuple[int, ...] = (10, 20, 30, 40), kept: bool = True) -> Progress | None:
    """Of answers (rows, n) after so many steps of 40."""
    rows = [
        SimpleNamespace(step=step, epoch=step / 10, test_accuracy=float(row.mean()), test_n=right.shape[1])
        for step, row in zip(steps, right, strict=True)
    ]
    arrays = {"train.test_right": np.packbits(right, axis=1)} if kept else {}
    record, training = SimpleNamespace(arrays=arrays), SimpleNamespace(steps=40, epochs=rows)
    return measure_progress(cast(Any, record), cast(Any, training))


def drawn(rng: np.random.Generator, n: int, lost: float, gained: float) -> np.ndarray:
    """Answers (2, n) of a sample with equal shares of ten classes, of which the first ones flip most."""
    ease = np.linspace(1.8, 0.2, 10)[np.arange(n) % 10]
    chance = rng.random(n)
    was = chance > 0.3 * ease
    down, up = was & (rng.random(n) < lost * ease), ~was & (rng.random(n) < gained)
    return np.stack([was, (was & ~down) | up])


def truth(lost: float, gained: float) -> float:
    """The change of such answers, without chance."""
    ease = np.linspace(1.8, 0.2, 10)
    return float((0.3 * ease * gained - (1 - 0.3 * ease) * lost * ease).mean())


def test_the_change_since_three_quarters_is_paired_by_image() -> None:
    right = np.zeros((4, 1000), bool)
    right[2, :600], right[3, 50:700] = True, True  # 50 lost, 100 gained
    right[0, :], right[1, :10] = True, True
    found = of(right)
    assert found is not None
    assert (found.epoch, found.change, found.n, found.why_none) == (3.0, 0.05, 1000, "")
    low, high = score_interval(50, 100, 1000)
    assert found.interval == pytest.approx((float(low), float(high)))


def test_the_earlier_point_is_the_latest_at_or_before_three_quarters() -> None:
    right = np.zeros((4, 100), bool)
    right[0, :20], right[1, :40], right[2, :60], right[3, :80] = True, True, True, True
    found = of(right, (5, 12, 31, 40))
    assert found is not None
    assert (found.epoch, found.change) == (1.2, 0.4)
    assert of(right, (31, 32, 33, 40)) is None


def test_few_images_and_old_records_have_no_interval_and_a_reason() -> None:
    right = np.zeros((4, 19), bool)
    right[3] = True
    few, old = of(right), of(np.repeat(right, 10, 1), kept=False)
    assert few is not None
    assert (few.interval, few.change, few.why_none) == (None, 1.0, "few images")
    assert old is not None
    assert (old.interval, old.change, old.why_none) == (None, 1.0, "not kept")


def cover(n: int, samples: int) -> tuple[int, int]:
    """(held, given), over a pass that changes nothing and one that gains, fixed class sizes."""
    rng, held, given = np.random.default_rng([n, samples]), 0, 0
    for lost, gained in ((0.06, 0.13), (0.02, 0.3)):
        expected = truth(lost, gained)
        for _ in range(samples // 2):
            found = of(drawn(rng, n, lost, gained)[[0, 0, 0, 1]])
            if found is not None and found.interval is not None:
                given += 1
                held += found.interval[0] <= expected <= found.interval[1]
    print(f"last quarter n={n:<6d} {held / max(given, 1):.3f} of {given}")
    return held, given


@pytest.mark.slow
def test_the_interval_holds_the_change_in_a_few_samples() -> None:
    assert outside("last quarter", 400, cover(400, 250), 0.001) == []


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 200, 500, 1000, 2000])
def test_the_interval_holds_the_change(n: int) -> None:
    """At the sizes that the history is measured at."""
    assert outside("last quarter", n, cover(n, 1000), 0.0005) == []
