"""Which changes of the images are measured, in which order and on how many images: by counts, never by the clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch

from reportgen.experiment.corruptions import OPERATORS, corrupt
from reportgen.experiment.transforms import mirror, rotate, shift
from reportgen.record.probes.robustness import Family
from reportgen.spec.probes import RobustnessOptions

CORE = ("gaussian_noise", "defocus_blur", "fog", "jpeg_compression")
"""One of each family: what a short time is spent on first."""
FAMILIES: dict[str, Family] = {
    "gaussian_noise": "noise",
    "shot_noise": "noise",
    "impulse_noise": "noise",
    "defocus_blur": "blur",
    "glass_blur": "blur",
    "motion_blur": "blur",
    "zoom_blur": "blur",
    "snow": "weather",
    "fog": "weather",
    "brightness": "weather",
    "contrast": "digital",
    "elastic_transform": "digital",
    "pixelate": "digital",
    "jpeg_compression": "digital",
}
SHIFTS, ROTATIONS = (1, 2, 4), (5, 10, 20, 30)
"""Pixels and degrees."""
EPSILONS = (1.0, 2.0, 4.0, 8.0)
"""In steps of 1/255."""
CORRUPTING = 0.3e-3
"""Seconds that changing one small image takes on a slow processor core."""
STANDING = 0.3
"""Of the images that one ε leaves standing, for the plan; what is measured is priced by those that really do."""
GRADIENT = 3.0
"""Forward passes that a gradient costs, before it has been timed."""
FAST_IMAGES, FULL_IMAGES = 200, 2000
"""Of every condition, at the two levels, unless the spec says otherwise."""


@dataclass(frozen=True)
class Change:
    """One condition that can be measured."""

    tier: int
    """0: first, 1: after that, 2: where everything is asked for."""
    family: Family
    kind: str
    level: float

    @property
    def is_attack(self) -> bool:
        """Whether it needs the model's gradient."""
        return self.family == "attack"

    def apply(self, images: torch.Tensor, seed: int) -> torch.Tensor:
        """The changed images (n, H, W, C) uint8, for everything but attacks; the same from the same seed."""
        if self.kind in OPERATORS:
            return corrupt(images, self.kind, int(self.level), seed)
        if self.kind == "shift":
            return shift(images, int(self.level), seed)
        if self.kind == "rotation":
            return rotate(images, self.level, seed)
        return mirror(images, upside_down=self.kind == "flip_vertical")


def list_changes(options: RobustnessOptions) -> list[Change]:
    """Everything that can be measured, the most telling first; what the spec names stands in the first tier."""
    names = options.corruptions if options.corruptions is not None else tuple(OPERATORS)
    core = CORE if options.corruptions is None else names
    changes = [Change(0, "move", "shift", SHIFTS[0]), Change(0, "move", "flip_horizontal", 0)]
    for severities, at_core, else_ in (((3, 5, 1), 0, 1), ((2, 4), 2, 2)):
        for severity in severities:
            changes += [Change(at_core if name in core else else_, FAMILIES[name], name, severity) for name in names]
    changes += [Change(1, "move", "shift", pixels) for pixels in SHIFTS[1:]]
    changes += [Change(1 if degrees < 30 else 2, "move", "rotation", degrees) for degrees in ROTATIONS]
    changes.append(Change(1, "move", "flip_vertical", 0))
    epsilons = sorted(options.epsilons if options.epsilons is not None else EPSILONS)
    for kind, at_core in (("fgsm", 0), ("pgd", 1)):
        changes += [Change(at_core, "attack", kind, epsilon) for epsilon in epsilons]
    return sorted(changes, key=lambda change: change.tier)


@dataclass(frozen=True)
class CostEstimate:
    """Seconds that a condition takes for one image."""

    forward: float
    steps: int
    """Of PGD, each a gradient."""

    def of(self, change: Change, first: bool = True) -> float:
        """Of one condition; FGSM takes its gradient once for every ε, PGD leaves out what a smaller ε has broken."""
        if change.kind == "fgsm":
            return self.forward * (1 + (GRADIENT if first else 0))
        if change.kind == "pgd":
            return self.forward * (1 + GRADIENT * self.steps) * (1 if first else STANDING)
        return self.forward + CORRUPTING

    def of_all(self, changes: Sequence[Change]) -> float:
        """Of all of them."""
        known: set[str] = set()
        total = 0.0
        for change in changes:
            total += self.of(change, change.kind not in known)
            known.add(change.kind)
        return total


@dataclass(frozen=True)
class Plan:
    """What is measured, by counts alone: time only decides which groups are left out whole."""

    groups: tuple[tuple[Change, ...], ...]
    """In the order in which they are measured; each is measured whole or not at all."""
    images: int
    """Of every condition."""
    mean_kinds: tuple[str, ...]
    """The kinds of corruption that enter the mean over corruptions."""
    beyond: tuple[Change, ...] = ()
    """Conditions that only the level `full` measures."""
    needed: frozenset[str] = frozenset()
    """Kinds that are measured whatever time they take, because a gate names what comes of them."""

    def needs(self, group: Sequence[Change]) -> bool:
        """Whether a group is measured whatever time it takes."""
        return group[0].kind in self.needed


def make_plan(options: RobustnessOptions, full: bool, most: int, named: Collection[str] = ()) -> Plan:
    """What the spec's keys and the level fix, for at most `most` images; `named`: numbers that gates name.

    `fast` measures severities 1, 3 and 5 on FAST_IMAGES, the core first, and its mean is over the core alone, so that
    it is the same number whatever else there was time for; what the spec names is the core. `full` measures everything.
    """
    changes = list_changes(options)
    kept = changes if full else [change for change in changes if change.tier < 2]
    groups: dict[tuple[int, str], list[Change]] = {}
    for change in kept:
        groups.setdefault((change.tier, change.kind), []).append(change)
    names = options.corruptions if options.corruptions is not None else tuple(OPERATORS) if full else CORE
    needed = {attack for attack in ("fgsm", "pgd") if f"{attack}_accuracy" in named}
    if "corruption_accuracy" in named:
        needed |= set(names)
    return Plan(
        groups=tuple(tuple(group) for group in groups.values()),
        images=min(options.images or (FULL_IMAGES if full else FAST_IMAGES), most),
        mean_kinds=names,
        beyond=tuple(change for change in changes if change not in kept),
        needed=frozenset(needed),
    )
