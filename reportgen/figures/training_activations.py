"""The outputs of every nonlinearity, before and after training: mean, spread and dead channels over depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes

from reportgen.figures._marks import draw_line
from reportgen.figures._style import chart, grid, squeeze, ticks
from reportgen.figures._table import write_csv
from reportgen.metrics.intervals import FloatArray
from reportgen.plugins import FigureKind
from reportgen.record.probes import why_missing
from reportgen.record.probes.dynamics import Activations, ActivationSite, DynamicsFacts
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, MUTED, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, ngettext

HEIGHT = 200
LEAST_DEAD = 5
"""Per cent up to which the axis of dead channels runs at least."""
FEW = 12
"""Sites up to which every one is marked."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """Three small charts over the nonlinearities in their order."""
    record = subject.record
    name, title = "training_activations", _("Activations before and after training")
    facts = record.probes.dynamics if record.probes is not None else None
    if record.training is None:
        return Skipped(name, title, _("The model was evaluated, not trained."))
    if facts is None:
        return Skipped(name, title, why_missing(record.probes, "dynamics"))
    if not facts.sites:
        return Skipped(name, title, why_none(facts))
    with chart(name, HEIGHT) as paper:
        panels = paper.figure.subplots(1, 3, sharex=True)
        for axes, (heading, value) in zip(panels, list_panels(), strict=True):
            draw_panel(axes, facts.sites, value)
            axes.set_title(heading)
        panels[0].annotate(
            _("grey: initial, colour: trained"),
            (0, 0),
            (0, -34),
            xycoords="axes fraction",
            textcoords="offset points",
            color=MUTED,
            annotation_clip=False,
        )
        panels[1].set_ylim(bottom=0)
        panels[2].set_ylim(0, max(LEAST_DEAD, panels[2].get_ylim()[1]))
        panels[1].set_xlabel(_("nonlinearity, from input to output"))
        return paper.svg(title, caption(facts), describe(facts), tabulate(facts.sites))


def tabulate(sites: Sequence[ActivationSite]) -> str:
    """Every nonlinearity at each moment."""
    heads = ("nonlinearity", "operator", "module", "weights", "mean", "spread", "dead channels", "channels")
    rows = [
        (place, site.kind, site.path, moment, seen.mean, seen.spread, seen.dead, site.channels)
        for place, site in enumerate(sites, start=1)
        for moment, seen in (("initial", site.before), ("trained", site.after))
        if seen is not None
    ]
    return write_csv(heads, rows)


def why_none(facts: DynamicsFacts) -> str:
    """Why there is nothing to draw."""
    if facts.sampled is not None:
        return _("No nonlinearity gives finite numbers.")
    if facts.left_out:
        return _("Activations were left out: the forward passes would have taken too long.")
    return _("The network calls no nonlinearity that is known here.")


Value = Callable[[ActivationSite, Activations], float]


def list_panels() -> list[tuple[str, Value]]:
    """The title and the value of each chart."""
    return [
        (_("Mean"), lambda _unused, seen: seen.mean),
        (_("Std. dev."), lambda _unused, seen: seen.spread),
        (_("Dead channels, %"), lambda site, seen: 100 * seen.dead / max(site.channels, 1)),
    ]


def draw_panel(axes: Axes, sites: Sequence[ActivationSite], value: Value) -> None:
    """Grey before, accent after."""
    x = np.arange(1, len(sites) + 1)
    marker = "o" if len(sites) <= FEW else ""
    before = [value(site, site.before) if site.before is not None else np.nan for site in sites]
    if np.isfinite(before).any():
        draw_line(axes, x, before, SOFT, marker=marker, markersize=3)
    draw_line(axes, x, [value(site, site.after) for site in sites], ACCENT, marker=marker, markersize=3)
    axes.xaxis.set_major_locator(ticks(5, integer=True))
    axes.yaxis.set_major_locator(ticks(4))
    axes.margins(y=0.1)
    grid(axes)


def dead_shares(sites: Sequence[ActivationSite]) -> FloatArray:
    """Dead channels of each site as a share of 0 to 1, (sites,), after training."""
    return np.array([site.after.dead / max(site.channels, 1) for site in sites])


def caption(facts: DynamicsFacts) -> str:
    """Where most channels are dead and where the spread is largest, then how to read it."""
    shares, sites = dead_shares(facts.sites), facts.sites
    worst, wide = sites[int(shares.argmax())], max(sites, key=lambda site: site.after.spread)
    told = (
        _(
            "Most dead channels after training: {dead} of {channels}, in {name}.",
            dead=numerals.count(worst.after.dead),
            channels=numerals.count(worst.channels),
            name=where(worst),
        )
        if shares.max() > 0
        else _("After training no channel is dead.")
    )
    spread = numerals.significant(wide.after.spread, 3)
    widest = _("Widest output: {name}, standard deviation {spread}.", name=where(wide), spread=spread)
    n = numerals.count(facts.sampled.images) if facts.sampled is not None else numerals.DASH
    reading = _(
        "Over {n} test images, all channels and positions, in evaluation mode; dead: a channel that gives the same "
        "output for all of them.",
        n=n,
    )
    return join_sentences([told, widest, reading, format_left_out(facts)])


def format_left_out(facts: DynamicsFacts) -> str:
    """How many nonlinearities were not watched; empty where all were."""
    if not facts.left_out:
        return ""
    return ngettext(
        "{count} further nonlinearity was not watched.",
        "{count} further nonlinearities were not watched; those watched lie at equal steps of depth.",
        facts.left_out,
    )


def where(site: ActivationSite) -> str:
    """A nonlinearity by its operator and module."""
    return _("{kind} in {path}", kind=site.kind, path=squeeze(site.path, 40)) if site.path else site.kind


def describe(facts: DynamicsFacts) -> str:
    """Every third or so site in numbers."""
    sites = facts.sites
    places = sorted({round(place * (len(sites) - 1) / 11) for place in range(12)})
    told = []
    for place in places:
        site = sites[place]
        told.append(format_site(site))
    return ngettext(
        "Three charts of {count} nonlinearity. {sites}.",
        "Three line charts over {count} nonlinearities. {sites}.",
        len(sites),
        sites=join_rows(told),
    )


def format_site(site: ActivationSite) -> str:
    """A nonlinearity in numbers, with those from before training where they are known."""
    name, channels = where(site), numerals.count(site.channels)
    mean, spread = numerals.significant(site.after.mean, 2), numerals.significant(site.after.spread, 2)
    dead = numerals.count(site.after.dead)
    if site.before is None:
        return _(
            "{name}: mean {mean}, standard deviation {spread}, dead {dead} of {channels}",
            name=name,
            mean=mean,
            spread=spread,
            dead=dead,
            channels=channels,
        )
    return _(
        "{name}: mean {mean}, standard deviation {spread}, dead {dead} of {channels} (before: standard deviation "
        "{early}, dead {fewer})",
        name=name,
        mean=mean,
        spread=spread,
        dead=dead,
        channels=channels,
        early=numerals.significant(site.before.spread, 2),
        fewer=numerals.count(site.before.dead),
    )


FIGURE = FigureKind("training_activations", draw, by_seaborn=True)
