"""Where the evidence for a class lies: attribution maps of a few images, right and wrong, beside their control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures._heat_overlay import heat_png, shade_png
from reportgen.figures._style import shorten
from reportgen.plugins import FigureKind
from reportgen.record.images import encode_few, thumbnail
from reportgen.record.probes import why_missing
from reportgen.record.probes.explanations import ExplanationFacts
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.canvas import LETTER, Canvas, open_canvas
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import FULL
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, join_terms

NAME = "explanation_maps"
LABELS = 116
"""Width of the column of labels, CSS pixels."""
GAP = 6
LARGEST = 88
HEAD = 54
"""Height of the lines above the images."""


@dataclass(frozen=True)
class Explained:
    """One image and the class it was called."""

    place: int
    """In the arrays of maps."""
    pixels: NDArray[np.uint8]
    index: int
    """In the test split."""
    label: str
    called: str
    right: bool


@dataclass(frozen=True)
class Row:
    """One kind of image across the figure."""

    title: str
    note: str
    draw: Callable[[Explained], bytes | None]
    """PNG; None leaves the place empty."""


def find_explained(record: RunRecord) -> list[Explained]:
    """The explained images whose pixels the record keeps, the right ones first."""
    arrays, names = record.arrays, record.data.classes
    kept = {int(index): place for place, index in enumerate(arrays["images.ids"])}
    found = []
    for place, row in enumerate(arrays["explanations.rows"]):
        index = int(arrays["eval.ids"][row])
        if index not in kept:
            continue
        label, called = int(arrays["eval.labels"][row]), int(arrays["eval.logits"][row].argmax())
        pixels = thumbnail(arrays["images"][kept[index]])
        found.append(Explained(place, pixels, index, names[label], names[called], label == called))
    return found


def list_rows(record: RunRecord, facts: ExplanationFacts) -> list[Row]:
    """The rows that the record has something for."""
    arrays = record.arrays
    rows = [Row(_("Image"), "", lambda one: encode_few(one.pixels))]

    def heat(key: str) -> Callable[[Explained], bytes | None]:
        maps = arrays[f"explanations.{key}"]

        def draw(one: Explained) -> bytes | None:
            values = maps[one.place]
            blank = bool(np.isnan(values).all())
            return None if blank else heat_png(one.pixels, values)

        return draw

    def shade(key: str) -> Callable[[Explained], bytes | None]:
        maps: NDArray[Any] = arrays[f"explanations.{key}"]
        return lambda one: shade_png(maps[one.place])

    if facts.layer is not None and "explanations.cam" in arrays:
        cells = _("{height}×{width} cells", height=facts.layer.height, width=facts.layer.width)
        rows.append(Row(_("Grad-CAM"), cells, heat("cam")))
        if np.isfinite(arrays["explanations.cam_label"]).any():
            rows.append(Row("", _("of the label’s class"), heat("cam_label")))
        rows.append(Row("", _("random weights"), heat("cam_random")))
    if facts.steps:
        rows.append(Row(_("Gradients"), _("integrated"), shade("ig")))
        rows.append(Row("", _("random weights"), shade("ig_random")))
    return rows


def draw(subject: Subject) -> FigureFile | Skipped:
    """A column an image, a row a kind of map."""
    record = subject.record
    title = _("Attribution maps")
    facts = record.probes.explanations if record.probes else None
    if facts is None:
        return Skipped(NAME, title, why_missing(record.probes, "explanations"))
    images = find_explained(record) if "explanations.rows" in record.arrays else []
    rows = list_rows(record, facts)
    if not images or len(rows) < 2:
        return Skipped(NAME, title, _("No map could be made; the reasons are given below."))
    side = min(LARGEST, (FULL - LABELS) / len(images) - GAP)
    canvas = open_canvas(round(HEAD + len(rows) * (side + GAP)), images=True)
    write_head(canvas, images, side, record.data.classes)
    for line, row in enumerate(rows):
        top = HEAD + line * (side + GAP)
        canvas.text(row.title, 0, top + side / 2 + (4 if not row.note else -4))
        canvas.note(row.note, 0, top + side / 2 + (12 if row.title else 4))
        for column, image in enumerate(images):
            png = row.draw(image)
            if png is not None:
                left = LABELS + column * (side + GAP)
                canvas.image(png, left, top, side, side)
                if line == 0:
                    canvas.frame(left, top, side, side, image.right)
    return canvas.figure(NAME, (title, caption(images, facts), describe(images, rows)))


def write_head(canvas: Canvas, images: list[Explained], side: float, classes: Sequence[str]) -> None:
    """Right and wrong over their columns, and over each image what it was called and, if wrong, what it is."""
    most = max(4, int((side + GAP - 2) / LETTER))
    heads = {True: _("Right"), False: _("Wrong")}
    canvas.note(_("predicted"), 0, 30)
    if any(not image.right for image in images):
        canvas.note(_("label"), 0, 46)
    for column, image in enumerate(images):
        left = LABELS + column * (side + GAP)
        if column == 0 or images[column - 1].right != image.right:
            canvas.text(heads[image.right], left, 12, bold=True)
        canvas.text(shorten(image.called, most, classes), left, 30)
        if not image.right:
            canvas.note(shorten(image.label, most, classes), left, 46)


def caption(images: list[Explained], facts: ExplanationFacts) -> str:
    """What to look at, then how to read it, and which images they are."""
    told = []
    if facts.layer is not None:
        told.append(
            _(
                "Tint: where the feature maps of {layer} support the predicted class; each map has its own scale.",
                layer=shorten(facts.layer.path, 60),
            )
        )
    if facts.steps:
        told.append(_("Grey: pixels whose colour supports it, compared with the mean colour."))
    told.append(_("A map that looks the same with random weights reflects the image, not what was learnt."))
    numbers = join_terms([numerals.count(image.index) for image in images])
    told.append(_("From the left, nos. {numbers} of the test split.", numbers=numbers))
    return join_sentences(told)


def describe(images: list[Explained], rows: list[Row]) -> str:
    """Which images and which rows."""
    right = [shorten(image.called, 40) for image in images if image.right]
    wrong = [
        _("{label} predicted as {called}", label=shorten(image.label, 40), called=shorten(image.called, 40))
        for image in images
        if not image.right
    ]
    told = [_("A grid of small images.")]
    if right:
        told.append(_("Columns of right predictions: {names}.", names=join_terms(right)))
    if wrong:
        told.append(_("Columns of wrong predictions: {names}.", names=join_terms(wrong)))
    told.append(_("Rows: {kinds}.", kinds=join_terms([name_row(row) for row in rows])))
    return join_sentences(told)


def name_row(row: Row) -> str:
    """The head of a row in words."""
    return _("{title} ({note})", title=row.title, note=row.note) if row.title and row.note else row.title or row.note


FIGURE = FigureKind(NAME, draw)
