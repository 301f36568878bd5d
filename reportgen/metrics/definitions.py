"""The headline metrics: key, name, unit and direction, in the order of metrics.json."""

from __future__ import annotations

from collections.abc import Callable

from reportgen.metrics.intervals import wilson
from reportgen.record.message import N_, Message
from reportgen.record.metric_value import Method, MetricValue, Unit
from reportgen.spec.frozen import Frozen
from reportgen.text import numerals
from reportgen.text.i18n import _


class Definition(Frozen):
    """What a metric is called and how it is read."""

    name: str
    label: Message
    unit: Unit
    higher_is_better: bool | None


DEFINITIONS = (
    Definition(name="accuracy", label=N_("Top-1 accuracy"), unit="share", higher_is_better=True),
    Definition(name="accuracy_seeds", label=N_("Top-1, mean over seeds"), unit="share", higher_is_better=True),
    Definition(
        name="accuracy_seed_deviation", label=N_("Top-1, deviation between seeds"), unit="share", higher_is_better=False
    ),
    Definition(name="top5_accuracy", label=N_("Top-5 accuracy"), unit="share", higher_is_better=True),
    Definition(name="balanced_accuracy", label=N_("Balanced accuracy"), unit="share", higher_is_better=True),
    Definition(name="macro_f1", label=N_("Macro F1"), unit="score", higher_is_better=True),
    Definition(name="nll", label=N_("Negative log-likelihood"), unit="nats", higher_is_better=False),
    Definition(name="brier", label=N_("Brier score"), unit="score", higher_is_better=False),
    Definition(name="ece", label=N_("Expected calibration error"), unit="score", higher_is_better=False),
    Definition(name="ece_scaled", label=N_("Same after temperature scaling"), unit="score", higher_is_better=False),
    Definition(name="auroc", label=N_("AUROC, one against the rest"), unit="score", higher_is_better=True),
    Definition(name="aurc", label=N_("Area under risk–coverage"), unit="score", higher_is_better=False),
    Definition(name="train_accuracy", label=N_("Training accuracy"), unit="share", higher_is_better=True),
    Definition(
        name="generalisation_gap", label=N_("Training minus test accuracy"), unit="share", higher_is_better=False
    ),
    Definition(name="teacher_accuracy", label=N_("Accuracy of the teacher"), unit="share", higher_is_better=True),
    Definition(name="parameters", label=N_("Parameters"), unit="count", higher_is_better=False),
    Definition(name="macs", label=N_("MACs"), unit="macs", higher_is_better=False),
    Definition(name="activation_bytes", label=N_("Activation memory, training"), unit="bytes", higher_is_better=False),
    Definition(name="latency_p50", label=N_("Latency, one image"), unit="seconds", higher_is_better=False),
    Definition(
        name="latency_p95", label=N_("Latency, one image, 95th percentile"), unit="seconds", higher_is_better=False
    ),
    Definition(name="throughput", label=N_("Throughput"), unit="images/s", higher_is_better=True),
    Definition(name="train_seconds", label=N_("Training time"), unit="seconds", higher_is_better=False),
    Definition(name="train_images_per_second", label=N_("Training speed"), unit="images/s", higher_is_better=True),
    Definition(name="eval_seconds", label=N_("Evaluation time"), unit="seconds", higher_is_better=False),
)
BY_NAME = {definition.name: definition for definition in DEFINITIONS}

OVER_SEEDS = ("accuracy_seeds", "accuracy_seed_deviation")
"""Those whose n counts seeds."""

Ends = tuple[float, float] | None


def define(name: str, value: float | None, ends: Ends = None, n: int | None = None, method: Method = "") -> MetricValue:
    """The headline metric of that name with this value and interval."""
    metric = BY_NAME[name]
    low, high = ends if ends and value is not None else (None, None)
    display, shown = write(metric.name, metric.unit, value, low, high, n)
    return MetricValue(
        name=name, label=metric.label.text, value=value, low=low, high=high, n=n, unit=metric.unit,
        higher_is_better=metric.higher_is_better, display=display, display_interval=shown, method=method,
        counted=_("seeds") if name in OVER_SEEDS else "",
    )  # fmt: skip


def write(
    name: str, unit: Unit, value: float | None, low: float | None, high: float | None, n: int | None
) -> tuple[str, str]:
    """A value and its interval as people read them."""
    if name == "generalisation_gap":
        return numerals.points(value), numerals.points_interval(low, high)
    if name == "accuracy_seed_deviation":
        return numerals.points(value).removeprefix("+"), numerals.interval(low, high, 1, 100.0)
    if name in OVER_SEEDS:
        return numerals.percent(value), numerals.percent_interval(low, high)
    if unit == "share":
        return numerals.percent(value, n), numerals.percent_interval(low, high, n)
    if unit in ("score", "nats"):
        return numerals.score(value, low, high), numerals.score_interval(low, high)
    if unit == "seconds" and value is not None:
        return numerals.seconds_text(value), numerals.seconds_interval(low, high, value)
    if unit == "images/s" and value is not None:
        return numerals.speed(value), numerals.speed_interval(low, high, value)
    writers: dict[str, Callable[[float | None], str]] = {
        "count": numerals.count,
        "macs": numerals.compact,
        "bytes": numerals.bytes_text,
        "seconds": numerals.seconds_text,
        "images/s": numerals.speed,
        "pixels": numerals.count,
        "ratio": numerals.ratio,
        "FLOP/s": lambda rate: numerals.compact(rate, "FLOP/s"),
        "bytes/s": lambda rate: numerals.compact(rate, "B/s"),
        "joules": lambda energy: _("{number} J", number=numerals.significant(energy, 2)),
    }
    return writers[unit](value), ""


def share(name: str, label: str, successes: int, n: int, higher_is_better: bool | None) -> MetricValue:
    """A proportion with its Wilson interval; unknown when n is 0."""
    ends = wilson(successes, n)
    low, high = ends or (None, None)
    value = successes / n if n else None
    return MetricValue(
        name=name, label=label, value=value, low=low, high=high, n=n, unit="share", higher_is_better=higher_is_better,
        display=numerals.percent(value, n), display_interval=numerals.percent_interval(low, high, n), method="wilson",
    )  # fmt: skip
