"""The surest mistakes, each beside the training images whose features are most alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures._style import shorten
from reportgen.metrics.explanations import read_neighbours
from reportgen.plugins import FigureKind
from reportgen.record.images import encode_few, thumbnail
from reportgen.record.probes import why_missing
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.canvas import LETTER, Canvas, open_canvas
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import FULL
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, join_terms

NAME = "nearest_images"
SIDE = 62
ROW = 92
TEXTS = 150
"""Width of the words beside a mistake."""
HEAD = 22
MOST = 4
"""Neighbours shown of each mistake."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """A row a mistake."""
    record = subject.record
    title = _("Nearest training images of the most confident errors")
    if record.probes is None or record.probes.explanations is None:
        return Skipped(NAME, title, why_missing(record.probes, "explanations"))
    found = read_neighbours(record.arrays)
    if found is None or "explanations.neighbours.images" not in record.arrays:
        return Skipped(NAME, title, _("No error was compared with training images."))
    near = record.arrays["explanations.neighbours.images"][:, :MOST]
    kept = {int(index): place for place, index in enumerate(record.arrays["images.ids"])}
    ids = record.arrays["eval.ids"][found.rows[: len(near)]]
    rows = [place for place, index in enumerate(ids) if int(index) in kept]
    if not rows:
        return Skipped(NAME, title, _("The record does not keep the images of these errors."))
    canvas = open_canvas(round(HEAD + len(rows) * ROW - 8), images=True)
    canvas.text(_("Error"), 0, 12, bold=True)
    first = SIDE + TEXTS
    canvas.text(_("Nearest training images: label and similarity"), first, 12, bold=True)
    pitch = (FULL - first) / near.shape[1]
    most = int(pitch / LETTER) - 6
    names = record.data.classes
    for line, place in enumerate(rows):
        top = HEAD + line * ROW
        mistake = thumbnail(record.arrays["images"][kept[int(ids[place])]])
        show(canvas, mistake, 1, top, right=False)
        label, called = int(found.true[place]), int(found.called[place])
        canvas.text(_("predicted as {name}", name=shorten(names[called], 13, names)), SIDE + 10, top + 18)
        canvas.text(_("label {name}", name=shorten(names[label], 13, names)), SIDE + 10, top + 36)
        canvas.note(_("no. {index}", index=numerals.count(int(ids[place]))), SIDE + 10, top + 54)
        for column, image in enumerate(near[place]):
            left, own = first + column * pitch, int(found.labels[place, column])
            verdict = True if own == label else False if own == called else None
            show(canvas, image, left, top, verdict)
            likeness = numerals.fixed(float(found.similarity[place, column]), 2)
            canvas.text(f"{shorten(names[own], most, names)} {likeness}", left, top + SIDE + 16)
    return canvas.figure(NAME, (title, caption(record, len(rows)), describe(record, rows)))


def show(canvas: Canvas, image: NDArray[np.uint8], left: float, top: float, right: bool | None) -> None:
    """An image, with a frame where its label is that of the mistake or of what it was called."""
    canvas.image(encode_few(image), left, top, SIDE, SIDE)
    if right is not None:
        canvas.frame(left, top, SIDE, SIDE, right)


def caption(record: RunRecord, shown: int) -> str:
    """Whose side the neighbours take, then how to read the frames."""
    found = read_neighbours(record.arrays)
    facts = record.probes.explanations.embedding if record.probes and record.probes.explanations else None
    if found is None or facts is None:
        return ""
    side: Any = found.labels[:shown, :MOST]
    called, true = (int((side == own[:shown, None]).sum()) for own in (found.called, found.true))
    told = _(
        "Of the {all} neighbours shown, {called} are labelled with the predicted class and {true} with the error’s "
        "own label.",
        all=numerals.count(side.size),
        called=numerals.count(called),
        true=numerals.count(true),
    )
    reading = _(
        "Cosine similarity of the features before the last layer, among {n} training images (seed {seed}). Dashed "
        "frame: labelled with the predicted class; solid frame: labelled like the error.",
        n=numerals.count(facts.train.images),
        seed=facts.train.seed,
    )
    return join_sentences([told, reading])


def describe(record: RunRecord, rows: list[int]) -> str:
    """Each mistake and the labels of its neighbours."""
    found, classes = read_neighbours(record.arrays), record.data.classes
    names = [shorten(name, 40, classes) for name in classes]
    told = []
    for place in rows if found is not None else ():
        near = join_terms([names[int(label)] for label in found.labels[place, :MOST]]) if found else ""
        told.append(
            _(
                "{label} predicted as {called}, near {near}",
                label=names[int(found.true[place])],
                called=names[int(found.called[place])],
                near=near,
            )
            if found
            else ""
        )
    return _("Errors and the labels of their nearest training images. {rows}.", rows=join_rows(told))


FIGURE = FigureKind(NAME, draw)
