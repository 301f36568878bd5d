"""What the data say: how much of it was used, how even it is, how it was normalised, and whether it can be trusted."""

from __future__ import annotations

from reportgen.record.run import DataFacts, Duplicates, RunRecord, Split
from reportgen.report.components import Figures
from reportgen.report.model import Finding, Level
from reportgen.report.sections.data import claims
from reportgen.report.wording import evidence, join_few, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_sentences, join_terms, ngettext

NAME = "data"
IMBALANCED = 1.5
"""Ratio of the largest to the smallest class that is worth a sentence."""
MEAN_OFF = 0.05
"""Difference of a channel's mean from the one normalised by, on the 0-to-1 scale: about 13 of 255 steps."""
STD_OFF = 0.2
"""Relative difference of a channel's deviation from the one normalised by."""
LEAK = 0.01
"""Share of the test images that are training images from where on the accuracy may be a point too high."""


def find_data(record: RunRecord, figures: Figures) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    data, counts = record.data, evidence(figures, "class_counts", NAME)
    found = [
        find_fallback(data),
        find_unverified(data),
        *(find_part(split) for split in data.splits if split.name == "test" or record.training is not None),
        *(find_imbalance(data, split, counts) for split in data.splits),
        find_normalization(record),
        find_duplicates(data.duplicates, sum(split.n for split in data.splits if split.name == "test")),
    ]
    return [finding for finding in found if finding is not None]


def name_split(split: Split) -> str:
    """What a split is called in a sentence."""
    return _("training") if split.name == "train" else _("test")


def find_fallback(data: DataFacts) -> Finding | None:
    """Stand-in data."""
    if data.fallback_reason is None:
        return None
    text = _(
        "These are not the data that the spec asks for: {title} replaces {requested}.",
        title=data.title,
        requested=str(data.requested_title) or quote(data.requested),
    )
    return claims.FALLBACK.finding(
        join_sentences([text, _("The reason: {reason}", reason=data.fallback_reason.text)]),
        0.98,
        f"section-{NAME}",
        "bad",
        in_banner=True,
    )


def find_unverified(data: DataFacts) -> Finding | None:
    """Files that nobody has vouched for."""
    if data.verified:
        return None
    if data.digests:
        text = _("The digests of the files do not match published ones, or none are published: the data is unverified.")
    else:
        text = _("No digests of the data’s files are known: the data is unverified.")
    return claims.UNVERIFIED.finding(text, 0.4, f"section-{NAME}", "caution", in_banner=True)


def find_part(split: Split) -> Finding | None:
    """A split that was not used whole."""
    if split.n >= split.available:
        return None
    text = _(
        "Only {n} of the {available} {split} images were used ({share}).",
        n=numerals.count(split.n),
        available=numerals.count(split.available),
        split=name_split(split),
        share=numerals.percent(split.n / split.available),
    )
    return claims.PART.finding(text, 0.3, f"section-{NAME}", in_banner=True)


def find_imbalance(data: DataFacts, split: Split, anchor: str) -> Finding | None:
    """Classes of very different size."""
    pairs = sorted(zip(split.counts, data.classes, strict=True))
    if len(pairs) < 2 or not pairs[-1][0]:
        return None
    (fewest, small), (most, large) = pairs[0], pairs[-1]
    if not fewest:
        empty = [quote(name) for number, name in pairs if not number]
        text = ngettext(
            "In the {split} images {count} class is missing: {names}.",
            "In the {split} images {count} classes are missing: {names}.",
            len(empty),
            split=name_split(split),
            names=join_few(empty),
        )
        return claims.MISSING_CLASS.finding(text, 0.45, anchor, "caution")
    if most / fewest < IMBALANCED:
        return None
    text = _(
        "The classes of the {split} images are imbalanced: {large} has {most}, {small} has {fewest}, {ratio} times "
        "fewer.",
        split=name_split(split),
        large=quote(large),
        most=numerals.count(most),
        small=quote(small),
        fewest=numerals.count(fewest),
        ratio=numerals.significant(most / fewest, 2),
    )
    return claims.UNEVEN.finding(text, 0.35, anchor, "caution")


def find_normalization(record: RunRecord) -> Finding | None:
    """A normalisation that is not the data's own."""
    data = record.data
    means = max((abs(a - b) for a, b in zip(data.channel_mean, data.normalize_mean, strict=False)), default=0.0)
    pairs = zip(data.channel_std, data.normalize_std, strict=False)
    spreads = max((abs(used / measured - 1) for measured, used in pairs if measured), default=0.0)
    if data.normalize_name == "none":
        text = _(
            "The images reach the model as they are, from 0 to 1: channel means {means}, standard deviations "
            "{deviations}.",
            means=list_numbers(data.channel_mean),
            deviations=list_numbers(data.channel_std),
        )
        return claims.AS_THEY_ARE.finding(text, 0.25, f"section-{NAME}")
    if means < MEAN_OFF and spreads < STD_OFF:
        return None
    text = _(
        "The normalisation “{name}” does not match these images: its means are {used}, measured {measured}; its "
        "standard deviations {used_std}, measured {measured_std}.",
        name=data.normalize_name,
        used=list_numbers(data.normalize_mean),
        measured=list_numbers(data.channel_mean),
        used_std=list_numbers(data.normalize_std),
        measured_std=list_numbers(data.channel_std),
    )
    given = record.spec.model.weights is not None
    advice = (
        _("With pretrained weights, the normalisation they were trained with is the right one.")
        if given
        else _("For a model trained here this makes little difference.")
    )
    return claims.OTHER_NORMALISATION.finding(
        join_sentences([text, advice]), 0.3, f"section-{NAME}", "plain" if given else "caution"
    )


def list_numbers(values: tuple[float, ...]) -> str:
    """Means or deviations of the channels: "0.491, 0.482, 0.447"."""
    return join_terms([numerals.fixed(value, 3) for value in values])


def find_duplicates(duplicates: Duplicates | None, tested: int) -> Finding | None:
    """Images that stand in the data more than once; `tested`: test images."""
    if duplicates is None:
        return None
    numbers = (duplicates.within_train, duplicates.within_test)
    parts = [
        _("{count} in the training split", count=numerals.count(duplicates.within_train)),
        _("{count} in the test split", count=numerals.count(duplicates.within_test)),
    ]
    inside = join_names([part for part, number in zip(parts, numbers, strict=True) if number])
    if duplicates.across:
        text = ngettext(
            "{count} test image is pixel for pixel a training image, so its result says nothing about new images.",
            "{count} test images are pixel for pixel training images, so their results say nothing about new images.",
            duplicates.across,
        )
        more = _("Further exact duplicates: {inside}.", inside=inside) if inside else ""
        told = join_sentences([text, more])
        if duplicates.across >= LEAK * tested:
            return claims.DUPLICATES_ACROSS.finding(told, 0.9, f"section-{NAME}", "bad")
        return claims.DUPLICATES_ACROSS.finding(told, 0.5, f"section-{NAME}", "caution", level=Level.NEXT)
    if inside:
        return claims.DUPLICATES_INSIDE.finding(
            _("Exact duplicates within a split: {inside}.", inside=inside), 0.2, f"section-{NAME}"
        )
    return claims.NO_DUPLICATES.finding(
        _("There are no exact duplicates, within the splits or across."), 0.1, f"section-{NAME}"
    )
