"""The preprocessing check: the same weights on the same images under the other usual ways to prepare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from reportgen.experiment.nominal import nominal_seconds
from reportgen.experiment.probes.context import Allowance, ProbeContext
from reportgen.experiment.probes.robustness.preprocessing_variants import (
    Way,
    layouts,
    learned_here,
    other_ways,
    spec_way,
)
from reportgen.record.probes.robustness import Preparation, PreparationCheck

STAGES = (100, 300, 1000)
"""Images after which it is decided which ways to go on with; counts, so that what is measured is the same on a busy
machine, where only ways that there is no time for are left out, and the check is then not called complete."""
FEWEST = 20
"""Images of a network so large that there is no nominal time for two ways on those of the first stage."""
MOST_LOOKED = 2.6
"""Standard errors (99 %) of the flips within which a way may still be better than the spec's own."""
FEWEST_WAYS = 2
SHARE = 0.8
"""Of the probe's time that the check may take; it comes first."""
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

    def may_beat(self, other: Correct) -> bool:
        """Whether it may still be better than `other` on more images, by the flips on these."""
        same = other[: len(self.correct)]
        gained, lost = int((self.correct & ~same).sum()), int((~self.correct & same).sum())
        return bool(gained - lost + MOST_LOOKED * max(1, gained + lost) ** 0.5 > 0)


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

    def affordable(self, images: int) -> int:
        """How many ways there is time for on so many images each."""
        return 10**6 if self.allowance.full else self.allowance.affordable(images * self.seconds_each, SHARE)

    def plans(self, images: int, share: float) -> int:
        """How many times so many images go into a share of the nominal time, by which counts are chosen."""
        return self.allowance.plans(images * nominal_seconds(self.context.trace), share)


def check_preparation(
    context: ProbeContext, rows: torch.Tensor, clean: Correct, allowance: Allowance, seconds_each: float
) -> PreparationCheck:
    """Try the other ways on the first of the images `rows`, of which `clean` (n,) are right under the spec's own.

    In stages: a way that is clearly no better is left, one that may be goes on to more images, and what then is better
    by far, to training images as well; not for weights that know no other way. `seconds_each` is the time of one image
    through the model.
    """
    checker = Checker(context, rows, clean, allowance, seconds_each)
    spec = spec_way(context)
    planned = checker.plans(STAGES[0], SHARE)
    number = min(len(rows), STAGES[0] if planned >= FEWEST_WAYS else FEWEST)
    ways = other_ways(spec, context)
    first = ways[: max(FEWEST_WAYS, checker.affordable(number))]
    trials = [Trial(way, checker.correct(way, 0, number)) for way in first]
    more = changed_ways(checker, spec, trials, number)
    chosen = more[: max(1, checker.affordable(number))] if len(first) == len(ways) else more[:1]
    trials += [Trial(way, checker.correct(way, 0, number)) for way in chosen]
    own = learned_here(context.spec)
    stages = 1 if own else 1 + check_more_images(checker, trials)
    used = 0 if own else compare_losses(checker, trials)
    return PreparationCheck(
        images=number,
        right=int(clean[:number].sum()),
        others=tuple(describe(trial, clean) for trial in trials),
        stages=stages,
        complete=len(first) + len(chosen) == len(ways) + len(more) and number == STAGES[0],
        loss_images=used,
        learned_here=own,
    )


def changed_ways(checker: Checker, spec: Way, trials: Sequence[Trial], number: int) -> list[Way]:
    """Channels the other way round, grey, transposed, mirrored, turned and cropped images: of the spec's way, and of
    the best other one where that seems better."""
    images = checker.context.data.test_images[checker.rows[:number]]
    coloured = images.shape[-1] == 3 and not torch.equal(images, images.flip(-1))
    best = max(trials, key=lambda trial: trial.right)
    bases = [spec, best.way] if best.beats(checker.clean, HINT) else [spec]
    found = []
    for base in bases:
        found += [base.turned()] if coloured else []
        found += [base.laid_out(layout) for layout in layouts(images)]
    return found


def check_more_images(checker: Checker, trials: Sequence[Trial]) -> int:
    """Try those that may be better than the spec's own on more images, as long as there is time; how many times."""
    stages = 0
    for stop in STAGES[1:]:
        stop, start = min(stop, len(checker.rows)), max(len(trial.correct) for trial in trials)
        hopeful = [trial for trial in trials if len(trial.correct) == start and trial.may_beat(checker.clean)]
        hopeful = sorted(hopeful, key=lambda trial: -trial.right)[: checker.affordable(stop - start)]
        if stop <= start or not hopeful:
            break
        for trial in hopeful:
            trial.correct = np.concatenate([trial.correct, checker.correct(trial.way, start, stop)])
        stages += 1
    return stages


def compare_losses(checker: Checker, trials: Sequence[Trial]) -> int:
    """Measure on training images the loss of those ways that are all so good that accuracy can't choose between them;
    on how many images, 0 where the spec's own way is not clearly worse than the best.

    Near neighbours, such as the statistics of two sets of natural images, differ by a few hundredths of a point of
    accuracy. Training images, which the weights were fitted to, separate them with far fewer images.
    """
    context, most = checker.context, max(len(trial.correct) for trial in trials)
    longest = [trial for trial in trials if len(trial.correct) == most]
    best = max(longest, key=lambda trial: trial.right)
    rivals = sorted((trial for trial in longest if not best.beats(trial.correct, CLEAR)), key=lambda one: -one.right)
    rivals = rivals[:MOST_RIVALS]
    if not best.beats(checker.clean, CLEAR) or len(rivals) < 2 or not len(context.data.train_labels):
        return 0
    many = checker.plans(LOSS_IMAGES[1] * len(rivals), 0.5) > 0
    rows, sampled = context.sample(LOSS_IMAGES[1] if many else LOSS_IMAGES[0], "train")
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
        layout=trial.way.layout,
        mean=trial.way.mean,
        std=trial.way.std,
        images=len(trial.correct),
        right=trial.right,
        gained=int((trial.correct & ~own).sum()),
        lost=int((~trial.correct & own).sum()),
        loss=trial.loss,
    )
