"""What repeated timings come to: median, 95th percentile and how sure both are, in one process and between several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, median, stdev

import numpy as np

from reportgen.spec.frozen import Frozen

CONFIDENCE = 0.95
FEWEST_FOR_P95 = 20
"""Passes below which no 95th percentile is stated: one in twenty of them is less than one."""
FEWEST_PROCESSES = 5
"""Processes below which their scatter says too little for an interval."""
T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Student's t, 97.5 %, of 1, 2, 3 … degrees of freedom."""


class Latency(Frozen):
    """Time of a forward pass, warmed up and synchronised."""

    batch_size: int
    p50_seconds: float
    """Median of the passes; of several processes the median of their medians."""
    p95_seconds: float
    """The same of the 95th percentile, where each process timed enough passes for one."""
    n: int
    """Timed passes, of all processes together."""
    p50_low: float | None = None
    """Interval of the median: `median_interval` of the passes of one process, which leaves out what another process
    would change; between processes, `between_processes`. None where there is too little for one."""
    p50_high: float | None = None
    p95_low: float | None = None
    """Interval of the 95th percentile: two order statistics of the passes of one process; between processes, that of
    what each measured, as for the median. None where there are too few passes for one."""
    p95_high: float | None = None
    processes: tuple[float, ...] = ()
    """Median of each of several fresh processes; empty: timed in the one process that did everything else."""

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

    @property
    def stated_p95(self) -> float | None:
        """The 95th percentile; None where there are fewer than FEWEST_FOR_P95 passes."""
        return self.p95_seconds if self.n >= FEWEST_FOR_P95 else None

    @property
    def p95_interval(self) -> tuple[float, float] | None:
        """That of the 95th percentile, where it has one."""
        return None if self.p95_low is None or self.p95_high is None else (self.p95_low, self.p95_high)


def summarise(batch_size: int, seconds: Sequence[float]) -> Latency:
    """The latency of a batch size from its timed repeats in one process, at least one."""
    p50, p95 = (float(value) for value in np.percentile(seconds, [50, 95]))
    low, high = median_interval(seconds) or (None, None)
    below, above = quantile_interval(seconds, 0.95) or (None, None)
    return Latency(
        batch_size=batch_size,
        p50_seconds=p50,
        p95_seconds=p95,
        n=len(seconds),
        p50_low=low,
        p50_high=high,
        p95_low=below,
        p95_high=above,
    )


def summarise_processes(batch_size: int, runs: Sequence[Sequence[float]]) -> Latency:
    """The latency of a batch size from its timed repeats in each of at least two processes; without intervals where
    they are fewer than FEWEST_PROCESSES."""
    medians = [median(run) for run in runs]
    together = summarise(batch_size, [time for run in runs for time in run])
    low, high = between_processes(medians) or (None, None)
    update: dict[str, object] = {"p95_low": None, "p95_high": None}
    if min(map(len, runs)) >= FEWEST_FOR_P95:
        slowest = [float(np.percentile(run, 95)) for run in runs]
        below, above = between_processes(slowest) or (None, None)
        update = {"p95_seconds": median(slowest), "p95_low": below, "p95_high": above}
    update |= {"p50_seconds": median(medians), "p50_low": low, "p50_high": high, "processes": tuple(medians)}
    return together.model_copy(update=update)


def between_processes(medians: Sequence[float]) -> tuple[float, float] | None:
    """The t interval of the logarithms of what several processes measured, as seconds, that holds their median; None
    for fewer than FEWEST_PROCESSES."""
    if len(medians) < FEWEST_PROCESSES:
        return None
    logs = [math.log(value) for value in medians]
    reach = t_quantile(len(logs) - 1) * stdev(logs) / math.sqrt(len(logs))
    low, high = math.exp(fmean(logs) - reach), math.exp(fmean(logs) + reach)
    return min(low, median(medians)), max(high, median(medians))


def t_quantile(freedom: int) -> float:
    """97.5 % of Student's t; beyond the table that of the last entry, which errs on the wide side."""
    return T_975[min(freedom, len(T_975)) - 1]


def quantile_interval(
    values: Sequence[float], share: float, confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Two order statistics that hold a quantile of any continuous distribution between them, at least as often as
    `confidence` says (David & Nagaraja 2003 §7.1); None where there are too few values for both."""
    n, tail = len(values), (1 - confidence) / 2
    below, lower, upper = 0.0, 0, n + 1
    for k in range(n + 1):  # below: P(Binomial(n, share) < k)
        if below <= tail:
            lower = k
        if below >= 1 - tail:
            upper = min(upper, k)
        choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        below += math.exp(choose + k * math.log(share) + (n - k) * math.log(1 - share))
    if lower < 1 or upper > n:
        return None
    ordered = sorted(values)
    return float(ordered[lower - 1]), float(ordered[upper - 1])


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
