"""What the evaluation says: how good, against what, on which classes, how sure of itself, and when to trust it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reportgen.metrics.differences import mean_difference
from reportgen.metrics.intervals import wilson
from reportgen.metrics.predictions import Predictions
from reportgen.record.measurements import Measurements
from reportgen.record.run import RunRecord
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.sections.evaluation.class_findings import find_classes
from reportgen.report.wording import evidence, quote, share_interval
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

NAME = "evaluation"
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
        *find_classes(measured, predictions, figures),
        find_top5(measured, predictions),
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
        "For {count} of {n} images the model’s output is not a finite number; it counts as wrong, and every score of "
        "probabilities is unknown.",
        "For {count} of {n} images the model’s output is not a finite number; they count as wrong, and every score of "
        "probabilities is unknown.",
        broken,
        n=numerals.count(n),
    )
    return Finding(text, 0.95, f"section-{NAME}", "bad")


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
        _("Naming any one class every time gives {baseline}.", baseline=numerals.percent(baseline))
        if equal
        else _(
            "Always answering {name} gives {baseline}.",
            name=quote(measured.classes[most].name),
            baseline=numerals.percent(baseline),
        ),
    ]
    anchor = f"section-{NAME}"
    if accuracy.low > baseline:
        return Finding(join_sentences(said), 0.45, anchor, in_verdict=True)
    if accuracy.high < baseline:
        said.append(_("The model gets fewer right than that."))
    else:
        said.append(_("The difference can’t be distinguished from zero."))
    return Finding(join_sentences(said), 0.95, anchor, "bad", in_verdict=True)


def find_top5(measured: Measurements, predictions: Predictions) -> Finding | None:
    """How near the wrong predictions are: second guess, and first five."""
    wrong = ~predictions.correct
    if not wrong.any() or not predictions.finite or predictions.classes < 3:
        return None
    second = np.argsort(-predictions.log_probabilities[wrong], axis=1, kind="stable")[:, 1]
    hits, misses = int((second == predictions.labels[wrong]).sum()), int(wrong.sum())
    text = _(
        "Of the {misses}, {share} ({interval}) have the right class as second guess.",
        misses=ngettext("{count} wrong prediction", "{count} wrong predictions", misses),
        share=numerals.percent(hits / misses, misses),
        interval=share_interval(hits, misses),
    )
    top5 = measured.value("top5_accuracy")
    if top5 is not None and top5.value is not None:
        more = _("It is among the first five for {top5} of all images.", top5=top5.display_full)
        text = join_sentences([text, more])
    return Finding(text, 0.25, f"section-{NAME}")


def find_calibration(measured: Measurements, predictions: Predictions, anchor: str) -> Finding | None:
    """Whether the model is surer than it is right, and by how much."""
    ece = measured.value("ece")
    if not predictions.finite or ece is None or ece.value is None:
        return None
    gap = mean_difference(predictions.confidence, predictions.correct.astype(float))
    if gap is None:
        return None
    centre, low, high = gap
    n = predictions.n
    values = {
        "confidence": numerals.percent(float(predictions.confidence.mean()), n),
        "accuracy": numerals.percent(float(predictions.correct.mean()), n),
        "gap": numerals.points(abs(centre)).removeprefix("+"),
        "interval": numerals.interval(*((low, high) if centre > 0 else (-high, -low)), 1, 100.0),
        "ece": ece.display,
        "ends": ece.display_interval,
    }
    error = _("The expected calibration error is {ece} ({ends}).", ece=values["ece"], ends=values["ends"])
    if low > 0:
        text = _(
            "Over-confident by {gap} ({interval}): it is on average {confidence} sure and {accuracy} right.",
            gap=values["gap"],
            interval=values["interval"],
            confidence=values["confidence"],
            accuracy=values["accuracy"],
        )
        return Finding(join_sentences([text, error]), 0.6, anchor, "caution")
    if high < 0:
        text = _(
            "Under-confident by {gap} ({interval}): it is on average {confidence} sure and {accuracy} right.",
            gap=values["gap"],
            interval=values["interval"],
            confidence=values["confidence"],
            accuracy=values["accuracy"],
        )
        return Finding(join_sentences([text, error]), 0.5, anchor)
    text = _(
        "Neither over- nor under-confident on average: {confidence} sure, {accuracy} right, a difference that can’t "
        "be distinguished from zero.",
        confidence=values["confidence"],
        accuracy=values["accuracy"],
    )
    return Finding(join_sentences([text, error]), 0.35, anchor)


def find_scaling(measured: Measurements, anchor: str) -> Finding | None:
    """What one temperature does to the calibration error."""
    before, after = measured.value("ece"), measured.value("ece_scaled")
    if before is None or after is None or None in (before.low, before.high, after.low, after.high):
        return None
    temperature = numerals.significant(measured.calibration.temperature, 3)
    values = {"temperature": temperature, "after": after.display_full}
    if (after.high or 0.0) < (before.low or 0.0):
        text = _(
            "Dividing the logits by {temperature} (temperature scaling) brings that error down to {after}.",
            temperature=values["temperature"],
            after=values["after"],
        )
    elif (after.low or 0.0) > (before.high or 0.0):
        text = _(
            "Dividing the logits by {temperature} (temperature scaling) makes that error worse: {after}.",
            temperature=values["temperature"],
            after=values["after"],
        )
    else:
        text = _(
            "Temperature scaling (by {temperature}) does not change that error significantly: {after}.",
            temperature=values["temperature"],
            after=values["after"],
        )
    return Finding(text, 0.3, anchor)


def find_coverage(predictions: Predictions, anchor: str) -> Finding | None:
    """The error when only the surest four fifths of the images are answered."""
    kept, n = int(np.ceil(COVERAGE * predictions.n)), predictions.n
    if not predictions.finite or kept < 1 or kept == n or predictions.correct.all() or not predictions.correct.any():
        return None
    order = np.argsort(-predictions.confidence, kind="stable")[:kept]
    wrong = int((~predictions.correct[order]).sum())
    error = float((~predictions.correct).mean())
    low, high = wilson(wrong, kept) or (0.0, 1.0)
    values = {
        "coverage": numerals.percent(COVERAGE).replace(".0", ""),
        "risk": numerals.percent(wrong / kept, n),
        "interval": share_interval(wrong, kept),
        "kept": numerals.count(kept),
        "all": numerals.percent(error, n),
    }
    if low <= error <= high:
        text = _(
            "Its confidence does not separate its errors: of the {coverage} of the images with the highest "
            "confidence, {risk} ({interval}, n\u00a0=\u00a0{kept}) are wrong, of all {all}.",
            coverage=values["coverage"],
            risk=values["risk"],
            interval=values["interval"],
            kept=values["kept"],
            all=values["all"],
        )
        return Finding(text, 0.5, anchor, "caution")
    text = _(
        "On the {coverage} of the images with the highest confidence it errs on {risk} ({interval}, "
        "n\u00a0=\u00a0{kept}) "
        "instead of {all}.",
        coverage=values["coverage"],
        risk=values["risk"],
        interval=values["interval"],
        kept=values["kept"],
        all=values["all"],
    )
    return Finding(text, 0.4, anchor)
