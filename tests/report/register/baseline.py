"""The comparison: pairs of records that show each claim."""

from __future__ import annotations

import numpy as np

from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.sections.baseline.view import SECTION
from tests.comparison.cases import another_seed, improved, in_turn, judged, with_logits, with_seeds
from tests.metrics.test_draws import by_chance, noisy
from tests.report.register.case import Cases
from tests.report.sections.baseline.test_ranking import made, third, with_ranking
from tests.report.sections.cases import change


def lost_cats(record: RunRecord) -> Subject:
    logits, labels = record.arrays["eval.logits"].copy(), record.arrays["eval.labels"]
    logits[np.flatnonzero((labels == 3) & (logits.argmax(1) == 3)), 3] -= 50
    return judged(with_logits(record, logits), record)


def seeds(record: RunRecord) -> Subject:
    other = with_logits(record, another_seed())
    return judged(with_seeds(other, [1, 2], 1.0), with_seeds(record, [3], 1.0))


def other_spec(record: RunRecord) -> Subject:
    spec = record.spec.model_copy(update={"run": record.spec.run.model_copy(update={"epochs": 9.0})})
    return judged(with_logits(change(record, spec=spec), another_seed()), record)


def half_macs(record: RunRecord) -> Subject:
    half = change(record, trace={"macs": record.trace.macs // 2})
    return judged(with_logits(half, record.arrays["eval.logits"]), record)


def no_costs(record: RunRecord) -> Subject:
    """Compared where parameters and MACs differ by too little for a sentence."""
    near = change(record, trace={"macs": record.trace.macs + 1, "parameters": record.trace.parameters + 1})
    return judged(with_logits(near, record.arrays["eval.logits"]), record)


def unranked(record: RunRecord) -> Subject:
    return with_ranking(third(record, "Main", "Good", "Other", "Little"), made(("A", "B", 0.0, False)))


BASELINE = Cases(
    {
        "better": lambda record: judged(improved(record, 40), record),
        "worse": lambda record: judged(record, improved(record, 40)),
        "undecided": lambda record: judged(improved(record, 3), record),
        "equivalent": lambda record: judged(improved(record, 3), record, margin=0.05),
        "near another": lambda record: judged(with_logits(record, another_seed()), record, margin=0.2),
        "same": lambda record: judged(record, record),
        "another seed": lambda record: judged(with_logits(record, another_seed()), record),
        "nearly the same": lambda record: judged(improved(record, 1), record),
        "by chance": lambda record: judged(by_chance(record, noisy(record)), record),
        "lost cats": lost_cats,
        "seeds": seeds,
        "other spec": other_spec,
        "half the MACs": half_macs,
        "near costs": no_costs,
        "twice as slow": lambda record: judged(in_turn(record, (0.01, 0.011, 0.01), (0.02, 0.021, 0.02)), record),
        "as slow": lambda record: judged(in_turn(record, (0.01, 0.011, 0.01), (0.011, 0.01, 0.01)), record),
        "ranked": lambda record: third(record, "Main", "Good", "Other", "Little"),
        "unranked": unranked,
    },
    {
        "baseline.better": ("better", "undecided"),
        "baseline.worse": ("worse", "undecided"),
        "baseline.undecided_change": ("undecided", "better"),
        "baseline.equivalent": ("equivalent", "undecided"),
        "baseline.identical": ("same", "nearly the same"),
        "baseline.needed": ("undecided", "better"),
        "baseline.detectable": ("near another", "same"),
        "baseline.seed_scatter": ("seeds", "better"),
        "baseline.trained_once": ("better", "seeds"),
        "baseline.chance_counted": ("by chance", "better"),
        "baseline.no_score": ("nearly the same", "worse"),
        "baseline.scores": ("worse", "nearly the same"),
        "baseline.no_class": ("undecided", "lost cats"),
        "baseline.classes": ("lost cats", "undecided"),
        "baseline.cost": ("half the MACs", "near costs"),
        "baseline.latency": ("twice as slow", "as slow"),
        "baseline.nothing_differs": ("same", "another seed"),
        "baseline.unexplained": ("another seed", "same"),
        "baseline.differences": ("other spec", "same"),
        "baseline.ranking": ("ranked", "unranked"),
        "baseline.ranking_open": ("unranked", "ranked"),
    },
    SECTION,
)
