"""How the metrics of every report are computed: one function for each entry of `record.definitions.HEADLINE`.

Two kinds. A `ScoreMetric` needs nothing but predictions: its function gives a value and the value in every draw of a
bootstrap, of which both the interval of one model and that of the change between two are made. A `RecordMetric` reads
what else a record holds. A module of this package holds its metrics as METRIC or METRICS, and is found by that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.bootstrap import Bootstrap, f1_resamples
from reportgen.metrics.intervals import centred_interval, percentile_interval, wilson
from reportgen.metrics.predictions import FloatArray, Predictions
from reportgen.metrics.values import value_of
from reportgen.plugins import discover
from reportgen.record.definitions import HEADLINE
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord


@dataclass(frozen=True)
class Sample:
    """One model's predictions and the draws of them. n images, c classes."""

    predictions: Predictions
    draws: Bootstrap
    scaled: FloatArray
    """(n,): confidences after temperature scaling, the same whatever a draw holds; where probabilities are not finite
    they mean nothing."""

    @cached_property
    def present(self) -> NDArray[np.int64]:
        """The classes that have images."""
        return np.unique(self.predictions.labels)

    @cached_property
    def hits(self) -> NDArray[np.float64]:
        """(n, c): 1 where an image of that class is called so."""
        one_hot: NDArray[np.float64] = np.eye(self.predictions.classes)[self.predictions.labels]
        return one_hot * self.predictions.correct[:, None]

    @cached_property
    def f1_resampled(self) -> FloatArray:
        """(resamples, c): F1 of each class in each draw; NaN for a class neither present nor predicted."""
        return f1_resamples(self.predictions, self.draws)


@dataclass(frozen=True)
class Score:
    """One score of one model: its value and its value in every draw, (resamples,)."""

    value: float
    resampled: FloatArray
    right: NDArray[np.bool_] | None = None
    """(n,): the images it counts, where it is the share of them; its interval is then Wilson's."""
    biased: bool = False
    """Whether resampling shifts it; its interval is then centred."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of one model's value."""
        if self.right is not None:
            return wilson(int(self.right.sum()), len(self.right))
        widen = centred_interval if self.biased else percentile_interval
        return widen(self.resampled, self.value)


@dataclass(frozen=True)
class Metric:
    """How one metric of every report is computed."""

    name: str
    """Of its entry in the registry."""


@dataclass(frozen=True)
class ScoreMetric(Metric):
    """A metric of predictions and labels alone."""

    compute: Callable[[Sample], Score | None]
    """None where it means nothing for these images, which is shown as unknown."""
    of_probabilities: bool = True
    """Whether it is unknown where some probability is not finite."""


@dataclass(frozen=True)
class RecordMetric(Metric):
    """A metric of anything that a record holds."""

    compute: Callable[[RunRecord, Predictions], MetricValue | None]
    """None where the record has no such thing, which is not listed at all."""


def find_metrics() -> dict[str, Metric]:
    """How each metric of every report is computed, by name, in the order of the registry.

    Raises RuntimeError, our bug, for an entry of the registry without a function, or a function without an entry.
    """
    found = discover("reportgen.metrics", "METRIC", Metric)
    names = [definition.name for definition in HEADLINE]
    lost = sorted(set(names) ^ set(found))
    if lost:
        raise RuntimeError(f"defined and not computed, or computed and not defined: {', '.join(lost)}")
    return {name: found[name] for name in names}


def compute_scores(sample: Sample, names: Iterable[str]) -> dict[str, Score]:
    """The scores of these names that this model has, by name; those of probabilities only where all are finite."""
    metrics = find_metrics()
    found = {}
    for name in names:
        metric = metrics[name]
        score = score_of(metric, sample) if isinstance(metric, ScoreMetric) else None
        if score is not None:
            found[name] = score
    return found


def compute_values(record: RunRecord, sample: Sample) -> tuple[MetricValue, ...]:
    """Every metric that a record has, with its interval, in the order of the registry."""
    values = []
    for metric in find_metrics().values():
        if isinstance(metric, ScoreMetric):
            values.append(describe(metric.name, score_of(metric, sample), sample.predictions.n))
        elif isinstance(metric, RecordMetric):
            value = metric.compute(record, sample.predictions)
            values += [value] if value is not None else []
    return tuple(values)


def score_of(metric: ScoreMetric, sample: Sample) -> Score | None:
    """One score of one model; None where it is unknown."""
    known = sample.predictions.finite or not metric.of_probabilities
    return metric.compute(sample) if known else None


def describe(name: str, score: Score | None, n: int) -> MetricValue:
    """A score of n images as a metric value."""
    if score is None:
        return value_of(name, None)
    return value_of(name, score.value, score.interval, n, "bootstrap" if score.right is None else "wilson")
