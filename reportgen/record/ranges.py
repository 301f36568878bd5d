"""Whether single numbers of a record can have been measured: shares within 0 and 1, intervals in order, no negative
counts or times."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from reportgen.record.latency import Latency
from reportgen.record.measurements import Bin, ClassScore, Curve, Measurements
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import TEST_RIGHT, EpochStats, RunRecord, Training

ROUNDING = 1e-9
NEVER_NEGATIVE = ("count", "macs", "bytes", "seconds", "images/s", "FLOP/s", "bytes/s", "joules", "pixels")
"""Units of what is counted or timed."""
LARGEST_SCORES = {"nll": math.inf, "brier": 2.0}
"""Of the proper scores that are not shares: both are 0 for a model that is sure and right, and the squared differences
to the label, added over the classes, are at most 2."""

Wrong = Iterator[tuple[str, str]]
ENDS_WENT_BEYOND = frozenset({"aurc"})
"""Scores whose intervals earlier versions let go beyond 1."""


def find_wrong_ranges(record: RunRecord) -> Wrong:
    """Numbers that nothing can have measured: the field, and what is wrong with it."""
    if record.measured is not None:
        yield from find_wrong_measurements(record.measured)
    if record.training is not None:
        yield from wrong_training("training", record.training)
        yield from wrong_steps(record)
    yield from wrong_right(record)
    for place, run in enumerate(record.seeds):
        yield from wrong_training(f"seeds.{place}.training", run.training)
        yield from amounts(f"seeds.{place}.loss", run.loss)
    cost = record.probes.cost if record.probes is not None else None
    for place, latency in enumerate(record.latency):
        yield from wrong_latency(f"latency.{place}", latency)
    for place, latency in enumerate(cost.latency if cost is not None else ()):
        yield from wrong_latency(f"probes.cost.latency.{place}", latency)


def find_wrong_measurements(measured: Measurements) -> Wrong:
    """Those of the evaluation."""
    for place, value in enumerate(measured.values):
        yield from wrong_value(f"measured.values.{place}", value, share=is_within_one(value))
    for place, one in enumerate(measured.classes):
        yield from wrong_class(f"measured.classes.{place}", one)
    for place, cell in enumerate(measured.confusions):
        yield from wrong_value(f"measured.confusions.{place}.share", cell.share, share=True)
        yield from negative(f"measured.confusions.{place}.count", cell.count)
    for place, row in enumerate(measured.confusion):
        yield from negative(f"measured.confusion.{place}", *row)
    calibration = measured.calibration
    yield from negative("measured.calibration", *calibration.right, *calibration.wrong)
    for name, bins in (("bins", calibration.bins), ("scaled_bins", calibration.scaled_bins)):
        for place, part in enumerate(bins):
            yield from wrong_bin(f"measured.calibration.{name}.{place}", part)
    yield from wrong_curve("measured.risk_coverage", measured.risk_coverage)
    for place, curve in enumerate(measured.precision_recall):
        yield from wrong_curve(f"measured.precision_recall.{place}", curve)


def is_within_one(value: MetricValue) -> bool:
    """Whether a headline number is a score that lies between 0 and 1; a change of one does not."""
    definition = value.meaning.definition
    return definition is not None and definition.within_one and not value.meaning.change


def wrong_class(field: str, one: ClassScore) -> Wrong:
    """Of one class."""
    yield from negative(f"{field}.support", one.support)
    for name, value in (("recall", one.recall), ("precision", one.precision), ("f1", one.f1)):
        yield from wrong_value(f"{field}.{name}", value, share=True)
    yield from beyond_one(f"{field}.average_precision", one.average_precision)
    yield from beyond_one(f"{field}.auroc", one.auroc)


def wrong_value(field: str, value: MetricValue, *, share: bool) -> Wrong:
    """Of one number with its interval."""
    known = [one for one in (value.value, value.low, value.high) if one is not None]
    if any(math.isinf(one) for one in (value.low, value.high) if one is not None):
        yield field, f"{value.name} has no interval from {value.low} to {value.high}"
    if share:
        yield from beyond_one(field, *([value.value] if value.name in ENDS_WENT_BEYOND else known))
    if value.unit in NEVER_NEGATIVE and value.meaning.change == "":
        yield from negative(field, *known)
    if value.name in LARGEST_SCORES and value.value is not None:
        yield from negative(field, value.value if value.value < -ROUNDING else None)
        if value.value > LARGEST_SCORES[value.name] + ROUNDING:
            yield field, f"{value.name} can't be {value.value:g}"
    yield from negative(f"{field}.n", value.n)
    yield from in_order(field, value.low, value.high)


def wrong_training(field: str, training: Training) -> Wrong:
    """Of one pass: counts, times and losses that no training has, and more steps than it had."""
    counts = ("steps", "planned_steps", "images_seen", "train_correct", "train_n")
    for name in counts:
        yield from negative(f"{field}.{name}", getattr(training, name))
    for name in ("steps_per_epoch", "batch_size"):
        if getattr(training, name) < 1:
            yield f"{field}.{name}", f"{getattr(training, name)} is less than 1"
    yield from amounts(f"{field}.seconds", training.seconds)
    yield from amounts(f"{field}.images_per_second", training.images_per_second)
    yield from negative(f"{field}.train_loss", training.train_loss)  # unknown, as NaN, where none could be scored
    if training.steps > training.planned_steps:
        yield f"{field}.steps", f"{training.steps} of {training.planned_steps} planned steps"
    if training.divergence is not None and training.divergence.step > training.steps:
        yield f"{field}.divergence.step", f"{training.divergence.step} of {training.steps} steps"
    for place, row in enumerate(training.epochs):
        yield from wrong_row(f"{field}.epochs.{place}", row, training)


def wrong_row(field: str, row: EpochStats, training: Training) -> Wrong:
    """Of one row of the history of a pass."""
    if not 0 < row.step <= training.steps:
        yield f"{field}.step", f"{row.step} of {training.steps} steps"
    if not 0 < row.epoch <= row.step + ROUNDING:
        yield f"{field}.epoch", f"{row.epoch:g} after {row.step} steps"
    yield from beyond_one(f"{field}.train_accuracy", row.train_accuracy)
    yield from beyond_one(f"{field}.test_accuracy", row.test_accuracy)
    yield from negative(f"{field}.train_n", row.train_n)
    yield from negative(f"{field}.test_n", row.test_n)
    if row.test_loss is not None and math.isfinite(row.test_loss):  # a diverged model's is not
        yield from negative(f"{field}.test_loss", row.test_loss)
    yield from amounts(f"{field}.seconds", row.seconds)


def wrong_steps(record: RunRecord) -> Wrong:
    """Another number of steps than their losses."""
    losses = record.arrays.get("train.loss")
    if record.training is not None and losses is not None and len(losses) != record.training.steps:
        yield "training.steps", f"{record.training.steps} steps and {len(losses)} entries in train.loss"


def wrong_right(record: RunRecord) -> Wrong:
    """Another number of images right in a row of the history than its accuracy tells."""
    rows = record.training.epochs if record.training is not None else ()
    for place, (row, bits) in enumerate(zip(rows, record.arrays.get(TEST_RIGHT, ()), strict=False)):
        told, counted = round((row.test_accuracy or 0.0) * row.test_n), int(np.bitwise_count(bits).sum())
        if told != counted:
            yield f"training.epochs.{place}.test_accuracy", f"{told} images right, and {counted} in {TEST_RIGHT}"


def amounts(field: str, *numbers: float | None) -> Wrong:
    """Times, rates and mean losses that are negative or no numbers."""
    yield from negative(field, *numbers)
    for number in numbers:
        if number is not None and not math.isfinite(number):
            yield field, f"{number} is not a finite number"


def wrong_bin(field: str, part: Bin) -> Wrong:
    """Of one bin of a reliability diagram."""
    yield from negative(f"{field}.n", part.n)
    yield from beyond_one(field, part.low, part.high, part.confidence, part.accuracy)
    yield from in_order(field, part.low, part.high)


def wrong_curve(field: str, curve: Curve) -> Wrong:
    """Of a curve of shares."""
    yield from beyond_one(field, *curve.x, *curve.y)


def wrong_latency(field: str, latency: Latency) -> Wrong:
    """Of the times of one batch size."""
    for part in (latency.p50_seconds, latency.p95_seconds, *latency.processes):
        if not part > 0:
            yield field, f"a time of {part} s"
    if latency.batch_size < 1 or latency.n < 1:
        yield field, f"{latency.n} repeats of {latency.batch_size} images"
    yield from in_order(field, latency.p50_seconds, latency.p95_seconds)
    yield from in_order(field, latency.p50_low, latency.p50_high)
    yield from in_order(field, latency.p95_low, latency.p95_high)


def beyond_one(field: str, *numbers: float | None) -> Wrong:
    """Shares that are none; what is not a number is unknown."""
    for number in numbers:
        if number is not None and (number < -ROUNDING or number > 1 + ROUNDING):
            yield field, f"{number:g} is not between 0 and 1"


def negative(field: str, *numbers: float | None) -> Wrong:
    """Counts and amounts below zero."""
    for number in numbers:
        if number is not None and number < 0:
            yield field, f"{number:g} is negative"


def in_order(field: str, low: float | None, high: float | None) -> Wrong:
    """Two numbers of which the second is smaller than the first."""
    if low is not None and high is not None and low > high + ROUNDING * abs(high):
        yield field, f"{low:g} is more than {high:g}"
