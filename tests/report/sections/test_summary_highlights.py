"""What page 1 says first of ten kinds of model: banners, then findings in the order in which reviewers act on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reportgen.record.run import Duplicates, RunRecord
from reportgen.record.subject import Subject
from reportgen.report.claims import Claim
from reportgen.report.model import LEVEL_OF_TONE, Finding, Level, SectionView
from reportgen.report.sections.summary import SummaryView, choose_highlights
from tests.comparison.cases import improved, judged, with_logits
from tests.outputs.reports import plain_report
from tests.report.register.training import diverged, jumping
from tests.report.sections.cases import change, evaluated, outputs
from tests.report.sections.data.test_view import WHOLE
from tests.report.sections.evaluation.test_view import confused
from tests.report.sections.training.test_seed_findings import fell, seeded
from tests.support.robustness_facts import checked, preparation, probed

CLEAN = Duplicates(within_train=0, within_test=0, across=0)
"""No image stands in the data twice."""


def whole(record: RunRecord) -> RunRecord:
    """The record of all of its data, none of them twice."""
    return single(change(record, data={"splits": WHOLE}))


def single(record: RunRecord) -> RunRecord:
    return change(record, data={"duplicates": CLEAN})


def answering(record: RunRecord, *shares: float, n: int = 3000) -> RunRecord:
    """Three classes, right on these shares of their images, and about as sure as it is right."""
    labels, rng = np.repeat(np.arange(3), n // 3), np.random.default_rng(0)
    right = rng.random(n) < np.asarray(shares)[labels]
    predicted = np.where(right, labels, (labels + 1 + (rng.random(n) < 0.5)) % 3)
    sure = rng.random(n) < np.where(right, 0.9, 0.2)
    confidence = np.where(sure, right[sure].mean(), max(0.5, float(right[~sure].mean())))
    return single(evaluated(record, outputs(predicted, 3, confidence), labels, ("cat", "dog", "ship")))


def good(record: RunRecord) -> RunRecord:
    return answering(record, 0.94, 0.94, 0.94)


def bad(record: RunRecord) -> RunRecord:
    return single(confused(record, (340, 330, 330), (330, 340, 330), (330, 330, 340)))


def misnormalised(record: RunRecord) -> RunRecord:
    return probed(whole(record), check=checked(preparation(190, 45, 5, 0.4)))


def burst(record: RunRecord) -> RunRecord:
    broken = np.full_like(record.arrays["eval.logits"], np.nan)
    return diverged(whole(with_logits(jumping(record, 39, np.inf), broken)))


def tiny(record: RunRecord) -> RunRecord:
    return single(confused(record, (7, 1, 0), (2, 6, 0), (0, 1, 7), confidence=0.8))


def leaking(record: RunRecord) -> RunRecord:
    return change(whole(record), data={"duplicates": Duplicates(within_train=40, within_test=0, across=90)})


def unstable(record: RunRecord) -> RunRecord:
    return whole(seeded(record, 60, 590, divergence=fell()))


def unfair(record: RunRecord) -> RunRecord:
    return answering(record, 0.4, 0.95, 0.95)


def candidate(record: RunRecord, macs: int) -> Subject:
    """Three more images right after a longer training, which is inside the margin, and so many MACs."""
    spec = record.spec.model_copy(update={"run": record.spec.run.model_copy(update={"epochs": 9.0})})
    other = change(improved(record, 3), trace={"macs": macs}, spec=spec)
    return judged(whole(with_logits(other, other.arrays["eval.logits"])), whole(record), margin=0.05)


def slow(record: RunRecord) -> Subject:
    return candidate(record, 3 * record.trace.macs)


def equivalent(record: RunRecord) -> Subject:
    return candidate(record, record.trace.macs // 2)


FIRST: dict[str, tuple[Callable[[RunRecord], RunRecord | Subject], list[str]]] = {
    "good": (good, ["evaluation.confidence_separates", "evaluation.sure_as_right", "evaluation.lowest_recall"]),
    "bad": (bad, ["evaluation.at_chance", "evaluation.over_confident", "predictions.surely_wrong"]),
    "mis-normalised": (misnormalised, ["banner.preparation", "robustness.worst", "training.improving"]),
    "diverged": (burst, ["banner.not_finite", "evaluation.broken", "training.gradient_broken"]),
    "tiny n": (tiny, ["evaluation.few_images", "evaluation.sure_as_right", "evaluation.lowest_recall"]),
    "leaking data": (leaking, ["data.duplicates_across", "training.improving", "evaluation.under_confident"]),
    "unstable": (unstable, ["banner.seeds_not_finite", "training.seeds", "training.improving"]),
    "unfair to one class": (
        unfair,
        ["evaluation.weakest", "evaluation.over_confident", "evaluation.confidence_separates"],
    ),
    "slow": (slow, ["baseline.cost", "baseline.no_class", "training.improving"]),
    "equivalent candidate": (equivalent, ["baseline.cost", "baseline.no_class", "training.improving"]),
}


def said_first(thing: RunRecord | Subject) -> list[str]:
    """The keys of the first three things that page 1 says below the verdict."""
    report = plain_report(thing)
    views = [view for view in report.sections if isinstance(view, SectionView)]
    keys = {finding.text: finding.key for view in views for finding in view.findings}
    (summary,) = (view for view in views if isinstance(view, SummaryView))
    found = [banner.key for banner in report.banners] + [keys[one.text] for one in summary.highlights]
    return found[:3]


@pytest.mark.parametrize("kind", FIRST)
def test_the_first_three_things_are_those_that_an_expert_would_say(record: RunRecord, kind: str) -> None:
    make, expected = FIRST[kind]
    assert said_first(make(record)) == expected


def test_that_the_test_images_are_far_too_few_stands_before_all_that_is_read_from_them(record: RunRecord) -> None:
    few = single(confused(record, (9, 0, 0), (0, 9, 0), (4, 5, 0), confidence=0.8))
    assert said_first(few)[:2] == ["evaluation.few_images", "evaluation.never_predicted"]


WORDS = Claim("test.words", "a fact", level=Level.USE)


@pytest.mark.parametrize(("tone", "level"), [("bad", Level.USE), ("caution", Level.USE), ("plain", Level.NEXT)])
def test_a_claim_that_is_no_caution_is_at_most_something_for_the_next_run(tone: str, level: Level) -> None:
    assert WORDS.finding("It is so.", 0.5, "section-a", tone).level is level  # type: ignore[arg-type]


def test_of_equal_level_what_is_worse_stands_first_and_weight_alone_orders_descriptions() -> None:
    made = [
        WORDS.finding("light problem", 0.1, "a", "bad"),
        WORDS.finding("heavy caution", 0.9, "a", "caution"),
        WORDS.finding("next", 1.0, "a", "good"),
    ]
    described = [Finding("caution", 0.2, "a", "caution", level=Level.DESCRIPTION), Finding("plain", 0.3, "a")]
    views = (SectionView("b", "B", tuple(described)), SectionView("a", "A", tuple(reversed(made))))
    shown = [one.text for one in choose_highlights(views)]
    assert shown == ["light problem", "heavy caution", "next", "plain", "caution"]


def test_a_finding_of_a_plugin_has_the_level_of_its_tone() -> None:
    ranks = [Finding("x", 0.5, "a", tone).rank for tone in LEVEL_OF_TONE]
    assert ranks == sorted(ranks)
    assert [-rank[0] for rank in ranks[:3]] == [Level.DECISION, Level.USE, Level.DESCRIPTION]
