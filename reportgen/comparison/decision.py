"""The rule that turns a change with its interval into one of four verdicts.

- **equivalent**: the 95 % interval lies within ± the margin, which is two one-sided tests at 2.5 % each; or both models
  give the same outputs for every image.
- **better**, **worse**: otherwise, where the interval lies on one side of zero and the test of no change gives
  p ≤ 0.05.
- **undecided**: otherwise.

A true change of zero is called better or worse with a probability of at most 5 %, which the exact test alone ensures;
a true change of the margin or more is called equivalent with a probability of at most about 2.5 %.
"""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.record.comparison import Comparison, Verdict
from reportgen.record.metric_value import MetricValue

ALPHA = 0.05
ALPHA_OF_OTHERS = 0.01
"""Of scores and classes beside an accuracy that did not change significantly."""


def level_of_others(compared: Comparison) -> float:
    """The level at which scores, and classes, are tested beside accuracy, each family with Holm's correction.

    Accuracy comes first. Where it changed at 5 %, a change is said in any case, and the others have those 5 % too.
    Where it did not, they have 1 %, after the idea of the fallback procedure (Wiens and Dmitrienko 2005, Journal of
    Biopharmaceutical Statistics 15, 929–942), which would take that from the 5 %. Equal models differ in 3.8 % of the
    comparisons that were simulated; at 5 % each it was 6.7 %.
    """
    return ALPHA if compared.p <= ALPHA else ALPHA_OF_OTHERS


@dataclass(frozen=True)
class Change:
    """A difference of two accuracies, candidate − baseline, with its 95 % interval and the p of no change."""

    value: float
    low: float
    high: float
    p: float


def decide(change: Change, margin: float, identical: bool = False) -> Verdict:
    """The verdict by the rule above."""
    if identical or (-margin < change.low and change.high < margin):
        return "equivalent"
    if change.p <= ALPHA and change.low > 0:
        return "better"
    if change.p <= ALPHA and change.high < 0:
        return "worse"
    return "undecided"


def direction(value: MetricValue) -> int:
    """1 where a changed score is better by more than its interval, −1 where it is worse, else 0."""
    low, high = value.low or 0.0, value.high or 0.0
    if low <= 0 <= high:
        return 0
    return 1 if (low > 0) == (value.higher_is_better is not False) else -1
