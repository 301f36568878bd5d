"""How much is done in the nominal time there is: everything at its least before anything is done well; what there is
really no time for is left out whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

from reportgen.experiment.probes.explanations.deletion import SHARES
from reportgen.record.probes.explanations import NotExplained, Part

MISTAKES = 50
TRAIN_EACH = 2
"""Training images among which neighbours are sought, for each test image embedded."""
QUICK = 0.1
"""Seconds; a trial shorter than this is repeated with more images, because few at once are slow."""
TRIALS, PATIENCE = 3, 0.4
"""Trials at most, and the seconds after which there is no further one."""
RENEWING = 32
"""Images on which a model with random weights measures its running statistics."""
MAPS = 3
"""Passes back and forth for the maps of an explained image: the class called, random weights, the label."""
MOST_OF_REST = 0.6
"""Of the time left, what the least of a part may take."""
DELETIONS = 2 * (len(SHARES) - 1)
"""Forward passes of one image for the curves of a map and of its control."""


@dataclass(frozen=True)
class Bounds:
    """Least and most of what is counted."""

    least: int
    most: int


@dataclass(frozen=True)
class Limits:
    """How much is worth doing."""

    explained: Bounds
    steps: Bounds
    checked: Bounds
    embedded: Bounds


FAST = Limits(Bounds(2, 8), Bounds(8, 24), Bounds(12, 64), Bounds(60, 1000))
FULL = Limits(Bounds(2, 8), Bounds(8, 50), Bounds(12, 200), Bounds(60, 5000))


@dataclass(frozen=True)
class Plan:
    """How much of each part is done; 0: it is left out."""

    explained: int
    """Images with maps."""
    steps: int
    """Points of the path of integrated gradients."""
    checked: int
    """Images on which Grad-CAM is checked."""
    checked_paths: int
    """Of them, those on which integrated gradients are checked; 0: the explained ones serve."""
    embedded: int
    """Test images; twice as many training images."""
    gaps: tuple[NotExplained, ...] = ()


@dataclass
class TimeBudget:
    """The time there is, as it is shared out between the parts."""

    seconds: float
    left: float
    gaps: list[NotExplained]

    def fit(self, part: Part, bounds: Bounds, each: float, share: float, before: float = 0.0) -> int:
        """The most, or its half, its quarter …, the first that fits into a share of the time; the least where most of
        what is left is enough for it; else none. Few counts, so that two runs seldom differ in them."""
        affordable, number = max(0.0, min(share * self.seconds, self.left) - before) / max(each, 1e-9), bounds.most
        while number > affordable and number >= bounds.least:
            number //= 2
        least = before + bounds.least * each
        if number < bounds.least:
            if least > MOST_OF_REST * self.left:
                self.gaps.append(NotExplained(part=part, reason="time", seconds=least))
                return 0
            number = bounds.least
        self.left -= before + number * each
        return number


def make_plan(
    seconds: float,
    forward: float,
    backward: float,
    limits: Limits,
    images: int | None = None,
    mapped: bool = True,
    reached: bool = True,
) -> Plan:
    """What fits into `seconds` when an image takes `forward` and, with gradients, `backward` seconds, all of them those
    of the imagined machine of `reportgen.experiment.nominal`.

    `images`: test images to embed, as the spec asks for, whatever it takes; no more of them are checked. `mapped`:
    whether there is a layer for Grad-CAM; `reached`: whether a gradient leads to the pixels.
    """
    each = (MAPS + 2 * limits.steps.least) * backward
    explained = limits.explained.most
    while explained > limits.explained.least and explained * each >= 0.4 * seconds:
        explained //= 2
    budget = TimeBudget(seconds, seconds - MAPS * explained * backward - RENEWING * forward, [])
    checked = budget.fit("checks", limits.checked, 2 * backward + DELETIONS * forward, 0.25) if mapped else 0
    each = (1 + TRAIN_EACH) * forward
    embedded = images or budget.fit("embedding", limits.embedded, each, 0.3, MISTAKES * forward)
    steps = budget.fit("integrated_gradients", limits.steps, 2 * explained * backward, 0.2) if reached else 0
    path = 2 * steps * backward + DELETIONS * forward
    paths = limits.checked.most if steps else 0
    while paths and paths > 0.15 * seconds / path:
        paths //= 2
    if images:
        checked, paths = min(checked, images), min(paths, images)
    paths = paths if paths >= limits.checked.least else 0
    return Plan(explained, steps, checked, paths, embedded, tuple(budget.gaps))


def leave_out(plan: Plan, left: float, forward: float, backward: float, asked: bool) -> Plan:
    """The plan without the parts for which there is no time here, each whole: a count stays what the spec makes it.

    `forward`, `backward`: seconds that an image really takes. `asked`: whether the spec names the images to embed.
    """
    left = left - MAPS * plan.explained * backward - RENEWING * forward
    gaps, kept = list(plan.gaps), {}
    paths = (2 * plan.explained + 2 * plan.checked_paths) * plan.steps * backward
    costs: dict[Part, float] = {
        "checks": plan.checked * (2 * backward + DELETIONS * forward),
        "embedding": plan.embedded * (1 + TRAIN_EACH) * forward + MISTAKES * forward,
        "integrated_gradients": paths + plan.checked_paths * DELETIONS * forward,
    }
    counts: dict[Part, int] = {
        "checks": plan.checked,
        "embedding": 0 if asked else plan.embedded,
        "integrated_gradients": plan.steps,
    }
    for part, cost in costs.items():
        kept[part] = not counts[part] or cost <= left
        if kept[part]:
            left -= cost
        else:
            gaps.append(NotExplained(part=part, reason="time", seconds=cost))
    return replace(
        plan,
        checked=plan.checked if kept["checks"] else 0,
        embedded=plan.embedded if kept["embedding"] else 0,
        steps=plan.steps if kept["integrated_gradients"] else 0,
        checked_paths=plan.checked_paths if kept["integrated_gradients"] else 0,
        gaps=tuple(gaps),
    )


def seconds_each(run: Callable[[int], object]) -> float:
    """Seconds an image of `run(number of images)`, warmed up: from two images or, where that is quick, sixteen."""
    run(2)
    quickest = best_of(lambda: run(2)) / 2
    return quickest if 2 * quickest > QUICK else best_of(lambda: run(16)) / 16


def best_of(run: Callable[[], object]) -> float:
    """The shortest of a few trials, fewer when they are long."""
    taken: list[float] = []
    while len(taken) < TRIALS and sum(taken) < PATIENCE:
        start = perf_counter()
        run()
        taken.append(perf_counter() - start)
    return min(taken)
