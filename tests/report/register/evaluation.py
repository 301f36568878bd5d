"""Evaluation and single predictions: records that show each claim."""

from __future__ import annotations

import numpy as np

from reportgen.record.run import RunRecord
from reportgen.report.sections.evaluation.view import SECTION
from reportgen.report.sections.predictions.view import SECTION as PREDICTIONS
from tests.report.register.case import Cases
from tests.report.sections.cases import evaluated, outputs
from tests.report.sections.evaluation.test_view import CLASSES, confused, errors, grouped
from tests.report.sections.predictions.test_view import sized


def never_named(record: RunRecord) -> RunRecord:
    return confused(record, (90, 10, 0), (10, 90, 0), (60, 40, 0))


def without_a_class(record: RunRecord) -> RunRecord:
    predicted, labels = errors((50, 10, 0), (10, 50, 0), (0, 0, 0))
    return evaluated(record, outputs(predicted, 3, 0.8), labels, CLASSES)


def not_finite(record: RunRecord) -> RunRecord:
    logits = np.array(record.arrays["eval.logits"])
    logits[:3, 0] = np.nan
    return evaluated(record, logits, record.arrays["eval.labels"])


def blind(record: RunRecord) -> RunRecord:
    labels = np.arange(400) % 2
    predicted = np.where(np.arange(400) % 4 < 2, labels, 1 - labels)
    return evaluated(record, outputs(predicted, 2, np.tile([0.9, 0.8, 0.9, 0.8], 100)), labels)


def swapped(record: RunRecord) -> RunRecord:
    labels = np.arange(600) % 3
    rng = np.random.default_rng(0)
    meant = np.where(rng.random(600) < 0.9, labels, rng.integers(0, 3, 600))
    return evaluated(record, outputs(np.array([1, 0, 2])[meant], 3, np.full(600, 0.9)), labels)


def kept(record: RunRecord, stay: int) -> RunRecord:
    """30 errors of 60, of which a third would stay within the group by chance."""
    labels = np.array([*[0] * 60, 1, 2, 3])
    return grouped(record, (0, 0, 1, 1), labels, [*[0] * 30, *[1] * stay, *[2] * (30 - stay), 1, 2, 3])


def denied(record: RunRecord, count: int) -> RunRecord:
    """20 images each of two classes, of which so many of the second are called the first with great confidence."""
    predicted = [0] * 20 + [0] * count + [1] * (20 - count)
    confidence = [0.93] * 20 + [0.99] * count + [0.93] * (20 - count)
    found = sized(record, predicted, [0] * 20 + [1] * 20, confidence)
    return found.model_copy(update={"measured": None})  # so that no temperature is known


EVALUATION = Cases(
    {
        "plain": lambda record: record,
        "weak": lambda record: confused(record, (800, 150, 50), (10, 980, 10), (10, 10, 980)),
        "even": lambda record: confused(record, (400, 50, 50), (50, 402, 48), (40, 40, 420)),
        "strong": lambda record: confused(record, (800, 100, 100), (100, 800, 100), (5, 5, 990)),
        "two strong": lambda record: confused(record, (700, 150, 150), (10, 980, 10), (10, 5, 985)),
        "one pair": lambda record: confused(record, (900, 60, 40), (76, 900, 24), (30, 20, 950)),
        "perfect": lambda record: confused(record, (100, 0, 0), (0, 100, 0), (0, 0, 100)),
        "few": lambda record: confused(record, (9, 1, 0), (0, 10, 0), (0, 0, 10)),
        "chance": lambda record: confused(record, (34, 33, 33), (33, 34, 33), (33, 33, 34)),
        "below": lambda record: confused(record, (10, 45, 45), (45, 10, 45), (45, 45, 10)),
        "shy": lambda record: confused(record, (900, 50, 50), (50, 900, 50), (50, 50, 900), confidence=0.6),
        "sure": lambda record: confused(record, (700, 200, 100), (100, 700, 200), (200, 100, 700), confidence=0.95),
        "fair": lambda record: confused(record, (90, 5, 5), (5, 90, 5), (5, 5, 90)),
        "never named": never_named,
        "without a class": without_a_class,
        "not finite": not_finite,
        "blind": blind,
        "swapped": swapped,
        "in groups": lambda record: kept(record, 28),
        "across groups": lambda record: kept(record, 1),
        "any group": lambda record: kept(record, 10),
    },
    {
        "evaluation.perfect": ("perfect", "plain"),
        "evaluation.order": ("swapped", "plain"),
        "evaluation.lowest_recall": ("even", "weak"),
        "evaluation.weakest": ("weak", "even"),
        "evaluation.strongest": ("strong", "even"),
        "evaluation.highest_recall": ("two strong", "even"),
        "evaluation.untested": ("few", "weak"),
        "evaluation.differ": ("weak", "fair"),
        "evaluation.alike": ("fair", "weak"),
        "evaluation.pair": ("one pair", "fair"),
        "evaluation.pair_open": ("few", "one pair"),
        "evaluation.never_predicted": ("never named", "plain"),
        "evaluation.absent": ("without a class", "plain"),
        "evaluation.broken": ("not finite", "plain"),
        "evaluation.above_chance": ("plain", "chance"),
        "evaluation.at_chance": ("chance", "plain"),
        "evaluation.below_chance": ("below", "chance"),
        "evaluation.few_images": ("few", "plain"),
        "evaluation.second_guess": ("plain", "perfect"),
        "evaluation.within_groups": ("in groups", "any group"),
        "evaluation.across_groups": ("across groups", "any group"),
        "evaluation.groups": ("any group", "in groups"),
        "evaluation.over_confident": ("sure", "fair"),
        "evaluation.under_confident": ("shy", "fair"),
        "evaluation.sure_as_right": ("fair", "sure"),
        "evaluation.scaling": ("sure", "not finite"),
        "evaluation.confidence_separates": ("plain", "blind"),
        "evaluation.confidence_open": ("blind", "plain"),
    },
    SECTION,
)
SINGLE = Cases(
    {
        "none sure": lambda record: sized(record, [0, 1], [0, 1], [0.5, 0.5]),
        "sure and right": lambda record: sized(record, [0, 1], [0, 1], [0.95, 0.95]),
        "sure as it is right": lambda record: sized(record, [0] * 40, [1] * 2 + [0] * 38, [0.95] * 40),
        "less sure than right": lambda record: sized(record, [0] * 200, [1] * 2 + [0] * 198, [0.91] * 200),
        "surer than right": lambda record: sized(record, [0] * 40, [1] * 12 + [0] * 28, [0.95] * 40),
        "one label denied": lambda record: denied(record, 1),
        "eight labels denied": lambda record: denied(record, 8),
        "plain": lambda record: record,
    },
    {
        "predictions.none_sure": ("none sure", "plain"),
        "predictions.none_wrong": ("sure and right", "surer than right"),
        "predictions.surely_wrong": ("surer than right", "sure as it is right"),
        "predictions.seldom_wrong": ("less sure than right", "sure as it is right"),
        "predictions.sure_errors": ("sure as it is right", "surer than right"),
        "predictions.close": ("plain", "sure and right"),
        "predictions.label_errors": ("one label denied", "eight labels denied"),
        "predictions.label_excess": ("eight labels denied", "one label denied"),
    },
    PREDICTIONS,
)
