"""What single predictions say: mistakes made with confidence, and labels that look wrong."""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.metrics.differences import poisson_tail
from reportgen.metrics.intervals import wilson
from reportgen.metrics.predictions import Predictions
from reportgen.metrics.reliability import lower_tail
from reportgen.metrics.renaming import find_renaming
from reportgen.metrics.selection import SURE, Selection, expected_errors, margins, plant_errors
from reportgen.report.model import Finding
from reportgen.report.sections.predictions import claims
from reportgen.report.wording import share_interval
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

NAME = "predictions"
SIGNIFICANT = 0.05
LEAST_EXPECTED = 0.1
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
    values = {"level": level, "n": numerals.count(n), "share": numerals.percent(wrong / n)}
    values["interval"] = share_interval(wrong, n)
    if not wrong:
        return find_none_wrong(n, values)
    if n == 1:
        text = _("The one prediction with at least {level} confidence is wrong.", level=level)
        return claims.SURE_ERRORS.finding(text, 0.2, f"{NAME}-surely_wrong")
    expected = float((1 - predictions.confidence[sure]).sum())
    values |= {"part": numerals.percent(wrong / errors), "expected": format_expected(expected)}
    values["wrong"] = numerals.count(wrong)
    low, high = wilson(wrong, n) or (0.0, 1.0)
    if low > expected / n and lower_tail(n - wrong, n, 1 - expected / n) <= SIGNIFICANT / 2:
        text = format_sure_excess(wrong, expected, values)
        return claims.SURELY_WRONG.finding(text, 0.55, f"{NAME}-surely_wrong", "caution")
    if high < expected / n and lower_tail(wrong, n, expected / n) <= SIGNIFICANT / 2:
        return claims.SELDOM_WRONG.finding(format_seldom(values), 0.2, f"{NAME}-surely_wrong")
    return claims.SURE_ERRORS.finding(format_sure(values), 0.2, f"{NAME}-surely_wrong")


def format_sure(values: Mapping[str, str]) -> str:
    """That confident predictions may be wrong as often as they admit; `values`: the level, n, how many are wrong,
    shares and the expected number."""
    return _(
        "There is no evidence that predictions with at least {level} confidence are wrong more often than these "
        "confidences admit: {wrong} of {n} ({share}, {interval}), where about {expected} would be expected. That is "
        "{part} of all errors.",
        wrong=values["wrong"],
        level=values["level"],
        n=values["n"],
        share=values["share"],
        interval=values["interval"],
        expected=values["expected"],
        part=values["part"],
    )


def format_seldom(values: Mapping[str, str]) -> str:
    """That confident predictions are wrong less often than they admit; `values`: as in `format_sure`."""
    return _(
        "Predictions with at least {level} confidence are wrong less often than these confidences admit: {wrong} of "
        "{n} ({share}, {interval}), where about {expected} would be expected. That is {part} of all errors.",
        wrong=values["wrong"],
        level=values["level"],
        n=values["n"],
        share=values["share"],
        interval=values["interval"],
        expected=values["expected"],
        part=values["part"],
    )


def format_expected(number: float) -> str:
    """A number expected by chance: "99", "3.4", and "0" where not even a tenth is."""
    return numerals.significant(number if number >= LEAST_EXPECTED else 0.0, 2)


def format_sure_excess(wrong: int, expected: float, values: Mapping[str, str]) -> str:
    """That confident predictions are wrong more often than they admit; `values`: the level, n, shares and the expected
    number."""
    return ngettext(
        "About {count} more prediction with at least {level} confidence is wrong than these confidences admit: "
        "{wrong} of {n} ({share}, {interval}), where about {expected} would be expected. That is {part} of all errors.",
        "About {count} more predictions with at least {level} confidence are wrong than these confidences admit: "
        "{wrong} of {n} ({share}, {interval}), where about {expected} would be expected. That is {part} of all errors.",
        max(round(wrong - expected), 1),
        wrong=values["wrong"],
        level=values["level"],
        n=values["n"],
        share=values["share"],
        interval=values["interval"],
        expected=values["expected"],
        part=values["part"],
    )


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
    p = poisson_tail(group.candidates, expected)
    said = [
        format_excess(group.candidates, predictions.n, expected, p),
        _("Whether a label is wrong only a person can tell."),
    ]
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


def format_excess(labels: int, n: int, expected: float, p: float) -> str:
    """How many of n labels are contradicted beyond those expected with every label right; `p`: the Poisson tail."""
    values = {"expected": format_expected(expected), "p": numerals.p_value(p)}
    if p > SIGNIFICANT:
        return _(
            "There is no evidence of wrong labels: the model confidently contradicts {labels} of {n}; if it were "
            "calibrated and every label right, it would contradict about {expected} ({p}, Poisson).",
            labels=numerals.count(labels),
            n=numerals.count(n),
            expected=values["expected"],
            p=values["p"],
        )
    return ngettext(
        "The model confidently contradicts about {count} label more than expected: {labels} of {n}, where about "
        "{expected} would be expected if it were calibrated and every label right ({p}, Poisson). Some labels are "
        "wrong, or the model is over-confident.",
        "The model confidently contradicts about {count} labels more than expected: {labels} of {n}, where about "
        "{expected} would be expected if it were calibrated and every label right ({p}, Poisson). Some labels are "
        "wrong, or the model is over-confident.",
        max(round(labels - expected), 1),
        labels=numerals.count(labels),
        n=numerals.count(n),
        expected=values["expected"],
        p=values["p"],
    )
