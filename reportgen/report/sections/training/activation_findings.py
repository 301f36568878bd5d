"""What the activations before and after training say: channels that training silenced."""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.record.probes.dynamics import ActivationSite, DynamicsFacts
from reportgen.report.model import Finding
from reportgen.report.sections.training import claims
from reportgen.report.wording import quote
from reportgen.text import numerals
from reportgen.text.i18n import _

GREW = 0.05
"""Share of a layer's channels that died in training, from which on it is a loss."""
MANY = 0.25
"""The same, from which on it is a great one."""


def find_killed(facts: DynamicsFacts, anchor: str) -> Finding | None:
    """Channels that gave something before training and give the same for every image after it."""
    compared = [site for site in facts.sites if site.before is not None]
    if not compared or facts.sampled is None:
        return None
    after, before = (sum(count_dead(site, late) for site in compared) for late in (True, False))
    channels = sum(site.channels for site in compared)
    worst = max(compared, key=lambda site: (count_dead(site, True) - count_dead(site, False)) / max(site.channels, 1))
    grew = count_dead(worst, True) - count_dead(worst, False)
    numbers = {
        "after": numerals.count(after),
        "before": numerals.count(before),
        "channels": numerals.count(channels),
        "share": numerals.percent(after / max(channels, 1)),
        "n": numerals.count(facts.sampled.images),
    }
    if after == before == 0:
        text = _(
            "Before training and after it none of {channels} channels gives the same output for all images after a "
            "nonlinearity (n\u00a0=\u00a0{n} images).",
            channels=numbers["channels"],
            n=numbers["n"],
        )
        return claims.SILENT_CHANNELS.finding(text, 0.1, anchor)
    if grew <= max(1.0, GREW * worst.channels):
        text = _(
            "After the nonlinearities {after} of {channels} channels ({share}) give the same output for all images; "
            "before training it was {before} (n\u00a0=\u00a0{n} images).",
            after=numbers["after"],
            channels=numbers["channels"],
            share=numbers["share"],
            before=numbers["before"],
            n=numbers["n"],
        )
        return claims.SILENT_CHANNELS.finding(text, 0.1, anchor)
    return format_killed(worst, numbers, anchor)


def format_killed(worst: ActivationSite, numbers: Mapping[str, str], anchor: str) -> Finding:
    """The finding that training deactivated channels, with the nonlinearity where it did most."""
    old, new = (count_dead(worst, late) for late in (False, True))
    text = _(
        "Training deactivated channels: {after} of {channels} ({share}) give the same output for all images after a "
        "nonlinearity, {before} before (n\u00a0=\u00a0{n} images); most in {name}, from {old} to {new} of {width}.",
        name=quote(worst.path or worst.kind),
        old=numerals.count(old),
        new=numerals.count(new),
        width=numerals.count(worst.channels),
        after=numbers["after"],
        channels=numbers["channels"],
        share=numbers["share"],
        before=numbers["before"],
        n=numbers["n"],
    )
    share = (new - old) / worst.channels
    return claims.DEACTIVATED.finding(text, 0.6 if share > MANY else 0.4, anchor, "caution")


def count_dead(site: ActivationSite, late: bool) -> int:
    """Dead channels after training or before."""
    seen = site.after if late else site.before
    return seen.dead if seen is not None else 0
