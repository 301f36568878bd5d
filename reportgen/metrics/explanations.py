"""What attribution maps and features are worth: their checks as means over images, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.influence import critical
from reportgen.metrics.predictions import FloatArray, IntArray

Method = Literal["cam", "ig"]
METHODS: tuple[Method, ...] = ("cam", "ig")
FEWEST = 12
"""Values below which a mean over images has no interval."""
ALIKE = 0.5
"""Mean rank correlation from which two kinds of map are more alike than not."""
LEAST_GAIN = 0.01
"""Area between the deletion curves, in probability, from which on a map tells more than chance by anything worth it."""


@dataclass(frozen=True)
class Estimate:
    """A mean over n images and its interval; the ends are None where n is too small for one."""

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class MapCheck:
    """How one kind of map stood its two checks."""

    method: Method
    rank: Estimate | None
    """Rank correlation with the map of random weights; None where every map is constant."""
    area: Estimate
    """Under the deletion curve: mean probability of the class as pixels go, the map's highest first."""
    chance: Estimate
    """The same in random order."""
    gain: Estimate
    """Area by chance minus area by the map, image by image: above 0 where the map finds what matters."""

    @property
    def learnt(self) -> bool | None:
        """Whether the maps depend on what was learnt; None where the images are too few to say."""
        return None if self.rank is None else decide(self.rank, ALIKE, below=True)

    @property
    def is_informative(self) -> bool | None:
        """Whether the pixels that the maps point at matter more than others; None where it can't be told.

        They matter when the whole interval of the gain is above LEAST_GAIN, and less when it is below −LEAST_GAIN; a
        network that says the same whatever it is shown gives a gain that is next to nothing.
        """
        if self.gain.low is None or self.gain.high is None:
            return None
        if self.gain.low >= LEAST_GAIN:
            return True
        return False if self.gain.high <= -LEAST_GAIN else None


def decide(estimate: Estimate, bound: float, below: bool) -> bool | None:
    """Whether a mean lies on the wanted side of a bound; None where its interval holds the bound."""
    if estimate.low is None or estimate.high is None or estimate.low <= bound <= estimate.high:
        return None
    return (estimate.high < bound) == below


def mean_estimate(values: NDArray[Any]) -> Estimate | None:
    """Mean of the finite values with its interval over images, Student's t; None without any."""
    finite = np.asarray(values, np.float64)[np.isfinite(values)]
    if not len(finite):
        return None
    mean = float(finite.mean())
    if len(finite) < FEWEST:
        return Estimate(mean, None, None, len(finite))
    half = critical(len(finite) - 1) * float(finite.std(ddof=1)) / math.sqrt(len(finite))
    return Estimate(mean, mean - half, mean + half, len(finite))


def areas(curves: NDArray[Any], shares: NDArray[Any]) -> FloatArray:
    """(n,): area under curves (n, p) over shares (p,) from 0 to 1, by trapezoids."""
    found: FloatArray = np.trapezoid(np.asarray(curves, np.float64), np.asarray(shares, np.float64), axis=1)
    return found


def read_check(arrays: Mapping[str, NDArray[Any]], method: Method) -> MapCheck | None:
    """The checks of one kind of map; None where the record holds none."""
    if f"explanations.deletion.{method}" not in arrays:
        return None
    shares = arrays["explanations.deletion.share"]
    own, chance = (areas(arrays[f"explanations.deletion.{method}{end}"], shares) for end in ("", ".control"))
    both = [mean_estimate(values) for values in (own, chance, chance - own)]
    if both[0] is None or both[1] is None or both[2] is None:
        return None
    return MapCheck(method, mean_estimate(arrays[f"explanations.check.{method}.rank"]), both[0], both[1], both[2])


@dataclass(frozen=True)
class Neighbours:
    """The surest mistakes and the training images nearest to them: q mistakes, k neighbours."""

    rows: IntArray
    """(q,), in the evaluation arrays."""
    true: IntArray
    """(q,), the mistake's label."""
    called: IntArray
    """(q,), the class predicted."""
    labels: IntArray
    """(q, k)."""
    similarity: NDArray[np.float32]
    """(q, k), cosine."""

    def sides(self) -> IntArray:
        """(q,): whose side more of the neighbours take: 1 the class called, −1 the label's, 0 neither."""
        called, true = ((self.labels == own[:, None]).sum(1) for own in (self.called, self.true))
        sides: IntArray = np.sign(called - true).astype(np.int64)
        return sides


def read_neighbours(arrays: Mapping[str, NDArray[Any]]) -> Neighbours | None:
    """The neighbours of a record's surest mistakes; None where it holds none."""
    if "explanations.neighbours.rows" not in arrays:
        return None
    rows = arrays["explanations.neighbours.rows"]
    return Neighbours(
        rows,
        arrays["eval.labels"][rows],
        arrays["eval.logits"][rows].argmax(1).astype(np.int64),
        arrays["explanations.neighbours.labels"],
        arrays["explanations.neighbours.similarity"],
    )


@dataclass(frozen=True)
class Votes:
    """What the nearest training images say of a sample of n test images."""

    labels: IntArray
    """(n,)."""
    votes: IntArray
    """(n,), the class of most neighbours."""
    right: NDArray[np.bool_]
    """(n,): whether the vote is the label."""
    model: NDArray[np.bool_]
    """(n,): whether the model is right."""


def read_votes(arrays: Mapping[str, NDArray[Any]]) -> Votes | None:
    """The votes of a record; None where it holds none."""
    if "explanations.embedding.vote" not in arrays:
        return None
    rows, votes = arrays["explanations.embedding.rows"], arrays["explanations.embedding.vote"]
    labels = arrays["eval.labels"][rows]
    return Votes(labels, votes, votes == labels, arrays["eval.logits"][rows].argmax(1) == labels)
