"""One image on its way through the model: a few feature maps of one layer a stage."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.figures._heat_overlay import SHADES, ramp
from reportgen.figures._style import shorten
from reportgen.plugins import FigureKind
from reportgen.record.images import encode_few, encode_indexed, thumbnail
from reportgen.record.probes import why_missing
from reportgen.record.probes.explanations import ExplanationFacts, StageFacts
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.canvas import Canvas, open_canvas
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import FULL, INK, PAPER
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences
from reportgen.text.shorten import shorten_start

NAME = "feature_maps"
LABELS = 132
GAP = 5
SIDE = 50
LONGEST = 19
"""Characters of a layer's name beside its maps."""


def map_png(values: NDArray[np.uint8]) -> bytes:
    """A feature map (h, w) from white, its lowest value, to dark, its highest."""
    level = np.round(values.astype(np.float32) / 255 * (SHADES - 1)).astype(np.uint8)
    return encode_indexed(level, ramp(PAPER, INK))


def draw(subject: Subject) -> FigureFile | Skipped:
    """A row a stage, the image itself above."""
    record = subject.record
    title = _("Feature maps through the stages")
    facts = record.probes.explanations if record.probes else None
    if facts is None:
        return Skipped(NAME, title, why_missing(record.probes, "explanations"))
    if not facts.stages:
        return Skipped(NAME, title, _("No layer of this model keeps spatial positions."))
    image = shown_image(record, facts)
    rows = len(facts.stages) + (image is not None)
    canvas = open_canvas(round(rows * (SIDE + GAP)), images=True)
    top = 0.0
    if image is not None:
        write_label(canvas, _("Image"), "", top)
        small = thumbnail(image)
        canvas.image(encode_few(small), LABELS, top, SIDE, SIDE)
        top += SIDE + GAP
    for place, stage in enumerate(facts.stages):
        write_label(canvas, shorten_path(stage.path), size_text(stage), top)
        maps: NDArray[Any] = record.arrays[f"explanations.stage.{place}"]
        for column, values in enumerate(maps):
            left = LABELS + column * (FULL - LABELS + GAP) / max(10, len(maps))
            canvas.image(map_png(values), left, top, SIDE, SIDE)
        top += SIDE + GAP
    return canvas.figure(NAME, (title, caption(record, facts), describe(facts)))


def shown_image(record: RunRecord, facts: ExplanationFacts) -> NDArray[np.uint8] | None:
    """The image (H, W, C) whose maps are shown, where the record keeps it."""
    if facts.stage_row is None:
        return None
    index = record.arrays["eval.ids"][facts.stage_row]
    found = np.flatnonzero(record.arrays["images.ids"] == index)
    return np.asarray(record.arrays["images"][found[0]]) if len(found) else None


def write_label(canvas: Canvas, name: str, note: str, top: float) -> None:
    """The layer and the size of its maps, beside its row."""
    canvas.text(name, 0, top + SIDE / 2 + (4 if not note else -3))
    canvas.note(note, 0, top + SIDE / 2 + 13)


def shorten_path(path: str) -> str:
    """The end of a long name, which tells layers apart."""
    line = shorten(path, len(path) + 1)
    return shorten_start(line, LONGEST)


def size_text(stage: StageFacts) -> str:
    """Cells and channels."""
    return _("{height}×{width}, {channels} ch.", height=stage.height, width=stage.width, channels=stage.channels)


def caption(record: RunRecord, facts: ExplanationFacts) -> str:
    """How fine the first and the last maps are, then how to read them."""
    first, last = facts.stages[0], facts.stages[-1]
    index = numerals.count(int(record.arrays["eval.ids"][facts.stage_row])) if facts.stage_row is not None else ""
    told = _(
        "From {first} to {last} cells: no. {index} of the test split through the model.",
        first=f"{first.height}×{first.width}",
        last=f"{last.height}×{last.width}",
        index=index,
    )
    reading = _(
        "One row per layer: the {count} channels that vary most over this image; each map has its own scale, and dark "
        "is its highest value.",
        count=max(len(stage.shown) for stage in facts.stages),
    )
    return join_sentences([told, reading])


def describe(facts: ExplanationFacts) -> str:
    """The layers and their sizes."""
    layers = join_rows(
        [
            _(
                "{layer} has {channels} channels of {height} by {width} cells",
                layer=shorten(stage.path, 60),
                channels=stage.channels,
                height=stage.height,
                width=stage.width,
            )
            for stage in facts.stages
        ]
    )
    return _("A grid of feature maps, one row per layer. {layers}.", layers=layers)


FIGURE = FigureKind(NAME, draw)
