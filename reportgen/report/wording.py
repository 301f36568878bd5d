"""The small change of sentences: names in quotes, lists in words, anchors of the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reportgen.metrics.intervals import wilson
from reportgen.record.comparison import Comparison
from reportgen.report.model import FigureFile, Skipped
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, ngettext
from reportgen.text.shorten import shorten as shorten

LONGEST_NAME = 40
"""Characters of an outside name in a sentence; tables show it whole."""
LONGEST_DEVICE = 60
"""Characters of a device's name in a sentence; the makers' own are shorter."""


def quote(name: str) -> str:
    """A name from outside, in quotation marks and short enough for a sentence."""
    return _("“{name}”", name=shorten(name, LONGEST_NAME))


def join_few(items: Sequence[str], limit: int = 3) -> str:
    """At most `limit` of the items in words, and how many more there are."""
    if len(items) <= limit + 1:
        return join_names(items)
    rest = ngettext("{count} other", "{count} others", len(items) - limit)
    return join_names([*items[:limit], rest])


def count_flips(compared: Comparison) -> str:
    """On how many images only one of the two models is right, with the exact McNemar test (1947)."""
    return _(
        "{lost} images went from right to wrong and {gained} from wrong to right (exact McNemar test, {p}, n = {n}).",
        lost=numerals.count(compared.mcnemar.lost),
        gained=numerals.count(compared.mcnemar.gained),
        p=numerals.p_value(compared.mcnemar.p),
        n=numerals.count(compared.n),
    )


def evidence(figures: Mapping[str, FigureFile | Skipped], name: str, section: str) -> str:
    """The anchor of a figure, or of the section's own when that figure is not shown."""
    return f"figure-{name}" if isinstance(figures.get(name), FigureFile) else f"section-{section}"


def share_interval(successes: int, n: int) -> str:
    """Wilson interval of a proportion in per cent, as people read it; empty for n = 0."""
    low, high = wilson(successes, n) or (None, None)
    return numerals.percent_interval(low, high, n)
