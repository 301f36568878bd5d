"""A drawing in words, for captions and for those who can't see it."""

from __future__ import annotations

from collections.abc import Iterable

from reportgen.figures._diagram.cards import Card, Row
from reportgen.figures._diagram.paint import Panel
from reportgen.text.i18n import _, join_sentences, join_steps, join_terms, ngettext


def describe_panel(panel: Panel, heading: str, most: int | None = None) -> str:
    """A panel row by row, at most so many cards of it."""
    told = [describe_card(card) for card in panel.scheme.cards if card.kind in {"card", "join"}]
    if most is not None and len(told) > most + 1:
        told = [*told[:most], _("{count} more", count=len(told) - most)]
    skips = len(panel.scheme.skips)
    bypass = ngettext("{count} edge bypasses parts.", "{count} edges bypass parts.", skips) if skips else ""
    rows = join_steps(told)
    return join_sentences([_("{heading}: {rows}.", heading=heading, rows=rows), bypass])


def describe_card(card: Card) -> str:
    """A card as a phrase."""
    told = join_terms([describe_row(row) for row in card.rows])
    return " ".join(filter(None, (told, card.times)))


def describe_row(row: Row) -> str:
    """A row as a phrase: text, shape, parameters."""
    leaves = join_terms([leaf.text for leaf in row.leaves])
    if row.shape and leaves:
        return _(
            "{row} with an output of shape {shape} and the parameters {parameters}",
            row=row.text,
            shape=row.shape,
            parameters=leaves,
        )
    if row.shape:
        return _("{row} with an output of shape {shape}", row=row.text, shape=row.shape)
    return _("{row} with the parameters {parameters}", row=row.text, parameters=leaves) if leaves else row.text


def bypass_sentence(panels: Iterable[Panel]) -> str:
    """What the coloured lines are; empty where there are none."""
    skips = sum(len(panel.scheme.skips) for panel in panels)
    if not skips:
        return ""
    if skips == 1:
        return _("The coloured line is an edge that bypasses what is beside it.")
    return ngettext(
        "The {count} coloured line is an edge that bypasses what is beside it.",
        "The {count} coloured lines are edges that bypass what is beside them.",
        skips,
    )
