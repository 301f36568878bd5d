"""What single predictions say: mistakes made with confidence, and labels that look wrong."""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.metrics.differences import poisson_tail
from reportgen.metrics.intervals import wilson
from reportgen.metrics.predictions import Predictions
from reportgen.metrics.renaming import find_renaming
from reportgen.metrics.selection import SURE, Selection, expected_errors, margins, plant_errors
from reportgen.report.model import Finding
from reportgen.report.sections.predictions import claims
from reportgen.report.wording import share_interval
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

NAME = "predictions"
SIGNIFICANT = 0.05
CLOSE = 0.1
"""A lead of the first class over the second, in probability, that a little noise could turn."""


def find_predictions(predictions: Predictions, selection: Selection, temperature: float) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    found = (find_sure(predictions), find_close(predictions), find_label_errors(predictions, selection, temperature))
    return [finding for finding in found if finding is not None]


def find_sure(predictions: Predictions) -> Finding | None:
    """How often it is wrong where it is sure; a caution where that is more than its confidence itself admits."""
    sure = predictions.confidence >= SURE
    n, errors = int(sure.sum()), int((~predictions.correct).sum())
    wrong = int((sure & ~predictions.correct).sum())
    level = numerals.whole_percent(SURE)
    if not n:
        return claims.NONE_SURE.finding(
            _("No prediction reaches {level} confidence.", level=level), 0.3, f"section-{NAME}"
        )
    values = {
        "level": level,
        "n": numerals.count(n),
        "share": numerals.percent(wrong / n),
        "interval": share_interval(wrong, n),
    }
    if not wrong:
        return find_none_wrong(n, values)
    doubt = float((1 - predictions.confidence[sure]).mean())
    low, _high = wilson(wrong, n) or (0.0, 1.0)
    text = ngettext(
        "{count} wrong prediction was made with at least {level} confidence: {share} ({interval}) of the {n} "
        "predictions this confident, {part} of all errors. About {expected} would be expected from these confidences.",
        "{count} wrong predictions were made with at least {level} confidence: {share} ({interval}) of the {n} "
        "predictions this confident, {part} of all errors. About {expected} would be expected from these confidences.",
        wrong,
        expected=numerals.significant(doubt * n, 2),
        part=numerals.percent(wrong / errors),
        level=values["level"],
        share=values["share"],
        interval=values["interval"],
        n=values["n"],
    )
    if low > doubt:
        return claims.SURELY_WRONG.finding(text, 0.55, f"{NAME}-surely_wrong", "caution")
    return claims.SURE_ERRORS.finding(text, 0.2, f"{NAME}-surely_wrong")


def find_none_wrong(n: int, values: Mapping[str, str]) -> Finding:
    """Of n sure predictions that are all right; `values`: the level, the share and its interval."""
    text = ngettext(
        "None of the {count} prediction with at least {level} confidence is wrong ({share}, {interval}).",
        "None of the {count} predictions with at least {level} confidence is wrong ({share}, {interval}).",
        n,
        level=values["level"],
        share=values["share"],
        interval=values["interval"],
    )
    if n == 1:
        text = _("The one prediction with at least {level} confidence is right.", level=values["level"])
    return claims.NONE_WRONG.finding(text, 0.3, f"section-{NAME}")


def find_close(predictions: Predictions) -> Finding | None:
    """How many predictions are all but ties."""
    if predictions.classes < 2:
        return None
    close = margins(predictions) < CLOSE
    n, right = int(close.sum()), int((close & predictions.correct).sum())
    if not n:
        return None
    text = ngettext(
        "{count} prediction ({share}) has a margin of less than ten points over the second class; {right} "
        "({interval}) of it is right.",
        "{count} predictions ({share}) have a margin of less than ten points over the second class; {right} "
        "({interval}) of them are right.",
        n,
        share=numerals.percent(n / predictions.n, predictions.n),
        right=numerals.percent(right / n),
        interval=share_interval(right, n),
    )
    if n == 1:
        share = numerals.percent(n / predictions.n, predictions.n)
        text = (
            _(
                "One prediction ({share}) has a margin of less than ten points over the second class, and it is right.",
                share=share,
            )
            if right
            else _(
                "One prediction ({share}) has a margin of less than ten points over the second class, and it is wrong.",
                share=share,
            )
        )
    return claims.CLOSE.finding(text, 0.2, f"section-{NAME}")


def find_label_errors(predictions: Predictions, selection: Selection, temperature: float) -> Finding | None:
    """How many labels the model confidently disagrees with, and what the rule is worth; candidates, not errors."""
    group = next((group for group in selection.groups if group.name == "label_errors"), None)
    if group is None or not group.candidates or find_renaming(predictions) is not None:
        return None
    expected = expected_errors(predictions, temperature)
    text = ngettext(
        "{count} label may be wrong; with every label right, a calibrated model would contradict about {expected} as "
        "confidently.",
        "{count} labels may be wrong; with every label right, a calibrated model would contradict about {expected} as "
        "confidently.",
        group.candidates,
        expected=numerals.significant(expected, 2),
    )
    said, p = [text], poisson_tail(group.candidates, expected)
    if p <= SIGNIFICANT:
        said.append(
            _(
                "Chance does not explain so many ({p}, Poisson): some labels are wrong, or the model is "
                "over-confident.",
                p=numerals.p_value(p),
            )
        )
    said.append(_("Only a person can tell."))
    planted = plant_errors(predictions, temperature)
    if planted is not None and planted.named:
        said.append(
            _(
                "Of {planted} labels changed at random the rule finds {found}; they are {share} of what it then lists.",
                planted=numerals.count(planted.planted),
                found=numerals.count(planted.found),
                share=numerals.percent(planted.found / planted.named, planted.named),
            )
        )
    claim, weight = (claims.LABEL_EXCESS, 0.35) if p <= SIGNIFICANT else (claims.LABEL_ERRORS, 0.2)
    return claim.finding(join_sentences(said), weight, f"{NAME}-label_errors")
