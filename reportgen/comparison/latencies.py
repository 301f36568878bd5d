"""How the latency changed: from pairs of neighbouring processes that timed both models in turn, or not at all.

Times that two runs took for themselves are not compared: clock rates, temperature and neighbours change between them,
so that two builds of one model differ by two fifths without a cause, and no spread within either run holds that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from reportgen.comparison.differences_of_numbers import change_of
from reportgen.record.message import N_, Message
from reportgen.record.metric_value import MetricValue
from reportgen.record.paired_latency import PairedLatency, PairedTimes
from reportgen.record.run import RunRecord
from reportgen.spec.gates import LATENCIES

OF_BATCH = re.compile(r"(?P<what>latency|throughput)\.batch_(?P<size>[0-9]+)(?P<end>\.p50)?")
"""A number that is the median of one batch size, or its inverse."""


@dataclass(frozen=True)
class Ratio:
    """How many times longer something takes, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def inverse(self) -> Ratio:
        """How many times faster it is."""
        return Ratio(1 / self.value, 1 / self.high, 1 / self.low)


def paired_ratio(before: Sequence[float], after: Sequence[float]) -> Ratio:
    """The geometric mean of the ratios of at least two pairs of neighbours, with Student's t interval of their
    logarithms over the pairs."""
    from scipy.special import stdtrit  # a third of a second that drawing from a record does not need

    logs = np.log(np.asarray(after, np.float64)) - np.log(np.asarray(before, np.float64))
    n, mean = len(logs), float(logs.mean())
    reach = float(stdtrit(n - 1, 0.975)) * float(logs.std(ddof=1)) / math.sqrt(n)
    return Ratio(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach))


@dataclass(frozen=True)
class LatencyChanges:
    """What is known of the change of every number that follows from the times of forward passes."""

    paired: PairedLatency | None
    """Of this baseline; None where the candidate was not timed in turn with it."""
    smallest: int | None
    """The batch size that the headline latency is of."""

    @classmethod
    def of(cls, candidate: RunRecord, digest: str) -> LatencyChanges:
        """Those against the baseline whose record.json has this digest."""
        known = candidate.paired_latency
        smallest = min((one.batch_size for one in candidate.latency), default=None)
        return cls(known if known is not None and known.baseline == digest else None, smallest)

    def knows(self, name: str) -> bool:
        """Whether a number is one of theirs, so that nothing else may tell its change."""
        return LATENCIES.fullmatch(name) is not None

    def times_of(self, name: str) -> tuple[PairedTimes, bool] | None:
        """The pairs that a number's change follows from, and whether it is a rate; None where there are none."""
        found = OF_BATCH.fullmatch(name)
        size = self.smallest if name == "latency_p50" else None
        if found is not None and (found["what"] == "latency") == bool(found["end"]):
            size = int(found["size"])
        times = self.paired.of(size) if self.paired is not None and size is not None else None
        return None if times is None else (times, name.startswith("throughput"))

    def changes(self, metric: MetricValue) -> list[MetricValue] | None:
        """The change and the ratio of a number with their intervals; None where it was not timed in turn."""
        found = self.times_of(metric.name)
        if found is None:
            return None
        times, is_rate = found
        ratio, before = paired_ratio(times.baseline, times.candidate), median(times.baseline)
        if is_rate:
            ratio, before = ratio.inverse, times.batch_size / before
        pairs = len(times.baseline)
        values = []
        for value in change_of(metric, before, before * ratio.value):
            low, high = ratio.low, ratio.high
            if value.meaning.change == "change":
                low, high = before * (low - 1), before * (high - 1)
            update = {"low": low, "high": high, "n": pairs, "method": "alternated"}
            values.append(value.model_copy(update=update))
        return values

    def before(self, metric: MetricValue) -> MetricValue:
        """The baseline's own number as it was timed in turn, where it was; else as its record has it.

        Beside times in turn, those of the baseline's own run are left out: a 95th percentile of another hour can lie
        below the median.
        """
        found = self.times_of(metric.name)
        if found is None or found[1]:
            apart = self.paired is not None and self.paired.times and self.knows(metric.name)
            return metric.model_copy(update={"value": None, "low": None, "high": None}) if apart else metric
        times = found[0].baseline
        update = {"value": median(times), "low": None, "high": None, "n": len(times)}
        return metric.model_copy(update={**update, "conditions": {**metric.conditions, "processes": len(times)}})

    def why_not(self, apart: Message | None, twice: Message | None) -> Message:
        """Why the change of a number that was not timed in turn is not told. `apart`: the records are of different
        machines; `twice`: both are of one model."""
        if self.paired is None:
            return apart or twice or at_other_times()
        return self.paired.reason or N_(
            "Only median latencies of batch sizes that were timed with both models in turn are compared."
        )


def at_other_times() -> Message:
    """Of two runs."""
    return N_(
        "Latencies of two runs are not compared: from one run to the next the same model on the same machine can take "
        "40 % longer. A build whose spec names the baseline times both models in turn, unless run.probes is none, "
        "run.probes.cost.processes is not set and no gate names a latency."
    )
