"""What the figures of the characteristic curves share: finding them, and how many are drawn."""

from __future__ import annotations

from reportgen.metrics.responses import Responses, read_responses
from reportgen.record.probes import why_missing
from reportgen.record.run import RunRecord
from reportgen.report.model import Skipped
from reportgen.text import numerals
from reportgen.text.i18n import _


def find_responses(record: RunRecord, name: str, title: str) -> Responses | Skipped:
    """What the probe found, or why there is nothing to draw."""
    found = read_responses(record)
    return found if found is not None else Skipped(name, title, why_missing(record.probes, "response"))


def selection_text(responses: Responses, shown: int) -> str:
    """How many of the layers are drawn and why these, where it is not all of them."""
    count, bent = len(responses.facts.units), sum(unit.bends for unit in responses.facts.units)
    if shown == count:
        return ""
    if not bent:
        return _(
            "{shown} of {count} layers are drawn, taken at equal steps of depth; the table has the others.",
            shown=shown,
            count=count,
        )
    if shown == bent:
        return _(
            "{shown} of {count} layers are drawn, those with a nonlinearity; the table has the others.",
            shown=shown,
            count=count,
        )
    return _(
        "{shown} of {count} layers are drawn, taken at equal steps of depth from the {bent} with a nonlinearity; the "
        "table has the others.",
        shown=shown,
        count=count,
        bent=bent,
    )


def above_text(top: float, largest: float) -> str:
    """That responses larger than where an axis ends are drawn at its edge, and how large they are; empty where none
    is."""
    if largest <= top:
        return ""
    return _(
        "Responses above {top} are drawn at the edge; the largest is {largest}.",
        top=numerals.brief(top),
        largest=numerals.significant(largest, 2),
    )
