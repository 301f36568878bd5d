"""What stands beside a graph of the loss: the trainable parameters that it does not reach."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.figures._diagram.cards import SMALL, TEXT, Card, Leaf, Row, Scheme
from reportgen.figures._diagram.drawing import boxes
from reportgen.figures._diagram.labels import shape_text
from reportgen.figures._diagram.paint import Panel, panel
from reportgen.figures._diagram.routes import place
from reportgen.figures._diagram.text import clean, shorten
from reportgen.record.probes.autograd import GraphParameter
from reportgen.text.i18n import _, ngettext

OWNER, NAME = 150, 120
"""Widest name of a module and of a parameter in it, pixels."""
MOST = 16
"""Modules that are listed."""


def unreached_panel(parameters: Sequence[GraphParameter], ids: str) -> Panel | None:
    """The parameters by the module that holds them; None where there are none."""
    owners: dict[str, list[GraphParameter]] = {}
    for parameter in parameters:
        owners.setdefault(parameter.names[0].rpartition(".")[0], []).append(parameter)
    if not owners:
        return None
    rows = [make_row(owner, held) for owner, held in owners.items()]
    if len(rows) > MOST + 1:
        text = ngettext("and {count} more module", "and {count} more modules", len(rows) - MOST)
        rows = [*rows[:MOST], Row(text, text)]
    scheme = Scheme((Card("card", tuple(rows)),), ())
    title = _("Not reached by the loss")
    return panel("unreached", title, "", scheme, place(boxes(scheme), ()), (), ids)


def make_row(owner: str, held: Sequence[GraphParameter]) -> Row:
    """One module and its parameters."""
    name = shorten(owner, OWNER, TEXT) if owner else _("the model itself")
    leaves = tuple(
        Leaf(
            shorten(found.names[0].rpartition(".")[2], NAME, SMALL),
            shape_text((1, *found.shape)),
            clean(" = ".join(found.names)),
            frozen=True,
        )
        for found in held
    )
    return Row(name, clean(owner), leaves=leaves)
