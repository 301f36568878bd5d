"""Spread over seeds against scipy, and its coverage in a simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reportgen.metrics import measure
from reportgen.metrics.seeds import accuracy_by_seed, spread_over_seeds
from reportgen.record.run import RunRecord
from tests.report.sections.cases import change
from tests.support.records import with_seeds


@pytest.mark.parametrize("count", [2, 3, 10])
@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_intervals_are_scipys(count: int, confidence: float) -> None:
    scores = np.random.default_rng(count).normal(0.8, 0.02, count)
    found = spread_over_seeds(scores, confidence)
    assert found is not None
    expected = stats.ttest_1samp(scores, 0).confidence_interval(confidence)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert (found.mean, found.deviation) == pytest.approx((np.mean(scores), np.std(scores, ddof=1)))
    ends = np.sqrt(
        (count - 1) * scores.var(ddof=1) / stats.chi2(count - 1).ppf([0.5 + confidence / 2, 0.5 - confidence / 2])
    )
    assert (found.deviation_low, found.deviation_high) == pytest.approx(tuple(ends), rel=1e-9)
    assert found.seeds == count


@pytest.mark.parametrize("count", [2, 3, 5])
def test_intervals_cover_as_often_as_they_say(count: int) -> None:
    rng, means, deviations = np.random.default_rng(0), 0, 0
    for _ in range(2000):
        found = spread_over_seeds(rng.normal(0.7, 0.01, count))
        assert found is not None
        means += found.low <= 0.7 <= found.high
        deviations += found.deviation_low <= 0.01 <= found.deviation_high
    for hits in (means, deviations):
        assert stats.binomtest(hits, 2000, 0.95).pvalue > 0.001


@pytest.mark.parametrize("scores", [(), (0.5,), (0.5, float("nan"))])
def test_fewer_than_two_scores_tell_nothing(scores: tuple[float, ...]) -> None:
    assert spread_over_seeds(scores) is None


def test_equal_scores_have_no_spread() -> None:
    found = spread_over_seeds((0.75, 0.75, 0.75))
    assert found is not None
    assert (found.low, found.high, found.deviation, found.deviation_high) == (0.75, 0.75, 0.0, 0.0)


def test_the_measured_values_are_over_all_seeds(record: RunRecord) -> None:
    seeded = with_seeds(record, 430, 470)
    shares = [right / n for _, right, n in accuracy_by_seed(seeded)]
    measured = measure(seeded)
    mean, deviation = measured.value("accuracy_seeds"), measured.value("accuracy_seed_deviation")
    assert mean is not None
    assert deviation is not None
    assert shares[1:] == [430 / 600, 470 / 600]
    assert [seed for seed, _, _ in accuracy_by_seed(seeded)] == [0, 1, 2]
    assert mean.value == pytest.approx(np.mean(shares))
    assert deviation.value == pytest.approx(np.std(shares, ddof=1))
    assert (mean.n, mean.counted, mean.method) == (3, "seeds", "seeds")
    assert mean.display_full.replace("\u00a0", " ").endswith(", n = 3 seeds)")
    assert deviation.display.replace("\u00a0", " ") == f"{100 * (deviation.value or 0):.1f} points"
    own = measured.value("accuracy")
    assert own is not None
    assert own.value == shares[0]
    assert own.display_full.endswith("n\u00a0=\u00a0600)")


def test_an_interval_of_accuracies_ends_at_0_and_1(record: RunRecord) -> None:
    mean = measure(with_seeds(record, 60, 600)).value("accuracy_seeds")
    assert mean is not None
    assert (mean.low, mean.high) == (0.0, 1.0)


def test_no_deviation_of_shares_is_said_to_be_more_than_half(record: RunRecord) -> None:
    """Of two seeds the χ² interval reaches to 32 times the deviation."""
    for right, most in ((430, 0.5), (90, 0.5)):
        deviation = measure(with_seeds(record, right)).value("accuracy_seed_deviation")
        assert deviation is not None
        assert deviation.value is not None
        assert deviation.low is not None
        assert deviation.high == max(most, deviation.value)
        assert deviation.low < deviation.value


def test_seeds_that_are_right_equally_often_leave_the_deviation_open(record: RunRecord) -> None:
    own = accuracy_by_seed(with_seeds(record, 1))[0][1]
    alike = measure(with_seeds(record, own)).value("accuracy_seed_deviation")
    assert alike is not None
    assert (alike.value, alike.low, alike.high) == (0.0, None, None)


def test_few_images_have_no_interval_over_seeds(record: RunRecord) -> None:
    """It would hold the mean in more than 99 % of samples."""
    names = ("eval.logits", "eval.labels", "eval.ids", "eval.digests")
    few = change(record, arrays={name: record.arrays[name][:30] for name in names})
    mean = measure(with_seeds(few, 25, 28)).value("accuracy_seeds")
    assert mean is not None
    assert (mean.low, mean.high) == (None, None)


def test_one_seed_has_no_mean_over_seeds(record: RunRecord) -> None:
    assert record.measured is not None
    assert record.measured.value("accuracy_seeds") is None
