"""What the characteristic curves of layers say: which do not follow their drive, or do not bend, and dead channels."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.characteristics import SPENT
from reportgen.metrics.responses import Responses
from reportgen.record.probes.response import INITIAL, TRAINED
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.sections.response import claims
from reportgen.report.wording import evidence, join_few, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

NAME = "response"
SOFTMAX = ("softmax", "softmin", "Softmax", "Softmin", "Softmax2d")
"""Last operators or modules of a stretch whose outputs are shares."""
STRAIGHT = 0.05
"""Below this bend a layer answers to the reverse of its input with the reverse of its output, as a straight line."""
LEVEL = 0.025
"""Of a change of gain, over all layers: half of the usual, since with few images the jackknife errs more often in the
far tail; see the simulation in tests/report/register."""
CHANGED = 0.1
"""A change of gain in training that is worth a word."""
MANY_DEAD, SOME_DEAD = 0.25, 0.05
"""Share of dead channels in one layer."""


def find_layers(responses: Responses, figures: Figures, elsewhere: int = 0) -> list[Finding]:
    """The findings about layers, in the order of the text.

    `elsewhere`: images over which the section on training counts dead channels too; 0 where it does not.
    """
    drive = evidence(figures, "response_drive", NAME)
    found = [
        find_flat(responses, drive),
        find_dead(responses, f"section-{NAME}", elsewhere),
        find_straight(responses, drive),
        find_gains(responses, drive),
        find_change(responses, drive),
    ]
    return [finding for finding in found if finding is not None]


def images_text(responses: Responses) -> str:
    """How many images the responses of layers are of."""
    return _("n\u00a0=\u00a0{n} images", n=numerals.count(responses.facts.by_layer.images))


def quote_unit(responses: Responses, place: int) -> str:
    """A unit in quotation marks."""
    unit = responses.facts.units[place]
    return quote(unit.path or unit.kind)


def bending(responses: Responses) -> list[int]:
    """The units whose curve could be other than straight."""
    return [place for place, unit in enumerate(responses.facts.units) if unit.bends]


def find_flat(responses: Responses, anchor: str) -> Finding | None:
    """Layers whose response hardly grows with their drive, for another reason than that they are made so: a
    normalisation of the input, or a softmax at the end, whose outputs add up to 1 whatever the input."""
    flat = []
    for place in bending(responses):
        unit = responses.facts.units[place]
        made_so = unit.normalises or unit.kind.rpartition(" + ")[2] in SOFTMAX
        ends = None if made_so else responses.gain_interval(place)
        if ends is not None and ends[1] < SPENT:
            flat.append((place, ends))
    if not flat:
        return None
    known = {place: responses.characteristic(place) for place, _unused in flat}
    told = []
    for place, ends in flat:
        one = known[place]
        gain, interval = gain_texts(one.gain if one is not None else None, ends)
        told.append(
            _("{name} (gain {gain}, {interval})", name=quote_unit(responses, place), gain=gain, interval=interval)
        )
    text = ngettext(
        "{count} of {all} layers is saturated at its usual input, its output hardly following its input: {layers}; 1 "
        "would be in proportion ({images}).",
        "{count} of {all} layers are saturated at their usual input, their output hardly following their input: "
        "{layers}; 1 would be in proportion ({images}).",
        len(flat),
        all=numerals.count(len(responses.facts.units)),
        layers=join_few(told),
        images=images_text(responses),
    )
    return claims.SATURATED.finding(text, 0.6, anchor, "caution")


def gain_texts(gain: float | None, ends: tuple[float, float]) -> tuple[str, str]:
    """A gain and its interval, with no more digits than that justifies, three at most."""
    digits = numerals.interval_digits(*ends, most=3)
    return numerals.fixed(gain, digits), numerals.interval(*ends, digits)


def format_elsewhere(images: int) -> str:
    """That another section counts dead channels by another rule; empty where none does."""
    if not images:
        return ""
    return ngettext(
        "The section on training counts by another rule: after each nonlinearity, on {count} unmodified image.",
        "The section on training counts by another rule: after each nonlinearity, on {count} unmodified images.",
        images,
    )


def find_dead(responses: Responses, anchor: str, elsewhere: int = 0) -> Finding | None:
    """Channels that give the same whatever they are shown and however hard they are driven."""
    units = responses.facts.units
    dead, channels = sum(unit.dead for unit in units), sum(unit.channels for unit in units)
    if not dead:
        text = ngettext(
            "No channel of the {count} layer is dead: each responds to some image at some scale of the input "
            "({images}).",
            "No channel of the {count} layers is dead: each responds to some image at some scale of the input "
            "({images}).",
            len(units),
            images=images_text(responses),
        )
        return claims.NO_DEAD.finding(join_sentences([text, format_elsewhere(elsewhere)]), 0.1, anchor)
    worst = max(units, key=lambda unit: (unit.dead / max(unit.channels, 1), unit.channels))
    before = [unit.dead_before for unit in units if unit.dead_before is not None]
    told = [
        _(
            "{dead} of {channels} channels ({share}) gave the same output for every one of {images}, at every scale "
            "of the input up to three times the usual, and count as dead here; more images may move some of them.",
            dead=numerals.count(dead),
            channels=numerals.count(channels),
            share=numerals.percent(dead / channels),
            images=ngettext("{count} image", "{count} images", responses.facts.by_layer.images),
        )
    ]
    if len(before) == len(units):
        told.append(
            _("Before training there were {before}.", before=numerals.count(sum(before)))
            if sum(before)
            else _("Before training there were none.")
        )
    alike = [one for one in units if (one.dead, one.channels) == (worst.dead, worst.channels)]
    values = {"dead": numerals.count(worst.dead), "channels": numerals.count(worst.channels)}
    names = join_few([quote(one.path or one.kind) for one in alike])
    most = (
        _("Most in {name}: {dead} of {channels}.", name=names, dead=values["dead"], channels=values["channels"])
        if len(alike) == 1
        else _(
            "Most in {names}: {dead} of {channels} in each.",
            names=names,
            dead=values["dead"],
            channels=values["channels"],
        )
    )
    text = join_sentences([*told, most, format_elsewhere(elsewhere)])
    share = worst.dead / max(worst.channels, 1)
    weight = 0.6 if share > MANY_DEAD else 0.4 if share > SOME_DEAD else 0.2
    return claims.DEAD.finding(text, weight, anchor, "caution" if share > SOME_DEAD else "plain")


def find_straight(responses: Responses, anchor: str) -> Finding | None:
    """Layers whose nonlinearity leaves no trace in their output."""
    places, bend = bending(responses), responses.array("bend")[TRAINED]
    straight = [place for place in places if bend[place] < STRAIGHT]
    if not straight:
        return None
    text = ngettext(
        "{count} of {all} layers with a nonlinearity works in its linear region only: with its input reversed it gives "
        "the reverse of its output to within 5 % ({layers}; {images}).",
        "{count} of {all} layers with a nonlinearity work in their linear region only: with their input reversed they "
        "give the reverse of their output to within 5 % ({layers}; {images}).",
        len(straight),
        all=numerals.count(len(places)),
        layers=join_few([quote_unit(responses, place) for place in straight]),
        images=images_text(responses),
    )
    if len(straight) == len(places):
        return claims.STRAIGHT.finding(text, 0.6, anchor, "caution")
    return claims.STRAIGHT.finding(text, 0.3, anchor, "caution" if 2 * len(straight) > len(places) else "plain")


def find_gains(responses: Responses, anchor: str) -> Finding | None:
    """How far most layers answer in proportion."""
    found = [(place, responses.characteristic(place)) for place in bending(responses)]
    known = [(place, one) for place, one in found if one is not None]
    if len(known) < 2:
        return None
    gains = [one.gain for _unused, one in known]
    low, high = (known[index] for index in (int(np.argmin(gains)), int(np.argmax(gains))))
    last = float(responses.array("drives")[-1])
    whole = sum(one.linear is not None and one.linear[1] >= last for _unused, one in known)
    text = _(
        "When its input grows by 10 %, the output of a layer grows by {median} in the median, from "
        "{low} ({weak}) to {high} ({strong}); {whole} of {count} layers keep that gain up to {last} "
        "times their usual input ({images}).",
        median=format_rise(float(np.median(gains))),
        low=format_rise(low[1].gain),
        weak=quote_unit(responses, low[0]),
        high=format_rise(high[1].gain),
        strong=quote_unit(responses, high[0]),
        whole=numerals.count(whole),
        count=numerals.count(len(known)),
        last=numerals.count(last),
        images=images_text(responses),
    )
    return claims.GAINS.finding(text, 0.15, anchor)


def format_rise(gain: float) -> str:
    """What ten per cent more drive add to the response."""
    return numerals.percent(0.1 * gain)


def gain_intervals(responses: Responses, place: int) -> tuple[tuple[float, float] | None, ...]:
    """Those of a unit's gain before training and after it."""
    return tuple(responses.gain_interval(place, weights) for weights in (INITIAL, TRAINED))


def find_change(responses: Responses, anchor: str) -> Finding | None:
    """The layer whose gain training changed most, of those that it surely changed when all are looked at together."""
    if not responses.compared:
        return None
    places, changes = bending(responses), []
    for place in places:
        found, (old_ends, ends) = responses.gain_change(place), gain_intervals(responses, place)
        before, after = (responses.characteristic(place, weights) for weights in (INITIAL, TRAINED))
        if found is None or old_ends is None or ends is None or before is None or after is None:
            continue
        apart = old_ends[1] < ends[0] or ends[1] < old_ends[0]
        if apart and found[1] * len(places) <= LEVEL and abs(after.gain - before.gain) >= CHANGED:
            changes.append((abs(after.gain - before.gain), place, before.gain, after.gain, ends))
    if not changes:
        return None
    _unused, place, old, new, ends = max(changes)
    gain, interval = gain_texts(new, ends)
    text = _(
        "Training changed the gain of {count} of {all} layers by more than chance and by at least {least}; the largest "
        "change is that of {name}, from {before} to {gain} ({interval}, {images}).",
        count=numerals.count(len(changes)),
        all=numerals.count(len(places)),
        least=numerals.general(CHANGED),
        name=quote_unit(responses, place),
        before=numerals.fixed(old, 2),
        gain=gain,
        interval=interval,
        images=images_text(responses),
    )
    return claims.CHANGED_GAIN.finding(text, 0.2, anchor)
