"""What the classes say: the weakest and the strongest, whether they differ at all, and which are taken for which."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.differences import binomial_tail, compare_shares, pairwise_p
from reportgen.metrics.intervals import wilson
from reportgen.metrics.predictions import FloatArray, Predictions
from reportgen.metrics.renaming import find_renaming
from reportgen.record.measurements import ClassScore, Measurements
from reportgen.report.components import Figures
from reportgen.report.model import Finding, Level, Tone
from reportgen.report.sections.evaluation import claims
from reportgen.report.wording import evidence, join_few, quote, share_interval
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

NAME = "evaluation"
SIGNIFICANT = 0.05
HALF = 0.5
MOST_WRITTEN = 20
"""Classes whose order is written out as a line of code."""
FAR_BELOW, FAILING = 0.1, 0.6
"""A recall that is surely so far below the accuracy is a caution, one below such a share of it decides."""


def find_classes(measured: Measurements, predictions: Predictions, figures: Figures) -> list[Finding | None]:
    """The findings on classes; none where a single class has images."""
    present = [one for one in measured.classes if one.support]
    scores, confusion = evidence(figures, "class_scores", NAME), evidence(figures, "confusion", NAME)
    absent = find_absent(measured, scores)
    if len(present) < 2 or predictions.correct.all():
        return [find_perfect(predictions), absent]
    ranked = sorted(present, key=lambda one: (one.recall.value or 0.0, one.index))
    differences = compared(ranked)
    return [
        find_order(measured, predictions, confusion),
        find_weakest(measured, ranked, differences[0], scores),
        find_strongest(ranked, differences[-1], scores),
        find_spread(ranked, scores),
        find_pairs(measured, confusion),
        find_unnamed(measured, confusion),
        absent,
    ]


def find_perfect(predictions: Predictions) -> Finding | None:
    """An evaluation without a mistake, and how many there may be all the same."""
    if not predictions.correct.all():
        return None
    low, _unused = wilson(predictions.n, predictions.n) or (0.0, 1.0)
    text = ngettext(
        "The {count} prediction is right; the share of errors may still be as high as {most}.",
        "All {count} predictions are right; the share of errors may still be as high as {most}.",
        predictions.n,
        most=numerals.percent(1 - low),
    )
    if predictions.n == 1:
        text = _("The one prediction is right.")
    return claims.PERFECT.finding(text, 0.5, f"section-{NAME}")


def find_order(measured: Measurements, predictions: Predictions, anchor: str) -> Finding | None:
    """Predicted classes that mean others: the order of the model's outputs is not that of the labels."""
    found = find_renaming(predictions)
    if found is None:
        return None
    names = [quote(one.name) for one in measured.classes]
    changed = [(index, meant) for index, meant in enumerate(found.meant) if index != meant]
    pairs = [_("{called} means {meant}", called=names[index], meant=names[meant]) for index, meant in changed]
    text = ngettext(
        "The order of the model’s classes is not that of the labels: {count} output seems to mean another class "
        "({pairs}). With the classes in that order, {accuracy} ({interval}, n\u00a0=\u00a0{n}) of the images that "
        "were not used to find it would be classified correctly.",
        "The order of the model’s classes is not that of the labels: {count} outputs seem to mean other classes "
        "({pairs}). With the classes in that order, {accuracy} ({interval}, n\u00a0=\u00a0{n}) of the images that "
        "were not used to find it would be classified correctly.",
        len(changed),
        pairs=join_few(pairs),
        accuracy=numerals.percent(found.correct / found.n, found.n),
        interval=share_interval(found.correct, found.n),
        n=numerals.count(found.n),
    )
    weight = 1.0 if 2 * found.correct >= found.n else 0.9  # else that it is no better than chance is to be said first
    return claims.ORDER.finding(join_sentences([text, advise_order(found.meant)]), weight, anchor, "bad")


def advise_order(meant: tuple[int, ...]) -> str:
    """What to change so that the outputs come in the order of the labels, which no key of the spec sets.

    `meant`: by output, the class that it means.
    """
    if len(meant) > MOST_WRITTEN:
        return _(
            "No key of the spec sets the order: change it in the model, or in the list of class names that the data "
            "set is read with."
        )
    order = ", ".join(str(meant.index(label)) for label in range(len(meant)))
    return _(
        "No key of the spec sets the order: return {code} from the model’s forward, where outputs are its logits now.",
        code=f"outputs[:, [{order}]]",
    )


def hits(one: ClassScore) -> int:
    """Images of a class that are called so."""
    return round((one.recall.value or 0.0) * one.support)


def find_weakest(measured: Measurements, ranked: list[ClassScore], differs: FloatArray, anchor: str) -> Finding:
    """The class with the lowest recall, which others it is surely below, and where its images go.

    `differs`: (k,), its row of `compared`.
    """
    weakest = ranked[0]
    name, recall = quote(weakest.name), weakest.recall.display_full
    tied = [one for one, p in zip(ranked[1:], differs[1:], strict=True) if p > SIGNIFICANT]
    if not tied:
        text = _("{name} is the weakest class: recall {recall}.", name=name, recall=recall)
    elif len(tied) == len(ranked) - 1 and len(tied) > 1:
        text = _(
            "{name} has the lowest recall, {recall}, not significantly lower than any other class.",
            name=name,
            recall=recall,
        )
        return claims.LOWEST_RECALL.finding(join_sentences([text, format_errors(measured, weakest)]), 0.3, anchor)
    else:
        text = _(
            "{name} has the lowest recall, {recall}, not significantly lower than {rest}.",
            name=name,
            recall=recall,
            rest=join_few([quote(one.name) for one in tied], limit=2),
        )
    told, (tone, level) = join_sentences([text, format_errors(measured, weakest)]), judge_weakest(measured, weakest)
    return claims.WEAKEST.finding(told, 0.7, anchor, tone, level=level)


def judge_weakest(measured: Measurements, weakest: ClassScore) -> tuple[Tone, Level | None]:
    """How far below the accuracy the recall of the weakest class surely is, by the upper end of its interval.

    A class that is never predicted has a finding of its own.
    """
    accuracy, high = measured.value("accuracy"), weakest.recall.high
    called = sum(row[weakest.index] for row in measured.confusion)
    if accuracy is None or accuracy.value is None or high is None or not called:
        return "plain", None
    if high >= accuracy.value - FAR_BELOW:
        return "plain", None
    return ("bad", Level.DECISION) if high < FAILING * accuracy.value else ("caution", None)


def compared(ranked: list[ClassScore]) -> FloatArray:
    """(k, k): p of equal recalls for every pair of classes, corrected for all pairs.

    All of them are 1 where the χ² test finds no difference between the classes, so that no sentence contradicts it.
    """
    counts, supports = [hits(one) for one in ranked], [one.support for one in ranked]
    whole = compare_shares(counts, supports)
    if whole is not None and whole.p >= SIGNIFICANT:
        return np.ones((len(ranked), len(ranked)))
    return pairwise_p(counts, supports)


def format_errors(measured: Measurements, one: ClassScore) -> str:
    """What a class's missed images are called; empty where no other class is named significantly more often than the
    next, by the test of `find_pairs`.
    """
    row = list(measured.confusion[one.index])
    row[one.index] = 0
    if len(row) < 3:
        return ""
    missed = one.support - hits(one)
    most = max(range(len(row)), key=row.__getitem__)
    second = max(count for index, count in enumerate(row) if index != most)
    if 2 * binomial_tail(row[most], row[most] + second, HALF) > SIGNIFICANT:
        return ""
    values = {"other": quote(measured.classes[most].name), "share": numerals.percent(row[most] / one.support)}
    if 2 * row[most] > missed:
        return _(
            "Most of its misclassified images are predicted as {other} ({share} of the class).",
            other=values["other"],
            share=values["share"],
        )
    return _(
        "Its images are most often mistaken for {other} ({share} of the class).",
        other=values["other"],
        share=values["share"],
    )


def find_strongest(ranked: list[ClassScore], differs: FloatArray, anchor: str) -> Finding | None:
    """The class with the highest recall, when it is one; `differs`: (k,), its row of `compared`."""
    best, second = ranked[-1], ranked[-2]
    if len(ranked) < 3 or best.recall.value == second.recall.value:
        return None
    values = {"name": quote(best.name), "recall": best.recall.display_full}
    tied = [one for one, p in zip(ranked[:-1], differs[:-1], strict=True) if p > SIGNIFICANT]
    if not tied:
        return claims.STRONGEST.finding(
            _("{name} is the strongest class: recall {recall}.", name=values["name"], recall=values["recall"]),
            0.2,
            anchor,
        )
    if len(tied) == len(ranked) - 1:
        return None
    text = _(
        "{name} has the highest recall, {recall}, not significantly higher than {rest}.",
        rest=join_few([quote(one.name) for one in reversed(tied)], limit=2),
        name=values["name"],
        recall=values["recall"],
    )
    return claims.HIGHEST_RECALL.finding(text, 0.15, anchor)


def find_spread(ranked: list[ClassScore], anchor: str) -> Finding | None:
    """Whether the classes differ by more than chance."""
    test = compare_shares([hits(one) for one in ranked], [one.support for one in ranked])
    if test is None:
        text = _("Too few images or errors to test whether the classes differ by more than chance.")
        return claims.UNTESTED.finding(text, 0.1, anchor)
    values = {
        "statistic": numerals.fixed(test.statistic, 1),
        "freedom": ngettext("{count} degree of freedom", "{count} degrees of freedom", test.freedom),
        "p": numerals.p_value(test.p),
    }
    if test.p < SIGNIFICANT:
        low, high = numerals.percent(ranked[0].recall.value), numerals.percent(ranked[-1].recall.value)
        text = _(
            "The classes differ by more than chance: recall runs from {low} to {high} "
            "(χ² = {statistic}, {freedom}, {p}).",
            low=low,
            high=high,
            statistic=values["statistic"],
            freedom=values["freedom"],
            p=values["p"],
        )
        return claims.DIFFER.finding(text, 0.3, anchor)
    text = _(
        "The differences between the classes are no larger than expected by chance (χ²\u00a0=\u00a0{statistic}, "
        "{freedom}, {p}).",
        statistic=values["statistic"],
        freedom=values["freedom"],
        p=values["p"],
    )
    return claims.ALIKE.finding(text, 0.3, anchor)


def find_pairs(measured: Measurements, anchor: str) -> Finding | None:
    """The one pair of classes that is confused most, both ways, and its share of all errors; None where several are.

    Whether it surely is: the exact test of its errors against those of the next, two-sided, which holds for a winner
    that was picked among many (Hung and Fithian 2019).
    """
    matrix, classes = measured.confusion, measured.classes
    pairs = {(a, b): both for a in range(len(classes)) for b in range(a) if (both := matrix[a][b] + matrix[b][a])}
    total = max(pairs.values(), default=0)
    most = [pair for pair, both in pairs.items() if both == total]
    if len(most) != 1 or len(classes) < 3:
        return None
    text = format_pair(measured, *most[0])
    del pairs[most[0]]
    rivals = sorted(pairs, key=lambda pair: -pairs[pair])
    second = pairs[rivals[0]] if rivals else 0
    p = 2 * binomial_tail(total, total + second, HALF)
    if p <= SIGNIFICANT:
        return claims.PAIR.finding(text, 0.45, anchor)
    if not rivals:
        few = _("There are too few errors to tell whether another pair is confused as often.")
        return claims.PAIR_OPEN.finding(join_sentences([text, few]), 0.25, anchor)
    c, d = rivals[0]
    rival = _(
        "That is not significantly more than the {count} of {a} and {b} ({p}).",
        count=numerals.count(second),
        a=quote(classes[d].name),
        b=quote(classes[c].name),
        p=numerals.p_value(min(p, 1.0)),
    )
    return claims.PAIR_OPEN.finding(join_sentences([text, rival]), 0.25, anchor)


def format_pair(measured: Measurements, a: int, b: int) -> str:
    """How often each of two classes is predicted as the other, the more frequent direction first."""
    matrix, classes = measured.confusion, measured.classes
    if matrix[b][a] > matrix[a][b]:
        a, b = b, a
    there, back = matrix[a][b], matrix[b][a]
    wrong = sum(sum(row) - row[index] for index, row in enumerate(matrix))
    first, other = quote(classes[a].name), quote(classes[b].name)
    share, errors = numerals.percent((there + back) / wrong), ngettext("{count} error", "{count} errors", wrong)
    if there == 1:
        return _(
            "The classes confused most are {a} and {b}: one image of the first is predicted as the second, {back} the "
            "other way round, together {share} of the {errors}.",
            a=first,
            b=other,
            back=numerals.count(back),
            share=share,
            errors=errors,
        )
    return _(
        "The classes confused most are {a} and {b}: {there} images of the first are predicted as the second, {back} "
        "the other way round, together {share} of the {errors}.",
        there=numerals.count(there),
        a=first,
        b=other,
        back=numerals.count(back),
        share=share,
        errors=errors,
    )


def find_unnamed(measured: Measurements, anchor: str) -> Finding | None:
    """Classes that have images and that the model never answers."""
    called = [sum(row[index] for row in measured.confusion) for index in range(len(measured.classes))]
    never = [quote(one.name) for one in measured.classes if one.support and not called[one.index]]
    if not never:
        return None
    text = ngettext(
        "{count} class is never predicted: {names}.",
        "{count} classes are never predicted: {names}.",
        len(never),
        names=join_few(never),
    )
    return claims.NEVER_PREDICTED.finding(text, 0.75, anchor, "bad")


def find_absent(measured: Measurements, anchor: str) -> Finding | None:
    """Classes without an image to judge them by."""
    absent = [quote(one.name) for one in measured.classes if not one.support]
    if not absent:
        return None
    text = ngettext(
        "{count} class has no image in the evaluation set and is not judged: {names}.",
        "{count} classes have no image in the evaluation set and are not judged: {names}.",
        len(absent),
        names=join_few(absent),
    )
    return claims.ABSENT.finding(text, 0.5, anchor, "caution")
