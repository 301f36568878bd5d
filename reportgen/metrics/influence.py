"""Standard errors and intervals of scores over images, from what each image adds to the score: the influence function.

The influence ψ of an image is the derivative of the score with respect to the weight of that image (Hampel 1974, The
influence curve and its role in robust estimation; for areas under ROC curves DeLong, DeLong and Clarke-Pearson 1988).
Its sum of squares is the variance that a bootstrap of many draws gives (the infinitesimal jackknife, Efron 1982 §6),
without draws, and it can be corrected for few images: by n/(n − 1) in each class, by Student's t with Satterthwaite's
degrees of freedom, by a logit scale for scores that end at 1, and for skewness (Hall 1992) for means of losses.

All arrays here are (n,), one entry an image, and add up to about zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.calibration import BINS, bin_of
from reportgen.metrics.intervals import CONFIDENCE, Interval, wilson
from reportgen.metrics.predictions import FloatArray, IntArray, Predictions
from reportgen.metrics.student import upper_quantile
from reportgen.metrics.ties import tie_ends

LEAST_IMAGES = 5
"""Of a class: m images drawn from themselves vary by (m − 1)/m of what m new ones would, one image not at all."""
FEWEST = 50
"""Images below which a calibration error, or a mean of shares, has no interval: its coverage falls under 93 %."""
FEWEST_OF_LOSS = 100
"""The same of a mean of losses, and of the area under risk and coverage: with 50 images, of which hardly any are wrong,
the Brier score's covered in 98.9 % of samples and the log-likelihood's in 98.4 %, with 100 in 96.4 and 96.5 %."""
FEWEST_OF_CHANGE = 500
"""The same for the change of such a mean between two models, which few images carry."""
FEWEST_OF_FLIPS = 20
"""Images below which the change of a share has none: so few of them flip that every interval covers nearly always."""
FEWEST_OF_CLASS = 10
"""Images of the smallest class below which a mean over classes has no interval, for the same reason."""
FEWEST_OF_CURVE = 20
"""The same for the mean area under the ROC curve, to which one image of a small class can add much."""


@dataclass(frozen=True)
class Spread:
    """How far a score scatters over images."""

    error: float
    """Standard error."""
    freedom: float
    """Degrees of freedom of Student's t."""


def of_mean(values: FloatArray) -> FloatArray:
    """Influence (n,) of each image on the mean of `values` (n,)."""
    return np.asarray((values - values.mean()) / len(values), np.float64)


def of_balanced_accuracy(predictions: Predictions) -> FloatArray:
    """Influence (n,) of each image on the mean recall over the classes that have images."""
    support = np.bincount(predictions.labels, minlength=predictions.classes)
    recalls = np.bincount(predictions.labels, predictions.correct, predictions.classes) / np.maximum(support, 1)
    own = predictions.labels
    return np.asarray((predictions.correct - recalls[own]) / (support[own] * (support > 0).sum()), np.float64)


def of_macro_f1(predictions: Predictions) -> FloatArray:
    """Influence (n,) of each image on the mean F1 over the classes that have images."""
    labels, called = predictions.labels, predictions.predicted
    support = np.bincount(labels, minlength=predictions.classes)
    total = support + np.bincount(called[called >= 0], minlength=predictions.classes)
    hits = np.bincount(labels, predictions.correct, predictions.classes)
    share = 1 / np.maximum(total, 1)
    f1 = 2 * hits * share
    wrongly = np.where((called >= 0) & (support[called] > 0), f1[called] * share[called], 0.0)
    each = 2 * predictions.correct * share[labels] - f1[labels] * share[labels] - wrongly
    return np.asarray(each / (support > 0).sum(), np.float64)


def of_macro_auroc(predictions: Predictions) -> FloatArray:
    """Influence (n,) on the mean area under the ROC curve, one class against the rest, over the classes with images."""
    influence = np.zeros(predictions.n)
    present = np.unique(predictions.labels)
    probabilities = predictions.probabilities
    for index in present:
        influence += of_auroc(probabilities[:, index], predictions.labels == index)
    return influence / len(present)


def of_auroc(scores: FloatArray, positive: NDArray[np.bool_]) -> FloatArray:
    """Influence (n,) on the probability that a positive scores above a negative (DeLong et al. 1988, eq. 4 and 5), of
    scores (n,)."""
    above, below = scores[positive], scores[~positive]
    whole = mean_ranks(scores)
    beaten = (whole[positive] - mean_ranks(above)) / len(below)
    beating = 1 - (whole[~positive] - mean_ranks(below)) / len(above)
    influence = np.empty(len(scores))
    influence[positive] = (beaten - beaten.mean()) / len(above)
    influence[~positive] = (beating - beaten.mean()) / len(below)
    return influence


def mean_ranks(values: FloatArray) -> FloatArray:
    """Ranks (n,) of values (n,) from 1; equal values share the mean of theirs."""
    order = np.argsort(values, kind="stable")
    first, last = tie_ends(values[order])
    ranks = np.empty(len(values))
    ranks[order] = (first + last) / 2 + 1
    return ranks


def of_aurc(predictions: Predictions) -> FloatArray:
    """Influence (n,) on the area under the risk–coverage curve: as one of the coverages averaged, and as one kept."""
    confidence = -predictions.confidence
    order = np.argsort(confidence, kind="stable")
    first, last = tie_ends(confidence[order])
    wrong = (~predictions.correct[order]).astype(np.float64)
    kept = last + 1.0
    risk = np.cumsum(wrong)[last] / kept
    later = np.cumsum((1 / kept)[::-1])[::-1][first]
    later_risk = np.cumsum((risk / kept)[::-1])[::-1][first]
    influence = np.empty(len(wrong))
    influence[order] = (risk - risk.mean() + wrong * later - later_risk) / len(wrong)
    return influence


def of_calibration_error(confidence: FloatArray, correct: FloatArray) -> FloatArray:
    """Influence (n,) of each image on the expected calibration error: by the sign of its bin's gap, and less where the
    gap is no larger than its noise.

    The absolute value of a gap scatters less than the gap where it may have either sign: by the folded normal
    distribution (Leone, Nelson and Nottingham 1961, Technometrics 3, 543–550). With the whole scatter of every bin the
    interval of a change covered in 98 to 99 % of samples. `confidence`, `correct`: (n,), of 0 to 1.
    """
    index, each = bin_of(confidence), confidence - correct
    support, gaps = np.bincount(index, minlength=BINS), np.bincount(index, each, BINS)
    squares = np.bincount(index, (each - (gaps / np.maximum(support, 1))[index]) ** 2, BINS)
    added = (np.sign(gaps) * folding(np.abs(gaps), np.sqrt(squares)))[index] * each
    return np.asarray((added - added.mean()) / len(added), np.float64)


def folding(means: FloatArray, errors: FloatArray) -> FloatArray:
    """Standard deviation of |x| over that of x, for normal x with these means, at least 0, and standard errors."""
    from scipy.special import ndtr

    ratio = np.minimum(means / np.maximum(errors, 1e-12), 8.0)
    folded = np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + ratio * (1 - 2 * ndtr(-ratio))
    return np.asarray(np.sqrt(np.clip(ratio**2 + 1 - folded**2, 0.0, 1.0)), np.float64)


def spread_by_class(influence: FloatArray, labels: IntArray) -> Spread:
    """The scatter where the number of images of each class is fixed, with n/(n − 1) in each class.

    Degrees of freedom by Satterthwaite (1946). A class with one image has no scatter that could be known: infinite.
    """
    support = np.bincount(labels)
    means = np.bincount(labels, influence) / np.maximum(support, 1)
    squares = np.bincount(labels, (influence - means[labels]) ** 2)
    if (support[support > 0] < 2).any():
        return Spread(math.inf, 1.0)
    several = support > 1
    variances = squares[several] * support[several] / (support[several] - 1)
    whole = float(variances.sum())
    if whole <= ROUNDING**2 * float((influence**2).sum()):  # nothing but the rounding of means
        return Spread(0.0, 1.0)
    return Spread(math.sqrt(whole), whole**2 / float((variances**2 / (support[several] - 1)).sum()))


def critical(freedom: float, confidence: float = CONFIDENCE) -> float:
    """Two-sided critical value of Student's t."""
    return upper_quantile(freedom, (1 - confidence) / 2)


def freedom_of(influence: FloatArray) -> float:
    """Degrees of freedom of Student's t where few images carry most of a scatter, at least 1 and at most n − 1.

    Those of the χ² distribution whose spread is that of a sample variance of so heavy tails: Var(s²) / σ⁴ =
    (κ − (n − 3) / (n − 1)) / n with the kurtosis κ (O'Neill 2014, Some useful moment results in sampling problems, The
    American Statistician 68, 282–296); for normal values n − 1.
    """
    n, off = len(influence), influence - influence.mean()
    squares = float((off**2).sum())
    if n < 3 or squares <= 0:
        return max(1.0, n - 1.0)
    kurtosis = n * float((off**4).sum()) / squares**2
    return min(n - 1.0, max(1.0, 2 * n / max(kurtosis - (n - 3) / (n - 1), 1e-9)))


def logit_interval(estimate: float, spread: Spread) -> Interval | None:
    """Interval of a score between 0 and 1, symmetric on the logit scale; None at either end, or without scatter."""
    if not 0 < estimate < 1 or not 0 < spread.error < math.inf:
        return None
    half = critical(spread.freedom) * spread.error / (estimate * (1 - estimate))
    centre = math.log(estimate / (1 - estimate))
    return expit(centre - half), expit(centre + half)


def mean_of_shares_interval(shares: FloatArray, labels: IntArray) -> Interval | None:
    """Interval of the mean over images of a share each, 0 to 1, such as that of the conditions under which it is right.

    All of what an image adds counts once, however many conditions it was seen under. On the logit scale; where nothing
    scatters, or the mean lies at an end, Wilson's of so many images, which is no narrower. None below FEWEST images.
    """
    n, mean = len(shares), float(shares.mean()) if len(shares) else 0.0
    if n < FEWEST:
        return None
    return logit_interval(mean, spread_over_images(of_mean(shares), labels)) or wilson(mean * n, n)


def mean_of_changes_interval(changes: FloatArray, labels: IntArray) -> Interval | None:
    """Interval of the mean over images of a change each: Student's t. None below FEWEST images, and where nothing
    scatters."""
    if len(changes) < FEWEST:
        return None
    spread, mean = spread_over_images(of_mean(changes), labels), float(changes.mean())
    half = critical(spread.freedom) * spread.error
    return (mean - half, mean + half) if half > 0 else None


def spread_over_images(influence: FloatArray, labels: IntArray) -> Spread:
    """`spread_by_class` where each class has enough images to tell its scatter, that of all images together else."""
    support = np.bincount(labels)
    if support[support > 0].min() >= LEAST_IMAGES:
        return spread_by_class(influence, labels)
    n = len(influence)
    return Spread(math.sqrt(float((influence**2).sum()) * n / (n - 1)), n - 1)


def expit(value: float) -> float:
    """The logistic function."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


ROUNDING = 1e-9
MOST_BETWEEN = 0.1
"""Of the variance of a mean over images: as much as may be left out for what only the sizes of classes move."""


def share_left(influence: FloatArray, labels: IntArray) -> float:
    """The share of the variance over images, 1 − MOST_BETWEEN to 1, that counts for a mean of losses.

    What the classes differ by moves the mean where the images were drawn whatever their classes, and not where the
    number of images of each class was fixed, and a test set does not tell which. Half of the variance between classes
    counts, whose share is taken from analysis of variance: where up to three tenths of it lie between classes the
    interval covers in 93 to 97.5 % of samples either way.
    """
    support = np.bincount(labels)
    n, classes = len(influence), int((support > 0).sum())
    whole = float(influence.var(ddof=1)) if n > 1 else 0.0
    if n <= classes or whole <= 0:
        return 1.0
    means = np.bincount(labels, influence) / np.maximum(support, 1)
    within = float(((influence - means[labels]) ** 2).sum()) / (n - classes)
    return 1 - min(max(0.0, 1 - within / whole) / 2, MOST_BETWEEN)


def skewed_interval(
    estimate: float, influence: FloatArray, freedom: float | None = None, share: float = 1.0
) -> Interval | None:
    """Interval of a mean whose parts are skewed, as losses are: Student's t, its skewness taken off by a cube root.

    Hall 1992, On the removal of skewness by transformation, JRSS B 54, 221–228, eq. (6), with t for z; `freedom`: its
    degrees, None for n − 1; `share` of the variance that counts. None without scatter.
    """
    n = len(influence)
    parts = influence * n
    deviation = float(parts.std(ddof=1)) * math.sqrt(share) if n > 1 else 0.0
    if deviation <= 1e-12 * max(1.0, abs(estimate)):
        return None
    skewness = float((parts**3).mean()) / deviation**3 / math.sqrt(n)
    error, bound = deviation / math.sqrt(n), critical(n - 1 if freedom is None else freedom)
    return estimate - error * unskewed(bound, skewness), estimate - error * unskewed(-bound, skewness)


def unskewed(quantile: float, skewness: float) -> float:
    """Hall's transformation turned round: the quantile of the studentised mean; `skewness` is γ/√n."""
    if abs(skewness) < 1e-9:
        return quantile
    return 3 / skewness * (math.cbrt(1 + skewness * (quantile - skewness / 6)) - 1)
