"""The runs before one run: the summaries of its own series that a report carries with it.

A series holds the runs of one model on the same test images. A history stands beside the record, since it says nothing
of the run itself.
"""

from __future__ import annotations

from pydantic import Field

from reportgen.record.metric_value import MetricValue
from reportgen.spec.frozen import Frozen

MOST_RUNS = 10
"""Earlier runs that a report carries."""


class StepBack(Frozen):
    """The change of a score from the run before."""

    before: str
    """Key of that run."""
    change: MetricValue
    p: float
    """Of no change, by the paired test, before any correction."""


class PastRun(Frozen):
    """An earlier run in a few lines."""

    key: str
    """Digest of its fingerprint and date, by which the record in a folder and the one in a PDF are the same run."""
    fingerprint: str
    title: str
    created: str
    commit: str | None = None
    dirty: bool | None = None
    values: tuple[MetricValue, ...] = ()
    """Its headline numbers."""
    step: StepBack | None = None
    """Of top-1 accuracy; None where it was not held against the run before."""
    loss_step: StepBack | None = None
    """Of negative log-likelihood; None also where one of the two has several seeds, or an output that is not finite."""

    def value(self, name: str) -> MetricValue | None:
        """The headline number of that name, where it is known."""
        return next((value for value in self.values if value.name == name and value.value is not None), None)

    @property
    def accuracy(self) -> MetricValue | None:
        """Top-1 accuracy, over its seeds where it has several."""
        return self.value("accuracy_seeds") or self.value("accuracy")


class Build(Frozen):
    """One build of the branch that the baseline is from."""

    created: str
    commit: str | None = None
    accuracy: MetricValue | None = None
    """Top-1, over its seeds where it has several."""


class History(Frozen):
    """The earlier runs of a series, the oldest first, and the change from the last of them to this run."""

    series: str
    """Digest of the model's identity and of the test images."""
    runs: tuple[PastRun, ...] = Field(default=(), max_length=MOST_RUNS)
    step: StepBack | None = None
    loss_step: StepBack | None = None
