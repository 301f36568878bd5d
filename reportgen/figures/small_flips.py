"""The images that flipped against the baseline, small: newly wrong ones above newly right ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.figures._small import BRIEF, MAIL, Place, fit_name, place_small
from reportgen.figures._style import POINT, Sheet
from reportgen.plugins import FigureKind
from reportgen.record.comparison import Comparison, Flip
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK, MUTED, RIGHT, WRONG
from reportgen.report.wording import count_flips
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences
from reportgen.text.widths import advance

NAME = "flips"
IN_A_ROW = 4
SIDE, GAP = 73, 12
"""CSS pixels of an image, and between two."""
EDGE = 6
"""CSS pixels to the left and right of all."""
HEAD, FOOT = 24, 40
"""CSS pixels above a row, and below its images for two lines of words."""
LETTERS = 10
"""Of a class's name, that stand below an image."""
BELOW = 7.5
"""Points of the words below an image."""
DEJAVU = 1.15
"""How much wider the letters of an image's mail are than Helvetica's."""


@dataclass(frozen=True)
class Row:
    """Images that flipped one way."""

    heading: str
    flips: tuple[Flip, ...]
    colour: str


def draw(subject: Subject, place: Place) -> FigureFile | Skipped:
    """At most four images each way, each with what it was called and is called now."""
    name, title, compared = f"{place.name}_{NAME}", _("Images that flipped"), subject.judgement.compared
    if compared is None:
        return Skipped(name, title, _("There is no baseline to compare with."))
    table = compared.mcnemar
    ways = (
        (_("✗ Newly wrong: {count}", count=numerals.count(table.lost)), compared.lost, WRONG),
        (_("✓ Newly right: {count}", count=numerals.count(table.gained)), compared.gained, RIGHT),
    )
    rows = [Row(heading, flips[:IN_A_ROW], colour) for heading, flips, colour in ways if flips]
    if not rows:
        return Skipped(name, title, _("Both models are right and wrong on the same images."))
    with place.sheet(NAME, (HEAD + SIDE + FOOT) * len(rows)) as paper:
        for at, row in enumerate(rows):
            draw_row(paper, subject, row, at * (HEAD + SIDE + FOOT))
        return place.save(paper, title, caption(compared), describe(subject, rows))


def draw_row(paper: Sheet, subject: Subject, row: Row, top: float) -> None:
    """One heading and its images, `top` CSS pixels below the upper edge."""
    names, images = subject.record.data.classes, subject.judgement.arrays["comparison.images"]
    broad, tall = paper.width, paper.height
    paper.figure.text(
        EDGE / broad, 1 - (top + HEAD / 2) / tall, row.heading, va="center", color=row.colour, weight="bold"
    )
    for place, flip in enumerate(row.flips):
        left, under = EDGE + place * (SIDE + GAP), top + HEAD + SIDE
        axes = paper.figure.add_axes((left / broad, 1 - under / tall, SIDE / broad, SIDE / tall))
        image = images[flip.image]
        axes.imshow(image[..., 0] if image.shape[-1] == 1 else image, cmap="gray", interpolation="none", aspect="auto")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set(visible=True, color=row.colour, linewidth=1.2)
        before, after = (name_briefly(names, index) for index in (flip.before, flip.after))
        said = ((_("was {name}", name=before), MUTED), (_("now {name}", name=after), INK))
        for line, (words, colour) in enumerate(said):
            height = 1 - (under + 3 + 15 * line) / tall
            paper.figure.text(left / broad, height, words, va="top", color=colour, size=BELOW)


def name_briefly(names: Sequence[str], index: int) -> str:
    """The name of a class as there is room for it behind "was", or a dash where there was no answer."""
    room = (SIDE + GAP) / DEJAVU - advance(_("was {name}", name="")) * BELOW / POINT / 1000
    return fit_name(names[index], names, LETTERS, room, BELOW) if index >= 0 else numerals.DASH


def name_prediction(names: Sequence[str], index: int) -> str:
    """The name of a class, or a dash where there was no answer."""
    return names[index] if index >= 0 else numerals.DASH


def caption(compared: Comparison) -> str:
    """How many flipped, and which are shown."""
    return join_sentences([count_flips(compared), _("Shown: the most confident errors, in turn from each true class.")])


def describe(subject: Subject, rows: Sequence[Row]) -> str:
    """Every image in words."""
    names = subject.record.data.classes
    told = [
        _(
            "Image {id}, {label}: predicted as {before} before and as {after} now.",
            id=numerals.count(flip.id),
            label=names[flip.label],
            before=name_prediction(names, flip.before),
            after=name_prediction(names, flip.after),
        )
        for row in rows
        for flip in row.flips
    ]
    counted = _("Images that flipped. {headings}.", headings=join_rows([row.heading for row in rows]))
    return join_sentences([counted, *told])


FIGURES: tuple[FigureKind, ...] = place_small(NAME, draw, MAIL, BRIEF)
