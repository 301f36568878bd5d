"""The images on which only one of two models is right, as cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.record.arrays import Arrays
from reportgen.record.comparison import Comparison, Flip
from reportgen.record.images import encode_png
from reportgen.report.cards import CardSet, Guess, ImageCard, make_card_set
from reportgen.report.wording import confidence_text
from reportgen.text import numerals
from reportgen.text.i18n import _

MOST_BYTES = 44_000
"""Of all images together, before they are written as text."""


@dataclass(frozen=True)
class FlipGroup:
    """Images that flipped one way."""

    name: str
    title: str
    note: str
    cards: CardSet


@dataclass(frozen=True)
class Album:
    """The images of the flips."""

    classes: tuple[str, ...]
    comparison: Comparison
    arrays: Arrays
    """Of the judgement."""

    def groups(self) -> tuple[FlipGroup, ...]:
        """Both ways, those without an image left out, half of the byte budget each."""
        table = self.comparison.mcnemar
        found = (
            ("lost", _("Newly wrong"), False, self.comparison.lost, table.lost),
            ("gained", _("Newly right"), True, self.comparison.gained, table.gained),
        )
        groups = []
        for name, title, right, flips, number in found:
            cards = self.fitting(flips, _("✓ gained") if right else _("✗ lost"), right)
            if cards:
                note = _(
                    "{shown} of {all} images, the most confident errors first, in turn from each true class.",
                    shown=len(cards),
                    all=numerals.count(number),
                )
                groups.append(FlipGroup(name, title, note, make_card_set(cards, self.classes)))
        return tuple(groups)

    def fitting(self, flips: Sequence[Flip], verdict: str, right: bool) -> tuple[ImageCard, ...]:
        """The cards that half of the byte budget holds."""
        cards, spent = [], 0
        for flip in flips:
            card = self.card(flip, verdict, right)
            spent += len(card.png)
            if spent <= MOST_BYTES // 2:
                cards.append(card)
        return tuple(cards)

    def card(self, flip: Flip, verdict: str, right: bool) -> ImageCard:
        """One flip."""
        image = self.arrays["comparison.images"][flip.image]
        answers = (
            self.answer(_("was"), flip.before, flip.before_confidence, flip.label),
            self.answer(_("now"), flip.after, flip.after_confidence, flip.label),
        )
        label = self.classes[flip.label]
        alt = _(
            "Image of “{label}”: “{before}” with the baseline, “{after}” now.",
            label=label,
            before=answers[0].name,
            after=answers[1].name,
        )
        return ImageCard(
            encode_png(image), alt, numerals.count(flip.id), label, right, verdict, answers, file=flip.file
        )

    def answer(self, who: str, predicted: int, confidence: float | None, label: int) -> Guess:
        """What one model said."""
        if predicted < 0 or confidence is None:
            return Guess(_("not a number"), numerals.DASH, 0, False, who)
        name = self.classes[predicted]
        return Guess(name, confidence_text(confidence), round(100 * confidence), predicted == label, who)
