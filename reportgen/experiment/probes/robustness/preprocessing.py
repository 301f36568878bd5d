"""The preprocessing check: the same weights on the same images under the other usual ways to prepare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from reportgen.experiment.probes.context import Allowance, ProbeContext
from reportgen.experiment.probes.robustness.preprocessing_variants import Way, learned_here, other_ways, spec_way
from reportgen.record.probes.robustness import Preparation, PreparationCheck

SIZES = (1000, 500, 200, 100, 50, 20)
"""Images of the check: the most that its share of the time allows, and never fewer than the last."""
FEWEST_WAYS, USUAL_WAYS = 2, 8
SHARE = 0.4
"""Of the probe's time."""
LOSS_IMAGES = (200, 1000)
"""Fewest and most training images that tell near equals apart."""
MOST_RIVALS = 3
HINT, CLEAR = 1.0, 2.0
"""Standard errors of the count by which another way has to be better to be looked at longer, and to be called so."""
Correct = NDArray[np.bool_]
"""(n,): which of the first images are right."""


@dataclass(eq=False)
class Trial:
    """A way that has been tried."""

    way: Way
    correct: Correct
    loss: float | None = None

    @property
    def right(self) -> int:
        """Images called right."""
        return int(self.correct.sum())

    def beats(self, other: Correct, errors: float) -> bool:
        """Whether more of the same images are right than in `other`, by so many standard errors of the flips."""
        same = other[: len(self.correct)]
        gained, lost = int((self.correct & ~same).sum()), int((~self.correct & same).sum())
        return bool(gained - lost > errors * (gained + lost) ** 0.5)


@dataclass(frozen=True)
class Checker:
    """The images of the check, and what is known of them."""

    context: ProbeContext
    rows: torch.Tensor
    clean: Correct
    """Which are right under the spec's own way."""
    allowance: Allowance
    seconds_each: float
    """Of one image through the model."""

    def correct(self, way: Way, start: int, stop: int) -> Correct:
        """Which of some of the images are right under a way."""
        data, rows = self.context.data, self.rows[start:stop]
        found: Correct = way.logits(self.context, data.test_images[rows]).argmax(1) == data.test_labels[rows].numpy()
        return found

    def size(self, share: float, ways: int) -> int:
        """How many images there is time for, for so many ways."""
        affordable = self.allowance.affordable(ways * self.seconds_each, share)
        return min(len(self.rows), next((size for size in SIZES if size <= affordable), SIZES[-1]))


def check_preparation(
    context: ProbeContext, rows: torch.Tensor, clean: Correct, allowance: Allowance, seconds_each: float
) -> PreparationCheck:
    """Try the other ways on the first of the images `rows`, of which `clean` (n,) are right under the spec's own.

    What seems better at first is tried on more images, and what then is better by far, on training images as well;
    not for weights that know no other way. `seconds_each` is the time of one image through the model.
    """
    checker = Checker(context, rows, clean, allowance, seconds_each)
    spec = spec_way(context)
    ways = other_ways(spec, context)
    number = len(rows) if allowance.full else checker.size(SHARE, USUAL_WAYS)
    if not allowance.full:
        ways = ways[: max(FEWEST_WAYS, allowance.affordable(number * seconds_each, SHARE))]
    trials = [Trial(way, checker.correct(way, 0, number)) for way in ways]
    trials += [Trial(way, checker.correct(way, 0, number)) for way in turned_ways(checker, spec, trials, number)]
    own = learned_here(context.spec)
    looks = 1 if own else 1 + check_more_images(checker, trials)
    used = 0 if own else compare_losses(checker, trials)
    return PreparationCheck(
        images=number,
        right=int(clean[:number].sum()),
        others=tuple(describe(trial, clean) for trial in trials),
        looks=looks,
        loss_images=used,
        learned_here=own,
    )


def turned_ways(checker: Checker, spec: Way, trials: Sequence[Trial], number: int) -> list[Way]:
    """Ways with the channels the other way round: the spec's and the best one's, or all of them; none for grey."""
    images = checker.context.data.test_images[checker.rows[:number]]
    if images.shape[-1] != 3 or torch.equal(images, images.flip(-1)):
        return []
    if checker.allowance.full:
        return [spec.turned(), *(trial.way.turned() for trial in trials)]
    best = max(trials, key=lambda trial: trial.right)
    better = best.right > int(checker.clean[:number].sum())
    return [spec.turned(), best.way.turned()] if better else [spec.turned()]


def check_more_images(checker: Checker, trials: Sequence[Trial]) -> bool:
    """Try those that seem better than the spec's own on more images; whether there was reason and time to."""
    hopeful = [trial for trial in trials if trial.beats(checker.clean, HINT)]
    if not hopeful:
        return False
    start, stop = len(hopeful[0].correct), checker.size(SHARE, len(hopeful))
    if stop <= start:
        return False
    for trial in hopeful:
        trial.correct = np.concatenate([trial.correct, checker.correct(trial.way, start, stop)])
    return True


def compare_losses(checker: Checker, trials: Sequence[Trial]) -> int:
    """Measure on training images the loss of those ways that are all so good that accuracy can't choose between them;
    on how many images, 0 where the spec's own way is not clearly worse than the best.

    Near neighbours, such as the statistics of two sets of photographs, differ by a few hundredths of a point of
    accuracy. Training images, which the weights were fitted to, separate them with far fewer images.
    """
    context, most = checker.context, max(len(trial.correct) for trial in trials)
    longest = [trial for trial in trials if len(trial.correct) == most]
    best = max(longest, key=lambda trial: trial.right)
    rivals = sorted((trial for trial in longest if not best.beats(trial.correct, CLEAR)), key=lambda one: -one.right)
    rivals = rivals[:MOST_RIVALS]
    if not best.beats(checker.clean, CLEAR) or len(rivals) < 2 or not len(context.data.train_labels):
        return 0
    affordable = checker.allowance.affordable(len(rivals) * checker.seconds_each, 0.5)
    rows, sampled = context.sample(min(LOSS_IMAGES[1], max(LOSS_IMAGES[0], affordable)), "train")
    images, labels = context.data.train_images[rows], context.data.train_labels[rows]
    for trial in rivals:
        logits = torch.from_numpy(trial.way.logits(context, images)).double()
        loss = float(functional.cross_entropy(logits, labels))
        trial.loss = loss if np.isfinite(loss) else None
    return sampled.images


def describe(trial: Trial, clean: Correct) -> Preparation:
    """What the record keeps of one way."""
    own = clean[: len(trial.correct)]
    return Preparation(
        name=trial.way.name,
        order=trial.way.order,
        mean=trial.way.mean,
        std=trial.way.std,
        images=len(trial.correct),
        right=trial.right,
        gained=int((trial.correct & ~own).sum()),
        lost=int((~trial.correct & own).sum()),
        loss=trial.loss,
    )
