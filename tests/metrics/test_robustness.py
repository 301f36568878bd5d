"""Accuracies and changes under changed images, against naive counts and scipy; means against a loop over resamples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import binomtest, t

from reportgen.metrics.paired import score_interval
from reportgen.metrics.robustness import (
    chance_of,
    half_lost,
    half_p,
    mean_corruption,
    over_severities,
    read_outcomes,
)
from reportgen.record.run import RunRecord
from tests.support.robustness_facts import WRONG, N, facts_of, probed


def right_by_hand(record: RunRecord, share: float) -> list[bool]:
    """Which images are right where the first `share` of them are wrong and the others as they were."""
    labels, clean = record.arrays["eval.labels"][:N], record.arrays["eval.logits"][:N].argmax(1)
    return [bool(clean[i] == labels[i]) and i >= share * N for i in range(N)]


def scatter_by_hand(each: np.ndarray, record: RunRecord) -> tuple[float, float]:
    """Standard error of the mean over images within their classes, and Satterthwaite's degrees of freedom."""
    labels = record.arrays["eval.labels"][:N]
    sizes = np.array([(labels == index).sum() for index in range(10)])
    parts = [sizes[index] * each[labels == index].var(ddof=1) / N**2 for index in range(10)]
    squares = sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
    return sum(parts) ** 0.5, sum(parts) ** 2 / squares


def test_outcomes_are_counted_image_by_image(record: RunRecord) -> None:
    changed = probed(record, sizes={"pgd": 100, "fog": 60})
    clean = right_by_hand(record, 0.0)
    outcomes = read_outcomes(changed, facts_of(changed))
    assert len(outcomes) == len(WRONG)
    for one, share in zip(outcomes, WRONG.values(), strict=True):
        n = one.condition.images
        after, before = right_by_hand(record, share)[:n], clean[:n]
        ends = binomtest(sum(after), n).proportion_ci(method="wilson")
        assert (one.accuracy.value, one.accuracy.n) == (pytest.approx(sum(after) / n), n)
        assert (one.accuracy.low, one.accuracy.high) == pytest.approx((ends.low, ends.high))
        assert one.clean.value == pytest.approx(sum(before) / n)
        assert one.change.value == pytest.approx((sum(after) - sum(before)) / n)
        lost = sum(b and not a for a, b in zip(after, before, strict=True))
        assert (one.change.low, one.change.high) == pytest.approx(tuple(map(float, score_interval(lost, 0, n))))
    assert {one.condition.images for one in outcomes} == {60, 100, N}


def test_what_is_called_otherwise_counts_wrong_images_too(record: RunRecord) -> None:
    changed = probed(record, wrong={("shift", 1): 0.25})
    labels, clean = record.arrays["eval.labels"][:N], record.arrays["eval.logits"][:N].argmax(1)
    moved = sum(clean[i] != (labels[i] + 1) % 10 for i in range(N // 4))
    assert read_outcomes(changed, facts_of(changed))[0].moved.value == pytest.approx(moved / N)


def test_nothing_changed_is_not_called_certain(record: RunRecord) -> None:
    changed = probed(record, wrong={("shift", 1): 0.0})
    change = read_outcomes(changed, facts_of(changed))[0].change
    assert change.value == 0
    assert change.low is not None
    assert change.high is not None
    assert change.low < -0.005
    assert change.high > 0.005


def test_a_kind_is_averaged_over_its_severities_image_by_image(record: RunRecord) -> None:
    changed = probed(record)
    found = {one.kind: one for one in over_severities(changed, facts_of(changed))}
    assert list(found) == ["gaussian_noise", "defocus_blur", "fog", "jpeg_compression"]
    each = np.mean([right_by_hand(record, share) for share in (0.1, 0.4, 0.7)], axis=0)
    off = each - right_by_hand(record, 0.0)
    error, freedom = scatter_by_hand(off, record)
    half = t.ppf(0.975, freedom) * error
    noise = found["gaussian_noise"]
    assert noise.accuracy == pytest.approx(each.mean())
    assert (noise.change.value, noise.change.low, noise.change.high) == pytest.approx(
        (off.mean(), off.mean() - half, off.mean() + half)
    )


def test_the_mean_over_kinds_takes_those_of_middling_severity_and_counts_each_image_once(record: RunRecord) -> None:
    changed = probed(record)
    mean = mean_corruption(changed, facts_of(changed))
    assert mean is not None
    kinds = [
        np.mean([right_by_hand(record, share) for share in shares], axis=0)
        for shares in ((0.1, 0.4, 0.7), (0.3,), (0.05, 0.25))  # fog, of 3 and 5 alone, would count as too hard
    ]
    each = np.mean(kinds, axis=0)
    error, freedom = scatter_by_hand(each, record)
    half = t.ppf(0.975, freedom) * error / (each.mean() * (1 - each.mean()))
    ends = expit(logit(each.mean()) - half), expit(logit(each.mean()) + half)
    assert (mean.kinds, mean.severities) == (3, (1, 3, 5))
    assert mean.accuracy.value == pytest.approx(each.mean())
    assert (mean.accuracy.low, mean.accuracy.high) == pytest.approx(ends)
    assert mean.change.value == pytest.approx(each.mean() - np.mean(right_by_hand(record, 0.0)))
    assert mean.change.method == mean.accuracy.method == "delta"


def test_without_corruptions_there_is_no_mean(record: RunRecord) -> None:
    changed = probed(record, wrong={("shift", 1): 0.5, ("pgd", 8): 1.0, ("fog", 5): 0.5})
    assert mean_corruption(changed, facts_of(changed)) is None


def test_half_is_lost_at_the_weakest_severity_that_leaves_half(record: RunRecord) -> None:
    wrong = {("fog", 5): 0.9, ("fog", 3): 0.7, ("fog", 1): 0.2, ("gaussian_noise", 5): 0.2, ("pgd", 1): 1.0}
    changed = probed(record, wrong=wrong)
    found = half_lost(changed, facts_of(changed), read_outcomes(changed, facts_of(changed)))
    assert [(one.outcome.condition.kind, one.outcome.condition.level, one.sure) for one in found] == [("fog", 3, True)]


def test_that_half_is_lost_is_sure_where_chance_alone_would_not_lose_it(record: RunRecord) -> None:
    close = probed(record, wrong={("fog", 5): 0.6, ("fog", 3): 0.51, ("gaussian_noise", 5): 0.51})
    found = half_lost(close, facts_of(close), read_outcomes(close, facts_of(close)))
    assert [(one.outcome.condition.kind, one.outcome.condition.level, one.sure) for one in found] == [
        ("fog", 5, True),
        ("gaussian_noise", 5, False),
    ]


def test_that_half_is_kept_is_said_only_where_that_is_sure(record: RunRecord) -> None:
    close = probed(record, wrong={("fog", 5): 0.48, ("fog", 3): 0.2, ("gaussian_noise", 5): 0.1})
    found = half_lost(close, facts_of(close), read_outcomes(close, facts_of(close)))
    assert [(one.outcome.condition.kind, one.outcome.condition.level, one.sure) for one in found] == [("fog", 5, False)]


def test_the_p_of_half_is_that_of_a_sign_test_and_counts_what_is_gained() -> None:
    clean = np.ones(40, bool)
    after = np.arange(40) < 10
    assert half_p(clean, after) == pytest.approx(binomtest(30, 40, 0.5, alternative="greater").pvalue)
    assert half_p(clean, ~after, kept_more=True) == half_p(clean, after)
    mixed = np.arange(40) < 30
    gaining = (np.arange(40) >= 30) | (np.arange(40) < 5)  # 25 lost, 5 kept, 10 gained: just half is left
    assert half_p(mixed, gaining) > 0.4


def test_chance_is_the_share_of_the_largest_class(record: RunRecord) -> None:
    assert chance_of(probed(record)) == pytest.approx(0.1)
