"""Eight images on one small sheet: four that are surely right above four that are surely wrong, or the surest ones."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reportgen.figures._small import FIRST, Place, fit_name, place_small
from reportgen.figures._style import POINT, STROKES, Sheet
from reportgen.metrics.predictions import Predictions, read_predictions
from reportgen.metrics.selection import HALF, SURE, Strip, by_confidence, select_strip
from reportgen.plugins import FigureKind
from reportgen.record.images import encode_few, thumbnail
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK, MUTED, RIGHT, WRONG
from reportgen.report.wording import confidence_text
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, ngettext
from reportgen.text.widths import advance

NAME = "images"
SIDE, ENLARGED = 42, 2
"""CSS pixels of an image where there is room; pixels of its file for one of them, about."""
HEAD, LINE = 17, 13
"""CSS pixels of a row's heading, and of a line of words: below its images, and above all rows."""
GAP, DESCENT = 6, 2
"""CSS pixels between the rows; and of letters below the room of the last line."""
STEP = 52
"""CSS pixels from one image to the next: the room of the words below."""
LETTERS = 10
"""That stand below an image."""
ROOM_BETWEEN = 4
"""CSS pixels between two names."""
BELOW = 7.2
"""Points of the words below an image; on paper 6.8."""
SMALLEST_BELOW = 6.4
"""The same of a long name, which else would be wider than its image."""


@dataclass(frozen=True)
class Row:
    """At most four images, and what they show."""

    heading: str
    """Empty where the row goes on with what the one above shows."""
    rows: tuple[int, ...]
    """Of the evaluation arrays."""
    colour: str
    wrong: bool
    """Whether one of them is wrong, so that its label stands below what it is called."""

    @property
    def around(self) -> int:
        """CSS pixels of the words above and below its images."""
        return HEAD * bool(self.heading) + (LINE * (1 + self.wrong) if self.rows else 0)


@dataclass(frozen=True)
class Choice:
    """What is shown, and in words how it was chosen."""

    title: str
    rule: str
    rows: tuple[Row, ...]
    note: str = ""
    """Above all rows; empty where their headings say it."""

    @property
    def around(self) -> int:
        """CSS pixels of everything but the images."""
        return LINE * bool(self.note) + GAP * (len(self.rows) - 1) + sum(row.around for row in self.rows)

    def side(self, height: float) -> float:
        """CSS pixels of an image on a sheet of this height."""
        return min(SIDE, (height - DESCENT - self.around) / len(self.rows))


def draw(subject: Subject, place: Place) -> FigureFile | Skipped:
    """Eight images, the most confident ones in turn from each class, each with its class."""
    record, name, title = subject.record, f"{place.name}_{NAME}", _("Confidently right, confidently wrong")
    arrays = record.arrays
    if not {"eval.logits", "eval.labels", "eval.ids"} <= set(arrays) or not len(arrays["eval.labels"]):
        return Skipped(name, title, _("The record holds no evaluation."))
    predictions = read_predictions(arrays["eval.logits"], arrays["eval.labels"])
    if not predictions.finite:
        return Skipped(name, title, _("Some of the model’s outputs are not finite numbers."))
    choice = choose(record, predictions) if "images.ids" in arrays else None
    if choice is None:
        return Skipped(name, title, format_none(record))
    with place.sheet(NAME, choice.around + SIDE * len(choice.rows)) as paper:
        draw_rows(paper, record, predictions, choice)
        return place.save(paper, choice.title, choice.rule, describe(record, predictions, choice))


def choose(record: RunRecord, predictions: Predictions) -> Choice | None:
    """The images of the first page; of a record that does not keep them all, those of the stated confidence."""
    strip, ids = select_strip(predictions), record.arrays["eval.ids"]
    kept = np.isin(ids, record.arrays["images.ids"])
    groups = {group.name: group.positions for group in by_confidence(predictions)}
    sure = [tuple(row for row in groups[name] if kept[row])[:HALF] for name in ("surely_right", "surely_wrong")]
    if [strip.right, strip.wrong] == sure or not kept[[*strip.right, *strip.wrong]].all():
        return choose_sure(*sure) if any(sure) else None
    return choose_strip(strip, predictions)


def choose_sure(right: tuple[int, ...], wrong: tuple[int, ...]) -> Choice:
    """Only those of the stated confidence."""
    rows = Row(head_right(len(right)), right, RIGHT, False), Row(head_wrong(len(wrong)), wrong, WRONG, True)
    return Choice(_("Confidently right, confidently wrong"), format_rule(), rows)


def choose_strip(strip: Strip, predictions: Predictions) -> Choice:
    """The most confident ones, whatever their confidence."""
    shown = [*strip.right, *strip.wrong]
    sure, every = int((predictions.confidence[shown] >= SURE).sum()), len(shown)
    if not strip.wrong or not strip.right:
        rows = split_row(strip)
    else:
        rows = fill_right(strip, predictions), fill_wrong(strip, predictions)
    note = format_note(sure, every)
    return Choice(_("Most confident predictions, right and wrong"), format_strip(sure, every), rows, note)


def split_row(strip: Strip) -> tuple[Row, ...]:
    """Two rows below one heading, where all predictions are right, or all wrong."""
    shown, wrong = strip.right or strip.wrong, bool(strip.wrong)
    heading = _("✗ No prediction is right; label below") if wrong else _("✓ No prediction is wrong")
    halves = [half for half in (shown[:HALF], shown[HALF:]) if half]
    colour = WRONG if wrong else RIGHT
    return tuple(Row(heading if not place else "", half, colour, wrong) for place, half in enumerate(halves))


class Headings(NamedTuple):
    """What stands above four images of one kind, all of them sure or not, and above fewer, with others or alone."""

    sure: str
    full: str
    mixed: str
    alone: str


def fill_up(
    shown: tuple[int, ...], others: tuple[int, ...], predictions: Predictions, headings: Headings
) -> tuple[str, tuple[int, ...]]:
    """Heading and images of a row: four of one kind, or fewer and what there is of the other beyond its own row."""
    few, more = shown[:HALF], others[HALF:]
    if len(few) == HALF:
        sure = predictions.confidence[few[-1]] >= SURE
        return headings.sure if sure else headings.full, (*few, *more)
    return headings.mixed if more else headings.alone, (*few, *more)


def fill_right(strip: Strip, predictions: Predictions) -> Row:
    """The right ones, where there are fewer than four filled up with wrong ones."""
    few = len(strip.right[:HALF])
    headings = Headings(
        head_right(HALF),
        _("✓ Right"),
        ngettext("✓ Only {count} right; ✗ wrong, label below", "✓ Only {count} right; ✗ wrong, label below", few),
        ngettext("✓ Only {count} right", "✓ Only {count} right", few),
    )
    heading, images = fill_up(strip.right, strip.wrong, predictions, headings)
    return Row(heading, images, RIGHT, len(images) > few)


def fill_wrong(strip: Strip, predictions: Predictions) -> Row:
    """The wrong ones, where there are fewer than four filled up with right ones."""
    few = len(strip.wrong[:HALF])
    headings = Headings(
        head_wrong(HALF),
        _("✗ Wrong, label below"),
        ngettext("✗ Only {count} wrong, label below; ✓ right", "✗ Only {count} wrong, label below; ✓ right", few),
        ngettext("✗ Only {count} wrong, label below", "✗ Only {count} wrong, label below", few),
    )
    heading, images = fill_up(strip.wrong, strip.right, predictions, headings)
    return Row(heading, images, WRONG, True)


def head_right(count: int) -> str:
    """The heading of the upper row, which says where it is not full."""
    if not count:
        return _("✓ None is confidently right")
    return (
        _("✓ Confidently right")
        if count == HALF
        else ngettext("✓ Confidently right: only {count}", "✓ Confidently right: only {count}", count)
    )


def head_wrong(count: int) -> str:
    """The heading of the lower row, likewise."""
    if not count:
        return _("✗ None is confidently wrong")
    if count == HALF:
        return _("✗ Confidently wrong, label below")
    return ngettext(
        "✗ Confidently wrong: only {count}, label below", "✗ Confidently wrong: only {count}, label below", count
    )


def draw_rows(paper: Sheet, record: RunRecord, predictions: Predictions, choice: Choice) -> None:
    """Everything, from the upper edge down."""
    top, side = 0.0, choice.side(paper.height)
    if choice.note:
        paper.figure.text(0, 1 - STROKES / POINT / paper.height, choice.note, va="top", color=MUTED, size=BELOW)
        top += LINE
    for row in choice.rows:
        draw_row(paper, record, predictions, row, top, side)
        top += row.around + side * bool(row.rows) + GAP


def draw_row(
    paper: Sheet, record: RunRecord, predictions: Predictions, row: Row, top: float, side: float = SIDE
) -> None:
    """One heading and its images of `side` CSS pixels, `top` CSS pixels below the upper edge."""
    names, broad, tall = record.data.classes, paper.width, paper.height
    paper.figure.text(0, 1 - max(top, STROKES / POINT) / tall, row.heading, va="top", color=row.colour, weight="bold")
    for place, at in enumerate(row.rows):
        left, under = 1 + place * STEP, top + HEAD * bool(row.heading) + side
        wrong = not predictions.correct[at]
        axes = paper.figure.add_axes((left / broad, 1 - under / tall, side / broad, side / tall))
        image, colour = find_image(record, at), WRONG if wrong else RIGHT
        axes.imshow(image, interpolation="none", aspect="auto")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set(visible=True, color=colour, linewidth=1, linestyle="--" if wrong else "-")
        called, label = names[int(predictions.predicted[at])], names[int(predictions.labels[at])]
        said = ((called, colour), (label, MUTED)) if wrong else ((called, INK),)
        for line, (words, ink) in enumerate(said):
            height = 1 - (under + 3 + LINE * line) / tall
            words, size = fit_below(words, names, side)
            paper.figure.text((left - 1) / broad, height, words, va="top", color=ink, size=size)


def fit_below(name: str, names: Sequence[str], side: float) -> tuple[str, float]:
    """The name of a class no wider than its image of `side` CSS pixels with its frame, and the size of its letters in
    points."""
    room = min(side + 2, STEP - ROOM_BETWEEN)
    words = fit_name(name, names, LETTERS, room, SMALLEST_BELOW)
    return words, max(SMALLEST_BELOW, min(BELOW, 1000 * room * POINT / max(1, advance(words))))


def find_image(record: RunRecord, row: int) -> NDArray[np.uint8]:
    """The pixels (H, W, 3) of an evaluated image, enlarged as viewers smooth small ones, and in few colours."""
    found = np.flatnonzero(record.arrays["images.ids"] == record.arrays["eval.ids"][row])[0]
    image = thumbnail(np.asarray(record.arrays["images"][int(found)]))
    times = max(1, round(ENLARGED * SIDE / max(image.shape[:2])))
    return np.asarray(Image.open(io.BytesIO(encode_few(image, scale=times))).convert("RGB"))


def format_rule() -> str:
    """How they were chosen."""
    return _(
        "Test images with the highest confidence, at least {sure}, that are right, above those that are wrong; in turn "
        "from each class.",
        sure=numerals.whole_percent(SURE),
    )


def format_note(sure: int, shown: int) -> str:
    """How they were chosen, in one short line."""
    level = numerals.whole_percent(SURE)
    if not sure:
        return _("The most confident; none reaches {sure}", sure=level)
    if sure == shown:
        return _("The most confident; all reach {sure}", sure=level)
    return ngettext(
        "The most confident; {count} of {shown} reaches {sure}",
        "The most confident; {count} of {shown} reach {sure}",
        sure,
        shown=shown,
        sure=level,
    )


def format_strip(sure: int, shown: int) -> str:
    """The same at length."""
    level = numerals.whole_percent(SURE)
    rule = _(
        "The test images with the most confident right and the most confident wrong predictions, in turn from each "
        "class, those of at least {sure} first.",
        sure=level,
    )
    if not sure:
        reached = _("None reaches {sure}.", sure=level)
    elif sure == shown:
        reached = _("All reach {sure}.", sure=level)
    else:
        reached = ngettext(
            "{count} of these {shown} reaches {sure}.",
            "{count} of these {shown} reach {sure}.",
            sure,
            shown=shown,
            sure=level,
        )
    return join_sentences([rule, reached])


def describe(record: RunRecord, predictions: Predictions, choice: Choice) -> str:
    """Every image in words."""
    names = record.data.classes
    told = [choice.rule]
    for place, row in enumerate(choice.rows):
        if row.heading:
            below = [more for more in choice.rows[place + 1 :] if not more.heading]
            shown = [describe_image(names, predictions, at) for one in (row, *below) for at in one.rows]
            told.append(_("{heading}: {images}.", heading=row.heading, images=join_rows(shown)) if shown else "")
    return join_sentences(told)


def describe_image(names: Sequence[str], predictions: Predictions, row: int) -> str:
    """One image: its label, what it is called where that is something else, and how sure."""
    label, called = names[int(predictions.labels[row])], names[int(predictions.predicted[row])]
    sure = confidence_text(float(predictions.confidence[row]))
    if predictions.correct[row]:
        return _("{label} with {percent}", label=label, percent=sure)
    return _("{label} predicted as {called} with {percent}", label=label, called=called, percent=sure)


def format_none(record: RunRecord) -> str:
    """Why no image is shown."""
    if "images.ids" not in record.arrays:
        return _("The record keeps no test images.")
    sure = numerals.whole_percent(SURE)
    return _("No prediction is made with a confidence of {sure} or more.", sure=sure)


FIGURES: tuple[FigureKind, ...] = place_small(NAME, draw, FIRST)
