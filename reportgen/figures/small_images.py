"""Eight images on one small sheet: four that are surely right above four that are surely wrong."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reportgen.figures._small import FIRST, Place, fit_name, place_small
from reportgen.figures._style import POINT, STROKES, Sheet
from reportgen.metrics.predictions import Predictions, read_predictions
from reportgen.metrics.selection import SURE, select
from reportgen.plugins import FigureKind
from reportgen.record.images import encode_few, thumbnail
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK, MUTED, RIGHT, WRONG
from reportgen.report.wording import confidence_text
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, ngettext

NAME = "images"
IN_A_ROW = 4
SIDE, ENLARGED = 42, 2
"""CSS pixels of an image; pixels of its file for one of them, about."""
HEAD, LINE = 17, 13
"""CSS pixels of a row's heading, and of a line of words below its images."""
GAP = 6
"""CSS pixels between the rows."""
STEP = 52
"""CSS pixels from one image to the next: the room of the words below."""
LETTERS = 10
"""That stand below an image."""
ROOM_BETWEEN = 4
"""CSS pixels between two names."""
BELOW = 7.2
"""Points of the words below an image; on paper 6.8."""


@dataclass(frozen=True)
class Row:
    """Images that are surely right, or surely wrong."""

    heading: str
    rows: tuple[int, ...]
    """Of the evaluation arrays."""
    colour: str
    wrong: bool

    @property
    def height(self) -> int:
        """CSS pixels."""
        return HEAD + (SIDE + LINE * (1 + self.wrong) if self.rows else 0)


def draw(subject: Subject, place: Place) -> FigureFile | Skipped:
    """Four images each way, the most confident ones in turn from each class, each with its class."""
    record, name, title = subject.record, f"{place.name}_{NAME}", _("Confidently right, confidently wrong")
    arrays = record.arrays
    if not {"eval.logits", "eval.labels", "eval.ids"} <= set(arrays) or not len(arrays["eval.labels"]):
        return Skipped(name, title, _("The record holds no evaluation."))
    predictions = read_predictions(arrays["eval.logits"], arrays["eval.labels"])
    if not predictions.finite:
        return Skipped(name, title, _("Some of the model’s outputs are not finite numbers."))
    rows = choose_rows(record) if "images.ids" in arrays else ()
    if not any(row.rows for row in rows):
        return Skipped(name, title, format_none(record))
    with place.sheet(NAME, GAP + sum(row.height for row in rows)) as paper:
        top = 0
        for row in rows:
            draw_row(paper, record, predictions, row, top)
            top += row.height + GAP
        return place.save(paper, title, format_rule(), describe(record, predictions, rows))


def choose_rows(record: RunRecord) -> tuple[Row, Row]:
    """The first four of two groups of the section Predictions, of those whose pixels the record keeps."""
    selection = select(record.arrays["eval.logits"], record.arrays["eval.labels"], record.temperature)
    groups = {group.name: group.positions for group in selection.groups}
    ids, kept = record.arrays["eval.ids"], set(np.asarray(record.arrays["images.ids"]).tolist())
    right, wrong = (
        tuple(row for row in groups[name] if int(ids[row]) in kept)[:IN_A_ROW]
        for name in ("surely_right", "surely_wrong")
    )
    return Row(head_right(len(right)), right, RIGHT, False), Row(head_wrong(len(wrong)), wrong, WRONG, True)


def head_right(count: int) -> str:
    """The heading of the upper row, which says where it is not full."""
    if not count:
        return _("✓ None is confidently right")
    return (
        _("✓ Confidently right")
        if count == IN_A_ROW
        else ngettext("✓ Confidently right: only {count}", "✓ Confidently right: only {count}", count)
    )


def head_wrong(count: int) -> str:
    """The heading of the lower row, likewise."""
    if not count:
        return _("✗ None is confidently wrong")
    if count == IN_A_ROW:
        return _("✗ Confidently wrong, label below")
    return ngettext(
        "✗ Confidently wrong: only {count}, label below", "✗ Confidently wrong: only {count}, label below", count
    )


def draw_row(paper: Sheet, record: RunRecord, predictions: Predictions, row: Row, top: float) -> None:
    """One heading and its images, `top` CSS pixels below the upper edge."""
    names, broad, tall = record.data.classes, paper.width, paper.height
    paper.figure.text(0, 1 - max(top, STROKES / POINT) / tall, row.heading, va="top", color=row.colour, weight="bold")
    for place, at in enumerate(row.rows):
        left, under = 1 + place * STEP, top + HEAD + SIDE
        axes = paper.figure.add_axes((left / broad, 1 - under / tall, SIDE / broad, SIDE / tall))
        image = find_image(record, at)
        axes.imshow(image, interpolation="none", aspect="auto")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set(visible=True, color=row.colour, linewidth=1, linestyle="--" if row.wrong else "-")
        called, label = names[int(predictions.predicted[at])], names[int(predictions.labels[at])]
        said = ((called, row.colour), (label, MUTED)) if row.wrong else ((called, INK),)
        for line, (words, colour) in enumerate(said):
            height = 1 - (under + 3 + LINE * line) / tall
            words = fit_name(words, names, LETTERS, STEP - ROOM_BETWEEN, BELOW)
            paper.figure.text((left - 1) / broad, height, words, va="top", color=colour, size=BELOW)


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


def describe(record: RunRecord, predictions: Predictions, rows: Sequence[Row]) -> str:
    """Every image in words."""
    names = record.data.classes
    told = [format_rule()]
    for row in rows:
        shown = [describe_image(names, predictions, at) for at in row.rows]
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
