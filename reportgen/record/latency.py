"""What repeated timings come to: median, 95th percentile, and their intervals between processes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, median

import numpy as np

from reportgen.spec.frozen import Frozen

CONFIDENCE = 0.95
FEWEST_FOR_P95 = 20
"""Passes of a process below which no 95th percentile is stated: one in twenty of them is less than one."""
FEWEST_PROCESSES = 5
"""Processes from which there is an interval between them: all of fewer hold the median of any distribution between
them in at most 1 − 2 · 2⁻⁴ = 87.5 %."""


class Latency(Frozen):
    """Time of a forward pass, warmed up and synchronised."""

    batch_size: int
    p50_seconds: float
    """Median of the passes; of several processes the median of their medians."""
    p95_seconds: float
    """The same of the 95th percentile, where each process timed enough passes for one; else of all passes."""
    n: int
    """Timed passes, of all processes together."""
    p50_low: float | None = None
    """Interval between processes, of the median (`between_processes`). None for fewer than FEWEST_PROCESSES; what older
    records hold here of one process is that of its passes alone, which leaves out what another would change."""
    p50_high: float | None = None
    p95_low: float | None = None
    """The same of the 95th percentile; None also where a process timed too few passes for one."""
    p95_high: float | None = None
    processes: tuple[float, ...] = ()
    """Median of each of several fresh processes; empty: timed in the one process that did everything else."""

    @property
    def images_per_second(self) -> float:
        """Throughput at the median."""
        return self.batch_size / self.p50_seconds

    @property
    def is_between_processes(self) -> bool:
        """Whether it was timed in so many processes that their spread is known."""
        return len(self.processes) >= FEWEST_PROCESSES

    @property
    def p50_interval(self) -> tuple[float, float] | None:
        """That of the median between processes; None where their spread is not known."""
        if not self.is_between_processes or self.p50_low is None or self.p50_high is None:
            return None
        return self.p50_low, self.p50_high

    @property
    def throughput_interval(self) -> tuple[float, float] | None:
        """Images per second at the ends of the median's interval."""
        ends = self.p50_interval
        return None if ends is None else (self.batch_size / ends[1], self.batch_size / ends[0])

    @property
    def stated_p95(self) -> float | None:
        """The 95th percentile; None where a process timed fewer than FEWEST_FOR_P95 passes."""
        return self.p95_seconds if self.n >= FEWEST_FOR_P95 * max(1, len(self.processes)) else None

    @property
    def p95_interval(self) -> tuple[float, float] | None:
        """That of the 95th percentile between processes, where it has one."""
        if not self.is_between_processes or self.p95_low is None or self.p95_high is None:
            return None
        return self.p95_low, self.p95_high


def summarise(batch_size: int, seconds: Sequence[float]) -> Latency:
    """The latency of a batch size from its timed repeats in one process, at least one; without intervals, since what
    another process would change is not in them."""
    return Latency(
        batch_size=batch_size,
        p50_seconds=float(np.median(seconds)),
        p95_seconds=percentile_95(seconds),
        n=len(seconds),
    )


def percentile_95(seconds: Sequence[float]) -> float:
    """The 95th percentile of a process by its passes: for any distribution about as often too low as too high (Hyndman
    and Fan 1996, type 8), so that the median of several processes' is not shifted by how few passes each timed."""
    return float(np.percentile(seconds, 95, method="median_unbiased"))


def summarise_processes(batch_size: int, runs: Sequence[Sequence[float]]) -> Latency:
    """The latency of a batch size from its timed repeats in each of at least two processes; without intervals where
    they are fewer than FEWEST_PROCESSES."""
    medians = [median(run) for run in runs]
    together = summarise(batch_size, [time for run in runs for time in run])
    low, high = between_processes(medians) or (None, None)
    update: dict[str, object] = {}
    if min(map(len, runs)) >= FEWEST_FOR_P95:
        slowest = [percentile_95(run) for run in runs]
        below, above = between_processes(slowest) or (None, None)
        update = {"p95_seconds": median(slowest), "p95_low": below, "p95_high": above}
    update |= {"p50_seconds": median(medians), "p50_low": low, "p50_high": high, "processes": tuple(medians)}
    return together.model_copy(update=update)


def between_processes(values: Sequence[float]) -> tuple[float, float] | None:
    """The interval of the median over all processes of what each of several measured, whatever its distribution: of
    five the least and the most, which hold it in 1 − 2 · 2⁻⁵ = 93.75 %; of more `median_interval`. None for fewer."""
    if len(values) < FEWEST_PROCESSES:
        return None
    return (min(values), max(values)) if len(values) == FEWEST_PROCESSES else median_interval(values)


def median_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Ends between order statistics that hold the median of a continuous distribution as often as `confidence` says:
    between the k-th smallest and the next, and as far from the other end, with the largest k for which both alone hold
    it at least so often (Hettmansperger and Sheather 1986, Confidence intervals based on interpolated order
    statistics). Order statistics alone would hold it in up to 99 % of ten values.

    None for fewer than six values at 95 %. Repeats are taken as independent.
    """
    n, tail = len(values), (1 - confidence) / 2
    rank = median_rank(n, tail)
    if rank == 0:
        return None
    ordered = sorted(values)
    share = inner_share(n, rank, tail)
    low = ordered[rank - 1] + share * (ordered[rank] - ordered[rank - 1])
    high = ordered[n - rank] + share * (ordered[n - rank - 1] - ordered[n - rank])
    return float(low), float(high)


def inner_share(n: int, rank: int, tail: float) -> float:
    """How far from the `rank`-th order statistic to the next inner one an end lies, 0 to 1."""
    outside, at = binomial_half(n, rank)
    over = min(1.0, max(0.0, (tail - outside) / at))  # of the step between the two coverages
    return (n - rank) * over / (rank + (n - 2 * rank) * over)


def binomial_half(n: int, k: int) -> tuple[float, float]:
    """P(Binomial(n, 1/2) < k) and P(… = k)."""
    logs = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) - n * math.log(2) for i in range(k + 1)]
    return sum(map(math.exp, logs[:-1])), math.exp(logs[-1])


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
