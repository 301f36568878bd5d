"""How often the intervals of numbers beside the scores hold the truth: classes, changes, seeds, corruptions, times.

Each case draws many records' worth of data from a population whose value is known. An interval that is given has to
hold it in 93 to 97.5 % of samples within the error of so many; `pytest -s` prints the table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
from scipy import stats

from reportgen.comparison.latencies import paired_ratio
from reportgen.comparison.seeds import measure_scatter, seeded_change, variance_in_both
from reportgen.experiment.probes.cost.machine_limits import ROUNDS
from reportgen.metrics import draws
from reportgen.metrics.characteristics import gain_interval
from reportgen.metrics.classes import class_share, f1_value
from reportgen.metrics.cost import whole_pass
from reportgen.metrics.differences import confidence_gap, mean_difference, share_difference
from reportgen.metrics.draws import mean_share_interval, widen
from reportgen.metrics.explanations import mean_estimate
from reportgen.metrics.influence import FEWEST, FEWEST_OF_FLIPS, mean_of_changes_interval, mean_of_shares_interval
from reportgen.metrics.intervals import newcombe, wilson
from reportgen.metrics.paired import paired_interval
from reportgen.metrics.seeds import mean_interval, spread_over_seeds
from reportgen.record.latency import median_interval, summarise_processes
from reportgen.record.metric_value import MetricValue
from tests.metrics.covering import HIGH, add, most_of_change, near, outside
from tests.support.cost_facts import roofs
from tests.support.records import small_record

Rng = np.random.Generator
Case = Iterator[tuple[tuple[float, float] | None, float]]
"""Interval and truth of one sample after the other."""
FACTOR = int(os.environ.get("REPORTGEN_COVERAGE", "1"))
"""So many times the samples: the table of a release is made with 10."""
SIZES = (10, 50, 200, 1000, 10_000)


def shares(rng: Rng, n: int, samples: int) -> Case:
    """Top-1 accuracy, recall, precision: a proportion, on average over truths that lie near each other."""
    for middle in (0.5, 0.92):
        for _ in range(samples // 2):
            truth = near(middle, n, rng)
            yield wilson(int(rng.binomial(n, truth)), n), truth


def confidence_gaps(rng: Rng, n: int, samples: int) -> Case:
    """Mean confidence less accuracy, of a calibrated model and of one that states half of its doubts, on average over
    accuracies that lie near each other."""
    for middle in (0.6, 0.9, 0.97):
        for stated in (1.0, 0.5):
            for _ in range(samples // 6):
                accuracy = near(middle, n, rng)
                doubts = rng.beta(1.0, accuracy / (1 - accuracy), n)
                found = confidence_gap(1 - stated * doubts, rng.random(n) >= doubts)
                yield (found[1:] if found is not None else None), (1 - stated) * (1 - accuracy)


def answers_at_exposures(rng: Rng, n: int, accuracies: tuple[float, float], stated: float) -> tuple[np.ndarray, ...]:
    """Confidence and being right of the same images at two exposures, (n,) each: calibrated at the first, and with
    this share of the doubts stated at the second."""
    ranks = stats.norm.cdf(rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], n))
    first, other = (stats.beta.ppf(rank, 1.0, one / (1 - one)) for rank, one in zip(ranks.T, accuracies, strict=True))
    luck = stats.norm.cdf(rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], n))
    return 1 - first, luck[:, 0] >= first, 1 - stated * other, luck[:, 1] >= other


def confidence_at_exposures(rng: Rng, n: int, samples: int) -> Case:
    """By how much confidence less accuracy changes from one exposure to another."""
    for accuracies, stated in (((0.95, 0.9), 1.0), ((0.92, 0.5), 0.5), ((0.98, 0.97), 0.5)):
        for _ in range(samples // 3):
            sure, right, later_sure, later_right = answers_at_exposures(rng, n, accuracies, stated)
            found = mean_difference(later_sure - later_right, sure - right)
            yield (found[1:] if found is not None else None), (1 - stated) * (1 - accuracies[1])


def confidence_that_grows(rng: Rng, n: int, samples: int) -> Case:
    """By how much the mean confidence changes from one exposure to another."""
    for _ in range(samples):
        sure, _right, later_sure, _later = answers_at_exposures(rng, n, (0.92, 0.5), 0.5)
        found = mean_difference(later_sure, sure)
        yield (found[1:] if found is not None else None), (1 - 0.5 * 0.5) - 0.92


def changes_alone(rng: Rng, n: int, samples: int) -> Case:
    """Change of a share on the same images, of which a tenth flips, as exposures and teachers are compared."""
    for gained in (0.05, 0.07):
        for _ in range(samples // 2 if n >= FEWEST_OF_FLIPS else 0):
            lost, up, kept = rng.multinomial(n, [0.1 - gained, gained, 0.9])
            first = np.repeat([False, True, True], [lost, up, kept])
            found = share_difference(first, np.repeat([True, False, True], [lost, up, kept]))
            yield (found[1:] if found is not None else None), 2 * gained - 0.1


def generalisation_gaps(rng: Rng, n: int, samples: int) -> Case:
    """Accuracy on as many training images less that on other images: two independent shares."""
    for on_train, on_test in ((0.85, 0.85), (0.98, 0.9)):
        for _ in range(samples // 2):
            truths = near(on_train, n, rng), near(on_test, n, rng)
            train, test = ((int(rng.binomial(n, truth)), n) for truth in truths)
            yield (newcombe(train, test) if n >= FEWEST else None), truths[0] - truths[1]


def f1(rng: Rng, n: int, samples: int) -> Case:
    """F1 of one class of n images where recall is near 0.85 and a tenth as many others are called so."""
    for _ in range(samples):
        recall = near(0.85, n, rng)
        truth = 2 * recall / (1 + recall + 0.1)
        hits, others = rng.binomial(n, recall), rng.binomial(9 * n, 0.1 / 9)
        found = f1_value("x", np.array([hits]), n, np.array([hits + others]))
        yield (None if found.low is None or found.high is None else (found.low, found.high)), truth


def changes(rng: Rng, n: int, samples: int) -> Case:
    """Change of accuracy of two models on the same images, of which a tenth flips: nothing, or two points."""
    for gained in (0.05, 0.06):
        drawn = rng.multinomial(n, [0.1 - gained, gained, 0.9], samples // 2)
        lows, highs = paired_interval(drawn[:, 0], drawn[:, 1], n)
        for low, high in zip(lows, highs, strict=True):
            yield ((float(low), float(high)) if n >= FEWEST_OF_FLIPS else None), 2 * gained - 0.1


def seeds(rng: Rng, n: int, samples: int, number: int = 5) -> Case:
    """Mean accuracy over five seeds that scatter by a point, on n images of unequal difficulty."""
    grid = np.linspace(-4, 4, 2001)
    weights = stats.norm.pdf(grid) / stats.norm.pdf(grid).sum()
    truth = float((weights * seed_mean(grid)).sum())
    for _ in range(samples):
        hard = rng.normal(0, 1, n)
        shift = rng.normal(0, 0.06, number)
        right = rng.random((number, n)) < stats.norm.cdf(2 + 1.5 * hard[None] + shift[:, None])
        yield (mean_interval(right) if n >= FEWEST else None), truth


def two_seeds(rng: Rng, n: int, samples: int) -> Case:
    """The same over two."""
    return seeds(rng, n, samples, 2)


def three_seeds(rng: Rng, n: int, samples: int) -> Case:
    """The same over three."""
    return seeds(rng, n, samples, 3)


def seed_deviation(rng: Rng, n: int, samples: int) -> Case:
    """Standard deviation between three seeds of the accuracy on the same n images."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    for _ in range(samples):
        hard = rng.normal(0, 1, n)
        chance = stats.norm.cdf(2 + 1.5 * hard + 0.1 * nodes[:, None])
        inside, between = (weights * (chance * (1 - chance)).mean(1)).sum() / n, chance.mean(1)
        truth = inside + (weights * between**2).sum() - (weights * between).sum() ** 2
        right = rng.random((3, n)) < stats.norm.cdf(2 + 1.5 * hard + rng.normal(0, 0.1, (3, 1)))
        found = spread_over_seeds(right.mean(1).tolist())
        known = found is not None and found.deviation > 0 and n >= FEWEST
        yield ((found.deviation_low, found.deviation_high) if found is not None and known else None), float(truth**0.5)


def evaluations(rng: Rng, n: int, samples: int) -> Case:
    """Accuracy of a model that depends on chance, in five evaluations that chance moves as a whole."""
    truth = float(seed_mean(np.linspace(-6, 6, 4001), 0.3) @ normal_weights(np.linspace(-6, 6, 4001)))
    for _ in range(samples):
        chance = stats.norm.cdf(2 + 1.5 * rng.normal(0, 1, n) + rng.normal(0, 0.3, (5, 1)))
        right = rng.random((5, n)) < chance
        scores, influences = right.mean(1), (right - right.mean(1, keepdims=True)) / n
        value = float(scores.mean())
        ends = mean_share_interval(value, influences, n)
        yield widen(value, ends, scores.tolist(), 1.0, draws.apart(influences)), truth


def classes_of_evaluations(rng: Rng, n: int, samples: int) -> Iterator[tuple[MetricValue, MetricValue, MetricValue]]:
    """Recall, precision and F1 of a class that half of 2 n images are of, in five evaluations."""
    for _ in range(samples):
        labels = rng.integers(0, 2, 2 * n)
        skill = 1.2 + 1.2 * rng.normal(0, 1, 2 * n) + rng.normal(0, 0.3, (5, 1))
        right = rng.random((5, 2 * n)) < stats.norm.cdf(skill)
        named = np.where(right, labels, 1 - labels) == 1
        own = np.broadcast_to(labels == 1, named.shape)
        hits, called = (own & named).sum(1), named.sum(1)
        yield (
            class_share("class.x.recall", hits, own.sum(1), own, own & named),
            class_share("class.x.precision", hits, called, named, own & named),
            f1_value("x", hits, int(labels.sum()), called, own | named, own & named),
        )


def of_class(place: int, truth: float) -> Callable[[Rng, int, int], Case]:
    """One of the scores of a class in several evaluations."""

    def case(rng: Rng, n: int, samples: int) -> Case:
        for scores in classes_of_evaluations(rng, n, samples):
            found = scores[place]
            yield (None if found.low is None or found.high is None else (found.low, found.high)), truth

    return case


def true_of_class() -> tuple[float, float, float]:
    """Recall, precision and F1 on average over evaluations; of many images the last two scatter with chance."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    right = stats.norm.cdf((1.2 + 0.3 * nodes) / np.sqrt(1 + 1.2**2))
    mean = float(weights @ right / weights.sum())
    return mean, mean, mean  # as many of the class are missed as of the others are called so


RECALL, PRECISION, F1 = (of_class(place, truth) for place, truth in enumerate(true_of_class()))
for NAME, MADE in zip(("recall", "precision", "f1"), (RECALL, PRECISION, F1), strict=True):
    MADE.__name__ = f"{NAME}_of_evaluations"


def seed_mean(hard: np.ndarray, scatter: float = 0.06) -> np.ndarray:
    """Chance that an image is called right, over seeds."""
    return np.asarray(stats.norm.cdf((2 + 1.5 * hard) / np.sqrt(1 + scatter**2)))


def normal_weights(grid: np.ndarray) -> np.ndarray:
    """How often an image lies at each point of the grid."""
    density = stats.norm.pdf(grid)
    return np.asarray(density / density.sum())


def several_seeds(rng: Rng, n: int, samples: int) -> Case:
    """Change of the mean accuracy over five seeds a side of one recipe, by images and by seeds that scatter little or
    much."""
    for _ in range(samples if n >= FEWEST else 0):
        yield change_over_seeds(rng, n, (5, 5), rng.uniform(0, 0.4)), 0.0


def change_over_few_seeds(rng: Rng, n: int, samples: int) -> Case:
    """The same with two."""
    for _ in range(samples if n >= FEWEST else 0):
        yield change_over_seeds(rng, n, (2, 2), rng.uniform(0, 0.4)), 0.0


def change_over_seeds(
    rng: Rng, n: int, seeds: tuple[int, int], scatter: float, apart: float = 0.0
) -> tuple[float, float]:
    """The interval of one change between two recipes that are equally good, with so many seeds each.

    `scatter`: of the skill of a seed; `apart`: of how easy each image is to one recipe and not to the other.
    """
    hard = rng.normal(0, 1, n)
    before, after = (
        rng.random((number, n))
        < stats.norm.cdf(2 + 1.5 * hard + rng.normal(0, apart, n) + rng.normal(0, scatter, (number, 1)))
        for number in seeds
    )
    by_image = after.mean(0) - before.mean(0)
    error = float(by_image.std(ddof=1)) / n**0.5
    both = variance_in_both(*([one / n for one in side] for side in (before, after)))
    means = [side.mean(1).tolist() for side in (before, after)]
    found = seeded_change(float(by_image.mean()), measure_scatter(error, *means, n, both=both))
    return found.low, found.high


def under_corruptions(rng: Rng, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of twelve conditions under which each image is right, whether it is without any, and its class."""
    labels = np.arange(n) % 10
    ease = rng.normal(0, 1.6, n) + 0.12 * (labels - 4.5)
    levels = np.linspace(0, 2.0, 12)
    right = ease[None] + 3 - levels[:, None] + rng.logistic(0, 0.7, (12, n)) > 0
    clean = ease + 3 + rng.logistic(0, 0.5, n) > 0
    return right.mean(0), clean.astype(float), labels


@cache
def truths_under_corruptions() -> tuple[float, float]:
    """Of a million images, which take a second to draw: the mean accuracy under corruptions, and less the clean one."""
    each, clean, _labels = under_corruptions(np.random.default_rng(1), 1_000_000)
    return float(each.mean()), float((each - clean).mean())


def corruptions(rng: Rng, n: int, samples: int) -> Case:
    """Mean accuracy under corruptions."""
    truth = truths_under_corruptions()[0]
    for _ in range(samples):
        each, _clean, labels = under_corruptions(rng, n)
        yield mean_of_shares_interval(each, labels), truth


def corruption_changes(rng: Rng, n: int, samples: int) -> Case:
    """The same less the accuracy on the images as they are."""
    truth = truths_under_corruptions()[1]
    for _ in range(samples):
        each, clean, labels = under_corruptions(rng, n)
        yield mean_of_changes_interval(each - clean, labels), truth


def map_checks(rng: Rng, n: int, samples: int) -> Case:
    """Gain in deletion: skewed, between −1 and 1."""
    truth = float(2 * 2 / (2 + 6) - 0.4)
    for values in 2 * rng.beta(2, 6, (samples, n)) - 0.4:
        found = mean_estimate(values)
        assert found is not None
        yield (None if found.low is None or found.high is None else (found.low, found.high)), truth


def power(size: int, source: Rng) -> np.ndarray:
    """Squared outputs (3, size) of a layer whose input is driven by a tenth less, as it is, and by a tenth more."""
    scale, exponent = source.uniform(0.5, 2, size), source.uniform(0.2, 1.8, size)
    return np.stack([(scale * drive**exponent) ** 2 for drive in (0.9, 1.0, 1.1)])


@cache
def true_gain() -> float:
    """Of a million images."""
    low, one, high = np.sqrt(power(1_000_000, np.random.default_rng(1)).mean(1))
    return float((high - low) / one / 0.2)


def gains(rng: Rng, n: int, samples: int) -> Case:
    """Gain of a layer: outputs of images that scatter in size and in exponent."""
    for _ in range(samples):
        yield gain_interval(power(n, rng)), true_gain()


def passes(rng: Rng, processes: int, number: int) -> np.ndarray:
    """Seconds (processes, number) of passes; each process has its own level."""
    level = 0.01 * np.exp(rng.normal(0, 0.05, (processes, 1)))
    return np.asarray(level * (1 + rng.gamma(2.0, 0.02, (processes, number))))


def latency_p50(rng: Rng, n: int, samples: int) -> Case:
    """Median pass in n fresh processes of thirty passes each."""
    truth = 0.01 * (1 + stats.gamma.median(2.0, scale=0.02))
    for _ in range(samples):
        yield summarise_processes(1, passes(rng, n, 30).tolist()).p50_interval, truth


def latency_of_three_passes(rng: Rng, n: int, samples: int) -> Case:
    """Median pass where a process times only three, as it does of large batches of a large model."""
    truth = 0.01 * (1 + stats.gamma.median(2.0, scale=0.02))
    for _ in range(samples):
        yield summarise_processes(64, passes(rng, n, 3).tolist()).p50_interval, truth


def latency_p95(rng: Rng, n: int, samples: int) -> Case:
    """95th percentile of a process's passes, in n fresh processes that time as few as it is stated of, or more."""
    truth = 0.01 * (1 + stats.gamma.ppf(0.95, 2.0, scale=0.02))
    for at in range(samples):
        yield summarise_processes(1, passes(rng, n, (20, 50)[at % 2]).tolist()).p95_interval, truth


def levels_of_modes(rng: Rng, processes: int) -> np.ndarray:
    """Of a process in three that happens to be slower by two fifths, one in ten of them by much more."""
    slow = np.where(rng.random((processes, 1)) < 0.1, 2.5, 1.4)
    return np.where(rng.random((processes, 1)) < 1 / 3, slow, 1.0) * np.exp(rng.normal(0, 0.02, (processes, 1)))


def latency_of_modes(rng: Rng, n: int, samples: int) -> Case:
    """Median pass where the level of a process has several modes and a long tail."""
    truth = middle_of_modes(0.5)
    for _ in range(samples):
        times = levels_of_modes(rng, n) * 0.01 * (1 + rng.gamma(2.0, 0.02, (n, 50)))
        yield summarise_processes(1, times.tolist()).p50_interval, truth


def latency_p95_of_modes(rng: Rng, n: int, samples: int) -> Case:
    """95th percentile there."""
    truth = middle_of_modes(0.95)
    for _ in range(samples):
        times = levels_of_modes(rng, n) * 0.01 * (1 + rng.gamma(2.0, 0.02, (n, 50)))
        yield summarise_processes(1, times.tolist()).p95_interval, truth


@cache
def middle_of_modes(share: float) -> float:
    """The median over processes of that quantile of fifty passes."""
    rng = np.random.default_rng(5)
    times = levels_of_modes(rng, 40_000) * 0.01 * (1 + rng.gamma(2.0, 0.02, (40_000, 50)))
    return float(np.median(np.quantile(times, share, axis=1, method="median_unbiased")))


def latency_ratio(rng: Rng, n: int, samples: int) -> Case:
    """How many times longer a model takes, n pairs of processes in turn on a machine whose rate wanders by a fifth
    from pair to pair and drops by a third half-way."""
    for _ in range(samples):
        wander = np.exp(rng.normal(0, 0.2, n)) * np.where(np.arange(n) < n // 2, 1.0, 1.5)
        before, after = (wander * np.median(passes(rng, n, 30), 1) for _ in range(2))
        found = paired_ratio(before.tolist(), (2 * after).tolist())
        yield (found.low, found.high), 2.0


def latency_ratio_of_modes(rng: Rng, n: int, samples: int) -> Case:
    """The same model twice, where one process in three happens to be slower by two fifths."""
    for _ in range(samples):
        slow = np.where(rng.random((2, n)) < 1 / 3, 1.4, 1.0)
        before, after = (level * np.median(passes(rng, n, 30), 1) for level in slow)
        found = paired_ratio(before.tolist(), after.tolist())
        yield (found.low, found.high), 1.0


def rate_share(rng: Rng, n: int, samples: int) -> Case:
    """Share of a rate that is the median of six measurements, of a pass that is timed n times."""
    call = small_record().trace.modules[0]
    for _ in range(samples):
        seconds = (0.01 * np.exp(rng.normal(0, 0.1, n))).tolist()
        rates = (1e11 * np.exp(rng.normal(0, 0.1, ROUNDS))).tolist()
        (low, high), sure = median_interval(seconds) or (None, None), median_interval(rates)
        assert sure is not None
        timed = {"timed_batch": 1, "timed_passes": n, "timed_low": low, "timed_high": high}
        trace = small_record().trace.model_copy(
            update={**timed, "modules": (call.model_copy(update={"seconds": float(np.median(seconds))}),)}
        )
        ends = {"flops_low": sure[0], "flops_high": sure[1], "rounds": ROUNDS}
        found = whole_pass(trace, roofs(flops=float(np.median(rates))).model_copy(update=ends))
        assert found is not None
        truth = 2 * trace.macs / 0.01 / 1e11
        yield (None if found.low is None or found.high is None else (found.low, found.high)), truth


def rates_of_machine(rng: Rng, n: int, samples: int) -> Case:
    """The rate of the machine, which is the median of six measurements, whatever n."""
    del n
    for _ in range(samples):
        yield median_interval(np.exp(rng.normal(0, 0.1, ROUNDS)).tolist()), 1.0


def one_process(rng: Rng, n: int, samples: int) -> Case:
    """Median of the passes of one process, about that process alone: of the modules and of a training step."""
    for _ in range(samples):
        times = (0.01 + rng.gamma(2.0, 0.001, n)).tolist()
        yield median_interval(times), 0.01 + stats.gamma.median(2, scale=0.001)


IMAGES: tuple[Callable[[Rng, int, int], Case], ...] = (
    shares,
    confidence_gaps,
    confidence_at_exposures,
    confidence_that_grows,
    changes_alone,
    generalisation_gaps,
    f1,
    changes,
    seeds,
    two_seeds,
    three_seeds,
    seed_deviation,
    evaluations,
    RECALL,
    PRECISION,
    F1,
    several_seeds,
    change_over_few_seeds,
    corruptions,
    corruption_changes,
    map_checks,
    gains,
)
PROCESSES: tuple[Callable[[Rng, int, int], Case], ...] = (
    latency_p50,
    latency_of_three_passes,
    latency_p95,
    latency_of_modes,
    latency_p95_of_modes,
    latency_ratio,
    latency_ratio_of_modes,
)
PASSES: tuple[Callable[[Rng, int, int], Case], ...] = (one_process, rate_share, rates_of_machine)


def tell(case: Callable[[Rng, int, int], Case], n: int, samples: int) -> tuple[int, int]:
    """(held, given), printed."""
    held = given = 0
    for ends, truth in case(np.random.default_rng([n, samples]), n, samples):
        if ends is not None:
            given += 1
            held += ends[0] - 1e-12 <= truth <= ends[1] + 1e-12
    print(f"{case.__name__:20s} n={n:<6d} {'not given' if not given else f'{held / given:.3f} of {given}'}")
    return held, given


@pytest.mark.parametrize("case", [*IMAGES, *PROCESSES, *PASSES], ids=lambda case: case.__name__)
def test_an_interval_holds_the_truth_in_a_few_samples(case: Callable[[Rng, int, int], Case]) -> None:
    n = 5 if case in PROCESSES else 60
    assert outside(case.__name__, n, tell(case, n, 80), 0.001, most_of(case, n)) == []


@pytest.mark.slow
@pytest.mark.parametrize("case", [*IMAGES, *PROCESSES, *PASSES], ids=lambda case: case.__name__)
def test_an_interval_holds_the_truth(case: Callable[[Rng, int, int], Case]) -> None:
    """Each size by itself, and all of them together, which tells more of what is covered too often."""
    told = []
    for n in sizes_of(case):
        counts = tell(case, n, FACTOR * (25 if n > 1000 else 140))
        assert outside(case.__name__, n, counts, 0.0005, most_of(case, n)) == []
        told += [counts] if most_of(case, n) == HIGH else []
    assert not told or outside(case.__name__, 0, add(told), 0.0005) == []


def most_of(case: Callable[[Rng, int, int], Case], n: int) -> float:
    """How often the interval may hold the truth at most."""
    return most_of_change(0.1 * n) if case is changes else HIGH


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(2, 2), (3, 3), (1, 3)])
@pytest.mark.parametrize("scatter", [0.0, 0.1, 0.4])
def test_with_few_seeds_the_interval_of_a_change_holds_the_truth_as_often_as_with_many(
    before: int, after: int, scatter: float
) -> None:
    """Whether they scatter not at all, little or much, and whether the recipes answer alike or not."""
    rng = np.random.default_rng(3)
    for apart in (0.0, 1.5):
        found = [change_over_seeds(rng, 300, (before, after), scatter, apart) for _ in range(250)]
        held = sum(low <= 1e-12 and high >= -1e-12 for low, high in found)
        assert outside(f"scatter {scatter}, apart {apart}", 300, (held, 250), 0.001) == []
        assert min(high - low for low, high in found) > 0.01


def sizes_of(case: Callable[[Rng, int, int], Case]) -> tuple[int, ...]:
    """Images, processes or passes."""
    return (2, 5, 6, 10, 50) if case in PROCESSES else (10, 50, 200, 1000) if case in PASSES else SIZES
