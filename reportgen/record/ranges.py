"""Whether single numbers of a record can have been measured: shares within 0 and 1, intervals in order, no negative
counts or times."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reportgen.record.latency import Latency
from reportgen.record.measurements import Bin, ClassScore, Curve, Measurements
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord

ROUNDING = 1e-9
NEVER_NEGATIVE = ("count", "macs", "bytes", "seconds", "images/s", "FLOP/s", "bytes/s", "joules", "pixels")
"""Units of what is counted or timed."""

Wrong = Iterator[tuple[str, str]]


def find_wrong_ranges(record: RunRecord) -> Wrong:
    """Numbers that nothing can have measured: the field, and what is wrong with it."""
    if record.measured is not None:
        yield from find_wrong_measurements(record.measured)
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
        yield from beyond_one(field, *known)
    if value.unit in NEVER_NEGATIVE and value.meaning.change == "":
        yield from negative(field, *known)
    yield from negative(f"{field}.n", value.n)
    yield from in_order(field, value.low, value.high)


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
