"""The preprocessing check: the same weights under the other usual normalisations and channel orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from reportgen.experiment.datasets import Normalizer
from reportgen.experiment.datasets.facts import CIFAR10, IMAGENET
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.probing.context import Allowance, ProbeContext
from reportgen.probes.robustness import Preparation, PreparationCheck
from reportgen.spec.types import ReportSpec

Name = Literal["cifar10", "imagenet", "none", "half", "bytes", "own", "spec"]
SIZES = (1000, 500, 200, 100, 50)
"""Images of the check: the most that its share of the time allows, and never fewer than the last."""
SHARE = 0.5
"""Of the probe's time."""
MOST = 8
"""Ways tried when the whole check is not asked for; what is tried less costs less."""
SAME = 0.01
"""Normalisations nearer than this, in means and in the ratio of deviations, are one."""
LOSS_IMAGES = 1000
FEWEST_LOSS_IMAGES = 200
MOST_RIVALS = 3
DOUBT = 2.0
"""Standard errors by which another preparation has to be better before the nearest ones are told apart."""


@dataclass(frozen=True, eq=False)
class Way:
    """A way to make numbers of pictures, and which of the images are right under it once it has been tried."""

    name: Name
    order: Literal["rgb", "bgr"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    correct: NDArray[np.bool_] | None = None

    def logits(self, context: ProbeContext, images: torch.Tensor) -> NDArray[Any]:
        """(n, classes) for pictures (n, H, W, C) uint8; each colour keeps its own statistics whatever the order."""
        turned = self.order == "bgr"
        mean, std = (self.mean[::-1], self.std[::-1]) if turned else (self.mean, self.std)
        normalizer = Normalizer(mean, std, context.data.normalization.size)
        return evaluate(context.module, images.flip(-1) if turned else images, normalizer, context.device)

    def near(self, other: Way) -> bool:
        """Whether both make nearly the same numbers."""
        means = np.abs(np.subtract(self.mean, other.mean)).max()
        return bool(means < SAME and np.abs(np.divide(self.std, other.std) - 1).max() < SAME)


def check_preparation(
    context: ProbeContext, rows: torch.Tensor, clean: NDArray[np.bool_], allowance: Allowance, seconds_each: float
) -> PreparationCheck:
    """Try the other ways on the first of the images `rows`, of which `clean` (n,) are right under the spec's own.

    `seconds_each` is the time of one image through the model.
    """
    affordable = allowance.affordable(MOST * seconds_each, SHARE)
    most = len(rows) if allowance.full else next((size for size in SIZES if size <= affordable), SIZES[-1])
    images = context.data.test_images[rows[:most]]
    labels = context.data.test_labels[rows[:most]].numpy()
    clean = clean[: len(images)]

    def tried(way: Way) -> Way:
        return replace(way, correct=way.logits(context, images).argmax(1) == labels)

    spec = Way("spec", "rgb", context.data.normalization.mean, context.data.normalization.std, clean)
    ways = [tried(way) for way in other_ways(spec, context)]
    if images.shape[-1] == 3 and not torch.equal(images, images.flip(-1)):
        straight = [spec, *ways]
        best = max(straight, key=count_right)
        turned = straight if allowance.full else [spec] if best is spec else [spec, best]
        ways += [tried(replace(way, order="bgr")) for way in turned]
    losses, used = tell_apart(context, spec, ways, allowance, seconds_each)
    return PreparationCheck(
        images=len(images),
        right=int(clean.sum()),
        others=tuple(describe(way, clean, loss) for way, loss in zip(ways, losses, strict=True)),
        loss_images=used,
        learned_here=learned_here(context.spec),
    )


def other_ways(spec: Way, context: ProbeContext) -> list[Way]:
    """The usual normalisations that are not the spec's, each once."""
    channels = len(spec.mean)
    facts = context.data.facts
    usual: list[Way] = []
    if channels == 3:
        usual += [Way("cifar10", "rgb", *CIFAR10), Way("imagenet", "rgb", *IMAGENET)]
    usual += [
        Way("none", "rgb", (0.0,) * channels, (1.0,) * channels),
        Way("half", "rgb", (0.5,) * channels, (0.5,) * channels),
        Way("bytes", "rgb", (0.0,) * channels, (1 / 255,) * channels),
        Way("own", "rgb", facts.channel_mean, tuple(max(value, 1e-3) for value in facts.channel_std)),
    ]
    found: list[Way] = []
    for way in usual:
        if not any(way.near(other) for other in (spec, *found)):
            found.append(way)
    return found


def count_right(way: Way) -> int:
    """Images right under a way that has been tried."""
    return int(way.correct.sum()) if way.correct is not None else 0


def describe(way: Way, clean: NDArray[np.bool_], loss: float | None) -> Preparation:
    """What the record keeps of one way."""
    assert way.correct is not None
    return Preparation(
        name=way.name,
        order=way.order,
        mean=way.mean,
        std=way.std,
        right=count_right(way),
        gained=int((way.correct & ~clean).sum()),
        lost=int((~way.correct & clean).sum()),
        loss=loss,
    )


def tell_apart(
    context: ProbeContext, spec: Way, ways: Sequence[Way], allowance: Allowance, seconds_each: float
) -> tuple[list[float | None], int]:
    """The loss on training images of those ways that are all so good that accuracy can't choose between them, and on
    how many images; none where the spec's own way is not clearly worse than the best.

    Near neighbours, such as the statistics of two sets of photographs, differ by a few hundredths of a point of
    accuracy. Training images, which the weights were fitted to, tell them apart with far fewer pictures.
    """
    best = max(ways, key=count_right)
    near = [way for way in ways if not clearly_better(best, way)]
    rivals = sorted(near, key=count_right, reverse=True)[:MOST_RIVALS]
    nothing: list[float | None] = [None] * len(ways)
    if not clearly_better(best, spec) or len(rivals) < 2 or not len(context.data.train_labels):
        return nothing, 0
    affordable = allowance.affordable(len(rivals) * seconds_each, 0.5)
    rows, sampled = context.sample(min(LOSS_IMAGES, max(FEWEST_LOSS_IMAGES, affordable)), "train")
    images, labels = context.data.train_images[rows], context.data.train_labels[rows]

    def loss_of(way: Way) -> float | None:
        loss = float(functional.cross_entropy(torch.from_numpy(way.logits(context, images)).double(), labels))
        return loss if np.isfinite(loss) else None

    return [loss_of(way) if way in rivals else None for way in ways], sampled.images


def clearly_better(one: Way, other: Way) -> bool:
    """Whether more images are right under the one way than under the other, by more than the count's own noise."""
    assert one.correct is not None
    assert other.correct is not None
    gained, lost = int((one.correct & ~other.correct).sum()), int((~one.correct & other.correct).sum())
    return bool(gained - lost > DOUBT * (gained + lost) ** 0.5)


def learned_here(spec: ReportSpec) -> bool:
    """Whether the weights come from this run alone, as far as the spec tells."""
    given = spec.model.weights is not None or any(spec.model.args.get(key) for key in ("pretrained", "weights"))
    return spec.run.mode == "train" and not given
