"""What the metrics package makes of logits and labels: numbers with intervals, tables and curves."""

from __future__ import annotations

from reportgen.record.metric_value import MetricValue
from reportgen.spec.frozen import Frozen


class ClassScore(Frozen):
    """One class of the evaluation set."""

    index: int
    name: str
    support: int
    recall: MetricValue
    """Share of this class's images called so (Wilson)."""
    precision: MetricValue
    """Share of the images called so that are (Wilson)."""
    f1: MetricValue
    """Wilson, through the Jaccard index."""
    average_precision: float | None
    auroc: float | None
    """One against the rest."""


class Confusion(Frozen):
    """One cell off the diagonal of the confusion matrix."""

    true: int
    predicted: int
    count: int
    share: MetricValue
    """Of the true class's images (Wilson)."""


class Bin(Frozen):
    """One bin of the reliability diagram, equal width over confidence."""

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


class Curve(Frozen):
    """Points of a curve, thinned to at most 200."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class CalibrationFacts(Frozen):
    """What the plug-in value of a calibration error hides; see `reportgen.metrics.calibration_error`."""

    debiased: float
    """Less the bias of the absolute values."""
    under_calibration: float
    """The mean plug-in value of a perfectly calibrated model with the same confidences."""
    p: float
    """Of perfect calibration."""


class Calibration(Frozen):
    """How far confidence can be believed, before and after temperature scaling (Guo et al. 2017)."""

    bins: tuple[Bin, ...]
    scaled_bins: tuple[Bin, ...]
    temperature: float
    """Fitted by cross-fitting on halves of the evaluation set, so that no image is judged by its own fit; the mean."""
    right: tuple[int, ...]
    """Counts of right predictions by confidence bin (20 equal bins over 0 to 1)."""
    wrong: tuple[int, ...]
    error: CalibrationFacts | None = None
    """Of the confidences as they are; None where they are unknown."""
    scaled_error: CalibrationFacts | None = None
    """After temperature scaling; None where nothing was fitted."""


class Measurements(Frozen):
    """Everything computed from the evaluation's logits and labels, and the counts a summary shows."""

    values: tuple[MetricValue, ...]
    """The headline numbers, as in metrics.json."""
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Row: true class; column: predicted class; images."""
    confusions: tuple[Confusion, ...]
    """The largest cells off the diagonal, by count, at most 20."""
    calibration: Calibration
    risk_coverage: Curve
    """x: coverage (share kept, most confident first); y: error among the kept."""
    precision_recall: tuple[Curve, ...]
    """By class; x: recall, y: precision."""
    seed: int
    """Of the halves that temperature scaling is fitted on."""

    @property
    def of_equal_classes(self) -> bool:
        """Whether every class has as many images as any other, so that balanced accuracy is top-1 accuracy."""
        return len({one.support for one in self.classes}) == 1

    def value(self, name: str) -> MetricValue | None:
        """The headline number of that name, or None."""
        return next((value for value in self.values if value.name == name), None)
