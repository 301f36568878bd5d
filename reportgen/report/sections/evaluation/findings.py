"""What the evaluation says: how good, against what, on which classes, how sure of itself, and when to trust it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.curves import errors_among_surest
from reportgen.metrics.differences import confidence_gap
from reportgen.metrics.intervals import newcombe, wilson
from reportgen.metrics.predictions import Predictions
from reportgen.metrics.reliability import lower_tail
from reportgen.record.measurements import CalibrationFacts, Measurements
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.sections.evaluation import claims
from reportgen.report.sections.evaluation.calibration_wording import Agreement, find_agreement
from reportgen.report.sections.evaluation.class_findings import find_classes
from reportgen.report.wording import evidence, quote, share_interval
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

NAME = "evaluation"
SIGNIFICANT = 0.05
WIDE = 0.1
"""Of the interval of the accuracy: with so wide a one the images are too few to decide much."""
USELESS = 0.1
"""Of half of that interval: then nothing else is worth saying before."""
COVERAGE = 0.8
"""Share of the images kept for the sentence on answering only when sure."""


def find_evaluation(
    record: RunRecord, measured: Measurements, predictions: Predictions, figures: Figures
) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    broken = find_broken(record)
    if broken is not None and count_broken(record) == predictions.n:
        return [broken]
    found: Iterable[Finding | None] = (
        broken,
        find_baseline(measured),
        find_few(measured),
        *find_classes(measured, predictions, figures),
        find_top5(measured, predictions),
        find_groups(record, predictions),
        find_calibration(measured, predictions, evidence(figures, "reliability", NAME)),
        find_scaling(measured, evidence(figures, "reliability", NAME)),
        find_coverage(predictions, evidence(figures, "risk_coverage", NAME)),
    )
    return [finding for finding in found if finding is not None]


def count_broken(record: RunRecord) -> int:
    """Images for which some output was not a finite number."""
    return int((~np.isfinite(record.arrays["eval.logits"]).all(1)).sum())


def find_broken(record: RunRecord) -> Finding | None:
    """Outputs that are no numbers."""
    broken, n = count_broken(record), len(record.arrays["eval.labels"])
    if not broken:
        return None
    text = ngettext(
        "For {count} of {n} images the model’s output is not a finite number; it counts as wrong, and no score of "
        "probabilities is available.",
        "For {count} of {n} images the model’s output is not a finite number; they count as wrong, and no score of "
        "probabilities is available.",
        broken,
        n=numerals.count(n),
    )
    return claims.BROKEN.finding(text, 0.95, f"section-{NAME}", "bad")


def find_baseline(measured: Measurements) -> Finding | None:
    """The accuracy against always naming the commonest class of the evaluation set."""
    accuracy = measured.value("accuracy")
    supports = [one.support for one in measured.classes]
    if accuracy is None or accuracy.low is None or accuracy.high is None or len([s for s in supports if s]) < 2:
        return None
    most = int(np.argmax(supports))
    baseline = supports[most] / sum(supports)
    equal = len(set(supports)) == 1
    said = [
        _("{accuracy} of the images are classified correctly.", accuracy=accuracy.display_full),
        _("Always predicting the same class gives {baseline}.", baseline=numerals.percent(baseline))
        if equal
        else _(
            "Always predicting {name} gives {baseline}.",
            name=quote(measured.classes[most].name),
            baseline=numerals.percent(baseline),
        ),
    ]
    anchor = f"section-{NAME}"
    if accuracy.low > baseline:
        return claims.ABOVE_CHANCE.finding(join_sentences(said), 0.45, anchor, in_verdict=True)
    if accuracy.high < baseline:
        said.append(_("The model is less accurate than that."))
        return claims.BELOW_CHANCE.finding(join_sentences(said), 0.95, anchor, "bad")
    said.append(_("The difference can’t be distinguished from zero."))
    return claims.AT_CHANCE.finding(join_sentences(said), 0.95, anchor, "bad")


def find_few(measured: Measurements) -> Finding | None:
    """That the test images are too few to tell the accuracy."""
    accuracy = measured.value("accuracy")
    if accuracy is None or accuracy.low is None or accuracy.high is None or not accuracy.n:
        return None
    width = accuracy.high - accuracy.low
    if width < WIDE:
        return None
    text = ngettext(
        "With {count} test image the accuracy is known to within {half} either way; about {more} would halve that.",
        "With {count} test images the accuracy is known to within {half} either way; about {more} would halve that.",
        accuracy.n,
        half=numerals.points_apart(width / 2),
        more=numerals.count(4 * accuracy.n),
    )
    useless = width / 2 >= USELESS
    return claims.FEW_IMAGES.finding(text, 0.9 if useless else 0.75, f"section-{NAME}", "bad" if useless else "caution")


def find_top5(measured: Measurements, predictions: Predictions) -> Finding | None:
    """How near the wrong predictions are: second guess, and first five."""
    wrong = ~predictions.correct
    if not wrong.any() or not predictions.finite or predictions.classes < 3:
        return None
    second = np.argsort(-predictions.log_probabilities[wrong], axis=1, kind="stable")[:, 1]
    hits, misses = int((second == predictions.labels[wrong]).sum()), int(wrong.sum())
    if misses == 1:
        text = (
            _("The one wrong prediction has the right class in second place.")
            if hits
            else _("The one wrong prediction does not have the right class in second place.")
        )
    else:
        text = _(
            "Of the {misses}, {share} ({interval}) have the right class in second place.",
            misses=ngettext("{count} wrong prediction", "{count} wrong predictions", misses),
            share=numerals.percent(hits / misses, misses),
            interval=share_interval(hits, misses),
        )
    top5 = measured.value("top5_accuracy")
    if top5 is not None and top5.value is not None:
        more = _("The right class is among the five most probable for {top5} of all images.", top5=top5.display_full)
        text = join_sentences([text, more])
    return claims.SECOND_GUESS.finding(text, 0.25, f"section-{NAME}")


def find_groups(record: RunRecord, predictions: Predictions) -> Finding | None:
    """How many wrong predictions stay within the group that the data set's authors put the class into."""
    wrong, groups = ~predictions.correct & (predictions.predicted >= 0), group_of_class(record)
    if groups is None or wrong.sum() < 2:
        return None
    true, called = groups[predictions.labels[wrong]], groups[predictions.predicted[wrong]]
    stay, misses = int((true == called).sum()), int(wrong.sum())
    chance = float((np.bincount(groups)[true] - 1).mean()) / (predictions.classes - 1)
    if not 0 < chance < 1:
        return None
    values = {
        "share": numerals.percent(stay / misses, misses),
        "interval": share_interval(stay, misses),
        "groups": numerals.count(len(record.data.coarse_classes)),
        "chance": numerals.percent(chance),
    }
    return format_groups(misses, side_of(stay, misses, chance), values)


def side_of(count: int, n: int, share: float) -> int:
    """1 where so many of n are significantly more than the share makes expect, −1 where fewer, 0 where neither.

    By the Wilson interval and the exact binomial test, two-sided at 5 %: neither alone may say it, so that the interval
    beside the sentence never contradicts it. For a mean of different shares the test only errs more seldom (Hoeffding
    1956, On the distribution of the number of successes in independent trials).
    """
    low, high = wilson(count, n) or (0.0, 1.0)
    above = low > share and 2 * lower_tail(n - count, n, 1 - share) <= SIGNIFICANT
    below = high < share and 2 * lower_tail(count, n, share) <= SIGNIFICANT
    return int(above) - int(below)


def format_groups(misses: int, side: int, values: Mapping[str, str]) -> Finding:
    """Whether wrong predictions stay within their group more or less often than other classes drawn at random would;
    `values`: both shares, the interval and the number of groups."""
    n = ngettext("{count} wrong prediction", "{count} wrong predictions", misses)
    if side > 0:
        text = _(
            "Errors stay within the group of the right class more often than other classes drawn at random would: of "
            "the {misses}, {share} ({interval}) do, where {chance} would be expected ({groups} groups).",
            misses=n,
            share=values["share"],
            interval=values["interval"],
            chance=values["chance"],
            groups=values["groups"],
        )
        return claims.WITHIN_GROUPS.finding(text, 0.22, f"section-{NAME}")
    if side < 0:
        text = _(
            "Errors stay within the group of the right class less often than other classes drawn at random would: of "
            "the {misses}, {share} ({interval}) do, where {chance} would be expected ({groups} groups).",
            misses=n,
            share=values["share"],
            interval=values["interval"],
            chance=values["chance"],
            groups=values["groups"],
        )
        return claims.ACROSS_GROUPS.finding(text, 0.22, f"section-{NAME}")
    text = _(
        "There is no evidence that errors keep to the group of the right class: of the {misses}, {share} ({interval}) "
        "do, where {chance} would be expected of other classes drawn at random ({groups} groups).",
        misses=n,
        share=values["share"],
        interval=values["interval"],
        chance=values["chance"],
        groups=values["groups"],
    )
    return claims.GROUPS.finding(text, 0.22, f"section-{NAME}")


def group_of_class(record: RunRecord) -> NDArray[np.int64] | None:
    """(classes,): the group of each class; None where there are no groups, or where the test images do not tell that
    every class belongs to one."""
    labels, coarse = record.arrays["eval.labels"], record.arrays.get("eval.coarse_labels")
    if coarse is None or coarse.shape != labels.shape or not record.data.coarse_classes:
        return None
    groups = np.full(len(record.data.classes), -1, np.int64)
    groups[labels] = coarse
    known = groups.min() >= 0 and groups.max() < len(record.data.coarse_classes)
    return groups if known and (groups[labels] == coarse).all() else None


def find_calibration(measured: Measurements, predictions: Predictions, anchor: str) -> Finding | None:
    """Whether the model is surer than it is right, and by how much."""
    ece = measured.value("ece")
    if not predictions.finite or ece is None or ece.value is None:
        return None
    gap = confidence_gap(predictions.confidence, predictions.correct)
    if gap is None:
        return None
    centre, low, high = gap
    n = predictions.n
    values = {
        "confidence": numerals.percent(float(predictions.confidence.mean()), n),
        "accuracy": numerals.percent(float(predictions.correct.mean()), n),
        "gap": numerals.points_apart(abs(centre)),
        "interval": numerals.interval(*((low, high) if centre > 0 else (-high, -low)), 1, 100.0),
    }
    facts = measured.calibration.error
    agreement = find_agreement(predictions, measured.calibration.bins)
    error = join_sentences(
        [
            format_error(ece, facts, agreement),
            *format_bins(agreement, tested=facts is None or facts.p <= SIGNIFICANT),
        ]
    )
    if agreement.side > 0:
        text = _(
            "The model is over-confident on average, by {gap} ({interval}): its mean confidence is {confidence}, "
            "its accuracy {accuracy}.",
            gap=values["gap"],
            interval=values["interval"],
            confidence=values["confidence"],
            accuracy=values["accuracy"],
        )
        return claims.OVER_CONFIDENT.finding(join_sentences([text, error]), 0.6, anchor, "caution")
    if agreement.side < 0:
        text = _(
            "The model is under-confident on average, by {gap} ({interval}): its mean confidence is {confidence}, "
            "its accuracy {accuracy}.",
            gap=values["gap"],
            interval=values["interval"],
            confidence=values["confidence"],
            accuracy=values["accuracy"],
        )
        return claims.UNDER_CONFIDENT.finding(join_sentences([text, error]), 0.5, anchor)
    text = _(
        "The model is neither over- nor under-confident on average: its mean confidence of {confidence} can’t be "
        "distinguished from its accuracy of {accuracy}.",
        confidence=values["confidence"],
        accuracy=values["accuracy"],
    )
    return claims.SURE_AS_RIGHT.finding(join_sentences([text, error]), 0.35, anchor)


def format_bins(found: Agreement, *, tested: bool) -> list[str]:
    """How the bins of the reliability diagram go with the mean, where they say something else; none where they agree.

    `tested`: the calibration error itself is told from that of a perfectly calibrated model.
    """
    if found.side and not found.over and not found.under:
        same = _(
            "No single bin of the reliability diagram differs significantly after correction for their number; the "
            "difference shows over all images together."
        )
        return [same] if tested else []
    if (found.over and found.side <= 0) or (found.under and found.side >= 0):
        return [
            _(
                "In the bins of the reliability diagram it is significantly over-confident in {over} and "
                "under-confident in {under}.",
                over=found.over,
                under=found.under,
            )
        ]
    return []


def format_error(ece: MetricValue, facts: CalibrationFacts | None, found: Agreement) -> str:
    """The calibration error beside what a perfectly calibrated model would show, and without its bias.

    The mean confidence can be told from the accuracy, and the error not, by tests of which one sees more of the mean
    and the other more of the bins.
    """
    if facts is None:
        return _("The expected calibration error is {ece}.", ece=ece.display_full)
    null = numerals.score(facts.under_calibration, ece.low, ece.high)
    if facts.p > SIGNIFICANT and found.side and not found.over and not found.under:
        return _(
            "The expected calibration error is {ece}; with these confidences a perfectly calibrated model shows {null} "
            "on average, and as much or more with {p}: the difference shows in the mean and not bin by bin.",
            ece=ece.display_full,
            null=null,
            p=numerals.p_value(facts.p),
        )
    if facts.p > SIGNIFICANT and (found.side or found.over or found.under):
        return _(
            "The expected calibration error is {ece}; with these confidences a perfectly calibrated model shows {null} "
            "on average, and as much or more with {p}.",
            ece=ece.display_full,
            null=null,
            p=numerals.p_value(facts.p),
        )
    if facts.p > SIGNIFICANT:
        return _(
            "The expected calibration error is {ece}; with these confidences a perfectly calibrated model shows {null} "
            "on average, from which it can’t be distinguished ({p}).",
            ece=ece.display_full,
            null=null,
            p=numerals.p_value(facts.p),
        )
    debiased = numerals.score(facts.debiased, ece.low, ece.high)
    if debiased == ece.display:
        return _(
            "The expected calibration error is {ece}, more than the {null} that a perfectly calibrated model with "
            "these confidences shows on average ({p}).",
            ece=ece.display_full,
            null=null,
            p=numerals.p_value(facts.p),
        )
    return _(
        "The expected calibration error is {ece}, or {debiased} after bias correction, more than the {null} that a "
        "perfectly calibrated model with these confidences shows on average ({p}).",
        ece=ece.display_full,
        debiased=debiased,
        null=null,
        p=numerals.p_value(facts.p),
    )


def find_scaling(measured: Measurements, anchor: str) -> Finding | None:
    """What one temperature does to the calibration error; None where none was fitted."""
    before, after, facts = measured.value("ece"), measured.value("ece_scaled"), measured.calibration.scaled_error
    if before is None or after is None or facts is None or after.value is None or before.value is None:
        return None
    temperature = numerals.significant(measured.calibration.temperature, 3)
    values = {"temperature": temperature, "before": before.display, "after": after.display_full}
    text = _(
        "Temperature scaling, which divides the logits by {temperature}, changes the expected "
        "calibration error from {before} to {after}.",
        temperature=values["temperature"],
        before=values["before"],
        after=values["after"],
    )
    if facts.p > SIGNIFICANT:
        left = _(
            "The remaining error can’t be distinguished from that of a perfectly calibrated model, {null}"
            " on average ({p}).",
            null=numerals.score(facts.under_calibration, after.low, after.high),
            p=numerals.p_value(facts.p),
        )
        return claims.SCALING.finding(join_sentences([text, left]), 0.3, anchor)
    return claims.SCALING.finding(text, 0.3, anchor)


def find_coverage(predictions: Predictions, anchor: str) -> Finding | None:
    """The error among the surest four fifths of the images, against that among the others.

    A caution where the two surely differ by less than the share of errors itself, and not where the images are too few.
    """
    n = predictions.n
    sure, kept = errors_among_surest(predictions.confidence, predictions.correct, COVERAGE)
    if not predictions.finite or kept < 1 or kept == n or predictions.correct.all() or not predictions.correct.any():
        return None
    unsure = int((~predictions.correct).sum()) - sure
    ends = newcombe((unsure, n - kept), (sure, kept))
    values = {
        "coverage": numerals.whole_percent(COVERAGE),
        "risk": numerals.percent(sure / kept, kept),
        "interval": share_interval(sure, kept),
        "kept": numerals.count(kept),
        "others": numerals.percent(unsure / (n - kept), n - kept),
    }
    if ends is not None and ends[0] > 0:
        text = _(
            "Of the {coverage} of the images with the highest confidence, {risk} ({interval}, n\u00a0=\u00a0{kept}) "
            "are wrong; of the others, {others}.",
            coverage=values["coverage"],
            risk=values["risk"],
            interval=values["interval"],
            kept=values["kept"],
            others=values["others"],
        )
        return claims.CONFIDENCE_SEPARATES.finding(text, 0.4, anchor)
    text = _(
        "There is no evidence that the model’s confidence separates its errors from right predictions: of the "
        "{coverage} of the images with the highest confidence, {risk} ({interval}, n\u00a0=\u00a0{kept}) are wrong, "
        "of the others {others}.",
        coverage=values["coverage"],
        risk=values["risk"],
        interval=values["interval"],
        kept=values["kept"],
        others=values["others"],
    )
    useless = ends is not None and ends[1] < float((~predictions.correct).mean())
    return claims.CONFIDENCE_OPEN.finding(text, 0.5 if useless else 0.3, anchor, "caution" if useless else "plain")
