"""Section 6: single images, chosen by stated rules, and what the model makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.metrics.predictions import Predictions, read_predictions
from reportgen.metrics.selection import Group, select
from reportgen.plugins import Section
from reportgen.record.images import encode_png, thumbnail
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.cards import CardSet, Guess, ImageCard, make_card_set
from reportgen.report.components import Figures
from reportgen.report.model import SectionView, Skipped
from reportgen.report.sections.predictions.findings import NAME, find_predictions
from reportgen.report.wording import confidence_text
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, ngettext

GUESSES = 3
ONE_A_CLASS = ("typical", "untypical")
"""Groups whose rule leaves one image a class, so that counting what fits says nothing."""
MOST_BYTES = 200_000
"""Of all images together, before they are written as text, which makes them a third larger."""


@dataclass(frozen=True)
class CardGroup:
    """Images that show one thing."""

    name: str
    title: str
    rule: str
    size: str
    """How many are shown of how many that fit; may be empty."""
    above: str
    """Which images of the group an earlier one has shown; may be empty."""
    cards: CardSet


@dataclass(frozen=True)
class PredictionsView(SectionView):
    """The values of sections/predictions.html.j2."""

    groups: tuple[CardGroup, ...] = ()
    note: str = ""


def build(subject: Subject, figures: Figures) -> PredictionsView | Skipped:
    """The section from the images that the record keeps, or why there is none."""
    record = subject.record
    del figures
    title = _("Predictions")
    arrays = record.arrays
    if not {"eval.logits", "eval.labels", "eval.ids"} <= set(arrays) or not len(arrays["eval.labels"]):
        return Skipped(NAME, title, _("The record holds no evaluation."))
    predictions = read_predictions(arrays["eval.logits"], arrays["eval.labels"])
    if not predictions.finite:
        reason = _("Some of the model’s outputs are not finite numbers: confidence can’t order its predictions.")
        return Skipped(NAME, title, reason)
    selection = select(arrays["eval.logits"], arrays["eval.labels"], record.temperature)
    groups = Album(record, predictions).fill(selection.groups)
    note = _(
        "Each image carries its index in the test split and the three most probable classes; the label is bold. No "
        "group is padded with images that do not meet its rule."
    )
    return PredictionsView(
        name=NAME,
        title=title,
        findings=tuple(find_predictions(predictions, selection, record.temperature)),
        groups=groups,
        note=note,
    )


@dataclass(frozen=True)
class Album:
    """The images of a record, looked up by row of the evaluation arrays."""

    record: RunRecord
    predictions: Predictions

    def fill(self, groups: tuple[Group, ...]) -> tuple[CardGroup, ...]:
        """The groups with their cards, each image once and within the byte budget; empty groups are left out."""
        filled, spent, shown = [], 0, set[int]()
        for group in groups:
            cards, repeats = [], []
            for row in group.positions:
                card = self.make_card(row)
                if card is not None and row in shown:
                    repeats.append(card)
                elif card is not None and spent + len(card.png) <= MOST_BYTES:
                    spent += len(card.png)
                    shown.add(row)
                    cards.append(card)
            if cards or repeats:
                filled.append(describe(group, tuple(cards), tuple(repeats), self.record.data.classes))
        return tuple(filled)

    def make_card(self, row: int) -> ImageCard | None:
        """The card of one evaluated image; None when the record does not keep its pixels."""
        arrays, names = self.record.arrays, self.record.data.classes
        index = int(arrays["eval.ids"][row])
        places = np.flatnonzero(arrays["images.ids"] == index) if "images.ids" in arrays else np.empty(0, int)
        if not len(places):
            return None
        image = arrays["images"][int(places[0])]
        label, right = int(self.predictions.labels[row]), bool(self.predictions.correct[row])
        guesses = self.guess(row, label)
        alt = _(
            "Image of “{label}”, predicted “{first}” with {percent}.",
            label=names[label],
            first=guesses[0].name,
            percent=guesses[0].percent,
        )
        verdict = _("✓ right") if right else _("✗ wrong")
        png = encode_png(thumbnail(image))
        return ImageCard(
            png,
            alt,
            numerals.count(index),
            names[label],
            right,
            verdict,
            guesses,
            not right,
            self.record.file_of(index),
        )

    def guess(self, row: int, label: int) -> tuple[Guess, ...]:
        """The most probable classes of one image, the first the model's answer."""
        probabilities = np.exp(self.predictions.log_probabilities[row])
        order = np.argsort(-self.predictions.log_probabilities[row], kind="stable")[:GUESSES]
        return tuple(
            Guess(
                name=self.record.data.classes[int(place)],
                percent=confidence_text(float(probabilities[place])),
                width=round(100 * float(probabilities[place])),
                is_label=int(place) == label,
            )
            for place in order
        )


def describe(
    group: Group, cards: tuple[ImageCard, ...], repeats: tuple[ImageCard, ...], classes: Sequence[str]
) -> CardGroup:
    """A group with its heading."""
    shown = len(cards) + len(repeats)
    if group.name in ONE_A_CLASS:
        size = ""
    elif group.candidates > shown:
        size = _("{shown} of {all} that meet the rule.", shown=shown, all=numerals.count(group.candidates))
    elif group.candidates == 1:
        size = _("The only one that meets the rule.")
    else:
        size = ngettext("All {count} that fits.", "All {count} that meet the rule.", group.candidates)
    names = join_names([_("no.\u00a0{index}", index=card.index) for card in repeats])
    above = _("Shown above: {names}.", names=names) if repeats else ""
    return CardGroup(group.name, group.title, group.rule, size, above, make_card_set(cards, classes))


SECTION = Section(NAME, "Predictions", 60, (), build)
