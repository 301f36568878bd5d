"""Accuracies and changes under changed images, against naive counts, scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from reportgen.metrics.robustness import (
    doubt_preparation,
    mcnemar,
    mean_corruption_accuracy,
    paired_change,
    read_outcomes,
)
from reportgen.record import RunRecord
from tests.robustness_facts import CONDITIONS, N, preparation, probed


def facts_of(record: RunRecord):
    assert record.probes is not None
    assert record.probes.robustness is not None
    return record.probes.robustness


def test_outcomes_are_counted_image_by_image(record: RunRecord) -> None:
    changed = probed(record)
    labels, clean = record.arrays["eval.labels"][:N], record.arrays["eval.logits"][:N].argmax(1)
    for outcome, (_, _, _, wrong) in zip(read_outcomes(changed, facts_of(changed)), CONDITIONS, strict=True):
        n = outcome.condition.images
        kept = [clean[i] == labels[i] and i >= wrong * N for i in range(n)]
        assert outcome.accuracy.value == pytest.approx(sum(kept) / n)
        assert outcome.clean.value == pytest.approx(sum(clean[:n] == labels[:n]) / n)
        assert outcome.change.value == pytest.approx(outcome.accuracy.value - outcome.clean.value)
        assert outcome.accuracy.n == n


@pytest.mark.parametrize(("gained", "lost", "n"), [(5, 20, 200), (0, 0, 50), (30, 30, 100), (0, 40, 100)])
def test_a_paired_change_has_the_normal_interval_of_the_differences(gained: int, lost: int, n: int) -> None:
    differences = np.array([1.0] * gained + [-1.0] * lost + [0.0] * (n - gained - lost))
    half = norm.ppf(0.975) * differences.std() / np.sqrt(n)
    found = paired_change("x", gained, lost, n)
    assert (found.value, found.low, found.high) == pytest.approx(
        (differences.mean(), max(-1, differences.mean() - half), min(1, differences.mean() + half))
    )


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (7, 3), (3, 7), (250, 180), (500, 20)])
def test_mcnemar_is_the_exact_binomial_test(gained: int, lost: int) -> None:
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar(gained, lost) == pytest.approx(expected)


def test_the_mean_over_corruptions_leaves_moves_and_attacks_out(record: RunRecord) -> None:
    changed = probed(record)
    mean = mean_corruption_accuracy(changed, facts_of(changed))
    assert mean is not None
    outcomes = read_outcomes(changed, facts_of(changed))
    assert mean.value == pytest.approx(np.mean([one.accuracy.value for one in outcomes[:5]]))
    assert mean.low < mean.value < mean.high


def test_a_better_preparation_is_named_and_near_equals_are_told_apart_by_loss(record: RunRecord) -> None:
    check = facts_of(probed(record, preparation(180, 35, 5, 0.4), preparation(181, 36, 5, 0.9, "cifar10"))).preparation
    doubt = doubt_preparation(check, 10)
    assert doubt is not None
    assert doubt.best.name == "imagenet"
    assert doubt.change.value == pytest.approx(30 / N)
    assert doubt.p == pytest.approx(2 * binomtest(35, 40).pvalue)


@pytest.mark.parametrize(
    ("others", "learned"),
    [
        ([preparation(152, 6, 4)], False),
        ([preparation(180, 35, 5)], True),
        ([preparation(120, 5, 35)], False),
        ([], False),
    ],
)
def test_no_alarm(record: RunRecord, others: list, learned: bool) -> None:
    assert doubt_preparation(facts_of(probed(record, *others, learned_here=learned)).preparation, 10) is None


def test_no_alarm_at_chance(record: RunRecord) -> None:
    check = facts_of(probed(record, preparation(26, 25, 0))).preparation.model_copy(update={"right": 1})
    assert doubt_preparation(check, 10) is None
