"""What the comparison with the baseline says: the verdict, what else changed, which classes, at what cost, and why."""

from __future__ import annotations

import math

from reportgen.comparison.decision import direction, level_of_others
from reportgen.comparison.power import MOST_SEEDS
from reportgen.metrics.paired import holm
from reportgen.record.comparison import ClassChange, Comparison, Difference, Verdict
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.report.comparison_claims import claim_of
from reportgen.report.components import Figures
from reportgen.report.model import Finding, Tone
from reportgen.report.sections.baseline import claims
from reportgen.report.verdict import format_change
from reportgen.report.wording import count_images, evidence, join_few, note_first, quote, shorten
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_sentences, ngettext, with_note

NAME = "baseline"
TONES: dict[Verdict, Tone] = {"worse": "bad", "better": "good", "undecided": "caution", "equivalent": "plain"}
WEIGHTS = {"worse": 0.95, "better": 0.85, "undecided": 0.7, "equivalent": 0.6}
NORMAL = 1.959963984540054
NOTABLE = 0.02
"""A share of parameters, MACs or latency below which their change is not worth a sentence."""
DEARER = 1.5
"""In multiples of the baseline's, from where on a size is a caution."""
MUCH_SLOWER = 1.1
"""How many times longer an image takes at the least where that is among the first things to be said."""


def find_baseline(record: RunRecord, comparison: Comparison, figures: Figures) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    changes, classes = evidence(figures, "baseline_changes", NAME), evidence(figures, "baseline_recall", NAME)
    found = [
        find_verdict(comparison, changes),
        find_power(comparison, changes),
        find_seeds(record, comparison, changes),
        find_chance(comparison, changes),
        find_scores(comparison, changes),
        find_classes(comparison, classes),
        find_cost(comparison),
        find_latency(comparison),
        find_causes(comparison),
    ]
    return [finding for finding in found if finding is not None]


def find_verdict(comparison: Comparison, anchor: str) -> Finding:
    """The verdict with what it rests on."""
    text = join_sentences([format_change(comparison), format_flips(comparison)])
    return claim_of(comparison).finding(
        text, WEIGHTS[comparison.verdict], anchor, TONES[comparison.verdict], in_verdict=True
    )


def format_flips(comparison: Comparison) -> str:
    """How many images flipped either way, and the test of it where the verdict rests on it."""
    table = comparison.mcnemar
    if comparison.identical:
        return ""
    if not table.lost and not table.gained:
        return _("Both models are right and wrong on the same images.")
    lost, gained, p = count_images(table.lost), numerals.count(table.gained), numerals.p_value(table.p)
    if max(comparison.evaluations) > 1 and comparison.seed_spread is None:
        return _(
            "In the first evaluations, {lost} turned from right to wrong and {gained} from wrong to right.",
            lost=lost,
            gained=gained,
        )
    if comparison.seed_spread is not None:
        return _(
            "With the first seeds, {lost} turned from right to wrong and {gained} from wrong to right.",
            lost=lost,
            gained=gained,
        )
    return _(
        "{lost} turned from right to wrong and {gained} from wrong to right (exact McNemar test, {p}).",
        lost=lost,
        gained=gained,
        p=p,
    )


def find_power(comparison: Comparison, anchor: str) -> Finding | None:
    """What it would take to decide, or what so many images can show."""
    if comparison.verdict == "undecided":
        return claims.NEEDED.finding(format_needed(comparison), 0.45, anchor)
    if comparison.detectable is None or comparison.identical or comparison.verdict != "equivalent":
        return None
    text = _(
        "With this many images and flips, a change of {change} or more is detected with 80 % power.",
        change=numerals.points_apart(comparison.detectable),
    )
    return claims.DETECTABLE.finding(text, 0.1, anchor)


def format_needed(comparison: Comparison) -> str:
    """About how many images or seeds would decide."""
    if comparison.images_needed is not None:
        return _(
            "A decision with 80 % power would need about {images} images like these, if the change and "
            "the share of flips stay the same; there are {n}.",
            images=numerals.count(comparison.images_needed),
            n=numerals.count(comparison.n),
        )
    if comparison.seeds_needed is not None:
        return _(
            "A decision with 80 % power would need about {seeds} seeds of each, if the change and the "
            "standard deviation stay the same.",
            seeds=numerals.count(comparison.seeds_needed),
        )
    if comparison.seed_spread is not None:
        return _(
            "On these images even {most} seeds of each would not give a decision with 80 % power, if the "
            "change and the standard deviation stay the same.",
            most=numerals.count(MOST_SEEDS),
        )
    if max(comparison.evaluations) > 1:
        return _("More images, or more evaluations of stochastic models, would narrow the interval.")
    return _("A change so close to the margin can’t be decided by any number of images.")


def find_seeds(record: RunRecord, comparison: Comparison, anchor: str) -> Finding | None:
    """Whether the scatter of training is counted."""
    if comparison.seed_spread is not None:
        text = _(
            "The interval includes the variation between seeds, a standard deviation of {spread} over {before} of the "
            "baseline and {after} of this model; single images and classes below are those of the first seeds.",
            spread=numerals.points_apart(comparison.seed_spread, 2),
            before=ngettext("{count} seed", "{count} seeds", comparison.seeds[0]),
            after=ngettext("{count} seed", "{count} seeds", comparison.seeds[1]),
        )
        return claims.SEED_SCATTER.finding(text, 0.3, anchor)
    if record.training is None or comparison.identical:
        return None
    text = _(
        "Each model was trained once: the interval covers the variation over test images, not that over seeds. With "
        "run.seeds in the spec it covers both."
    )
    return claims.TRAINED_ONCE.finding(text, 0.35, anchor)


def find_chance(comparison: Comparison, anchor: str) -> Finding | None:
    """That chance inside the models is counted."""
    before, after = comparison.evaluations
    if max(before, after) == 1:
        return None
    text = _(
        "The interval includes the randomness of the predictions: accuracies are means over {before} of the baseline "
        "and {after} of this model; single images and classes below are those of the first evaluations.",
        before=ngettext("{count} evaluation", "{count} evaluations", before),
        after=ngettext("{count} evaluation", "{count} evaluations", after),
    )
    return claims.CHANCE_COUNTED.finding(text, 0.5, anchor)


def find_scores(comparison: Comparison, anchor: str) -> Finding | None:
    """Which scores beside accuracy changed by more than their interval, and which way."""
    if comparison.identical:
        return None
    others = [value for value in comparison.scores if value.name != "accuracy.change"]
    level = level_of_others(comparison)
    significant, told = correct_together(others, level), numerals.whole_percent(level)
    better, worse = ([value for value in significant if direction(value) == side] for side in (1, -1))
    if not better and not worse:
        text = (
            _(
                "The one other score with an interval, {name}, did not change significantly at {level}.",
                name=others[0].meaning.label_of_number(others[0].conditions),
                level=told,
            )
            if len(others) == 1
            else _(
                "No other score changed significantly at {level} after correction for all {count}.",
                level=told,
                count=len(others),
            )
        )
        return claims.NO_SCORE.finding(text, 0.15, anchor) if others else None
    ups, downs = (join_few([format_score(value) for value in side]) for side in (better, worse))
    if not worse:
        text = _(
            "Apart from accuracy, at {level} with Holm’s correction for all scores, better: {better}.",
            level=told,
            better=ups,
        )
    elif not better:
        text = _(
            "Apart from accuracy, at {level} with Holm’s correction for all scores, worse: {worse}.",
            level=told,
            worse=downs,
        )
    else:
        text = _(
            "Apart from accuracy, at {level} with Holm’s correction for all scores, better: {better}; worse: {worse}.",
            level=told,
            better=ups,
            worse=downs,
        )
    return claims.SCORES.finding(text, 0.4 if worse else 0.3, anchor, "caution" if worse else "plain")


def correct_together(values: list[MetricValue], level: float) -> list[MetricValue]:
    """Those that changed by more than chance when all are looked at together (Holm 1979).

    The p of each follows from its interval: as many standard errors as its end towards zero is away from the value.
    """
    p = [math.erfc(NORMAL * measure_distance(value) / math.sqrt(2)) for value in values]
    return [value for value, adjusted in zip(values, holm(p), strict=True) if adjusted <= level]


def measure_distance(value: MetricValue) -> float:
    """How far a change is from zero, in widths of its interval towards zero."""
    end = value.low if (value.value or 0.0) > 0 else value.high
    width = abs((value.value or 0.0) - (end or 0.0))
    return abs(value.value or 0.0) / width if width > 0 else (math.inf if value.value else 0.0)


def format_score(value: MetricValue) -> str:
    """A score and its change: "Brier score −0.0030 (−0.0056 to −0.0002)"."""
    label = value.meaning.label_of_number(value.conditions)
    return with_note(f"{label} {value.display}", value.display_interval)


def find_classes(comparison: Comparison, anchor: str) -> Finding | None:
    """The classes whose recall changed by more than chance when all are looked at together."""
    present = [one for one in comparison.classes if one.support]
    if len(present) < 2 or not comparison.mcnemar.lost + comparison.mcnemar.gained:
        return None
    level = level_of_others(comparison)
    held = [one for one in present if one.p_adjusted <= level]
    values = {"classes": numerals.count(len(present)), "level": numerals.whole_percent(level)}
    if not held:
        most = max(present, key=lambda one: (abs(one.change.value or 0.0), -one.index))
        text = _(
            "No class changed significantly at {level} after Holm’s correction over all {classes}; the largest change "
            "in recall: {most}.",
            level=values["level"],
            most=format_class(most),
            classes=values["classes"],
        )
        return claims.NO_CLASS.finding(join_sentences([text, note_first(comparison)]), 0.25, anchor)
    lost = sorted((one for one in held if one.lost > one.gained), key=lambda one: one.change.value or 0.0)
    gained = sorted((one for one in held if one.gained > one.lost), key=lambda one: -(one.change.value or 0.0))
    fell, rose = (join_few([format_class(one) for one in side]) for side in (lost, gained))
    said = [_("Recall fell: {names}.", names=fell)] if lost else []
    said += [_("Recall rose: {names}.", names=rose)] if gained else []
    said.append(
        _(
            "This is significant at {level} after Holm’s correction over all {classes} classes.",
            level=values["level"],
            classes=values["classes"],
        )
    )
    text = join_sentences([*said, note_first(comparison)])
    return claims.CLASSES.finding(text, 0.65 if lost else 0.45, anchor, "caution" if lost else "good")


def format_class(one: ClassChange) -> str:
    """A class and the change of its recall."""
    return with_note(f"{quote(one.name)} {one.change.display}", one.change.display_interval)


def find_cost(comparison: Comparison) -> Finding | None:
    """Size in multiples of the baseline's, where it changed by enough to be worth a sentence."""
    ratios = (comparison.value(f"{name}.change_ratio") for name in ("parameters", "macs"))
    notable = [
        value for value in ratios if value is not None and value.value is not None and abs(value.value - 1) >= NOTABLE
    ]
    if not notable:
        return None
    text = _("Relative to the baseline: {ratios}.", ratios=join_names([name_ratio(value) for value in notable]))
    dearer = any((value.value or 0.0) >= DEARER for value in notable)
    return claims.COST.finding(text, 0.6 if dearer else 0.5, f"section-{NAME}", "caution" if dearer else "plain")


def name_ratio(value: MetricValue) -> str:
    """A cost in multiples of the baseline's, with its name."""
    return {
        "parameters": _("parameters {ratio}", ratio=value.display),
        "macs": _("MACs {ratio}", ratio=value.display),
    }[value.name.rpartition(".")[0]]


def find_latency(comparison: Comparison) -> Finding | None:
    """That the model is slower or faster by more than the processes that timed both in turn differ."""
    ratio = comparison.value("latency_p50.change_ratio")
    if ratio is None or ratio.value is None or ratio.low is None or ratio.high is None or ratio.method != "alternated":
        return None
    if ratio.low <= 1 <= ratio.high or abs(ratio.value - 1) < NOTABLE:
        return None
    slower = ratio.value > 1
    told, sure = ratio.display, ratio.sureness
    text = (
        _("The model is slower than the baseline: latency of one image {ratio} ({sure}).", ratio=told, sure=sure)
        if slower
        else _("The model is faster than the baseline: latency of one image {ratio} ({sure}).", ratio=told, sure=sure)
    )
    much = slower and ratio.low >= MUCH_SLOWER
    weight = 0.65 if much else 0.4
    return claims.LATENCY.finding(text, weight, f"section-{NAME}", "caution" if slower else "good")


def find_causes(comparison: Comparison) -> Finding | None:
    """What differs between the two runs, so that a reader knows what the change may be due to."""
    found = comparison.differences
    parts = [text for text in map(count_part, *split(found)) if text]
    if not parts:
        if comparison.identical:
            return claims.NOTHING_DIFFERS.finding(_("Nothing in the records differs."), 0.1, f"{NAME}-differences")
        text = _("Nothing in the records differs except the outputs: the change comes from chance or from the machine.")
        return claims.UNEXPLAINED.finding(text, 0.4, f"{NAME}-differences", "caution")
    return claims.DIFFERENCES.finding(_("Differences: {parts}.", parts=join_names(parts)), 0.3, f"{NAME}-differences")


def split(found: tuple[Difference, ...]) -> tuple[list[str], list[list[Difference]]]:
    """The parts that differ, in order, and the differences of each."""
    parts: list[str] = list(dict.fromkeys(one.part for one in found))
    return parts, [[one for one in found if one.part == part] for part in parts]


def count_part(part: str, found: list[Difference]) -> str:
    """One part in a few words: the keys by name where they are few."""
    keys = [shorten(str(one.key), 40) for one in found]
    if part == "spec":
        return _("the spec ({keys})", keys=join_few(keys))
    if part == "architecture":
        return ngettext("{count} layer", "{count} layers", len(found))
    if part == "versions":
        return _("the versions of {names}", names=join_few(keys))
    words = {
        "weights": _("the weights it starts from"),
        "source": _("the source’s commit"),
        "data": _("the data"),
        "device": _("the machine ({keys})", keys=join_few(keys)),
    }
    return words[part]
