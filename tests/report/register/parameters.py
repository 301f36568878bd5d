"""Weights: records that show each claim."""

from __future__ import annotations

from reportgen.record.run import RunRecord
from reportgen.report.sections.parameters.view import SECTION
from tests.report.register.case import Cases, Make
from tests.support.weights import matrix, numbers, weighed

SIDES = (32, 144)


def layers(count: int = 5, trained: bool = True, **odd: object) -> Make:
    """Sound matrices and one, the second, that is odd."""

    def make(record: RunRecord) -> RunRecord:
        found = [matrix(f"layer{place}.weight", SIDES, trained) for place in range(count)]
        found[1] = matrix("layer1.weight", SIDES, trained, **odd)
        return weighed(record, found, trained=trained)

    return make


def sloped(first: float, last: float) -> Make:
    def make(record: RunRecord) -> RunRecord:
        steps = [first, first, last, last]
        return weighed(record, [matrix(f"layer{at}.weight", SIDES, gradient=one) for at, one in enumerate(steps)])

    return make


def still(record: RunRecord) -> RunRecord:
    same = numbers(0.1, *SIDES)
    found = [
        matrix(f"layer{place}.weight", SIDES, final=same, initial=same, still=True, moved=0.0) for place in range(3)
    ]
    return weighed(record, found)


def evenly(record: RunRecord) -> RunRecord:
    shares = (0.5, 0.502, 0.498, 0.501)
    found = [
        matrix(f"layer{at}.weight", SIDES, final=numbers(0.1, *SIDES, zeros=share)) for at, share in enumerate(shares)
    ]
    return weighed(record, found)


SOUND = numbers(0.1, *SIDES)
PARAMETERS = Cases(
    {
        "sound": layers(),
        "evaluated": layers(trained=False),
        "dead rows": layers(dead=2),
        "muted": layers(muted=3),
        "twins": layers(twins=2),
        "sparse": layers(final=numbers(0.1, *SIDES, zeros=0.5)),
        "sparse evenly": evenly,
        "sparse from the start": layers(final=numbers(0.1, *SIDES, zeros=0.5), initial=numbers(0.1, *SIDES, zeros=0.5)),
        "evaluated, low": layers(trained=False, final=numbers(0.1, *SIDES, effective_rank=20.0)),
        "broken gradient": layers(gradient=float("nan")),
        "no gradient": layers(gradient=0.0),
        "vanishing": sloped(1e-6, 1e-1),
        "exploding": sloped(1e-1, 1e-6),
        "broken": layers(finite=False, final=None, initial=None),
        "still": still,
        "slow": layers(moved=1e-4),
        "frozen": layers(final=SOUND, initial=SOUND, still=True, moved=0.0, trainable=False),
        "near zero": layers(final=numbers(1e-6, *SIDES)),
        "collapsed": layers(final=numbers(0.1, *SIDES, effective_rank=1.5)),
        "lower": layers(final=numbers(0.1, *SIDES, effective_rank=20.0)),
        "two": layers(count=2),
    },
    {
        "parameters.dead_rows": ("dead rows", "sound"),
        "parameters.muted": ("muted", "sound"),
        "parameters.twins": ("twins", "sound"),
        "parameters.sound": ("sound", "twins"),
        "parameters.sparse": ("sparse evenly", "sparse from the start"),
        "parameters.sparsest": ("sparse", "sparse evenly"),
        "parameters.gradient_broken": ("broken gradient", "sound"),
        "parameters.no_gradient": ("no gradient", "sound"),
        "parameters.gradients_vanish": ("vanishing", "sound"),
        "parameters.gradients_explode": ("exploding", "sound"),
        "parameters.gradients_even": ("sound", "vanishing"),
        "parameters.broken": ("broken", "sound"),
        "parameters.unmoved": ("still", "sound"),
        "parameters.hardly_moved": ("slow", "sound"),
        "parameters.frozen": ("frozen", "sound"),
        "parameters.near_zero": ("near zero", "sound"),
        "parameters.collapsed": ("collapsed", "sound"),
        "parameters.lowest_rank": ("evaluated, low", "evaluated"),
        "parameters.ranks_random": ("evaluated", "evaluated, low"),
        "parameters.ranks_kept": ("sound", "lower"),
        "parameters.rank_fell": ("lower", "sound"),
        "parameters.distance": ("sound", "two"),
    },
    SECTION,
)
