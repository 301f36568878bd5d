"""The autograd graph of the loss: whole where it is small, else each distinct block once, as the architecture is.

`autograd` holds the loss and what comes first in the backward pass, `autograd_2` and `autograd_3` what found no room
there.
"""

from __future__ import annotations

from functools import lru_cache

from reportgen.figures._diagram.autograd_tree import build_autograd_tree
from reportgen.figures._diagram.autograd_writer import BackwardDraft
from reportgen.figures._diagram.descriptions import bypass_sentence, describe_panel
from reportgen.figures._diagram.drawing import Drawing
from reportgen.figures._diagram.flat import flat_pages
from reportgen.figures._diagram.pages import page_figure
from reportgen.figures._diagram.structure import Structures
from reportgen.figures._diagram.text import clean
from reportgen.figures._diagram.unreached import unreached_panel
from reportgen.plugins import FigureKind
from reportgen.record.message import draw_note
from reportgen.record.probes import why_missing
from reportgen.record.probes.autograd import AutogradFacts
from reportgen.record.run import RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext

FLAT = 300
"""Graphs of up to so many nodes are drawn operator by operator, if they fit on the pages."""
SMALL_CHAIN = 3
"""A chain of so many operators, such as convolution, normalisation, activation, is shown inside its block."""
TOLD = 12
"""Boxes of a panel that an alternative text lists."""
PLAIN = ("part", "unreached")
"""Beginnings of the names of panels that are no blocks."""


@lru_cache(maxsize=1)
def graph(facts: AutogradFacts) -> Drawing | None:
    """The whole drawing; kept, because three figures show it. None where it fits on no page."""
    draft = BackwardDraft(Structures(build_autograd_tree(facts), SMALL_CHAIN))
    missing = unreached_panel(facts.missing(), draft.ids)
    beside = [missing] if missing else []
    if len(facts.nodes) <= FLAT:
        pages = flat_pages(draft, clean(facts.calls[0].kind), beside)
        if pages is not None:
            return Drawing(pages, 0)
    return draft.drawing(beside)


def figure(record: RunRecord, number: int, name: str) -> FigureFile | Skipped:
    """Page `number` of the drawing."""
    title = _("Autograd graph of the loss")
    facts = record.probes.autograd if record.probes is not None else None
    if facts is None:
        return Skipped(name, title, why_missing(record.probes, "autograd"))
    made = graph(facts)
    if made is None:
        return Skipped(name, title, _("There are too many parallel operators for one page."))
    if number >= len(made.pages):
        return Skipped(name, title, _("The figure above shows the whole graph."))
    page = made.pages[number]
    told = join_sentences([describe_panel(panel, panel.title, TOLD) for panel, _unused, _unused in page.panels])
    return page_figure(page, name, title, caption(facts, made, number), told)


def caption(facts: AutogradFacts, made: Drawing, number: int) -> str:
    """What to see, then how to read it."""
    panels = [panel for panel, _unused, _unused in made.pages[number].panels]
    blocks = [panel.title for panel in panels if panel.digest and not panel.digest.startswith(PLAIN)]
    said = [summary(facts)] if number == 0 else []
    if number and blocks:
        said.append(_("Inside the blocks: {names}.", names=join_terms(blocks)))
    elif number:
        said.append(_("The graph’s other parts."))
    said.append(bypass_sentence(panels))
    if number == 0:
        said += reading(facts, made)
    if made.left_out and number == len(made.pages) - 1:
        said.append(
            ngettext(
                "{count} further structure is not drawn.", "{count} further structures are not drawn.", made.left_out
            )
        )
    return join_sentences(said)


def summary(facts: AutogradFacts) -> str:
    """The graph in one sentence."""
    operators = ngettext("{count} operator", "{count} operators", len(facts.nodes) - facts.leaves)
    return ngettext(
        "From the loss ({loss}) down through {operators} to {count} parameter.",
        "From the loss ({loss}) down through {operators} to {count} parameters.",
        facts.leaves,
        loss=draw_note(facts.loss),
        operators=operators,
    )


def reading(facts: AutogradFacts, made: Drawing) -> list[str]:
    """How the drawing is to be read, as far as it shows it."""
    cards = [card for page in made.pages for panel, _unused, _unused in page.panels for card in panel.scheme.cards]
    said = [
        _(
            "Operators in one box follow each other; pills are the parameters whose gradients they compute, with the "
            "beginning of their names above in small type. Views and copies are part of the lines."
        )
    ]
    frozen = any(not found.trainable for found in facts.parameters)
    if frozen and facts.missing():
        said.append(_("Dashed pills get no gradient: frozen, or not reached."))
    elif frozen:
        said.append(_("Dashed pills are frozen and get no gradient."))
    elif facts.missing():
        said.append(_("Dashed pills get no gradient."))
    if any(row.target for card in cards for row in card.rows):
        said.append(_("A tinted box is a block drawn in full once; ×n counts repeats, a–b is a range over them."))
    return said


FIGURES = (
    FigureKind("autograd", lambda subject: figure(subject.record, 0, "autograd")),
    FigureKind("autograd_2", lambda subject: figure(subject.record, 1, "autograd_2")),
    FigureKind("autograd_3", lambda subject: figure(subject.record, 2, "autograd_3")),
)
