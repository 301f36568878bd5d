"""How the metrics of every report are computed: one function for each entry of `record.definitions.HEADLINE`.

Two kinds. A `ScoreMetric` needs nothing but predictions: its function gives a value and what each image adds to it, of
which both the interval of one model and that of the change between two are made. A `RecordMetric` reads what else a
record holds. A module of this package holds its metrics as METRIC or METRICS, and is found by that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.calibration_error import CalibrationError, measure_calibration_error
from reportgen.metrics.draws import apart, mean_share_interval, widen
from reportgen.metrics.influence import (
    FEWEST,
    FEWEST_OF_CHANGE,
    FEWEST_OF_CLASS,
    FEWEST_OF_LOSS,
    Spread,
    critical,
    freedom_of,
    logit_interval,
    share_left,
    skewed_interval,
    spread_by_class,
    spread_over_images,
)
from reportgen.metrics.intervals import Interval, wilson
from reportgen.metrics.predictions import FloatArray, Predictions
from reportgen.metrics.values import value_of
from reportgen.plugins import discover
from reportgen.record.definitions import HEADLINE
from reportgen.record.meaning import find_meaning
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord


@dataclass(frozen=True)
class Sample:
    """One model's predictions. n images, c classes."""

    predictions: Predictions
    scaled: FloatArray
    """(n,): confidences after temperature scaling; where probabilities are not finite they mean nothing."""

    @cached_property
    def present(self) -> NDArray[np.int64]:
        """The numbers of the classes that have images, (present classes,), ascending."""
        return np.unique(self.predictions.labels)

    @cached_property
    def hits(self) -> NDArray[np.float64]:
        """(n, c): 1 where an image of that class is called so."""
        one_hot: NDArray[np.float64] = np.eye(self.predictions.classes)[self.predictions.labels]
        return one_hot * self.predictions.correct[:, None]

    @cached_property
    def calibration(self) -> CalibrationError:
        """The calibration error of the confidences as they are."""
        return measure_calibration_error(self.predictions.confidence, self.predictions.correct.astype(float))

    @cached_property
    def scaled_calibration(self) -> CalibrationError:
        """That of the confidences after temperature scaling."""
        return measure_calibration_error(self.scaled, self.predictions.correct.astype(float))


@dataclass(frozen=True)
class Score:
    """One score of one model: its value, and what each image adds to it."""

    value: float
    influence: FloatArray
    """(n,), see `reportgen.metrics.influence`."""
    labels: NDArray[np.int64]
    """(n,): classes of the images."""
    kind: Literal["share", "mean", "by_class", "calibration"]
    """A share of the images (Wilson's interval), a mean over images of something skewed (Hall's), a score between 0 and
    1 that is a mean over classes (a logit scale), or the calibration error (its own)."""
    right: NDArray[np.bool_] | None = None
    """(n,): the images that a share counts."""
    ends: Interval | None = None
    """The interval of a calibration error."""
    least: int = FEWEST_OF_CLASS
    """Images of the smallest class below which a mean over classes has no interval."""
    draws: tuple[float, ...] = ()
    """Its values in several evaluations, of which it is the mean, where the model depends on chance."""
    apart: float = 0.0
    """Variance of each of these values by what chance does to each image by itself."""
    clear: bool = True
    """False of a calibration error that may be nothing but the bias of its estimate."""

    @property
    def has_enough(self) -> bool:
        """Whether there are so many images that an interval covers as often as it says."""
        if self.kind == "by_class":
            support = np.bincount(self.labels)
            return int(support[support > 0].min()) >= self.least
        return self.kind == "share" or len(self.labels) >= (FEWEST_OF_LOSS if self.kind == "mean" else FEWEST)

    @property
    def has_enough_for_change(self) -> bool:
        """The same of an interval of its change, to which few images contribute much, and which is free of the bias of
        two calibration errors only where both are clearly above it."""
        enough = self.kind in ("share", "by_class") or len(self.labels) >= FEWEST_OF_CHANGE
        return self.has_enough and self.clear and enough

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of one model's value; None for too few images, and where nothing scatters."""
        if self.kind == "calibration":
            return self.ends if self.ends is not None and self.ends[0] < self.ends[1] else None
        if self.right is not None and self.draws:
            return mean_share_interval(self.value, self.influence[None], len(self.right))
        if self.right is not None:
            return wilson(int(self.right.sum()), len(self.right))
        if not self.has_enough:
            return None
        if self.kind == "by_class":
            return logit_interval(self.value, spread_by_class(self.influence, self.labels))
        found = skewed_interval(self.value, self.influence, share=share_left(self.influence, self.labels))
        return None if found is None else (max(min(0.0, self.value), found[0]), found[1])


def spread_of_change(before: FloatArray, after: FloatArray, labels: NDArray[np.int64]) -> Spread:
    """How far the change of a score scatters over the images that both models were shown."""
    influence = after - before
    spread = spread_over_images(influence, labels)
    return Spread(spread.error, min(spread.freedom, freedom_of(influence)))


def change_interval(before: Score, after: Score) -> Interval | None:
    """The 95 % interval of the change of a score on the same images; None for too few of them.

    Two models that are alike differ on few images, so that the scatter is known less well than n says: Student's t has
    as many degrees of freedom as `freedom_of` finds.
    """
    value = after.value - before.value
    influence = after.influence - before.influence
    if not (before.has_enough_for_change and after.has_enough_for_change):
        return None
    if not influence.any():
        return value, value
    if before.kind == "mean":
        return skewed_interval(value, influence, freedom_of(influence))
    spread = spread_of_change(before.influence, after.influence, before.labels)
    half = critical(spread.freedom) * spread.error
    return value - half, value + half


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


@cache
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


def compute_values(record: RunRecord, samples: Sequence[Sample]) -> tuple[MetricValue, ...]:
    """Every metric that a record has, with its interval, in the order of the registry.

    `samples`: of every evaluation; several where the model depends on chance.
    """
    values = []
    for metric in find_metrics().values():
        if isinstance(metric, ScoreMetric):
            values.append(describe(metric, mean_score([score_of(metric, sample) for sample in samples]), samples[0]))
        elif isinstance(metric, RecordMetric):
            value = metric.compute(record, samples[0].predictions)
            values += [value] if value is not None else []
    return tuple(values)


def mean_score(scores: Sequence[Score | None]) -> Score | None:
    """The mean of one score over evaluations; itself where there is one, unknown where one of them is."""
    known = [score for score in scores if score is not None]
    if len(known) < len(scores) or len(scores) == 1:
        return scores[0] if len(scores) == 1 else None
    each = tuple(score.value for score in known)
    influences = np.array([score.influence for score in known])
    mean = float(np.mean(each))
    return replace(known[0], value=mean, influence=influences.mean(0), draws=each, apart=apart(influences))


def score_of(metric: ScoreMetric, sample: Sample) -> Score | None:
    """One score of one model; None where it is unknown."""
    known = sample.predictions.finite or not metric.of_probabilities
    return metric.compute(sample) if known else None


def describe(metric: ScoreMetric, score: Score | None, sample: Sample) -> MetricValue:
    """A score as a metric value; without an interval where its images are too few."""
    if score is None:
        return value_of(metric.name, None)
    n, ends = sample.predictions.n, score.interval
    if not score.draws:
        return value_of(metric.name, score.value, ends, n, "wilson" if score.right is not None else "delta")
    defined = find_meaning(metric.name).definition
    highest = 1.0 if defined is not None and defined.higher_is_better else np.inf
    return value_of(metric.name, score.value, widen(score.value, ends, score.draws, highest, score.apart), n, "draws")
