"""The architecture diagram: an overview of the model, and every distinct block drawn once.

`diagram` holds the overview and as many blocks as fit beside it; `diagram_blocks` and `diagram_blocks_2` the others.
"""

from __future__ import annotations

from collections import Counter

from reportgen.figures._diagram.cards import SMALL
from reportgen.figures._diagram.descriptions import bypass_sentence, describe_panel
from reportgen.figures._diagram.drawing import Drawing, drawing
from reportgen.figures._diagram.labels import shape_text
from reportgen.figures._diagram.pages import UNDER, Page, page_figure
from reportgen.figures._diagram.text import shorten
from reportgen.figures._diagram.writer import NAME_LIMIT
from reportgen.plugins import FigureKind
from reportgen.record.trace import ModelTrace
from reportgen.report.model import FigureFile, Skipped
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext

NAMED = 8
"""So many kinds of blocks are named in a caption."""


def figure(trace: ModelTrace, number: int, name: str) -> FigureFile | Skipped:
    """Page `number` of the drawing."""
    made = drawing(trace)
    title = _("Architecture") if number == 0 else _("Architecture: blocks")
    if isinstance(made, Skipped):
        return Skipped(name, title, made.reason)
    if number >= len(made.pages):
        return Skipped(name, title, _("The figures above show every block."))
    page = made.pages[number]
    return page_figure(page, name, title, caption(trace, made, number), alternative(trace, page))


def whole_figure(trace: ModelTrace) -> FigureFile | Skipped:
    """All pages of the drawing below each other."""
    made = drawing(trace)
    title = _("Architecture")
    if isinstance(made, Skipped):
        return made
    panels, down = [], 0.0
    for page in made.pages:
        panels += [(panel, x, y + down) for panel, x, y in page.panels]
        down += page.height + UNDER
    words = [caption(trace, made, number) for number in range(len(made.pages))]
    alt = join_sentences([alternative(trace, page) for page in made.pages])
    return page_figure(Page(tuple(panels)), "architecture", title, join_sentences(words), alt)


def caption(trace: ModelTrace, made: Drawing, number: int) -> str:
    """What to see, then how to read it."""
    page = made.pages[number]
    blocks = [panel.title for panel, _unused, _unused in page.panels if panel.digest]
    said = []
    if number == 0:
        said.append(summary(trace, page))
    elif blocks:
        said.append(_("Inside the blocks: {names}.", names=join_terms(blocks)))
    said.append(bypass_sentence(panel for panel, _unused, _unused in page.panels))
    if number == 0 and len(blocks) + len(made.pages) > 1:
        said.append(
            _(
                "A tinted box is a block drawn in full once; ×n counts repeats, in a heading over the whole model; "
                "a·b lists a setting's values in order of occurrence."
            )
        )
    if made.left_out and number == len(made.pages) - 1:
        said.append(
            ngettext(
                "{count} further structure is too large to be drawn.",
                "{count} further structures are not drawn.",
                made.left_out,
            )
        )
    return join_sentences(said)


def summary(trace: ModelTrace, page: Page) -> str:
    """The model in one sentence: from which input through which blocks to which output."""
    top = next(panel for panel, _unused, _unused in page.panels if not panel.digest)
    blocks: Counter[str] = Counter()
    for card in top.scheme.cards:
        for row in card.rows:
            if row.target:
                blocks[row.text] += row.repeats
    shape, output = shape_text(trace.input_shape), join_terms([shape_text(found) for found in trace.output_shapes[:3]])
    if not blocks:
        return _(
            "{model}, from a {shape} input to an output of {output}.",
            model=shorten(trace.name, NAME_LIMIT, SMALL),
            shape=shape,
            output=output,
        )
    listed = [f"{name} ×{count}" if count > 1 else name for name, count in blocks.items()]
    if len(listed) > NAMED:
        listed = [*listed[:NAMED], _("and others")]
    names = join_terms(listed)
    return _(
        "{model}, from a {shape} input through {blocks} to an output of {output}.",
        model=shorten(trace.name, NAME_LIMIT, SMALL),
        shape=shape,
        blocks=names,
        output=output,
    )


def alternative(trace: ModelTrace, page: Page) -> str:
    """Every panel in words, row by row."""
    whole = _("{model} as a whole", model=shorten(trace.name, NAME_LIMIT, SMALL))
    return join_sentences(
        [describe_panel(panel, panel.title if panel.digest else whole) for panel, _unused, _unused in page.panels]
    )


FIGURES = (
    FigureKind("diagram", lambda subject: figure(subject.record.trace, 0, "diagram")),
    FigureKind("diagram_blocks", lambda subject: figure(subject.record.trace, 1, "diagram_blocks")),
    FigureKind("diagram_blocks_2", lambda subject: figure(subject.record.trace, 2, "diagram_blocks_2")),
)
