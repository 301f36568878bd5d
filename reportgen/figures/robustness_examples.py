"""One test image under every corruption."""

from __future__ import annotations

from reportgen.plugins import FigureKind
from reportgen.record.images import encode_few
from reportgen.record.subject import Subject
from reportgen.report.canvas import open_canvas
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.naming import name_kind
from reportgen.report.style import FULL
from reportgen.text import numerals
from reportgen.text.i18n import _, join_terms

COLUMNS = 8
COLOURS = 64
"""Of one image; all of them would weigh three times as much."""
GAP = 10
ONE_LINE = 11
"""Letters that fit below an image."""
LABEL = 30
"""Height of two lines of a name."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """The image as it is and under each corruption at severity 3, named below."""
    record = subject.record
    name, title = "robustness_examples", _("One image under each corruption")
    facts = record.probes.robustness if record.probes else None
    images = record.arrays.get("robustness.examples")
    if facts is None or images is None or not len(images):
        return Skipped(name, title, _("The record keeps no corrupted images."))
    names = [_("original"), *(name_kind(kind) for kind in facts.examples)]
    side = (FULL - GAP * (COLUMNS - 1)) / COLUMNS
    rows = -(-len(names) // COLUMNS)
    canvas = open_canvas(round(rows * (side + LABEL + GAP)), images=True)
    for place, (label, image) in enumerate(zip(names, images, strict=True)):
        row, column = divmod(place, COLUMNS)
        left, top = column * (side + GAP), row * (side + LABEL + GAP)
        canvas.image(encode_few(image, COLOURS), left, top, side, side)
        first, _unused, second = (label, "", "") if len(label) <= ONE_LINE else label.partition(" ")
        canvas.note(first, left, top + side + 14)
        canvas.note(second, left, top + side + 28)
    number = numerals.count(facts.example_id)
    caption = _(
        "Test image {number}, original and under {count} corruptions at severity 3 of 5, in 64 colours each.",
        number=number,
        count=len(facts.examples),
    )
    alt = _("Small images of test image {number}: {names}.", number=number, names=join_terms(names))
    return canvas.figure(name, (title, caption, alt))


FIGURE = FigureKind("robustness_examples", draw)
