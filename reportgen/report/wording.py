"""The small change of sentences: names in quotes, lists in words, anchors of the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from reportgen.metrics.intervals import wilson
from reportgen.record.comparison import Comparison
from reportgen.record.run import RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, ngettext
from reportgen.text.shorten import shorten as shorten
from reportgen.text.shorten import shorten_family

LONGEST_NAME = 40
"""Characters of an outside name in a sentence; tables show it whole."""
LONGEST_DEVICE = 60
"""Characters of a device's name in a sentence; the makers' own are shorter."""


FAMILIES: ContextVar[tuple[tuple[str, ...], ...]] = ContextVar("FAMILIES", default=())
"""Names that have to stay different from each other where they are shortened."""


@contextmanager
def names_told_apart(record: RunRecord) -> Iterator[None]:
    """Inside, `quote` shortens the classes, modules and weights of this record so that no two become the same."""
    paths = tuple(dict.fromkeys(module.path for module in record.trace.modules))
    weights = record.probes.weights if record.probes is not None else None
    matrices = tuple(matrix.name for matrix in weights.matrices) if weights is not None else ()
    token = FAMILIES.set((record.data.classes, paths, matrices))
    try:
        yield
    finally:
        FAMILIES.reset(token)


def quote(name: str) -> str:
    """A name from outside, in quotation marks and short enough for a sentence."""
    if len(name) > LONGEST_NAME:
        family = next((names for names in FAMILIES.get() if name in names), ())
        name = shorten_family(family, LONGEST_NAME).get(name) or shorten(name, LONGEST_NAME)
    return _("“{name}”", name=name)


def join_few(items: Sequence[str], limit: int = 3) -> str:
    """At most `limit` of the items in words, and how many more there are."""
    if len(items) <= limit + 1:
        return join_names(items)
    rest = ngettext("{count} other", "{count} others", len(items) - limit)
    return join_names([*items[:limit], rest])


def count_images(n: int) -> str:
    """So many images, inside a sentence."""
    return ngettext("{count} image", "{count} images", n)


def count_flips(compared: Comparison) -> str:
    """On how many images only one of the two models is right, with the exact McNemar test (1947).

    Without the test where several seeds or evaluations are compared: that of the first ones could contradict the
    verdict, which is about all.
    """
    values = {
        "lost": count_images(compared.mcnemar.lost),
        "gained": numerals.count(compared.mcnemar.gained),
        "n": numerals.count(compared.n),
    }
    if max(compared.seeds) > 1:
        return _(
            "With the first seeds, {lost} went from right to wrong and {gained} from wrong to right (n = {n}).",
            lost=values["lost"],
            gained=values["gained"],
            n=values["n"],
        )
    if max(compared.evaluations) > 1:
        return _(
            "In the first evaluations, {lost} went from right to wrong and {gained} from wrong to right (n = {n}).",
            lost=values["lost"],
            gained=values["gained"],
            n=values["n"],
        )
    return _(
        "{lost} went from right to wrong and {gained} from wrong to right (exact McNemar test, {p}, n = {n}).",
        lost=values["lost"],
        gained=values["gained"],
        p=numerals.p_value(compared.mcnemar.p),
        n=values["n"],
    )


def note_latency(compared: Comparison) -> str:
    """Why the latencies beside each other differ by something else than their change; empty where none was timed in
    turn."""
    change = compared.value("latency_p50.change")
    if change is None or change.value is None or change.method != "alternated":
        return ""
    return _(
        "The change in latency is that of both models timed in turn, a mean over pairs of processes, and not the "
        "difference of the two medians."
    )


def note_first(compared: Comparison) -> str:
    """That classes are compared by the first seeds or evaluations, where there are several; else empty."""
    if max(compared.seeds) > 1:
        return _("This is for the first seeds only.")
    if max(compared.evaluations) > 1:
        return _("This is for the first evaluations only.")
    return ""


def format_age(before: str, now: str) -> str:
    """How long before a run another one was, from their dates in ISO 8601: "3 days before this run"."""
    try:
        seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(before)).total_seconds()
    except (ValueError, TypeError):
        return _("of unknown date")
    if seconds < 0:
        return _("later than this run")
    for least, many in ((86_400, _days), (3600, _hours), (60, _minutes)):
        if seconds >= least:
            return many(int(seconds // least))
    return _("less than a minute before this run")


def _days(count: int) -> str:
    return ngettext("{count} day before this run", "{count} days before this run", count)


def _hours(count: int) -> str:
    return ngettext("{count} hour before this run", "{count} hours before this run", count)


def _minutes(count: int) -> str:
    return ngettext("{count} minute before this run", "{count} minutes before this run", count)


def evidence(figures: Mapping[str, FigureFile | Skipped], name: str, section: str) -> str:
    """The anchor of a figure, or of the section's own when that figure is not shown."""
    return f"figure-{name}" if isinstance(figures.get(name), FigureFile) else f"section-{section}"


def share_interval(successes: int, n: int) -> str:
    """Wilson interval of a proportion in per cent, as people read it; empty for n = 0."""
    low, high = wilson(successes, n) or (None, None)
    return numerals.percent_interval(low, high, n)


def confidence_text(probability: float) -> str:
    """A probability in per cent to one digit, never as certain or impossible."""
    if probability >= 0.9995:
        return f">{numerals.percent(0.999)}"
    return f"<{numerals.percent(0.001)}" if probability < 0.0005 else numerals.percent(probability)
