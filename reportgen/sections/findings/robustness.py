"""What the model does with changed images: what hurts it most, and whether its preprocessing is the right one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen import numerals
from reportgen.metrics.robustness import Doubt, Outcome
from reportgen.probes.robustness import CORRUPTED, RobustnessFacts
from reportgen.record import RunRecord
from reportgen.report import Finding
from reportgen.robustness_words import name_condition, name_preparation, spell_normalize
from reportgen.sections.phrases import evidence
from reportgen.sections.pieces import Figures
from reportgen.values import MetricValue
from reportgen.words import say, say_count

NAME = "robustness"
MUCH = 0.2
"""Accuracy lost that is worth a caution."""


def find_robustness(
    record: RunRecord,
    facts: RobustnessFacts,
    outcomes: Sequence[Outcome],
    doubt: Doubt | None,
    mean: MetricValue | None,
    figures: Figures,
) -> Iterator[Finding]:
    """The findings in the order of the text."""
    yield from find_preparation(facts, doubt)
    yield from find_corruptions(outcomes, mean, evidence(figures, "robustness_corruptions", NAME))
    moves = evidence(figures, "robustness_moves", NAME)
    yield from find_move(record, outcomes, "shift", "crop", moves)
    yield from find_move(record, outcomes, "flip_horizontal", "flip", moves)
    yield from find_attacks(record, facts, outcomes, moves)


def find_preparation(facts: RobustnessFacts, doubt: Doubt | None) -> Iterator[Finding]:
    """Whether the same weights would do better with other numbers made of the pictures."""
    check = facts.preparation
    if check is None:
        return
    if doubt is not None:
        text = say(
            "The preprocessing is probably wrong: with “{name}” the same weights reach {then}, with the spec’s {now}; "
            "the change on the same images is {change}. Try {advice} in data.",
            name=name_preparation(doubt.best), then=doubt.then.display_full, now=doubt.now.display_full,
            change=doubt.change.display_full, advice=spell_normalize(doubt.best),
        )  # fmt: skip
        yield Finding(text, 0.95, f"section-{NAME}", "bad")
    elif check.others:
        best = max(check.others, key=lambda other: other.right)
        text = say_count(
            "The preprocessing fits the weights: the one other way tried, “{best}”, is right on {right} of {n} images, "
            "the spec’s on {own}.",
            "The preprocessing fits the weights: of {count} other ways tried none is clearly better; the nearest, "
            "“{best}”, is right on {right} of {n} images, the spec’s on {own}.",
            len(check.others), best=name_preparation(best), right=numerals.count(best.right),
            n=numerals.count(check.images), own=numerals.count(check.right),
        )  # fmt: skip
        yield Finding(text, 0.12, f"section-{NAME}")


def find_corruptions(outcomes: Sequence[Outcome], mean: MetricValue | None, anchor: str) -> Iterator[Finding]:
    """The worst corruption, and what they cost on average."""
    corrupted = [one for one in outcomes if one.condition.family in CORRUPTED]
    if not corrupted or mean is None:
        return
    worst = max(corrupted, key=lambda one: one.drop)
    kinds = {one.condition.kind for one in corrupted}
    if (worst.change.high or 0.0) >= 0:
        text = say("No measured corruption of {kinds} changes the accuracy surely.", kinds=len(kinds))
        yield Finding(text, 0.25, anchor, "good")
        return
    text = say(
        "{name} hurts most: accuracy {accuracy}, {change} against the same images as they are. On average over "
        "{kinds} kinds of corruption at the severities measured it is {mean}.",
        name=capital(name_condition(worst.condition)), accuracy=worst.accuracy.display_full,
        change=f"{worst.change.display} ({worst.change.display_interval})", kinds=len(kinds), mean=mean.display_full,
    )  # fmt: skip
    yield Finding(text, 0.5 if worst.drop > MUCH else 0.3, anchor, "caution" if worst.drop > MUCH else "plain")


def find_move(
    record: RunRecord, outcomes: Sequence[Outcome], kind: str, augmentation: str, anchor: str
) -> Iterator[Finding]:
    """What the smallest move of a kind costs, and whether training has seen such."""
    found = [one for one in outcomes if one.condition.kind == kind]
    if not found:
        return
    least = min(found, key=lambda one: one.condition.level)
    name = capital(name_condition(least.condition))
    change = least.change.display_full
    seen = record.training is not None and augmentation in record.data.augment
    why = say(" Training has seen such pictures (augment: {name}).", name=augmentation) if seen else ""
    if (least.change.high or 0.0) < 0:
        text = say("{name} costs accuracy: {change}.{why}", name=name, change=change, why=why)
        yield Finding(text, 0.4 if least.drop > 0.05 else 0.2, anchor, "caution" if least.drop > 0.05 else "plain")
    else:
        text = say("{name} makes no difference that these images can show: {change}.{why}", name=name, change=change,
                   why=why)  # fmt: skip
        yield Finding(text, 0.08, anchor)


def find_attacks(
    record: RunRecord, facts: RobustnessFacts, outcomes: Sequence[Outcome], anchor: str
) -> Iterator[Finding]:
    """What the attacks leave, from which size on that is no better than chance, and whether they can be believed."""
    attacks = [one for one in outcomes if one.condition.family == "attack"]
    if not attacks or facts.attack is None:
        return
    chance = 1 / max(len(record.data.classes), 1)
    below = [one for one in attacks if (one.accuracy.high or 1.0) < chance]
    least = min(below or attacks, key=lambda one: (one.condition.level, one.accuracy.value or 0.0))
    if below:
        text = say("An attack of {name} is enough to press accuracy below chance: {accuracy}.",
                   name=name_condition(least.condition), accuracy=least.accuracy.display_full)  # fmt: skip
    else:
        strongest = max(attacks, key=lambda one: one.drop)
        text = say("The strongest attack tried, {name}, leaves {accuracy}.",
                   name=name_condition(strongest.condition), accuracy=strongest.accuracy.display_full)  # fmt: skip
    yield Finding(text, 0.22, anchor)
    if facts.attack.flat:
        text = say_count(
            "The attacks find no slope at {count} image: what they leave may look better than it is (gradient "
            "masking).",
            "The attacks find no slope at {count} images: what they leave may look better than it is (gradient "
            "masking).",
            facts.attack.flat,
        )  # fmt: skip
        yield Finding(text, 0.25, anchor, "caution")


def capital(text: str) -> str:
    """The text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]
