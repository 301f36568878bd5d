"""What the model does with changed images: what hurts it most, and how much that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.metrics.differences import binomial_tail
from reportgen.metrics.preprocessing import Doubt
from reportgen.metrics.robustness import (
    CorruptionMean,
    KindMean,
    Outcome,
    Worst,
    chance_of,
    find_worst,
    half_lost,
)
from reportgen.record.probes.robustness import CORRUPTED, RobustnessFacts
from reportgen.record.run import RunRecord
from reportgen.report.claims import Claim
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.naming import name_condition, name_kind
from reportgen.report.sections.robustness import claims
from reportgen.report.sections.robustness.preprocessing_findings import find_preparation
from reportgen.report.wording import evidence, join_few
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_sentences, ngettext, with_note

NAME = "robustness"
SIGNIFICANT = 0.05
MUCH = 0.2
"""Accuracy that a corruption costs from which on it is worth a caution."""
SENSITIVE = 0.02
"""Accuracy surely lost by a shift of one pixel or a mirror image that is worth one."""
SEEN_SHIFT = 4
"""Pixels by which the augmentation `crop` moves an image at most."""


def find_robustness(
    record: RunRecord,
    facts: RobustnessFacts,
    outcomes: Sequence[Outcome],
    kinds: Sequence[KindMean],
    mean: CorruptionMean | None,
    doubt: Doubt | None,
    figures: Figures,
) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    corrupted = [one for one in outcomes if one.condition.family in CORRUPTED]
    curves = evidence(figures, "robustness_corruptions", NAME)
    transforms = evidence(figures, "robustness_transforms", NAME)
    found = [
        find_preparation(record, facts.preparation, doubt) if facts.preparation else None,
        find_loss(find_worst(record, facts, corrupted), corrupted, kinds, curves),
        find_mean(record, mean, curves),
        find_half(record, facts, corrupted, curves),
        find_shift(record, outcomes, transforms),
        find_mirror(record, outcomes, transforms),
        find_turn(outcomes, transforms),
        find_attack(record, facts, outcomes, transforms),
        find_masking(facts, outcomes, transforms),
    ]
    return [finding for finding in found if finding is not None]


def find_loss(
    found: Worst | None, corrupted: Sequence[Outcome], kinds: Sequence[KindMean], anchor: str
) -> Finding | None:
    """The corruption that costs most, whether that is sure, and what the others cost at their strongest."""
    if found is None:
        return None
    worst, rival = found.outcome, found.rival
    if found.p_loss > SIGNIFICANT:
        text = ngettext(
            "These images do not show that {count} kind of corruption lowers the accuracy: the worst, {name}, "
            "changes it by {change}.",
            "These images do not show that any of {count} kinds of corruption lowers the accuracy: the worst, {name}, "
            "changes it by {change}.",
            len(kinds),
            name=name_condition(worst.condition),
            change=worst.change.display_full,
        )
        return claims.NO_CORRUPTION.finding(text, 0.25, anchor)
    said, much = [format_loss(found)], worst.drop > MUCH
    sure = rival is not None and found.p_rival <= SIGNIFICANT
    if found.undecided:
        said.append(format_undecided(found))
    said.append(format_middle(corrupted, kinds))
    claim = claims.WORST if sure else claims.LOSS
    return claim.finding(join_sentences(said), 0.5 if much else 0.3, anchor, "caution" if much else "plain")


def format_undecided(found: Worst) -> str:
    """All the kinds that may cost as much, with their losses and the largest p."""
    rivals = [with_note(name_condition(one.condition), lost_points(one.drop)) for one in found.undecided]
    return ngettext(
        "Whether it lowers the accuracy more than {rivals} is undecided (exact McNemar test, {p}).",
        "Whether it lowers the accuracy more than {rivals} is undecided (exact McNemar tests, the largest {p}).",
        len(rivals),
        rivals=join_names(rivals),
        p=numerals.p_value(found.p_rival),
    )


def format_loss(found: Worst) -> str:
    """What the worst corruption takes; that it is the worst only where that is sure."""
    worst = found.outcome
    values = {
        "name": name_condition(worst.condition),
        "loss": lost_points(worst.drop),
        "interval": loss_interval(worst),
        "clean": worst.clean.display,
        "accuracy": worst.accuracy.display_full,
    }
    if found.rival is not None and found.p_rival <= SIGNIFICANT:
        return _(
            "The worst corruption is {name}: accuracy falls by {loss} ({interval}), from {clean} on the unmodified "
            "images to {accuracy}.",
            name=values["name"],
            loss=values["loss"],
            interval=values["interval"],
            clean=values["clean"],
            accuracy=values["accuracy"],
        )
    return _(
        "Accuracy falls under {name} by {loss} ({interval}), from {clean} right on the unmodified images to "
        "{accuracy}.",
        name=values["name"],
        loss=values["loss"],
        interval=values["interval"],
        clean=values["clean"],
        accuracy=values["accuracy"],
    )


def format_middle(corrupted: Sequence[Outcome], kinds: Sequence[KindMean]) -> str:
    """What the median kind costs; empty for fewer than three."""
    strongest = [
        max((one for one in corrupted if one.condition.kind == kind.kind), key=lambda one: one.drop) for kind in kinds
    ]
    if len(strongest) < 3:
        return ""
    return _(
        "With each of the {count} kinds at its worst severity, the median loss of accuracy is {loss}.",
        count=len(strongest),
        loss=lost_points(float(np.median([one.drop for one in strongest]))),
    )


def find_mean(record: RunRecord, mean: CorruptionMean | None, anchor: str) -> Finding | None:
    """All corruptions together, and whether training knew any."""
    if mean is None:
        return None
    kinds = ngettext("{count} kind of corruption", "{count} kinds of corruption", mean.kinds)
    severities = (
        _("severity {level}", level=mean.severities[0])
        if len(mean.severities) == 1
        else _("severities {levels}", levels=join_names([str(level) for level in mean.severities]))
    )
    accuracy, change = mean.accuracy.display_full, mean.change.display
    text = (
        _(
            "Over {kinds} at {severities} the mean accuracy is {accuracy}, {change} against the same unmodified "
            "images; there is no interval of the change.",
            kinds=kinds,
            severities=severities,
            accuracy=accuracy,
            change=change,
        )
        if mean.change.low is None
        else _(
            "Over {kinds} at {severities} the mean accuracy is {accuracy}, {change} ({interval}) against the "
            "same unmodified images.",
            interval=mean.change.display_interval,
            kinds=kinds,
            severities=severities,
            accuracy=accuracy,
            change=change,
        )
    )
    if record.training is None:
        return claims.MEAN.finding(text, 0.3, anchor)
    if record.data.augment:
        why = _(
            "Training augmented its images with {names} only; they had no added noise, blur, weather or compression.",
            names=join_names(list(record.data.augment)),
        )
    else:
        why = _("Training used no augmentation, which could make the model more robust to them.")
    return claims.MEAN.finding(join_sentences([text, why]), 0.3, anchor)


def find_half(record: RunRecord, facts: RobustnessFacts, corrupted: Sequence[Outcome], anchor: str) -> Finding | None:
    """Which kinds of corruption take half of the accuracy, and from which severity on that is sure."""
    if not corrupted:
        return None
    kinds = {one.condition.kind for one in corrupted}
    found = half_lost(record, facts, corrupted)
    if not found:
        text = ngettext(
            "At no severity measured is half of the accuracy lost ({count} kind of corruption).",
            "At no severity measured is half of the accuracy lost ({count} kinds of corruption).",
            len(kinds),
        )
        return claims.HALF_KEPT.finding(text, 0.15, anchor)
    sure = name_halves([one.outcome for one in found if one.sure])
    open_ = name_halves([one.outcome for one in found if not one.sure])
    if not sure:
        text = ngettext(
            "For {count} kind of corruption it is undecided whether half of the accuracy is left: {named}.",
            "For {count} kinds of corruption it is undecided whether half of the accuracy is left: {named}.",
            len(open_),
            named=join_few(open_),
        )
        return claims.HALF_OPEN.finding(text, 0.2, anchor)
    text = ngettext(
        "Of {kinds} kinds of corruption, {count} confidently leaves at most half of the accuracy: {named}.",
        "Of {kinds} kinds of corruption, {count} confidently leave at most half of the accuracy: {named}.",
        len(sure),
        named=join_few(sure),
        kinds=numerals.count(len(kinds)),
    )
    if open_:
        more = _("Not distinguished from half: {named}.", named=join_few(open_))
        text = join_sentences([text, more])
    return claims.HALF_LOST.finding(text, 0.28, anchor)


def name_halves(outcomes: Sequence[Outcome]) -> list[str]:
    """What is left under each, from the weakest severity on."""
    ordered = sorted(outcomes, key=lambda one: (one.condition.level, one.accuracy.value or 0.0))
    return [
        _(
            "{accuracy} under {kind} of severity {level}",
            kind=name_kind(one.condition.kind),
            level=numerals.general(one.condition.level),
            accuracy=one.accuracy.display_full,
        )
        for one in ordered
    ]


def find_shift(record: RunRecord, outcomes: Sequence[Outcome], anchor: str) -> Finding | None:
    """What the smallest shift does to predictions and accuracy (Azulay & Weiss 2019)."""
    shifts = sorted((one for one in outcomes if one.condition.kind == "shift"), key=lambda one: one.condition.level)
    if not shifts:
        return None
    least, most = shifts[0], shifts[-1]
    text = ngettext(
        "Shifted by {count} pixel, {moved} of the images get another prediction; accuracy changes by {change}.",
        "Shifted by {count} pixels, {moved} of the images get another prediction; accuracy changes by {change}.",
        int(least.condition.level),
        moved=least.moved.display_full,
        change=with_note(least.change.display, least.change.display_interval),
    )
    if most is not least:
        more = _(
            "Shifted by {pixels} it changes by {change} ({interval}).",
            pixels=numerals.general(most.condition.level),
            change=most.change.display,
            interval=most.change.display_interval,
        )
        text = join_sentences([text, more])
    if record.training is not None:
        seen = _("In training, images were shifted by up to {pixels} pixels (crop).", pixels=SEEN_SHIFT)
        never = _("In training no image was shifted; the augmentation “crop” shifts them.")
        text = join_sentences([text, seen if "crop" in record.data.augment else never])
    return judge(claims.SHIFT, text, least, anchor, 0.2)


def find_mirror(record: RunRecord, outcomes: Sequence[Outcome], anchor: str) -> Finding | None:
    """What a mirror image does."""
    one = next((one for one in outcomes if one.condition.kind == "flip_horizontal"), None)
    if one is None:
        return None
    text = _(
        "Mirrored left to right, {moved} of the images get another prediction; accuracy changes by {change} "
        "({interval}).",
        moved=one.moved.display_full,
        change=one.change.display,
        interval=one.change.display_interval,
    )
    if record.training is not None:
        seen = _("In training, images were mirrored at random (flip).")
        never = _(
            "In training no image was mirrored; where left and right do not matter, the augmentation “flip” mirrors "
            "them."
        )
        text = join_sentences([text, seen if "flip" in record.data.augment else never])
    return judge(claims.MIRROR, text, one, anchor, 0.15)


def judge(claim: Claim, text: str, one: Outcome, anchor: str, weight: float) -> Finding:
    """A finding that is a caution where accuracy is surely lost, and heavier."""
    sensitive = one.change.high is not None and one.change.high < -SENSITIVE
    return claim.finding(text, 0.4 if sensitive else weight, anchor, "caution" if sensitive else "plain")


def find_turn(outcomes: Sequence[Outcome], anchor: str) -> Finding | None:
    """How far an image may be turned."""
    turns = sorted((one for one in outcomes if one.condition.kind == "rotation"), key=lambda one: one.condition.level)
    if not turns:
        return None
    told = [
        _(
            "{change} ({interval}) at {angle}°",
            angle=numerals.general(one.condition.level),
            change=one.change.display,
            interval=one.change.display_interval,
        )
        for one in turns
    ]
    text = _("Rotation changes the accuracy by {told}.", told=join_names(told))
    over = next((one for one in outcomes if one.condition.kind == "flip_vertical"), None)
    if over is not None:
        turned = _(
            "Upside down: {change} ({interval}).", change=over.change.display, interval=over.change.display_interval
        )
        text = join_sentences([text, turned])
    return claims.TURN.finding(text, 0.12, anchor)


def find_attack(record: RunRecord, facts: RobustnessFacts, outcomes: Sequence[Outcome], anchor: str) -> Finding | None:
    """From which size on an attack presses the accuracy below chance."""
    attacks = [one for one in outcomes if one.condition.family == "attack"]
    if not attacks:
        return None
    chance, untried = chance_of(record), say_untried(facts, attacks)
    below = [one for one in attacks if is_below(one, chance, len(attacks))]
    if not below:
        strongest = max(attacks, key=lambda one: one.drop)
        text = _(
            "Under the strongest attack tried, {name}, the accuracy is {accuracy}; without it, {clean}; "
            "chance is {chance}.",
            name=name_condition(strongest.condition),
            accuracy=strongest.accuracy.display_full,
            clean=strongest.clean.display,
            chance=numerals.percent(chance),
        )
        return claims.ATTACK_LEFT.finding(join_sentences([text, untried]), 0.22, anchor)
    least = min(below, key=lambda one: (one.condition.level, one.accuracy.value or 0.0))
    text = _(
        "Under {name} the accuracy is {accuracy}, below chance ({chance}); without it, {clean}. This "
        "is typical of networks trained without adversarial examples (Madry et al. 2018).",
        name=name_condition(least.condition),
        chance=numerals.percent(chance),
        accuracy=least.accuracy.display_full,
        clean=least.clean.display,
    )
    return claims.ATTACK_BELOW.finding(join_sentences([text, untried]), 0.22, anchor)


def say_untried(facts: RobustnessFacts, attacks: Sequence[Outcome]) -> str:
    """That the stronger attack was not tried; empty where it was."""
    if any(one.condition.kind == "pgd" for one in attacks):
        return ""
    if "pgd" in facts.kinds_left_out:
        return _("PGD, a stronger attack of many steps, was left out because time ran out.")
    return _("PGD, a stronger attack of many steps, was not tried.")


def is_below(one: Outcome, chance: float, attacks: int) -> bool:
    """Whether fewer images are right than by chance, at a level that holds for all attacks at once (Bonferroni)."""
    n = one.condition.images
    wrong = n - round((one.accuracy.value or 0.0) * n)
    return attacks * binomial_tail(wrong, n, 1 - chance) <= SIGNIFICANT


def find_masking(facts: RobustnessFacts, outcomes: Sequence[Outcome], anchor: str) -> Finding | None:
    """Signs that the gradient is hidden, so that the attacks are weaker than they should be (Athalye et al. 2018)."""
    signs = []
    if facts.attack is not None and facts.attack.flat:
        signs.append(
            ngettext(
                "For {count} image the gradient is zero everywhere.",
                "For {count} images the gradient is zero everywhere.",
                facts.attack.flat,
            )
        )
    claim = claims.FLAT_GRADIENT
    by_level = {(one.condition.kind, one.condition.level): one for one in outcomes}
    for (kind, level), one in by_level.items():
        single = by_level.get(("fgsm", level))
        if kind == "pgd" and single is not None and (single.accuracy.high or 1.0) < (one.accuracy.low or 0.0):
            claim = claims.MASKING
            signs.append(
                _(
                    "At ε\u00a0=\u00a0{level}/255 one step lowers the accuracy more than many steps do.",
                    level=numerals.general(level),
                )
            )
    if not signs:
        return None
    said = [_("The attacks may be weaker than they look."), *signs, _("Gradient masking is not a defence.")]
    return claim.finding(join_sentences(said), 0.3, anchor, "caution")


def lost_points(drop: float) -> str:
    """A loss of accuracy without its sign: "12.0 points"."""
    return numerals.points_apart(drop)


def loss_interval(one: Outcome) -> str:
    """The interval of a loss: "45.0 to 65.0"."""
    low, high = one.change.low, one.change.high
    if low is None or high is None:
        return ""
    return numerals.interval(-high, -low, 1, 100.0)
