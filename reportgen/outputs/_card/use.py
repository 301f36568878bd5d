"""What a person who loads the model must feed it with, and what its answers mean."""

from __future__ import annotations

from reportgen.record.run import DataFacts
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext
from reportgen.text.shorten import one_line, shorten

CLASSES = 100
"""Class names that are listed, of at most LONGEST characters each."""
LONGEST = 60
DIGITS = 4
"""Of means and deviations, as they are published."""


def describe_use(data: DataFacts) -> tuple[str, ...]:
    """The images as the model takes them, and its classes in the order of its answers."""
    return (describe_input(data), describe_classes(data))


def describe_input(data: DataFacts) -> str:
    """Shape, range, resizing and normalisation of what reaches the model."""
    channels, height, width = data.image_shape
    sentences = [
        _(
            "Input: images of {channels} × {height} × {width} (channels × height × width), pixels from 0 to 1.",
            channels=channels,
            height=height,
            width=width,
        )
    ]
    if data.resized_from is not None:
        stored_height, stored_width = data.resized_from
        sentences.append(
            _("They were resized from {height} × {width}, bilinear.", height=stored_height, width=stored_width)
        )
    if data.normalize_name != "none" and data.normalize_mean and data.normalize_std:
        sentences.append(
            _(
                "From each channel {means} is subtracted, and the difference is divided by {deviations}.",
                means=list_numbers(data.normalize_mean),
                deviations=list_numbers(data.normalize_std),
            )
        )
    return join_sentences(sentences)


def list_numbers(values: tuple[float, ...]) -> str:
    """One number for each channel."""
    return join_terms([numerals.fixed(value, DIGITS) for value in values])


def describe_classes(data: DataFacts) -> str:
    """The classes in the order of their labels, the first hundred of them."""
    shown = join_terms([shorten(one_line(name), LONGEST) for name in data.classes[:CLASSES]])
    told = ngettext(
        "Output: {count} class: {names}.",
        "Output: {count} classes, in this order: {names}.",
        len(data.classes),
        names=shown,
    )
    more = len(data.classes) - CLASSES
    if more <= 0:
        return told
    return join_sentences([told, ngettext("{count} more is not listed.", "{count} more are not listed.", more)])
