"""Whether the images are prepared as the weights expect them, in words."""

from __future__ import annotations

from reportgen.metrics.intervals import wilson
from reportgen.metrics.preprocessing import BOUND, Doubt, Tried, is_cleared, read_tried
from reportgen.metrics.robustness import chance_of
from reportgen.record.probes.robustness import PreparationCheck
from reportgen.record.run import RunRecord
from reportgen.report.model import Finding
from reportgen.report.naming import advise_preparation, name_preparation
from reportgen.report.sections.robustness import claims
from reportgen.report.wording import quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_sentences, ngettext

ANCHOR = "robustness-preparation"
SIGNIFICANT = 0.05


def find_preparation(record: RunRecord, check: PreparationCheck, doubt: Doubt | None) -> Finding | None:
    """Whether the same weights would do better with other numbers made of the images."""
    if doubt is not None:
        return claims.WRONG_PREPARATION.finding(format_doubt(record, check, doubt), 0.95, ANCHOR, "bad", in_banner=True)
    tried = read_tried(check)
    if not tried:
        return None
    nearest, farthest = tried[0], tried[-1]
    values = {"own": quote(record.data.normalize_name), "nearest": quote(name_preparation(nearest.preparation))}
    if check.learned_here:
        return find_learned_here(farthest, values["own"])
    if is_cleared(check, chance_of(record)):
        text = ngettext(
            "The preprocessing check confirms the normalisation {own}: the {count} other usual way to preprocess, "
            "{nearest}, is not better by more than {bound}; it changes accuracy by {change}.",
            "The preprocessing check confirms the normalisation {own}: of {count} other usual ways to preprocess none "
            "is better by more than {bound}; the best, {nearest}, changes accuracy by {change}.",
            len(tried),
            bound=ngettext("{count} point", "{count} points", round(100 * BOUND)),
            change=nearest.change.display_full,
            own=values["own"],
            nearest=values["nearest"],
        )
        return claims.CLEARED.finding(text, 0.12, ANCHOR, "good")
    if nearest.p <= SIGNIFICANT and (nearest.change.value or 0.0) > 0:
        return find_better(nearest, len(tried), values)
    text = ngettext(
        "The {count} other way to preprocess the images that was tried, {nearest}, does not do significantly better "
        "than {own}; it changes accuracy by {change}.",
        "Of {count} other ways to preprocess the images that were tried none does significantly better than {own}; "
        "the best, {nearest}, changes accuracy by {change}.",
        len(tried),
        change=nearest.change.display_full,
        own=values["own"],
        nearest=values["nearest"],
    )
    told = [text, format_chance(nearest, len(tried)), format_open(record, check)]
    return claims.NOT_CLEARED.finding(join_sentences(told), 0.3, ANCHOR)


def format_chance(nearest: Tried, ways: int) -> str:
    """Why a change whose own interval is above zero is not called significant; empty of any other."""
    if (nearest.change.low or 0.0) <= 0:
        return ""
    return ngettext(
        "Its interval alone is above zero; the exact McNemar test, which decides here, gives {p} with {count} variant "
        "tried.",
        "Its interval alone is above zero; the exact McNemar test, which decides here, gives {p} after correction for "
        "{count} variants tried.",
        ways,
        p=numerals.p_value(nearest.p),
    )


def find_better(nearest: Tried, ways: int, names: dict[str, str]) -> Finding:
    """A way that does better by too little for an alarm, and what to change for it."""
    text = ngettext(
        "With {nearest} the same weights do better than with {own}, by too little to call the preprocessing wrong: "
        "{change} ({interval}, n\u00a0=\u00a0{n}; exact McNemar test {p}, {count} way tried).",
        "With {nearest} the same weights do better than with {own}, by too little to call the preprocessing wrong: "
        "{change} ({interval}, n\u00a0=\u00a0{n}; exact McNemar test {p} after correction for {count} ways tried).",
        ways,
        change=nearest.change.display,
        interval=nearest.change.display_interval,
        n=numerals.count(nearest.change.n),
        p=numerals.p_value(nearest.p),
        nearest=names["nearest"],
        own=names["own"],
    )
    advice = advise_preparation(nearest.preparation)
    return claims.BETTER_PREPARATION.finding(join_sentences([text, advice]), 0.6, ANCHOR, "caution")


def find_learned_here(farthest: Tried, own: str) -> Finding | None:
    """What weights that have seen one preprocessing alone lose with another."""
    if farthest.p > SIGNIFICANT or (farthest.change.value or 0.0) >= 0:
        return None
    text = _(
        "The weights have only seen images normalised by {own}; with another preprocessing they lose up to "
        "{loss} ({interval}, n\u00a0=\u00a0{n}, “{name}”).",
        loss=numerals.points_apart(-(farthest.change.value or 0.0)),
        interval=numerals.apart_interval(*opposite(farthest)),
        n=numerals.count(farthest.change.n),
        name=name_preparation(farthest.preparation),
        own=own,
    )
    return claims.LEARNED_HERE.finding(text, 0.08, ANCHOR)


def format_open(record: RunRecord, check: PreparationCheck) -> str:
    """Why that is no clearance."""
    chance = chance_of(record)
    if (wilson(check.right, check.images) or (0.0, 1.0))[0] <= chance:
        return _("The accuracy is not above chance, so the check decides nothing.")
    if not check.complete:
        return _("Not every usual variant could be tried, so the check does not confirm the normalisation.")
    return _(
        "On {n} images, the fewest that a variant was tried on, another may still be better by more than {bound}.",
        n=numerals.count(min(other.images for other in check.others)),
        bound=ngettext("{count} point", "{count} points", round(100 * BOUND)),
    )


def opposite(tried: Tried) -> tuple[float | None, float | None]:
    """The ends of what is lost."""
    low, high = tried.change.low, tried.change.high
    return (None if high is None else -high), (None if low is None else -low)


def format_doubt(record: RunRecord, check: PreparationCheck, doubt: Doubt) -> str:
    """The alarm: both accuracies, the test, what to write instead, and what can't be told from the best."""
    text = ngettext(
        "The images are probably preprocessed wrongly: with the spec’s normalisation {own} {now} of them are "
        "classified correctly, with {best} {then} of the same ones, {change} ({interval}; exact McNemar test {p}, "
        "{count} way tried).",
        "The images are probably preprocessed wrongly: with the spec’s normalisation {own} {now} of them are "
        "classified correctly, with {best} {then} of the same ones, {change} ({interval}; exact McNemar test {p} "
        "after correction for {count} ways tried).",
        len(check.others),
        own=quote(record.data.normalize_name),
        best=quote(name_preparation(doubt.best.preparation)),
        now=doubt.now.display_full,
        then=doubt.best.accuracy.display_full,
        change=doubt.best.change.display,
        interval=doubt.best.change.display_interval,
        p=numerals.p_value(doubt.best.p),
    )
    advice = advise_preparation(doubt.best.preparation)
    if not doubt.rivals:
        return join_sentences([text, advice])
    near = ngettext(
        "By accuracy, {names} ({shares}) can’t be distinguished from it; its loss on {n} training images is {losses} "
        "against {loss}.",
        "By accuracy, {names} ({shares}) can’t be distinguished from it; their losses on {n} training images are "
        "{losses} against {loss}.",
        len(doubt.rivals),
        names=join_names([quote(name_preparation(one.preparation)) for one in doubt.rivals]),
        shares=join_names([one.accuracy.display for one in doubt.rivals]),
        n=numerals.count(check.loss_images),
        losses=join_names([numerals.significant(one.preparation.loss, 2) for one in doubt.rivals]),
        loss=numerals.significant(doubt.best.preparation.loss, 2),
    )
    return join_sentences([text, advice, near])
