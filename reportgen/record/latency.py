"""What repeated timings come to: median, 95th percentile and how sure the median is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from reportgen.spec.frozen import Frozen

CONFIDENCE = 0.95


class Latency(Frozen):
    """Time of a forward pass, warmed up and synchronised."""

    batch_size: int
    p50_seconds: float
    p95_seconds: float
    n: int
    """Timed repeats."""
    p50_low: float | None = None
    """Interval of the median, see `median_interval`; None where there are too few repeats for one."""
    p50_high: float | None = None

    @property
    def images_per_second(self) -> float:
        """Throughput at the median."""
        return self.batch_size / self.p50_seconds

    @property
    def throughput_interval(self) -> tuple[float, float] | None:
        """Images per second at the ends of the median's interval."""
        if self.p50_low is None or self.p50_high is None:
            return None
        return self.batch_size / self.p50_high, self.batch_size / self.p50_low


def summarise(batch_size: int, seconds: Sequence[float]) -> Latency:
    """The latency of a batch size from its timed repeats, at least one."""
    p50, p95 = (float(value) for value in np.percentile(seconds, [50, 95]))
    low, high = median_interval(seconds) or (None, None)
    return Latency(batch_size=batch_size, p50_seconds=p50, p95_seconds=p95, n=len(seconds), p50_low=low, p50_high=high)


def median_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Two order statistics that hold the median of any continuous distribution between them (David & Nagaraja 2003
    §7.1): the k-th smallest and k-th largest with the largest k for which P(Binomial(n, 1/2) < k) ≤ (1 − confidence)/2.

    None for fewer than six values at 95 %. Repeats are taken as independent.
    """
    n, tail = len(values), (1 - confidence) / 2
    rank = median_rank(n, tail)
    if rank == 0:
        return None
    ordered = sorted(values)
    return float(ordered[rank - 1]), float(ordered[n - rank])


def median_rank(n: int, tail: float) -> int:
    """The largest k with P(Binomial(n, 1/2) < k) ≤ tail; beyond 1,000 by the normal approximation."""
    if n > 1000:
        return math.floor((n + NormalDist().inv_cdf(tail) * math.sqrt(n)) / 2)
    rank, term = 0, 0.5**n
    below = term
    while below <= tail:
        rank += 1
        term *= (n - rank + 1) / rank
        below += term
    return rank
